"""Looking inside a classifier while it looks at one picture: all activations, and what its answer hangs on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import Activation, activations
from nonesuch.lens.saliency import grad_cam, gradient, integrated_gradients, occlusion
from nonesuch.pixels import Picture, to_signed

SQUARES = 5
"""Hiding squares have a fifth of the picture's shorter side, and move by half of theirs."""
METHODS = ("grad-cam", "gradient", "integrated gradients", "occlusion")
"""The ways to ask what an answer hangs on."""


@dataclass(frozen=True, eq=False)
class Look:
    """picture (H, W, C) uint8 as the net sees it, and its activations in order.

    probabilities (classes,); asked: the class whose reasons `saliency` shows, each map (h, w), by the method's name.
    """

    picture: Picture
    activations: tuple[Activation, ...]
    probabilities: Tensor
    asked: int
    saliency: dict[str, Tensor]


def look(net: nn.Module, pixels: Tensor, asked: int | None, layer: str | None) -> Look:
    """At a picture, uint8 (1, C, H, W). asked: by default the most probable class. layer: of Grad-CAM, by default the
    last one with maps. Raises NetError for a layer without maps."""
    image = to_signed(pixels)
    recorded = activations(net, image[0])
    probabilities = recorded[-1].values.softmax(0)
    chosen = int(probabilities.argmax()) if asked is None else asked
    classes = torch.tensor([chosen])
    saliency = {name: found[0] for name, found in maps(net, image, classes, layer or last_maps(recorded)).items()}
    return Look(pixels[0].permute(1, 2, 0).contiguous().numpy(), recorded, probabilities, chosen, saliency)


def last_maps(recorded: tuple[Activation, ...]) -> str | None:
    """The last layer that gives maps of more than one pixel a side, None without any."""
    spatial = [each.name for each in recorded if each.values.dim() == 3 and min(each.values.shape[1:]) > 1]
    return spatial[-1] if spatial else None


def maps(net: nn.Module, images: Tensor, classes: Tensor, layer: str | None) -> dict[str, Tensor]:
    """What classes (B,) hang on in pictures (B, C, H, W) in [-1, 1]: a map (B, h, w) for each method of `saliency`.

    Grad-CAM looks at `layer`, and is left out without one. Raises NetError for a layer without maps.
    """
    methods = [each for each in METHODS[1:] + METHODS[:1] if each != "grad-cam" or layer is not None]
    return {method: one_map(net, images, classes, method, layer) for method in methods}


def one_map(net: nn.Module, images: Tensor, classes: Tensor, method: str, layer: str | None = None) -> Tensor:
    """The map (B, h, w) of one of METHODS. Raises NetError for an unknown method, and for a layer without maps."""
    match method:
        case "gradient":
            return gradient(net, images, classes).abs().amax(1)
        case "integrated gradients":
            return integrated_gradients(net, images, classes).sum(1)
        case "occlusion":
            side = max(1, min(images.shape[2:]) // SQUARES)
            return occlusion(net, images, classes, side, max(1, side // 2))
        case "grad-cam" if layer is not None:
            return grad_cam(net, images, classes, layer)
        case "grad-cam":
            raise NetError("this net has no layer with maps, which Grad-CAM looks at; ask by gradient or occlusion")
        case _:
            raise NetError(f"no way to ask is called {method!r}; found: {', '.join(METHODS)}")

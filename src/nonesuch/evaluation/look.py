"""Looking inside a classifier while it looks at one picture: all activations, and what its answer hangs on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nonesuch.lens.capture import Activation, activations
from nonesuch.lens.saliency import grad_cam, gradient, integrated_gradients, occlusion
from nonesuch.pixels import Picture, to_signed

SQUARES = 5
"""Hiding squares have a fifth of the picture's shorter side, and move by half of theirs."""


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
    side = max(1, min(images.shape[2:]) // SQUARES)
    found = {
        "gradient": gradient(net, images, classes).abs().amax(1),
        "integrated gradients": integrated_gradients(net, images, classes).sum(1),
        "occlusion": occlusion(net, images, classes, side, max(1, side // 2)),
    }
    if layer is not None:
        found["grad-cam"] = grad_cam(net, images, classes, layer)
    return found

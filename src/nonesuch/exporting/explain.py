"""Grad-CAM without a gradient: the slope of a logit along a layer's maps, written out as steps that run forwards.

Browsers have no automatic differentiation. From the last layer with maps of more than one pixel a side to the logits a
classifier is a chain of few kinds of layers, and the chain rule says how each sends a slope back.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.exporting.plain import Affine, Rbf, Tallest
from nonesuch.lens.capture import recording
from nonesuch.models.blocks import AMPLITUDE, SLOPE, Flatten, Scale, ScaledTanh

KNOWN = (
    nn.Linear, nn.Conv2d, nn.LeakyReLU, nn.GELU, nn.Flatten, Flatten, Affine, Rbf, Scale, ScaledTanh, Tallest,
)  # fmt: skip
Call = tuple[nn.Module, Tensor, Tensor]
"""A layer, what it was given, and what it gave."""


class Explain(nn.Module):
    """Pictures and, one-hot, the class of each that is asked for: to its map, and the weight of each of the maps.

    As lens.saliency.grad_cam: the maps summed, each by the mean slope of the logit along it, what is below 0 cut off.
    """

    def __init__(self, net: nn.Module, layer: str) -> None:
        super().__init__()
        self.net, self.layer = net, layer

    def forward(self, picture: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """cam (N, h, w), weights (N, maps)."""
        names = {module: name for name, module in self.net.named_modules()}
        calls = _calls(self.net, picture)
        start = next(number for number, (module, _, _) in enumerate(calls) if names[module] == self.layer)
        slope = target
        for module, given, output in reversed(calls[start + 1 :]):
            slope = back(module, given, output, slope)
        weights = slope.mean((2, 3), keepdim=True)
        cam = (weights * calls[start][2]).sum(1)
        return cam.relu(), weights.flatten(1)


def last_maps(net: nn.Module, picture: Tensor) -> str | None:
    """The layer that is looked at, as `nonesuch look` takes it: the last with maps of more than one pixel a side.

    None where there is none, or what follows is no chain of layers that `back` knows.
    """
    with torch.no_grad():
        calls = _calls(net, picture)
    names = {module: name for name, module in net.named_modules()}
    spatial = [n for n, (_, _, output) in enumerate(calls) if output.dim() == 4 and min(output.shape[2:]) > 1]
    if not spatial:
        return None
    tail = calls[spatial[-1] :]
    chained = all(given is before[2] for before, (_, given, _) in pairwise(tail))
    known = all(isinstance(module, KNOWN) for module, _, _ in tail[1:])
    return names[tail[0][0]] if chained and known else None


def _calls(net: nn.Module, picture: Tensor) -> Sequence[Call]:
    """Every call of a layer in its order, but for those that change nothing."""
    modules = dict(net.named_modules())
    with recording(net) as calls:
        net(picture)
    return [(modules[n], given, output) for n, given, output in calls if not isinstance(modules[n], nn.Identity)]


def back(module: nn.Module, given: Tensor, output: Tensor, slope: Tensor) -> Tensor:
    """The slope along what a layer was given, from that along what it gave."""
    match module:
        case nn.Linear():
            return slope @ module.weight
        case nn.Conv2d():
            assert not isinstance(module.padding, str)
            return F.conv_transpose2d(slope, module.weight, None, module.stride, module.padding)
        case Affine() | Scale():
            return slope * (module.scale if isinstance(module, Affine) else module.factor)
        case nn.LeakyReLU():
            return slope * torch.where(given > 0, 1.0, module.negative_slope)
        case ScaledTanh():
            return slope * (AMPLITUDE * SLOPE - output * output * (SLOPE / AMPLITUDE))
        case nn.GELU():
            below = 0.5 * (1 + torch.erf(given * math.sqrt(0.5)))
            return slope * (below + given * torch.exp(-0.5 * given * given) * (1 / math.sqrt(2 * math.pi)))
        case Rbf():
            return -2 * module.scale * (given * slope.sum(1, keepdim=True) - slope @ module.codes)
        case Tallest():
            # Several largest numbers share the slope; torch gives it to one of them, and its mean is the same.
            largest = (given == output).float()
            return slope * largest / largest.sum((2, 3), keepdim=True)
        case Flatten():
            _, maps, height, width = given.shape
            return slope.view(-1, height, width, maps).permute(0, 3, 1, 2)
        case nn.Flatten():
            return slope.view(-1, *given.shape[1:])
        case _:
            raise AssertionError(f"{type(module).__name__} is not in KNOWN")

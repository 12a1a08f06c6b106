"""How unlike two pictures look to a net: a distance that minds shapes more than single pixels, and is no likelihood."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unlikeness(net: nn.Sequential, images: Tensor, drawn: Tensor) -> Tensor:
    """Distance (B,) of pictures (B, C, H, W) in [-1, 1], 0 for equal ones.

    Summed over the net's activations: at each place the maps are brought to length 1 over channels, their squared
    difference is summed over channels and averaged over places (Zhang et al. 2018, "LPIPS", eq. 1, with all weights
    1). `net` is a plain sequence in evaluation mode; what comes after its maps are flattened is not looked at.
    """
    both = [looks.chunk(2) for looks in _looks(net, torch.cat([images, drawn]))]
    return _apart([first for first, _ in both], [second for _, second in both])


def unlikeness_to(net: nn.Sequential, images: Tensor) -> Callable[[Tensor], Tensor]:
    """The same from always the same pictures, which are looked at only once: a function of those drawn alone."""
    with torch.no_grad():
        wanted = _looks(net, images)
    return lambda drawn: _apart(wanted, _looks(net, drawn))


def _looks(net: nn.Sequential, maps: Tensor) -> list[Tensor]:
    """The activations of each layer with maps, brought to length 1 over channels, (B, maps, h, w) float32."""
    found = []
    for layer in net.children():
        maps = layer(maps)
        if maps.dim() != 4:
            break
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            found.append(F.normalize(maps.float(), dim=1))
    return found


def _apart(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    layers = [(one - two).square().sum(1).mean((1, 2)) for one, two in zip(first, second, strict=True)]
    return torch.stack(layers).sum(0)

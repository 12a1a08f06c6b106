"""How unlike two pictures look to a net: a distance that minds shapes more than single pixels, and is no likelihood."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unlikeness(net: nn.Sequential, images: Tensor, drawn: Tensor) -> Tensor:
    """Distance (B,) of pictures (B, C, H, W) in [-1, 1], 0 for equal ones.

    Summed over the net's activations: at each place the maps are brought to length 1 over channels, their squared
    difference is summed over channels and averaged over places (Zhang et al. 2018, "LPIPS", eq. 1, with all weights
    1). `net` is a plain sequence in evaluation mode; what comes after its maps are flattened is not looked at.
    """
    maps = torch.cat([images, drawn])
    total = torch.zeros(len(images), device=images.device)
    for layer in net.children():
        maps = layer(maps)
        if maps.dim() != 4:
            break
        if isinstance(layer, nn.ReLU | nn.LeakyReLU):
            first, second = F.normalize(maps.float(), dim=1).chunk(2)
            total = total + (first - second).square().sum(1).mean((1, 2))
    return total

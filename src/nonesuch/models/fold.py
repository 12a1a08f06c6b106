"""Batch norm folded into the layer before it: the same function with fewer steps, for drawing and for export.

In evaluation mode a norm is y = x s + t for each map, with s = gain / sqrt(variance + eps) and t = offset - mean s; a
convolution, a transposed one and a dense layer take s into their weights and t into their bias.
"""

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn

from nonesuch.models.blocks import ResizeConv
from nonesuch.models.gan import Generator

Norm = nn.BatchNorm2d | nn.BatchNorm1d
Layer = nn.Conv2d | nn.ConvTranspose2d | nn.Linear


def folded(net: nn.Module) -> nn.Module:
    """A copy of a net in evaluation mode, without the norms that follow a layer directly; other norms stay."""
    found = copy.deepcopy(net).eval().requires_grad_(False)
    for module in list(found.modules()):
        if isinstance(module, Generator):
            _fold_first(module)
        if isinstance(module, nn.Sequential):
            _fold_chain(module)
    return found


def _fold_chain(chain: nn.Sequential) -> None:
    """Layers that a norm follows at once, within one chain."""
    for (place, layer), (after, norm) in pairwise(list(enumerate(chain))):
        if isinstance(norm, Norm) and isinstance(layer, Layer | ResizeConv):
            if isinstance(layer, ResizeConv):
                layer[1] = with_norm(layer.conv, norm)
            else:
                chain[place] = with_norm(layer, norm)
            chain[after] = nn.Identity()


def _fold_first(generator: Generator) -> None:
    """A generator's dense layer makes maps, and the norm of those maps opens its body."""
    body, first = generator.body, generator.first
    if isinstance(body, nn.Sequential) and isinstance(body[0], Norm) and isinstance(first, nn.Linear):
        generator.first = with_norm(first, body[0])
        body[0] = nn.Identity()


@torch.no_grad()
def with_norm(layer: Layer, norm: Norm) -> Layer:
    """The layer with the norm inside it, in double precision before it is rounded once."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight.double()
    shift = -norm.running_mean.double() * scale
    if norm.bias is not None:
        shift = shift + norm.bias.double()
    if isinstance(layer, nn.Linear):
        # Each map is many units of a dense layer, side by side.
        units = layer.out_features // len(scale)
        scale, shift = scale.repeat_interleave(units), shift.repeat_interleave(units)
    bias = shift if layer.bias is None else shift + layer.bias.double() * scale
    layer.weight.copy_(layer.weight.double() * _along_outputs(layer, scale))
    layer.bias = nn.Parameter(bias.to(layer.weight.dtype), requires_grad=False)
    return layer


def _along_outputs(layer: Layer, scale: Tensor) -> Tensor:
    """Shaped so that it multiplies the outputs of a weight: dimension 0, of transposed convolutions 1."""
    if isinstance(layer, nn.ConvTranspose2d):
        return scale.view(1, -1, 1, 1)
    return scale.view(-1, *[1] * (layer.weight.dim() - 1))

"""A net in plain layers: norms folded in, and in place of what is computed quickly here, what every runtime knows."""

import copy

import torch
from torch import Tensor, nn

from nonesuch.models.blocks import FirstConv, PartialConv, ResizeConv
from nonesuch.models.fold import folded


def plain(net: nn.Module) -> nn.Module:
    """A copy of a net with the same function, of convolutions, dense layers, activations, pools and resizes only.

    A generator's doubling is a nearest Resize and a convolution, not the one transposed convolution that it is computed
    as; a first convolution sees the picture's own channels; a partial one has its dense kernel.
    """
    found = folded(copy.deepcopy(net).to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
    for parent in list(found.modules()):
        for name, child in list(parent.named_children()):
            replaced = _plain(child)
            if replaced is not child:
                parent.add_module(name, replaced)
    return found.float().eval().requires_grad_(False)


def _plain(layer: nn.Module) -> nn.Module:
    match layer:
        case ResizeConv():
            return nn.Sequential(layer[0], layer.conv)
        case FirstConv():
            return _conv(layer.weight, layer.bias, layer.stride, layer.padding)
        case PartialConv():
            return _conv(layer.weight, layer.bias)
        case nn.Dropout():
            return nn.Identity()
        case _:
            return layer


@torch.no_grad()
def _conv(
    weight: Tensor, bias: Tensor | None, stride: tuple[int, ...] = (1, 1), padding: str | tuple[int, ...] = (0, 0)
) -> nn.Conv2d:
    outputs, inputs, *kernel = weight.shape
    assert not isinstance(padding, str)
    made = nn.Conv2d(
        inputs, outputs, (kernel[0], kernel[1]), (stride[0], stride[1]), (padding[0], padding[1]), bias=bias is not None
    )
    made.weight.copy_(weight)
    if bias is not None and made.bias is not None:
        made.bias.copy_(bias)
    return made

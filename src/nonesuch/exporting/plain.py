"""A net in plain layers: norms folded in, and in place of what is computed quickly here, what every runtime knows."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.models.blocks import FirstConv, PartialConv, RbfOutput, ResizeConv, SubSample
from nonesuch.models.fast import Fast, Group
from nonesuch.models.fold import folded, with_norm


def plain(net: nn.Module) -> nn.Module:
    """A copy of a net with the same function, of convolutions, dense layers, activations, pools and resizes only.

    A generator's doubling is a nearest Resize and a convolution, not the one transposed convolution that it is computed
    as; a first convolution sees the picture's own channels; a partial one has its dense kernel.
    """
    found = folded(copy.deepcopy(net).float().to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
    for module in list(found.modules()):
        if isinstance(module, Group):
            _fold_group(module)
    for parent in list(found.modules()):
        for name, child in list(parent.named_children()):
            replaced = _plain(child)
            if replaced is not child:
                parent.add_module(name, replaced)
    made = Chained(found) if isinstance(found, Fast) else found
    return made.eval().requires_grad_(False)


class Chained(nn.Module):
    """`models.fast.Fast` without the switches of precision that its training needs."""

    def __init__(self, net: Fast) -> None:
        super().__init__()
        self.whitening, self.gelu, self.groups = net.whitening, net.gelu, net.groups
        self.pool, self.flatten, self.head, self.scale = net.pool, net.flatten, net.head, net.scale

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in [-1, 1] to logits (N, classes)."""
        maps = self.groups(self.gelu(self.whitening(x)))
        logits: Tensor = self.scale(self.head(self.flatten(self.pool(maps))))
        return logits


class Affine(nn.Module):
    """A norm of maps that nothing could take in: x * scale + shift for each map."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        one = with_norm(_identity(norm.num_features), norm)
        assert one.bias is not None
        self.scale = nn.Parameter(one.weight.view(-1, 1, 1).clone())
        self.shift = nn.Parameter(one.bias.view(-1, 1, 1).clone())

    def forward(self, x: Tensor) -> Tensor:
        """(N, maps, h, w), same shape."""
        return x * self.scale + self.shift


class Rbf(nn.Module):
    """`models.blocks.RbfOutput` without its switch of precision."""

    def __init__(self, layer: RbfOutput) -> None:
        super().__init__()
        self.scale = layer.scale
        self.codes = nn.Parameter(layer.codes.clone())
        self.squares = nn.Parameter(layer.codes.square().sum(1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) to logits (N, classes)."""
        squares = (x * x).sum(1, keepdim=True) + self.squares
        return -self.scale * (squares - 2 * F.linear(x, self.codes))


class Tallest(nn.Module):
    """The largest number of each map, (N, maps, h, w) to (N, maps, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """As nn.AdaptiveMaxPool2d(1)."""
        return x.amax((2, 3), keepdim=True)


class Sampled(nn.Module):
    """`models.blocks.SubSample`, its copies taken by number."""

    def __init__(self, layer: SubSample) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(4 * layer.coefficient.view(-1, 1, 1))
        self.bias = nn.Parameter(layer.bias.view(-1, 1, 1).clone())
        maps = torch.arange(len(layer.bias)) // layer.copies
        self.register_buffer("maps", maps if layer.copies > 1 else None)
        self.maps: Tensor | None

    def forward(self, x: Tensor) -> Tensor:
        """(N, maps, H, W) to (N, maps * copies, H // 2, W // 2)."""
        means = F.avg_pool2d(x, 2)
        if self.maps is not None:
            means = means.index_select(1, self.maps)
        return means * self.coefficient + self.bias


def _plain(layer: nn.Module) -> nn.Module:
    match layer:
        case ResizeConv():
            return nn.Sequential(layer[0], layer.conv)
        case FirstConv():
            return _conv(layer.weight, layer.bias, layer.stride, layer.padding)
        case PartialConv():
            return _conv(layer.weight, layer.bias)
        case SubSample():
            return Sampled(layer)
        case RbfOutput():
            return Rbf(layer)
        case nn.Dropout():
            return nn.Identity()
        case nn.BatchNorm2d():
            return Affine(layer)
        case nn.AdaptiveMaxPool2d(output_size=1):
            return Tallest()
        case _:
            return layer


def _fold_group(group: Group) -> None:
    """The first norm of a group sees what pooling left: where it turns nothing round, it can go before the pooling."""
    gain = group.norm1.weight
    if gain is None or bool((gain > 0).all()):
        with_norm(group.conv1, group.norm1)
        group.norm1 = nn.Identity()  # type: ignore[assignment]
    with_norm(group.conv2, group.norm2)
    group.norm2 = nn.Identity()  # type: ignore[assignment]


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


def _identity(maps: int) -> nn.Conv2d:
    """A convolution of one weight a map, which changes nothing."""
    made = nn.Conv2d(maps, maps, 1, groups=maps, bias=False)
    nn.init.ones_(made.weight)
    return made

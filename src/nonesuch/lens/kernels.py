"""Convolution as the filter of an image editor: one kernel, as a value, as a layer, and as a filter a net has learnt.

A kernel slides over a picture; at each place the pixels under it are multiplied by its weights and summed. Nets and
image editors both do this without turning the kernel round first, which is called cross-correlation; true convolution
turns it by 180 degrees (`turned`). A kernel becomes a real `nn.Conv2d` (`as_layer`), so a chain of them is a net, and
can be trained; and a filter of a trained net is a kernel like any other (`of_layer`, `put`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError

Edge = Literal["zero", "reflect", "replicate", "wrap"]
PADDING: Mapping[Edge, Literal["zeros", "reflect", "replicate", "circular"]] = {
    "zero": "zeros", "reflect": "reflect", "replicate": "replicate", "wrap": "circular"
}  # fmt: skip
"""What lies outside of the picture, and torch's word for it."""

RANK_ONE = 1e-6


@dataclass(frozen=True, eq=False)
class Kernel:
    """`weights` (k, k), laid over every channel by itself, or (C, k, k), summed over C channels into one map; k is odd.

    A result is sum(weights * pixels) / scale + offset, in the units of the picture that it is laid on.
    Raises NetError for even or unequal sides, a scale of 0 or a stride below 1.
    """

    weights: Tensor
    scale: float = 1.0
    offset: float = 0.0
    stride: int = 1
    edge: Edge = "zero"

    def __post_init__(self) -> None:
        *_, height, width = self.weights.shape
        if self.weights.dim() not in (2, 3) or height != width or height % 2 == 0:
            found = "x".join(map(str, self.weights.shape))
            raise NetError(f"a kernel is a square with an odd side, as 3x3 or 5x5; found {found}")
        if self.scale == 0:
            raise NetError("a kernel's scale divides its sum; found 0: give 1, or the sum of the weights")
        if self.stride < 1:
            raise NetError(f"a stride is a whole number of at least 1; found {self.stride}")

    @property
    def side(self) -> int:
        """k."""
        return self.weights.shape[-1]

    @property
    def turned(self) -> "Kernel":
        """Turned by 180 degrees: sliding this is true convolution with the kernel."""
        return replace(self, weights=self.weights.flip(-2, -1))

    def separated(self) -> tuple[Tensor, Tensor] | None:
        """A column (k,) and a row (k,) whose outer product are the weights (k, k); None where there are none.

        They are those through the largest weight, so that whole numbers mostly stay exact.
        """
        if self.weights.dim() != 2:
            return None
        top, left = divmod(int(self.weights.abs().argmax()), self.side)
        largest = self.weights[top, left]
        column, row = self.weights[:, left] / (largest if largest else 1.0), self.weights[top]
        off = (torch.outer(column, row) - self.weights).abs().max()
        return (column, row) if float(off) <= RANK_ONE * float(largest.abs()) else None

    def check(self, channels: int, height: int | None = None, width: int | None = None) -> None:
        """Raises NetError when the kernel does not fit on pictures of so many channels and pixels.

        A mirrored edge needs more pixels than it adds, a wrapped one as many.
        """
        if self.weights.dim() == 3 and len(self.weights) != channels:
            raise NetError(f"this kernel spans {len(self.weights)} channels; the picture has {channels}")
        reach = self.side // 2
        needed = reach + 1 if self.edge == "reflect" else reach if self.edge == "wrap" else 1
        if height is not None and width is not None and min(height, width) < needed:
            raise NetError(
                f"a {self.side}x{self.side} kernel with a {self.edge} edge needs sides of at least {needed} pixels; "
                f"found {height}x{width}: take --edge replicate"
            )


def as_layer(kernel: Kernel, channels: int) -> nn.Conv2d:
    """The kernel as a convolution of `channels` maps, with weights and bias that can be trained.

    Raises NetError when channels do not fit.
    """
    kernel.check(channels)
    across = kernel.weights.dim() == 3
    weights = kernel.weights[None] if across else kernel.weights.expand(channels, 1, -1, -1)
    conv = nn.Conv2d(
        channels, len(weights), kernel.side, kernel.stride, kernel.side // 2,
        groups=1 if across else channels, padding_mode=PADDING[kernel.edge],
    )  # fmt: skip
    assert conv.bias is not None
    with torch.no_grad():
        conv.weight.copy_(weights / kernel.scale)
        conv.bias.fill_(kernel.offset)
    return conv


def first_convolution(net: nn.Module, channels: int) -> nn.Conv2d | None:
    """The first convolution of a net, if that sees pictures of so many channels; else None."""
    first = next((module for module in net.modules() if isinstance(module, nn.Conv2d)), None)
    return first if first is not None and first.in_channels == channels else None


def of_layer(conv: nn.Conv2d, index: int) -> Kernel:
    """Filter `index` of a trained convolution, across its input channels, with its bias as the offset.

    Raises NetError for a filter it does not have, or one that is dilated, grouped or not a square with an odd side.
    """
    if not 0 <= index < conv.out_channels:
        raise NetError(f"this layer has filters 0 to {conv.out_channels - 1}; found {index}")
    if conv.groups != 1 or conv.dilation != (1, 1) or conv.stride[0] != conv.stride[1]:
        raise NetError("only a plain convolution's filters are kernels: no groups, no dilation, one stride")
    edge = next(ours for ours, theirs in PADDING.items() if theirs == conv.padding_mode)
    offset = 0.0 if conv.bias is None else float(conv.bias.detach()[index])
    return Kernel(conv.weight.detach()[index].clone(), offset=offset, stride=conv.stride[0], edge=edge)


@torch.no_grad()
def put(kernel: Kernel, conv: nn.Conv2d, index: int) -> None:
    """Write a kernel back as filter `index`, in place. Raises NetError when it has another shape than the filters."""
    if kernel.weights.shape != conv.weight.shape[1:]:
        wanted, found = ("x".join(map(str, shape)) for shape in (conv.weight.shape[1:], kernel.weights.shape))
        raise NetError(f"filters of this layer are {wanted}; found {found}")
    if conv.bias is None and kernel.offset:
        raise NetError(f"this layer has no biases; found an offset of {kernel.offset}: give 0")
    conv.weight[index] = kernel.weights / kernel.scale
    if conv.bias is not None:
        conv.bias[index] = kernel.offset

"""Convolution as the filter of an image editor: kernels by hand, by name, from an .acf file, or learnt by a net.

A kernel slides over a picture; at each place the pixels under it are multiplied by its weights and summed. Nets and
image editors both do this without turning the kernel round first, which is called cross-correlation; true convolution
turns it by 180 degrees (`turned`). A kernel becomes a real `nn.Conv2d` (`as_layer`), so a chain of them is a net, and
can be trained; and a filter of a trained net is a kernel like any other (`of_layer`, `put`).
"""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from nonesuch.errors import DataError, NetError

Edge = Literal["zero", "reflect", "replicate", "wrap"]
PADDING: Mapping[Edge, Literal["zeros", "reflect", "replicate", "circular"]] = {
    "zero": "zeros", "reflect": "reflect", "replicate": "replicate", "wrap": "circular"
}  # fmt: skip
"""What lies outside of the picture, and torch's word for it."""

ACF_SIDE, ACF_BYTES = 5, 54
"""Photoshop's Custom filter: 25 weights, scale and offset, each a big-endian 16-bit number."""
ACF_WEIGHT, ACF_SCALE, ACF_OFFSET = (-999, 999), (1, 9999), (-9999, 9999)
SEPARABLE_FROM = 7
"""From this side on two passes are clearly quicker at 1080p: 31 ms against 39 at 7, 35 against 112 at 13 (AVX2)."""
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
        """A column (k,) and a row (k,) whose outer product are the weights (k, k); None where there are none."""
        if self.weights.dim() != 2:
            return None
        left, values, right = torch.linalg.svd(self.weights.double())
        if float(values[1:].norm()) > RANK_ONE * float(values[0]):
            return None
        return (left[:, 0] * values[0].sqrt()).float(), (right[0] * values[0].sqrt()).float()


def apply(kernel: Kernel, images: Tensor) -> Tensor:
    """Slide a kernel over pictures (B, C, H, W), float: (B, C, H', W'), or (B, 1, H', W') across channels.

    H' = ceil(H / stride). Raises NetError when channels do not fit, or the edge rule cannot fill a picture so small.
    """
    layer = as_layer(kernel, images.shape[1])
    _check_edge(kernel, images)
    with torch.inference_mode():
        # A copy, not `contiguous`: a single picture taken from bytes passes for channels_last with a stride that sends
        # oneDNN down its slowest path, up to 35 times slower (LOG, 2026-11-24).
        packed = torch.empty_like(images, dtype=torch.float32, memory_format=torch.channels_last).copy_(images)
        result: Tensor = layer(packed)
    return result


def as_layer(kernel: Kernel, channels: int) -> nn.Module:
    """The kernel as a convolution of `channels` maps, with weights and bias that can be trained.

    Large separable kernels become two convolutions, a column and a row. Raises NetError when channels do not fit.
    """
    if kernel.weights.dim() == 3:
        if len(kernel.weights) != channels:
            raise NetError(f"this kernel spans {len(kernel.weights)} channels; the picture has {channels}")
        return _conv(kernel, kernel.weights[None] / kernel.scale, groups=1, bias=kernel.offset)
    parts = kernel.separated() if kernel.side >= SEPARABLE_FROM and kernel.stride == 1 else None
    if parts is None:
        return _conv(kernel, (kernel.weights / kernel.scale).expand(channels, 1, -1, -1), channels, kernel.offset)
    column, row = parts
    return nn.Sequential(
        _conv(kernel, column.view(1, 1, -1, 1).expand(channels, 1, -1, -1), channels, None),
        _conv(kernel, (row / kernel.scale).view(1, 1, 1, -1).expand(channels, 1, -1, -1), channels, kernel.offset),
    )


def _conv(kernel: Kernel, weights: Tensor, groups: int, bias: float | None) -> nn.Conv2d:
    """Weights (O, I, kh, kw)."""
    size = (weights.shape[2], weights.shape[3])
    padding = (size[0] // 2, size[1] // 2)
    conv = nn.Conv2d(
        weights.shape[1] * groups, weights.shape[0], size, kernel.stride, padding,
        groups=groups, bias=bias is not None, padding_mode=PADDING[kernel.edge],
    )  # fmt: skip
    with torch.no_grad():
        conv.weight.copy_(weights)
        if bias is not None and conv.bias is not None:
            conv.bias.fill_(bias)
    return conv


def _check_edge(kernel: Kernel, images: Tensor) -> None:
    """A mirrored edge needs more pixels than it adds, a wrapped one as many."""
    reach, smallest = kernel.side // 2, min(images.shape[2:])
    needed = reach + 1 if kernel.edge == "reflect" else reach if kernel.edge == "wrap" else 1
    if smallest < needed:
        raise NetError(
            f"a {kernel.side}x{kernel.side} kernel with a {kernel.edge} edge needs sides of at least {needed} pixels; "
            f"found {images.shape[2]}x{images.shape[3]}: take --edge replicate"
        )


def chain(steps: Sequence[Kernel | nn.Module], channels: int) -> nn.Sequential:
    """Kernels, activations and pooling one after the other, as a net on `channels` maps: what a CNN's start is."""
    layers: list[nn.Module] = []
    for step in steps:
        if not isinstance(step, Kernel):
            layers.append(step)
            continue
        layers.append(as_layer(step, channels))
        channels = 1 if step.weights.dim() == 3 else channels
    return nn.Sequential(*layers)


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


def from_acf(data: bytes) -> Kernel:
    """The Custom filter of an image editor. Raises DataError when the bytes are no such file."""
    if len(data) != ACF_BYTES:
        raise DataError(f"an .acf file holds {ACF_BYTES} bytes; found {len(data)}")
    *weights, scale, offset = struct.unpack(">27h", data)
    if scale < ACF_SCALE[0]:
        raise DataError(f"an .acf file's scale is {ACF_SCALE[0]} to {ACF_SCALE[1]}; found {scale}")
    return Kernel(torch.tensor(weights, dtype=torch.float32).view(ACF_SIDE, ACF_SIDE), float(scale), float(offset))


def to_acf(kernel: Kernel) -> bytes:
    """For an image editor: whole numbers, at most 5x5. Raises DataError for a kernel that does not fit in."""
    if kernel.weights.dim() != 2 or kernel.side > ACF_SIDE:
        raise DataError(
            f"an .acf file holds one kernel of at most 5x5 for all channels; found {kernel.side}x{kernel.side}"
        )
    around = (ACF_SIDE - kernel.side) // 2
    weights = nn.functional.pad(kernel.weights, (around,) * 4).flatten().tolist()
    for values, (least, most), what in (
        (weights, ACF_WEIGHT, "weights"), ([kernel.scale], ACF_SCALE, "scale"), ([kernel.offset], ACF_OFFSET, "offset")
    ):  # fmt: skip
        for value in values:
            if value != round(value) or not least <= value <= most:
                raise DataError(f"an .acf file's {what}: whole numbers from {least} to {most}; found {value:g}")
    return struct.pack(">27h", *(int(value) for value in (*weights, kernel.scale, kernel.offset)))


def gaussian(sigma: float, side: int | None = None) -> Kernel:
    """Blur: exp(-(x^2 + y^2) / 2 sigma^2), summing to 1; by default out to 3 sigma.

    Raises NetError unless sigma > 0.
    """
    x, y = _places(sigma, side)
    weights = (-(x**2 + y**2) / (2 * sigma**2)).exp()
    return Kernel((weights / weights.sum()).float(), edge="replicate")


def difference_of_gaussians(inner: float, outer: float) -> Kernel:
    """Edges at one scale: the blur of `inner` minus that of `outer` (Marr and Hildreth 1980). Sums to 0."""
    side = gaussian(max(inner, outer)).side
    return Kernel(gaussian(inner, side).weights - gaussian(outer, side).weights, edge="replicate")


def gabor(wavelength: float, degrees: float = 0.0, phase: float = 0.0, sigma: float | None = None) -> Kernel:
    """A wave under a bell: what cells of the visual cortex, and first layers of CNNs, look for (Daugman 1985).

    wavelength in pixels, `degrees` between the wave's direction and the x axis, phase in degrees (0: a bright line),
    sigma of the bell in pixels, by default half a wavelength. The mean is taken off, so that even pictures give 0.
    """
    sigma = wavelength / 2 if sigma is None else sigma
    x, y = _places(sigma, None)
    angle, shift = math.radians(degrees), math.radians(phase)
    along = x * math.cos(angle) + y * math.sin(angle)
    weights = (-(x**2 + y**2) / (2 * sigma**2)).exp() * (2 * math.pi * along / wavelength + shift).cos()
    weights = weights - weights.mean()
    return Kernel((weights / weights.abs().sum()).float(), edge="replicate")


def _places(sigma: float, side: int | None) -> tuple[Tensor, Tensor]:
    """x and y (k, k) float64 around the middle."""
    if not sigma > 0:
        raise NetError(f"sigma is a number above 0, in pixels; found {sigma}")
    reach = max(1, math.ceil(3 * sigma)) if side is None else side // 2
    line = torch.arange(-reach, reach + 1, dtype=torch.float64)
    return line[None, :].expand(len(line), -1), line[:, None].expand(-1, len(line))


def _by_hand(*rows: Sequence[float], scale: float = 1.0) -> Callable[[], Kernel]:
    return lambda: Kernel(torch.tensor(rows, dtype=torch.float32), scale)


PRESETS: Mapping[str, Callable[[], Kernel]] = {
    "identity":     _by_hand((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "blur":         _by_hand((1, 2, 1), (2, 4, 2), (1, 2, 1), scale=16),
    "sharpen":      _by_hand((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "outline":      _by_hand((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "emboss":       _by_hand((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "left-sobel":   _by_hand((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "right-sobel":  _by_hand((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "top-sobel":    _by_hand((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
    "bottom-sobel": _by_hand((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "laplacian":    _by_hand((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "gaussian":     lambda: gaussian(2.0),
    "dog":          lambda: difference_of_gaussians(1.0, 1.6),
    "gabor":        lambda: gabor(8.0),
}  # fmt: skip
"""Kernels by name, the first nine as on setosa.io's page on image kernels (Powell 2015); one line a kernel."""


def preset(name: str) -> Kernel:
    """A kernel by name. Raises NetError that lists the names."""
    if name not in PRESETS:
        raise NetError(f"no kernel is called {name!r}; the names are {', '.join(PRESETS)}")
    return PRESETS[name]()

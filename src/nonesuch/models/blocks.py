"""Layers that torch does not have: those of the LeNets (LeCun, Bottou, Bengio, Haffner 1998), Resize, Add and Scale.

Inputs and outputs are float, (B, maps, H, W) or (B, features). Each layer is one module, so that a table of layers
and a recording of activations show it.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

AMPLITUDE, SLOPE = 1.7159, 2 / 3


class Flatten(nn.Flatten):
    """(B, C, H, W) to (B, H * W * C): in the order in which channels_last memory keeps the numbers, nothing is copied.

    torch's own order, by channel, copies such a batch, and sends back a gradient in the other layout, for which the
    activation before it takes a path 20 times slower (LOG, "Where a training step's time goes").
    """

    def forward(self, x: Tensor) -> Tensor:
        """A view where x is channels_last."""
        return x.permute(0, 2, 3, 1).flatten(1)


class FirstConv(nn.Conv2d):
    """nn.Conv2d for pictures of 1 to 3 channels: computed on 4, the missing ones being zeros in picture and kernel.

    Same parameters and same result. On a CPU, oneDNN takes several times longer for one input channel than for four.
    """

    def forward(self, x: Tensor) -> Tensor:
        """As nn.Conv2d."""
        missing = (0, 0, 0, 0, 0, max(0, 4 - self.in_channels))
        result: Tensor = self._conv_forward(F.pad(x, missing), F.pad(self.weight, missing), self.bias)
        return result


class Resize(nn.Module):
    """Nearest-neighbour resizing to a fixed size: what a generator grows by, and what every browser runtime knows."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, *size)."""
        return F.interpolate(x, size=self.size, mode="nearest")

    def extra_repr(self) -> str:
        """Shown by print(net)."""
        return f"{self.size[0]}x{self.size[1]}"


class ResizeConv(nn.Sequential):
    """Nearest resizing, then a 3x3 convolution: Odena et al. 2016, against the chequers of transposed convolutions.

    Where the sides double, both are one transposed 4x4 convolution of stride 2, edges included: a kernel's columns that
    fall on copies of one pixel are summed first, which leaves 4 products an output instead of 9 (LOG, 2026-11-24).
    """

    def __init__(self, inputs: int, outputs: int, size: tuple[int, int], bias: bool = True) -> None:
        super().__init__(Resize(size), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias))

    @property
    def conv(self) -> nn.Conv2d:
        """The convolution, which has all the weights."""
        layer = self[1]
        assert isinstance(layer, nn.Conv2d)
        return layer

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, *size)."""
        conv, size = self.conv, self[0].size
        doubled = size == (2 * x.shape[2], 2 * x.shape[3])
        # Whoever records layers, to show them, is given both.
        if not doubled or any(layer._forward_hooks or layer._forward_pre_hooks for layer in self):
            result: Tensor = conv(self[0](x))
            return result
        kernel = conv.weight.flip(2, 3)
        kernel = F.pad(kernel, (0, 1)) + F.pad(kernel, (1, 0))
        kernel = F.pad(kernel, (0, 0, 0, 1)) + F.pad(kernel, (0, 0, 1, 0))
        return F.conv_transpose2d(x, kernel.transpose(0, 1), conv.bias, stride=2, padding=1)


class Add(nn.Module):
    """Where a residual branch meets its shortcut: branch + shortcut, two tensors of one shape."""

    def forward(self, branch: Tensor, shortcut: Tensor) -> Tensor:
        """The sum, element by element."""
        return branch + shortcut


class Scale(nn.Module):
    """A fixed affine map of every element: factor * x + offset."""

    def __init__(self, factor: float, offset: float = 0.0) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x."""
        return x * self.factor + self.offset

    def extra_repr(self) -> str:
        """Shown by print(net)."""
        return f"{self.factor:g}, offset={self.offset:g}"


class ScaledTanh(nn.Module):
    """A tanh(S a) with A = 1.7159, S = 2/3 (appendix A): f(1) = 1 and f(-1) = -1, so targets of +-1 do not saturate."""

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x, values within +-1.7159."""
        return AMPLITUDE * torch.tanh(SLOPE * x)


class SubSample(nn.Module):
    """Sum of each 2x2 field, times the map's trainable coefficient, plus its trainable bias (section II.B, layer S2).

    Each input map feeds `copies` neighbouring output maps, each with a coefficient and bias of its own. Starts as the
    plain average: coefficient 1/4, bias 0. An odd last row or column is left out.
    """

    def __init__(self, maps: int, copies: int = 1) -> None:
        super().__init__()
        self.copies = copies
        self.coefficient = nn.Parameter(torch.full((maps * copies,), 0.25))
        self.bias = nn.Parameter(torch.zeros(maps * copies))

    def forward(self, x: Tensor) -> Tensor:
        """(B, maps, H, W) to (B, maps * copies, H // 2, W // 2)."""
        sums = F.avg_pool2d(x, 2) * 4
        if self.copies > 1:
            sums = sums.repeat_interleave(self.copies, dim=1)
        return sums * self.coefficient[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Shown by print(net)."""
        return f"{len(self.bias) // self.copies}, copies={self.copies}"


class PartialConv(nn.Module):
    """A convolution in which each output map sees only the input maps its row of `table` names (Table I).

    Only the kernels of existing links are parameters: `kernels` (links, size, size) in the table's order, and `bias`
    (maps,). They are laid into a dense kernel of zeros, one fast convolution, at each call.
    """

    def __init__(self, inputs: int, table: Sequence[Sequence[int]], size: int) -> None:
        super().__init__()
        self.inputs, self.table = inputs, tuple(tuple(row) for row in table)
        links = [(output, source) for output, row in enumerate(self.table) for source in row]
        self.kernels = nn.Parameter(torch.empty(len(links), size, size))
        self.bias = nn.Parameter(torch.zeros(len(self.table)))
        outputs, sources = zip(*links, strict=True)
        self.register_buffer("_outputs", torch.tensor(outputs), persistent=False)
        self.register_buffer("_sources", torch.tensor(sources), persistent=False)
        self._outputs: Tensor
        self._sources: Tensor
        fan_in = torch.tensor([len(self.table[output]) * size * size for output in outputs])
        bound = (2.4 / fan_in)[:, None, None]
        with torch.no_grad():
            self.kernels.copy_((torch.rand_like(self.kernels) * 2 - 1) * bound)

    @property
    def weight(self) -> Tensor:
        """The dense kernel (maps, inputs, size, size), zero where there is no link."""
        size = self.kernels.shape[-1]
        dense = self.kernels.new_zeros(len(self.table), self.inputs, size, size)
        return dense.index_put((self._outputs, self._sources), self.kernels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, maps, H - size + 1, W - size + 1)."""
        return F.conv2d(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Shown by print(net)."""
        return f"{self.inputs}, {len(self.table)}, links={len(self.kernels)}, kernel_size={self.kernels.shape[-1]}"


class RbfOutput(nn.Module):
    """Euclidean radial basis functions: class i answers -scale * sum_j (x_j - code_ij)^2 (equation 7, negated).

    The paper's units give the squared distance, a penalty; negated it is a logit, and the softmax cross-entropy is
    the paper's criterion, equation 9, without its constant rubbish class. `codes` (classes, features) are fixed +-1.
    """

    def __init__(self, codes: Tensor, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.register_buffer("codes", codes.float())
        self.codes: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """(B, features) to logits (B, classes), at most 0. In float32 at least: distances cancel badly in bf16."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(torch.promote_types(x.dtype, torch.float32))
            squares = x.square().sum(1, keepdim=True) + self.codes.square().sum(1)
            return -self.scale * (squares - 2 * F.linear(x, self.codes))

    def extra_repr(self) -> str:
        """Shown by print(net)."""
        return f"{self.codes.shape[1]}, {self.codes.shape[0]}, scale={self.scale:g}"

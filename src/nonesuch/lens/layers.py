"""A net as a typed list of layers: what every view, table and count draws from. Works for any module on pictures."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.influence import Fields, Grid, Influence
from nonesuch.models.blocks import Add, PartialConv, RbfOutput, Resize, Scale, ScaledTanh, SubSample


class Kind(StrEnum):
    """What a layer does; OTHER for modules that nonesuch does not know."""

    CONV = "conv"
    CONV_TRANSPOSE = "conv_transpose"
    LINEAR = "linear"
    NORM = "norm"
    ACTIVATION = "activation"
    POOL = "pool"
    SUBSAMPLE = "subsample"
    RESIZE = "resize"
    FLATTEN = "flatten"
    DROPOUT = "dropout"
    PAD = "pad"
    SCALE = "scale"
    ADD = "add"
    RBF = "rbf"
    OTHER = "other"


_KINDS: tuple[tuple[Kind, tuple[type[nn.Module], ...]], ...] = (
    (Kind.CONV, (nn.Conv1d, nn.Conv2d, nn.Conv3d, PartialConv)),
    (Kind.CONV_TRANSPOSE, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)),
    (Kind.LINEAR, (nn.Linear,)),
    (Kind.NORM, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d)),
    (Kind.ACTIVATION, (ScaledTanh, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid)),
    (Kind.ACTIVATION, (nn.ReLU6, nn.Hardswish, nn.Softplus, nn.Softmax, nn.LogSoftmax)),
    (Kind.POOL, (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)),
    (Kind.SUBSAMPLE, (SubSample,)),
    (Kind.RESIZE, (Resize, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle)),
    (Kind.FLATTEN, (nn.Flatten, nn.Unflatten)),
    (Kind.DROPOUT, (nn.Dropout, nn.Dropout2d)),
    (Kind.PAD, (nn.ConstantPad2d, nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d)),
    (Kind.SCALE, (Scale,)),
    (Kind.ADD, (Add,)),
    (Kind.RBF, (RbfOutput,)),
)


@dataclass(frozen=True)
class Layer:
    """One call of one layer. Shapes are without the batch; () where the module does not take or give a tensor.

    trainable, fixed: its own weights that training moves, and those it does not (frozen parameters, RBF codes; not
        the running statistics of batch norm). A layer called twice has them in its first row only.
    connections: each use of a weight and each use of a bias for one picture, as LeCun et al. 1998 count them.
    multiply_adds: uses of weights in convolutions, dense layers, sub-sampling and RBF units for one picture; 0 for
        norms, activations and pooling, as is customary. Both are 0 for kind OTHER.
    receptive_field: (height, width) in pixels of the part of the picture that one unit can depend on: of the unit that
        sees most, within this picture. None when unknown.
    stride: (rows, columns) in pixels of the picture between the fields of neighbouring units; None without a grid of
        units, and where the picture's border cuts all fields.
    """

    name: str
    kind: Kind
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    trainable: int
    fixed: int
    connections: int
    multiply_adds: int
    receptive_field: tuple[int, int] | None
    stride: tuple[int, int] | None

    @property
    def parameters(self) -> int:
        """All weights, trainable and fixed."""
        return self.trainable + self.fixed

    @property
    def flops(self) -> int:
        """A multiply-add counts as two operations."""
        return 2 * self.multiply_adds


@dataclass(frozen=True)
class Totals:
    """Sums over layers; one picture, forward."""

    parameters: int
    trainable: int
    fixed: int
    connections: int
    multiply_adds: int
    flops: int


def totals(rows: Iterable[Layer]) -> Totals:
    """The sums of the counts."""
    rows = tuple(rows)
    trainable, fixed = sum(row.trainable for row in rows), sum(row.fixed for row in rows)
    multiply_adds = sum(row.multiply_adds for row in rows)
    connections = sum(row.connections for row in rows)
    return Totals(trainable + fixed, trainable, fixed, connections, multiply_adds, 2 * multiply_adds)


def layers(net: nn.Module, shape: tuple[int, int, int]) -> tuple[Layer, ...]:
    """The layers in the order of their calls, for pictures of `shape` (C, H, W).

    A layer is a module without children. Weights that belong to none of those which ran (a parameter of a block, a
    part that evaluation skips) are summed in a last row named "elsewhere". The net is run in evaluation mode and left
    as found: modes, weights, statistics, gradients, hooks and the random state. Raises NetError when it cannot take
    the shape.
    """
    influence = Influence(net, shape)
    with _probing(net, shape):
        calls = influence.calls()
    seen: set[int] = set()
    rows = []
    for call in calls:
        rows.append(_row(call.name, call.module, call.input_shape, call.output_shape, call.grid, seen))
    left = [parameter for parameter in net.parameters() if id(parameter) not in seen]
    if left:
        trainable, fixed = _weights(left, seen)
        rows.append(Layer("elsewhere", Kind.OTHER, (), (), trainable, fixed, 0, 0, None, None))
    return tuple(rows)


def fields(net: nn.Module, shape: tuple[int, int, int], layer: str) -> Fields:
    """What each unit of a layer looks at in pictures of `shape` (C, H, W): its receptive field, cut off at the border.

    The net is left as found. Raises NetError for a layer that does not run, and when the net cannot take the shape.
    """
    influence = Influence(net, shape)
    with _probing(net, shape):
        return influence.fields(layer)


@contextmanager
def _probing(net: nn.Module, shape: tuple[int, int, int]) -> Iterator[None]:
    """The net left as found, and what torch says of a shape that does not fit in one line."""
    with left_as_found(net):
        try:
            yield
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise NetError(f"the net cannot take a picture of {'x'.join(map(str, shape))}: {reason}") from error


@contextmanager
def left_as_found(net: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside; afterwards each module's own mode and the random state are back."""
    modes = [(module, module.training) for module in net.modules()]
    device = next((tensor.device for tensor in net.parameters()), torch.device("cpu"))
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad():
            net.eval()
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def kind_of(module: nn.Module) -> Kind:
    """The kind of a layer."""
    return next((kind for kind, types in _KINDS if isinstance(module, types)), Kind.OTHER)


def _row(
    name: str,
    module: nn.Module,
    input_shape: tuple[int, ...],
    output_shape: tuple[int, ...],
    grid: Grid,
    seen: set[int],
) -> Layer:
    trainable, fixed = _weights(module.parameters(), seen)
    if isinstance(module, RbfOutput) and id(module.codes) not in seen:
        seen.add(id(module.codes))
        fixed += module.codes.numel()
    uses, bias_uses = _uses(module, input_shape, output_shape)
    kind = kind_of(module)
    multiply_adds = 0 if kind is Kind.NORM else uses
    connections = uses + bias_uses
    field, stride = grid
    return Layer(name, kind, input_shape, output_shape, trainable, fixed, connections, multiply_adds, field, stride)


def _weights(parameters: Iterable[nn.Parameter], seen: set[int]) -> tuple[int, int]:
    """Numbers of trainable and of frozen weights, each tensor counted once."""
    counts = [0, 0]
    for parameter in parameters:
        if id(parameter) not in seen:
            seen.add(id(parameter))
            counts[not parameter.requires_grad] += parameter.numel()
    return counts[0], counts[1]


def _uses(module: nn.Module, input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> tuple[int, int]:
    """How often one picture uses a weight, and how often a bias."""
    units = torch.Size(output_shape).numel()
    match module:
        case PartialConv():
            return units // output_shape[0] * module.kernels.numel(), units
        case nn.Conv1d() | nn.Conv2d() | nn.Conv3d() | nn.Linear():
            return units * _fan_in(module.weight), units if module.bias is not None else 0
        case nn.ConvTranspose1d() | nn.ConvTranspose2d() | nn.ConvTranspose3d():
            return torch.Size(input_shape).numel() * _fan_in(module.weight), units if module.bias is not None else 0
        case SubSample():
            return 4 * units, units
        case RbfOutput():
            return module.codes.numel(), 0
        case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d() | nn.GroupNorm() | nn.LayerNorm():
            return (units, units) if any(True for _ in module.parameters()) else (0, 0)
        case _:
            return 0, 0


def _fan_in(weight: Tensor) -> int:
    """Weights of one output unit; of a transposed convolution: uses of one input unit."""
    return weight[0].numel()

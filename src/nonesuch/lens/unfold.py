"""One unit of a layer unfolded: the maps it looks at, its kernels, what each of them adds, its bias, and the result.

Most layers are one thing here, a sum of windows times kernels plus a bias: a dense layer is a convolution whose kernel
is as large as the map, batch norm in evaluation one with a 1x1 kernel on one map, an average one with equal weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.layers import Kind, kind_of, left_as_found
from nonesuch.models.blocks import Add, PartialConv, RbfOutput, Scale, SubSample

Rule = Literal["sum", "spread", "max", "distance", "each"]


@dataclass(frozen=True, eq=False)
class Unfolded:
    """How unit `unit` of a layer comes about for one picture. Features are maps of one pixel.

    inputs (K, h, w): the maps it looks at, by their `numbers` in the layer's input.
    weights (K, a, b): one kernel for each of them; None where the layer has none (max pooling, activations).
    parts (K, H, W): what each of them adds to the result; None unless `rule` is a sum.
    output (H, W): the result.      bias: what is added at each pixel.
    rule: "sum": output = sum of parts + bias, where the kernel's first weight lies on input pixel stride * place -
        padding; "spread": likewise, of a transposed convolution, where input pixel p adds to the outputs from
        stride * p - padding on; "max": the greatest number of the window of size `window`; "distance": parts are
        -scale (input - weight)^2; "each": every number of the output comes from the one at its place.
    """

    layer: str
    kind: Kind
    unit: int
    rule: Rule
    numbers: tuple[int, ...]
    inputs: Tensor
    weights: Tensor | None
    parts: Tensor | None
    bias: float
    output: Tensor
    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a layer: inputs and output without the batch. flat: the flatten layer behind which it stands."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    output: Tensor
    flat: tuple[nn.Module, Tensor] | None = None


def unfolded(net: nn.Module, image: Tensor, layer: str, unit: int) -> Unfolded:
    """Of the first call of a layer, for one picture (or code) of the shape that the net takes, without the batch.

    Raises NetError for a layer that does not run, a unit that it does not have, and a layer that gives no units.
    """
    call = _call(net, image, layer)
    output = call.output
    if output.dim() not in (1, 3):
        raise NetError(f"{layer} gives neither maps nor features")
    if not 0 <= unit < len(output):
        raise NetError(f"{layer} has units 0 to {len(output) - 1}; found {unit}")
    result = output[unit] if output.dim() == 3 else output[unit].view(1, 1)
    with torch.no_grad():
        found = _summed(call, unit, result)
    return found or _each(call, unit, result)


def _call(net: nn.Module, image: Tensor, layer: str) -> _Call:
    calls: list[_Call] = []
    flats: dict[int, tuple[nn.Module, Tensor]] = {}
    kept: list[Tensor] = []

    def note(name: str) -> Callable[[nn.Module, tuple[object, ...], object], None]:
        def hook(module: nn.Module, given: tuple[object, ...], output: object) -> None:
            tensors = tuple(each for each in given if isinstance(each, Tensor))
            if not tensors or not isinstance(output, Tensor):
                return
            if kind_of(module) is Kind.FLATTEN:
                kept.append(output)  # so that its id stays its own
                flats[id(output)] = module, tensors[0][0].float()
            if name == layer and not calls:
                inputs = tuple(each[0].float().clone() for each in tensors)
                calls.append(_Call(name, module, inputs, output[0].float().clone(), flats.get(id(tensors[0]))))

        return hook

    modules = {name: module for name, module in net.named_modules() if not any(module.children())}
    handles = [module.register_forward_hook(note(name)) for name, module in modules.items()]
    try:
        with left_as_found(net), torch.no_grad():
            net(image[None])
    finally:
        for handle in handles:
            handle.remove()
    if not calls:
        raise NetError(f"no layer is called {layer!r}; found: {', '.join(modules)}")
    return calls[0]


def _summed(call: _Call, unit: int, result: Tensor) -> Unfolded | None:
    """Where the layer is a sum of windows times kernels."""
    module, given = call.module, call.inputs[0]
    match module:
        case nn.Conv2d() if module.dilation == (1, 1) and module.padding_mode == "zeros":
            each = module.in_channels // module.groups
            first = unit // (module.out_channels // module.groups) * each
            numbers = tuple(range(first, first + each))
            around = _around(module)
            return _convolved(call, unit, numbers, module.weight[unit], _bias(module, unit), module.stride, around)
        case PartialConv():
            numbers = tuple(module.table[unit])
            weights = module.weight[unit][list(numbers)]
            return _convolved(call, unit, numbers, weights, _bias(module, unit), (1, 1), (0, 0))
        case nn.ConvTranspose2d() if module.groups == 1 and module.dilation == (1, 1):
            return _spread(call, unit, module)
        case nn.Linear():
            return _dense(call, unit, module, result)
        case RbfOutput():
            code = module.codes[unit]
            numbers = tuple(range(len(given)))
            parts = (-module.scale * (given - code).square()).view(-1, 1, 1)
            maps = given.view(-1, 1, 1)
            return _made(call, unit, "distance", numbers, maps, code.view(-1, 1, 1), parts, 0.0, result)
        case nn.BatchNorm1d() | nn.BatchNorm2d() if module.running_mean is not None and module.running_var is not None:
            gain = (module.running_var[unit] + module.eps).rsqrt()
            gain = gain * module.weight[unit] if module.affine else gain
            offset = (_bias(module, unit) if module.affine else 0.0) - float(module.running_mean[unit] * gain)
            return _convolved(call, unit, (unit,), gain.view(1, 1, 1), offset, (1, 1), (0, 0))
        case Scale():
            factor = torch.tensor([[[module.factor]]])
            return _convolved(call, unit, (unit,), factor, module.offset, (1, 1), (0, 0))
        case SubSample():
            weights = module.coefficient[unit].expand(1, 2, 2)
            return _convolved(call, unit, (unit // module.copies,), weights, float(module.bias[unit]), (2, 2), (0, 0))
        case nn.AvgPool2d() if not module.ceil_mode and module.divisor_override is None and module.count_include_pad:
            side, stride = _pair(module.kernel_size), _pair(module.stride)
            weights = torch.full((1, *side), 1 / (side[0] * side[1]))
            return _convolved(call, unit, (unit,), weights, 0.0, stride, _pair(module.padding))
        case nn.AdaptiveAvgPool2d() if result.shape == (1, 1):
            weights = torch.full((1, *given.shape[1:]), 1 / given[0].numel())
            return _convolved(call, unit, (unit,), weights, 0.0, (1, 1), (0, 0))
        case Add():
            maps = torch.stack([_map(each, unit) for each in call.inputs])
            return _made(call, unit, "sum", (unit, unit), maps, torch.ones(2, 1, 1), maps, 0.0, result)
        case _:
            return None


def _convolved(
    call: _Call,
    unit: int,
    numbers: tuple[int, ...],
    weights: Tensor,
    bias: float,
    stride: tuple[int, ...],
    around: tuple[int, int],
) -> Unfolded:
    given = call.inputs[0]
    maps = torch.stack([_map(given, number) for number in numbers])
    weights = weights.detach().float()
    padded = F.pad(maps, (around[1], around[1], around[0], around[0]))
    steps = (stride[0], stride[1])
    parts = F.conv2d(padded[None], weights[:, None], stride=steps, groups=len(numbers))[0]
    result = _map(call.output, unit)
    return _made(call, unit, "sum", numbers, maps, weights, parts, bias, result, steps, around)


def _spread(call: _Call, unit: int, module: nn.ConvTranspose2d) -> Unfolded:
    weights = module.weight[:, unit].detach().float()
    stride, around = _pair(module.stride), _pair(module.padding)
    maps = call.inputs[0]
    parts = F.conv_transpose2d(
        maps[None], weights[:, None], None, stride, around, _pair(module.output_padding), len(maps)
    )[0]
    numbers = tuple(range(len(maps)))
    result = call.output[unit]
    return _made(call, unit, "spread", numbers, maps, weights, parts, _bias(module, unit), result, stride, around)


def _dense(call: _Call, unit: int, module: nn.Linear, result: Tensor) -> Unfolded:
    """Behind maps that were laid into a row, the weights are laid back: a kernel as large as the map."""
    given, weights = call.inputs[0], module.weight[unit].detach().float()
    bias = _bias(module, unit)
    if call.flat is None or call.flat[1].dim() != 3:
        maps, kernels = given.view(-1, 1, 1), weights.view(-1, 1, 1)
    else:
        flatten, maps = call.flat
        # What the layer makes of 0, 1, 2 ... says where each number went.
        order = flatten(torch.arange(maps.numel()).view(1, *maps.shape))[0]
        kernels = torch.zeros(maps.numel()).index_put((order,), weights).view(maps.shape)
    parts = (maps * kernels).sum((1, 2), keepdim=True)
    return _made(call, unit, "sum", tuple(range(len(maps))), maps, kernels, parts, bias, result)


def _each(call: _Call, unit: int, result: Tensor) -> Unfolded:
    """Max pooling, activations, and layers that only hand on; without inputs where they are laid out anew."""
    given, module = call.inputs[0], call.module
    same = given.dim() == call.output.dim() and len(given) == len(call.output)
    maps = _map(given, unit)[None] if same else torch.zeros(0, 1, 1)
    numbers = (unit,) if same else ()
    if not isinstance(module, nn.MaxPool2d):
        return _made(call, unit, "each", numbers, maps, None, None, 0.0, result)
    stride, around = _pair(module.stride), _pair(module.padding)
    return _made(call, unit, "max", numbers, maps, None, None, 0.0, result, stride, around, _pair(module.kernel_size))


def _made(
    call: _Call,
    unit: int,
    rule: Rule,
    numbers: tuple[int, ...],
    inputs: Tensor,
    weights: Tensor | None,
    parts: Tensor | None,
    bias: float,
    output: Tensor,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    window: tuple[int, int] = (1, 1),
) -> Unfolded:
    if weights is not None:
        window = (weights.shape[1], weights.shape[2])
        weights = weights.detach()
    kind = kind_of(call.module)
    return Unfolded(call.name, kind, unit, rule, numbers, inputs, weights, parts, bias, output, window, stride, padding)


def _map(values: Tensor, number: int) -> Tensor:
    return values[number] if values.dim() == 3 else values[number].view(1, 1)


def _bias(module: nn.Module, unit: int) -> float:
    bias = module.bias
    return float(bias[unit]) if isinstance(bias, Tensor) else 0.0


def _around(module: nn.Conv2d) -> tuple[int, int]:
    if not isinstance(module.padding, str):
        return _pair(module.padding)
    if module.padding == "valid":
        return 0, 0
    return (module.kernel_size[0] - 1) // 2, (module.kernel_size[1] - 1) // 2


def _pair(sides: int | str | tuple[int, ...]) -> tuple[int, int]:
    assert not isinstance(sides, str)
    return (sides, sides) if isinstance(sides, int) else (sides[0], sides[1])

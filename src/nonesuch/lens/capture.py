"""What every layer gives for a picture, and one number of it spelled out: its inputs, weights, bias and their sum."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.layers import left_as_found
from nonesuch.models.blocks import PartialConv


@dataclass(frozen=True, eq=False)
class Activation:
    """What one call of a layer gave for one picture: maps (C, H, W) or features (n,), float32.

    A layer that is called twice has two of the same `name`.
    """

    name: str
    values: Tensor

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.values.min()), float(self.values.max())


@dataclass(frozen=True, eq=False)
class Sum:
    """One number of a convolution or a dense layer: result = sum(inputs * weights) + bias.

    inputs, weights: (C, k, k) of a convolution, where inputs outside of the picture are 0; (n,) of a dense layer.
    corner: row and column in the layer's input of the upper left weight, below 0 outside; (0, 0) of a dense layer.
    """

    inputs: Tensor
    weights: Tensor
    bias: float
    result: float
    corner: tuple[int, int]


@contextmanager
def recording(net: nn.Module) -> Iterator[list[tuple[str, Tensor, Tensor]]]:
    """Within, each call of a layer (a module without children) is noted: name, first input, output, with the batch.

    Tensors keep their graph, for gradients. The hooks are gone afterwards, whatever happens in between.
    """
    calls: list[tuple[str, Tensor, Tensor]] = []
    handles = []

    def note(name: str) -> object:
        def hook(_module: nn.Module, given: tuple[object, ...], output: object) -> None:
            if isinstance(output, Tensor) and given and isinstance(given[0], Tensor):
                calls.append((name, given[0], output))

        return hook

    try:
        for name, module in net.named_modules():
            if not any(module.children()):
                handles.append(module.register_forward_hook(note(name)))
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def answer(net: nn.Module, images: Tensor, layer: str) -> Tensor:
    """What the first call of a layer gives for pictures (B, C, H, W): maps (B, C', h, w) or features (B, n).

    With its graph, where gradients are on. Only this layer's hook hangs in the net, and only while it runs. Raises
    NetError for a layer that does not run.
    """
    given: list[Tensor] = []

    def keep(_module: nn.Module, _given: object, output: object) -> None:
        if isinstance(output, Tensor) and not given:
            given.append(output)

    modules = {name: module for name, module in net.named_modules() if not any(module.children())}
    handle = modules[layer].register_forward_hook(keep) if layer in modules else None
    try:
        net(images)
    finally:
        if handle is not None:
            handle.remove()
    if not given:
        raise NetError(f"no layer is called {layer!r}; found: {', '.join(modules)}")
    return given[0]


def activations(net: nn.Module, image: Tensor) -> tuple[Activation, ...]:
    """Of a picture (C, H, W) in [-1, 1], in the order of the calls; the net is in evaluation mode for it."""
    with left_as_found(net), torch.no_grad(), recording(net) as calls:
        net(image[None])
    return tuple(Activation(name, output[0].float().clone()) for name, _, output in calls)


def spelled(net: nn.Module, image: Tensor, layer: str, place: tuple[int, ...]) -> Sum:
    """How number `place` of a layer's output, (map, row, column) or (unit,), comes about for a picture (C, H, W).

    Raises NetError for a layer that does not exist or sums nothing up, and for a place outside of its output.
    """
    module = dict(net.named_modules()).get(layer)
    if not isinstance(module, nn.Conv2d | PartialConv | nn.Linear):
        summing = (nn.Conv2d, PartialConv, nn.Linear)
        names = ", ".join(name for name, found in net.named_modules() if isinstance(found, summing))
        raise NetError(f"no convolution or dense layer is called {layer!r}; found: {names}")
    with left_as_found(net), torch.no_grad(), recording(net) as calls:
        net(image[None])
    given, output = next((given[0].float(), output[0].float()) for name, given, output in calls if name == layer)
    inside = len(place) == output.dim() and all(0 <= at < side for at, side in zip(place, output.shape, strict=True))
    if not inside:
        raise NetError(f"{layer} gives {'x'.join(map(str, output.shape))} numbers; found place {place}")
    weights = module.weight.detach()[place[0]].float()
    bias = 0.0 if module.bias is None else float(module.bias.detach()[place[0]])
    result = float(output[place])
    if isinstance(module, nn.Linear):
        return Sum(given, weights, bias, result, (0, 0))
    stride, around = (1, 0) if isinstance(module, PartialConv) else _plain(module, layer)
    side = weights.shape[-1]
    row, column = place[1] * stride, place[2] * stride
    under = F.pad(given, (around,) * 4)[:, row : row + side, column : column + side]
    return Sum(under, weights, bias, result, (row - around, column - around))


def _plain(conv: nn.Conv2d, name: str) -> tuple[int, int]:
    """Its stride and padding. Raises NetError for what is no plain convolution of square kernels, zeros around it."""
    square = len({*conv.kernel_size}) == len({*conv.stride}) == 1 and not isinstance(conv.padding, str)
    if not square or conv.groups != 1 or conv.dilation != (1, 1) or conv.padding_mode != "zeros":
        raise NetError(f"{name} is no plain convolution: groups, dilation, edges other than 0 or sides that differ")
    around = conv.padding[0]
    assert isinstance(around, int)
    return conv.stride[0], around

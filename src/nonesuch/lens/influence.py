"""Which pixels can change which units: receptive fields of any net, found by watching NaN spread.

A NaN in one row of the picture makes NaN of exactly the units whose value depends on that row: 0 * NaN is NaN, and so
are max, tanh and every sum with a NaN in it. So the answer does not hang on the weights, and holds for residual nets,
dilation, global pooling and whatever else a user builds. Only a module that swallows NaN (a comparison, nan_to_num)
hides what it depends on.
"""

from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.hooks import RemovableHandle

from nonesuch.errors import NetError

Grid = tuple[tuple[int, int] | None, tuple[int, int] | None]
"""Receptive field and stride, each (rows, columns) in pixels."""

_CHUNK = 16
"""Pictures in one pass, so that memory stays near that of a small training batch."""


_NARROW = 16
"""Pixels across a picture of which only the rows, or only the columns, are asked about."""


class _EnoughError(Exception):
    """The layer that was asked for has run."""


@dataclass(frozen=True)
class Call:
    """One call of a module without children. Shapes are without the batch."""

    name: str
    module: nn.Module
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    grid: Grid


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: rows top to bottom - 1, columns left to right - 1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left


@dataclass(frozen=True)
class Fields:
    """The receptive field of each unit of a layer on the picture.

    rows: for each row of the layer's maps the first row of pixels that its units can depend on, and one past the last;
    columns alike. Pixels outside of the picture are cut off. A layer without maps has one row and one column, which see
    all of it.
    """

    rows: tuple[tuple[int, int], ...]
    columns: tuple[tuple[int, int], ...]

    def box(self, row: int = 0, column: int = 0) -> Box:
        """What the units in this row and column of the maps look at. Raises NetError outside of the maps."""
        if not (0 <= row < len(self.rows) and 0 <= column < len(self.columns)):
            raise NetError(
                f"the maps have {len(self.rows)}x{len(self.columns)} units; found row {row}, column {column}"
            )
        (top, bottom), (left, right) = self.rows[row], self.columns[column]
        return Box(top, left, bottom, right)


@dataclass(frozen=True)
class _Seen:
    """What the hooks note of a call: `touched` (pictures, positions along the axis), None for what is no tensor."""

    name: str
    module: nn.Module
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    touched: Tensor | None


class Influence:
    """Probes `net` with pictures of `shape` (C, H, W). The caller puts it into evaluation mode.

    The net runs on a float64 copy of its weights and buffers: its own are neither used nor changed. H + W forward
    passes of one picture are needed.
    """

    def __init__(self, net: nn.Module, shape: tuple[int, int, int]) -> None:
        self.net, self.shape = net, shape
        self.until: str | None = None
        self.leaves = {module: name for name, module in net.named_modules() if next(module.children(), None) is None}
        tensors = (*net.named_parameters(), *net.named_buffers())
        self.state = {name: _exact(tensor.detach()) for name, tensor in tensors}

    def calls(self) -> tuple[Call, ...]:
        """Every call in order, with its receptive field and stride."""
        rows, columns = self._sweep(axis=1), self._sweep(axis=2)
        return tuple(
            Call(row.name, row.module, row.input_shape, row.output_shape, _grid(row, column))
            for row, column in zip(rows, columns, strict=True)
        )

    def fields(self, layer: str) -> Fields:
        """Of the first call of a layer. Raises NetError for a layer that does not run or gives no tensor."""
        _, height, width = self.shape
        blank = torch.zeros(1, *self.shape, dtype=torch.float64)
        shapes = {seen.name: seen.output_shape for seen in reversed(self._watch(blank, axis=1)) if seen.output_shape}
        if layer not in shapes:
            raise NetError(f"no layer is called {layer!r}; found: {', '.join(reversed(shapes))}")
        if len(shapes[layer]) != 3:
            return Fields(((0, height),), ((0, width),))
        return Fields(*(_spans(self._of_layer(layer, axis, shapes[layer][axis])) for axis in (1, 2)))

    def _of_layer(self, layer: str, axis: int, positions: int) -> Tensor:
        """Which of a layer's positions along an axis depend on each row or column: (pixels, positions).

        Rows do not care how wide a picture is: a narrow one will do, as long as the net takes it up to this layer.
        """
        _, height, width = self.shape
        slim = (height, min(width, _NARROW)) if axis == 1 else (min(height, _NARROW), width)
        for sides in (slim, (height, width)):
            probe = copy(self)
            probe.shape, probe.until = (self.shape[0], *sides), layer
            with suppress(RuntimeError, ValueError, IndexError, TypeError):
                touched = next(seen.touched for seen in probe._sweep(axis) if seen.name == layer)
                if touched is not None and touched.shape[1] == positions:
                    return touched
        raise NetError(f"it is not known what {layer} depends on")

    def _sweep(self, axis: int) -> list[_Seen]:
        """One picture for each row (axis 1) or column (axis 2), NaN there and zero elsewhere."""
        passes = [self._watch(probes, axis) for probes in self._probes(axis)]
        return [_join(parts) for parts in zip(*passes, strict=True)]

    def _probes(self, axis: int) -> Iterator[Tensor]:
        for chunk in torch.split(torch.arange(self.shape[axis]), _CHUNK):
            probes = torch.zeros(len(chunk), *self.shape, dtype=torch.float64)
            for probe, place in zip(probes, chunk, strict=True):
                probe.select(axis, int(place)).fill_(torch.nan)
            yield probes

    def _watch(self, probes: Tensor, axis: int) -> list[_Seen]:
        seen: list[_Seen] = []

        def note(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
            given, made = _shape(inputs[0] if inputs else None), _shape(output)
            seen.append(_Seen(self.leaves[module], module, given, made, _touched(output, len(probes), axis)))
            if seen[-1].name == self.until:
                raise _EnoughError

        handles: list[RemovableHandle] = []
        try:
            handles += [module.register_forward_hook(note) for module in self.leaves]
            with suppress(_EnoughError):
                functional_call(self.net, self.state, (probes,))
        finally:
            for handle in handles:
                handle.remove()
        return seen


def _exact(tensor: Tensor) -> Tensor:
    """A copy on the processor, in float64: there convolutions are plain matrix products.

    Faster kernels (Winograd, FFT) exist for short floats; they would spread a NaN over a whole tile.
    """
    return tensor.to("cpu", torch.float64 if tensor.is_floating_point() else tensor.dtype, copy=True)


def _shape(value: object) -> tuple[int, ...]:
    return tuple(value.shape[1:]) if isinstance(value, Tensor) else ()


def _touched(output: object, pictures: int, axis: int) -> Tensor | None:
    """Which positions along the axis hold a NaN; without a (C, H, W) layout, which units do."""
    if not isinstance(output, Tensor) or output.ndim == 0 or output.shape[0] != pictures:
        return None
    bad = output.isnan()
    return bad.any(dim=1).any(dim=3 - axis) if bad.ndim == 4 else bad.reshape(pictures, -1)


def _join(parts: tuple[_Seen, ...]) -> _Seen:
    """The chunks of one call as one."""
    first = parts[0]
    touched = [part.touched for part in parts if part.touched is not None]
    whole = torch.cat(touched) if len(touched) == len(parts) else None
    return _Seen(first.name, first.module, first.input_shape, first.output_shape, whole)


def _grid(rows: _Seen, columns: _Seen) -> Grid:
    if rows.touched is None or columns.touched is None:
        return None, None
    (height, down), (width, right) = _extent(rows.touched), _extent(columns.touched)
    known = len(rows.output_shape) == 3 and down > 0 and right > 0
    return (height, width), (down, right) if known else None


def _spans(touched: Tensor) -> tuple[tuple[int, int], ...]:
    """For each position the first pixel that touches it, and one past the last; (0, 0) where none does."""
    places = [column.nonzero().flatten().tolist() for column in touched.T]
    return tuple((min(found), max(found) + 1) if found else (0, 0) for found in places)


def _extent(touched: Tensor) -> tuple[int, int]:
    """Longest span of pixels of one position, and the step from one position's span to the next one's, 0 if unknown.

    The border cuts spans. A start beyond pixel 0 is not cut, nor are later ones; likewise an end before the last pixel.
    """
    hits = touched.to(torch.uint8)
    edge = len(hits) - 1
    first = hits.argmax(dim=0)
    last = edge - hits.flip(0).argmax(dim=0)
    span = torch.where(touched.any(dim=0), last - first + 1, 0)
    steps = torch.cat([first.diff()[first[:-1] > 0], last.diff()[last[1:] < edge]])
    return int(span.max()), int(steps.max()) if len(steps) else 0

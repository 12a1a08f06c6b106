"""What batch norm, dropout and pooling do to the numbers inside a net: the spread of activations with and without.

Nothing here changes the net that it is given: edited nets are copies, modes and random state are left as found.
Pictures are (N, C, H, W) in [-1, 1].
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import recording
from nonesuch.lens.layers import Kind, kind_of, left_as_found

BINS = 60
TAILS = 0.001
"""Share of all numbers beyond each end of a histogram's range; they are counted in its outermost bins."""
STAYS = 0.1
"""A number has stayed when it moved by less than this share of its layer's standard deviation."""
_MOST_SORTED = 1 << 20


@dataclass(frozen=True, eq=False)
class Spread:
    """How the numbers of one layer lie, over a batch: `n` of them.

    counts (bins,) between edges (bins + 1,); numbers beyond the edges are in the outermost bins. skew: the third
    standardised moment, 0 for anything symmetric. zeros: share of exact zeros. unit_mean, unit_std (units,): of each
    map or unit alone. dead: share of units that give the same number always.
    """

    name: str
    n: int
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    mean: float
    std: float
    skew: float
    zeros: float
    dead: float
    unit_mean: NDArray[np.float64]
    unit_std: NDArray[np.float64]


def common_edges(values: Iterable[Tensor], bins: int = BINS) -> NDArray[np.float64]:
    """Bins (bins + 1,) for several layers' numbers, from the lowest to the highest TAILS quantile of any of them."""
    ends = []
    for each in values:
        flat = each.detach().float().flatten()
        thinned = flat[:: max(1, len(flat) // _MOST_SORTED)]
        ends.append(torch.quantile(thinned, torch.tensor([TAILS, 1 - TAILS])).tolist())
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    room = 0.5 if high - low <= 1e-12 * max(abs(low), abs(high)) else 0.0
    return np.linspace(low - room, high + room, bins + 1)


def spread(name: str, values: Tensor, edges: NDArray[np.float64]) -> Spread:
    """Of what a layer gave for a batch, (N, units) or (N, units, H, W)."""
    units = values.detach().double().transpose(0, 1).flatten(1)
    mean, std = float(units.mean()), float(units.std(correction=0))
    centred = units - mean
    inside = np.clip(units.numpy().ravel(), edges[0], edges[-1])
    return Spread(
        name=name,
        n=units.numel(),
        counts=np.histogram(inside, edges)[0].astype(np.int64),
        edges=edges,
        mean=mean,
        std=std,
        skew=float((centred**3).mean()) / std**3 if std > 0 else 0.0,
        zeros=float((units == 0).double().mean()),
        dead=float((units.amax(1) == units.amin(1)).double().mean()),
        unit_mean=units.mean(1).numpy(),
        unit_std=units.std(1, correction=0).numpy(),
    )


def outputs(net: nn.Module, images: Tensor, seed: int | None = None) -> list[tuple[str, Kind, Tensor, Tensor]]:
    """Name, kind, input and output of each call of a layer for a batch.

    With a `seed` as training sees it: batch norm by the statistics of this batch, and dropout drawn from the seed.
    Running statistics are left alone.
    """
    shown = net if seed is None else copy.deepcopy(net)
    modules = dict(shown.named_modules())
    with left_as_found(shown), recording(shown) as calls:
        if seed is not None:
            shown.train()
            torch.manual_seed(seed)
        shown(images)
    return [(name, kind_of(modules[name]), given, output) for name, given, output in calls]


def without(net: nn.Module, kind: Kind) -> nn.Module:
    """A copy of the net whose layers of a kind hand on what they are given. Raises NetError where there are none."""
    found = copy.deepcopy(net)
    places = [name for name, module in found.named_modules() if name and kind_of(module) is kind]
    if not places:
        raise NetError(f"this net has no layer of kind {kind}")
    for name in places:
        parent, _, last = name.rpartition(".")
        setattr(found.get_submodule(parent), last, nn.Identity())
    return found


def dropped(net: nn.Module, images: Tensor, draws: int, seed: int) -> Tensor:
    """Probabilities (draws, N, classes) with dropout on and everything else as in evaluation: an answer a draw.

    Their mean is Monte-Carlo dropout (Gal and Ghahramani 2016, eq. 6). The same seed gives the same masks. Raises
    NetError for a net without dropout.
    """
    masks = [module for module in net.modules() if kind_of(module) is Kind.DROPOUT]
    if not masks:
        raise NetError("this net has no dropout")
    with left_as_found(net):
        for mask in masks:
            mask.train()
        torch.manual_seed(seed)
        return torch.stack([net(images).float().softmax(1) for _ in range(draws)])


@dataclass(frozen=True)
class Shifted:
    """What a pooling layer makes of a picture that moves by one pixel.

    before, after: shapes of its input and output, without the batch. stays_before, stays_after: share of numbers that
    stay as they were, to a tenth of the layer's standard deviation. stays_picked: the same for a layer of the same size
    that takes the first number of each field instead. moved: share of fields whose largest number is at another place
    than before; unnoticed: of those, the share whose output stays. Both None of a layer that takes no maximum.
    """

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    stays_before: float
    stays_after: float
    stays_picked: float
    moved: float | None
    unnoticed: float | None


def shifted(images: Tensor) -> Tensor:
    """Pictures moved to the right by one pixel; the column at the left edge is repeated."""
    return torch.cat([images[..., :1], images[..., :-1]], -1)


def pooling(net: nn.Module, images: Tensor) -> list[Shifted]:
    """What each pooling layer makes of pictures that move by one pixel; [] for a net without one."""
    modules = dict(net.named_modules())
    pairs = zip(outputs(net, images), outputs(net, shifted(images)), strict=True)
    return [
        _shifted(name, modules[name], (given, moved_given), (output, moved_output))
        for (name, kind, given, output), (_, _, moved_given, moved_output) in pairs
        if kind in (Kind.POOL, Kind.SUBSAMPLE) and given.dim() == 4
    ]


def _shifted(name: str, layer: nn.Module, given: tuple[Tensor, Tensor], output: tuple[Tensor, Tensor]) -> Shifted:
    (_, _, height, width), (_, _, rows, columns) = given[0].shape, output[0].shape
    moved = unnoticed = None
    places = [_places(layer, each) for each in given]
    if places[0] is not None and places[1] is not None:
        elsewhere = places[0] != places[1]
        moved = float(elsewhere.double().mean())
        unnoticed = float(_stay(*output)[elsewhere].double().mean()) if moved else None
    picked = [each[:, :, :: height // rows, :: width // columns] for each in given]
    before, after, taken = (float(_stay(*pair).double().mean()) for pair in (given, output, picked))
    shapes = tuple(given[0].shape[1:]), tuple(output[0].shape[1:])
    return Shifted(name, *shapes, before, after, taken, moved, unnoticed)


def _places(layer: nn.Module, given: Tensor) -> Tensor | None:
    """Where in its input a layer that takes maxima finds each of them."""
    match layer:
        case nn.MaxPool2d():
            found = F.max_pool2d(given, layer.kernel_size, layer.stride, layer.padding, return_indices=True)
        case nn.AdaptiveMaxPool2d(output_size=size):
            found = nn.AdaptiveMaxPool2d(size, return_indices=True)(given)
        case _:
            return None
    places: Tensor = found[1]
    return places


def _stay(before: Tensor, after: Tensor) -> Tensor:
    """Which numbers moved by less than STAYS of their layer's deviation; all of a layer that always gives the same."""
    return (before - after).abs() <= STAYS * before.float().std(correction=0)

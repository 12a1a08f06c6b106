"""The filters of a run's first convolution: all of them on a picture, and one edited and put back into a copy.

The run and its own net are never changed.
"""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nonesuch.assembly import engine, reopen
from nonesuch.data.decode import fit
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, NetError, RunError
from nonesuch.evaluation.classifier import logits_of, probabilities_of
from nonesuch.evaluation.run import Run
from nonesuch.lens import sliding
from nonesuch.lens.kernels import Kernel, first_convolution, of_layer, put
from nonesuch.pixels import Picture, to_signed


@dataclass(frozen=True, eq=False)
class Filters:
    """picture (H, W, C) uint8 as the net sees it; kernels across its channels, and their maps (N, h, w) of it."""

    picture: Picture
    kernels: tuple[Kernel, ...]
    maps: Tensor


@dataclass(frozen=True, eq=False)
class Edited:
    """A filter as it was and as it is now, and their maps (h, w) of a picture; what the net says, (classes,) each.

    picture (H, W, C) uint8 as the net sees it. accuracy: before and after, on `pictures` held-out test pictures; None
    when it was not asked for.
    """

    picture: Picture
    was: Kernel
    kernel: Kernel
    maps: tuple[Tensor, Tensor]
    classes: tuple[str, ...]
    before: Tensor
    after: Tensor
    accuracy: tuple[float, float] | None = None
    pictures: int = 0


def learnt(run: Run) -> tuple[Kernel, ...]:
    """All filters of the first convolution. Raises RunError for a net without one that sees pictures."""
    first = run.kernel(0)
    conv = first_convolution(run.net, run.recipe.data.channels)
    assert conv is not None
    return first, *(run.kernel(number) for number in range(1, conv.out_channels))


def filters(run: Run, picture: str | Path | Picture) -> Filters:
    """All filters of the first convolution, and what they make of a picture as the net sees it, in [-1, 1].

    picture: a file, or pixels (H, W, C). Raises RunError for a net without a convolution that sees pictures, DataError
    for a file that cannot be read.
    """
    kernels, pixels = learnt(run), _read(run, picture)
    maps = torch.cat([sliding.apply(kernel, to_signed(pixels))[0] for kernel in kernels])
    return Filters(_picture(pixels), kernels, maps)


def fitted(kernel: Kernel, was: Kernel, same_strength: bool) -> Kernel:
    """A kernel for all channels in the shape of a filter across channels: in its middle, and on the channels' mean.

    same_strength: brought to the sum of squares of the filter it replaces, so that the layers behind hear it as loudly.
    A kernel that has the shape already stays as it is. Raises NetError for one that is larger.
    """
    if kernel.weights.shape == was.weights.shape:
        return kernel
    if kernel.weights.dim() != 2 or kernel.side > was.side:
        found = "x".join(map(str, kernel.weights.shape))
        raise NetError(f"this filter is {'x'.join(map(str, was.weights.shape))}; found {found}: give one that fits in")
    around = (was.side - kernel.side) // 2
    weights = F.pad(kernel.weights, (around,) * 4).expand(was.weights.shape) / (len(was.weights) * kernel.scale)
    if same_strength:
        weights = weights * (was.weights.norm() / weights.norm().clamp(min=1e-12))
    return replace(was, weights=weights)


def edited(run: Run, picture: str | Path | Picture, number: int, kernel: Kernel, held_out: bool = False) -> Edited:
    """Put a kernel (C, k, k) in the place of a filter of a copy of a classifier, and ask both of a picture.

    picture: a file, or pixels (H, W, C). held_out: also measure both on all test pictures. Raises RunError unless a
    classifier with a convolution that sees pictures, NetError for a filter it does not have or a kernel of another
    shape, DataError for a file.
    """
    if run.recipe.kind != "cnn":
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}, which has no classes; edit a cnn's filter")
    was = run.kernel(number)
    changed = copy.deepcopy(run.net)
    conv = first_convolution(changed, run.recipe.data.channels)
    assert conv is not None
    put(kernel, conv, number)
    pixels = _read(run, picture)
    now = of_layer(conv, number)
    before, after = (probabilities_of(net, run.recipe, pixels)[0] for net in (run.net, changed))
    old, new = (sliding.apply(each, to_signed(pixels))[0, 0] for each in (was, now))
    found = Edited(_picture(pixels), was, now, (old, new), run.classes, before, after)
    if not held_out:
        return found
    images, targets = reopen(run.recipe.data).tensors("test")
    fabric = engine(run.recipe.machine)
    answers = (logits_of(net, fabric, run.recipe, images).argmax(1) for net in (run.net, changed))
    first, second = (float((answer == targets).float().mean()) for answer in answers)
    return replace(found, accuracy=(first, second), pictures=len(targets))


def _picture(pixels: Tensor) -> Picture:
    found: Picture = pixels[0].permute(1, 2, 0).contiguous().numpy()
    return found


def _read(run: Run, picture: str | Path | Picture) -> Tensor:
    if isinstance(picture, np.ndarray):
        settings = run.recipe.data
        seen = fit(picture, settings.size, settings.fit, settings.channels)
        return torch.from_numpy(np.ascontiguousarray(seen)[None].copy()).permute(0, 3, 1, 2)
    (found,) = run.read([picture])
    if isinstance(found, Reject):
        raise DataError(f"{found.name}: {found.reason}; give a picture file")
    return found[1]

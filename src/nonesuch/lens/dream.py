"""Feature visualisation: pictures that excite units more than any real one, by gradient ascent on the picture.

After Olah, Mordvintsev, Schubert (Feature Visualization, Distill 2017), with three changes for small and grey nets: the
coordinates are learnt from the net's own training pictures (`lens/basis.py`), the ascent ends a little above what the
best real picture reaches, and disturbances are shares of the picture's size, not pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.basis import Basis
from nonesuch.lens.capture import answer
from nonesuch.lens.layers import left_as_found

SHIFT, ZOOM, TURN = 1 / 16, 0.05, 0.1
"""Largest disturbances: a share of the side, a share of the size, and radians (6 degrees)."""
PRIOR = 0.005
"""Weight of |w|^2 / 2 in standard deviations of the activation. Against it alone, a unit that is linear in the picture
would stop 1 / PRIOR of them above the mean."""
OUTSIDE = 5.0
"""Weight of the mean squared distance by which pixels leave [-1, 1]: there the net sees no change any more."""
_START = 0.01
"""Standard deviation of the first coordinates: all but the mean picture."""
_STILL = 1e-6
"""A unit whose activations on real pictures spread less than this answers nothing."""
_FARTHEST = 1e6
"""Standard deviations that no activation reaches: instead of infinity, which has no slope."""


@dataclass(frozen=True)
class Aim:
    """Who is to answer: units of one layer. Each by the mean of its map, or with `place` by its number there.

    The units of a dense layer, and the logits of the last one, have one number each.
    """

    layer: str
    units: tuple[int, ...]
    place: tuple[int, int] | None = None

    def of(self, output: Tensor) -> Tensor:
        """The layer's output (B, C, h, w) or (B, n) to (B, units). Raises NetError for what it does not have."""
        count = output.shape[1]
        wrong = [unit for unit in self.units if not 0 <= unit < count]
        if wrong:
            raise NetError(f"{self.layer} has units 0 to {count - 1}; found {wrong[0]}")
        chosen = output[:, list(self.units)]
        if self.place is None:
            return chosen.flatten(2).mean(2) if chosen.dim() > 2 else chosen
        maps = output.shape[2:]
        if len(maps) != 2 or not all(0 <= at < side for at, side in zip(self.place, maps, strict=True)):
            found = f"maps of {'x'.join(map(str, maps))}" if len(maps) else "no maps"
            raise NetError(f"{self.layer} has {found}; found place {self.place}")
        return chosen[:, :, self.place[0], self.place[1]]


@dataclass(frozen=True, eq=False)
class Usual:
    """How units answer to real pictures: mean, spread (standard deviation) and best, (units,) each.

    champions (units,): which picture of the stream answered best.
    """

    mean: Tensor
    spread: Tensor
    best: Tensor
    champions: Tensor


@dataclass(frozen=True, eq=False)
class Dreams:
    """pictures (units, C, H, W) in [-1, 1]; values (units,): the activations they reach, undisturbed.

    history (steps, units): activations on the way there, each before that step, undisturbed too.
    """

    pictures: Tensor
    values: Tensor
    history: Tensor


def usual(net: nn.Module, batches: Iterable[Tensor], aim: Aim) -> Usual:
    """Over batches of real pictures (B, C, H, W) in [-1, 1]; the net is left as found. Raises NetError as `Aim`."""
    with left_as_found(net), torch.no_grad():
        found = [aim.of(answer(net, images, aim.layer).float()).cpu() for images in batches]
    values = torch.cat(found)
    best = values.max(0)
    return Usual(values.mean(0), values.std(0, unbiased=False), best.values, best.indices)


def dream(
    net: nn.Module,
    basis: Basis,
    aim: Aim,
    real: Usual,
    seed: int,
    steps: int = 100,
    reach: float = 1.5,
    rate: float = 0.1,
) -> Dreams:
    """One picture a unit, all in one batch: the most probable one that excites it `reach` times as far as any real one.

    With activations as standard deviations above the mean over real pictures, Adam descends, from the mean picture and
    with a rate that falls to 0,

        max(0, reach * best - activation)  +  PRIOR |w|^2 / 2  +  OUTSIDE * what leaves the range of pixels.

    With reach = inf the activation climbs without end, against the prior alone. In each step every picture is shifted,
    turned and zoomed a little, drawn from `seed`, so that no dream hangs on single pixels. The net is left as found.
    Raises NetError as `Aim` does.
    """
    draws = torch.Generator().manual_seed(seed)
    w = (_START * torch.randn(len(aim.units), *basis.shape, generator=draws)).requires_grad_()
    adam = torch.optim.Adam([w], rate)
    spread = real.spread.clamp(min=_STILL)
    goal = (reach * (real.best - real.mean) / spread).clamp(max=_FARTHEST)
    history = []
    with left_as_found(net), torch.enable_grad():
        for step in range(steps):
            free = basis.pictures(w)
            shown = free.clamp(-1, 1)
            history.append(_reached(net, aim, shown.detach()))
            answers = _own(aim.of(answer(net, disturbed(shown, draws), aim.layer)))
            missing = (goal - (answers - real.mean) / spread).relu()
            improbable = PRIOR / 2 * w.square().flatten(1).sum(1)
            outside = OUTSIDE * (free - shown).square().flatten(1).mean(1)
            (w.grad,) = torch.autograd.grad((missing + improbable + outside).sum(), [w])
            adam.param_groups[0]["lr"] = rate * (1 - step / steps)
            adam.step()
        pictures = basis.pictures(w.detach()).clamp(-1, 1)
        values = _reached(net, aim, pictures)
    return Dreams(pictures, values, torch.stack(history))


@torch.no_grad()
def _reached(net: nn.Module, aim: Aim, pictures: Tensor) -> Tensor:
    return _own(aim.of(answer(net, pictures, aim.layer)))


def disturbed(images: Tensor, draws: torch.Generator) -> Tensor:
    """Each of pictures (B, C, H, W) shifted, turned and zoomed by its own small amount; the border mirrors."""
    count, _, height, width = images.shape
    turn, zoom, *shift = ((2 * torch.rand(4, count, generator=draws) - 1) * _LARGEST[:, None]).unbind()
    cos, sin = (1 + zoom) * turn.cos(), (1 + zoom) * turn.sin()
    across = torch.stack([cos, -sin * height / width, shift[0]], 1)
    down = torch.stack([sin * width / height, cos, shift[1]], 1)
    places = F.affine_grid(torch.stack([across, down], 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, places, padding_mode="reflection", align_corners=False)


# In the order turn, zoom, right, down; the sampling grid spans the picture with a length of 2.
_LARGEST = torch.tensor([TURN, ZOOM, 2 * SHIFT, 2 * SHIFT])


def _own(answers: Tensor) -> Tensor:
    """Of (units, units), picture i and unit i."""
    return answers.diagonal()

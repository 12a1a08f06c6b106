"""Ways through latent space: from point to point along a line or an arc, through many points, round and round.

Points are rows of a tensor (K, latent); a path is (N, latent), one row a frame. Under a standard normal prior nearly
all of a wide latent space lies at a distance of about sqrt(latent) from the origin, a shell which a straight line
leaves: its middle is where a net was hardly ever trained (White 2016, "Sampling Generative Networks", section 2).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from nonesuch.errors import RecipeError

Way = Literal["slerp", "lerp"]
Ease = Literal["linear", "smooth"]

NEARLY_PARALLEL = 1e-4
"""Below this sine of the angle an arc is a line, and dividing by the sine would lose all digits."""


def lerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Straight from `start` (latent,) to `end` at shares (N,) of the way, 0 to 1: (N, latent)."""
    return start + share[:, None] * (end - start)


def slerp(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Along the arc between two directions at even speed (Shoemake 1985), while the length changes evenly.

    Same shapes as `lerp`, which it is for parallel points and for the origin. Points right opposite each other have no
    arc of their own between them: the line through the origin is taken.
    """
    first, second = start.double(), end.double()
    lengths = first.norm(), second.norm()
    if min(lengths) == 0:
        return lerp(start, end, share)
    cosine = (first @ second / (lengths[0] * lengths[1])).clamp(-1, 1)
    angle = cosine.arccos()
    if angle.sin() < NEARLY_PARALLEL:
        return lerp(start, end, share)
    along = share.double()[:, None]
    direction = ((1 - along) * angle).sin() * first / lengths[0] + (along * angle).sin() * second / lengths[1]
    length = (1 - along) * lengths[0] + along * lengths[1]
    arc: Tensor = length * direction / angle.sin()
    return arc.to(start.dtype)


WAYS: Mapping[Way, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"slerp": slerp, "lerp": lerp}
EASES: Mapping[Ease, Callable[[Tensor], Tensor]] = {
    "linear": lambda share: share,
    "smooth": lambda share: share * share * (3 - 2 * share),
}
"""Of the time between two points to the share of the way: smooth starts and ends at rest."""


def through(points: Tensor, frames: int, way: Way = "slerp", ease: Ease = "linear", loop: bool = False) -> Tensor:
    """Through all points (K, latent), in `frames` frames: the first is the first point, the last the last.

    Points get equal times. loop: back to the first point, which is not shown twice, so that the film has no seam.
    Raises RecipeError for fewer than two points or fewer frames than points, or an unknown way.
    """
    _check(points, way, ease)
    if frames < len(points):
        raise RecipeError(f"{len(points)} points need at least as many frames; found {frames}")
    legs = len(points) if loop else len(points) - 1
    return _along(points, torch.arange(legs + 1, dtype=torch.float64), frames, way, ease, loop)


def keyframed(
    points: Tensor,
    seconds: Sequence[float],
    speed: float,
    way: Way = "slerp",
    ease: Ease = "linear",
    loop: bool = False,
) -> Tensor:
    """Through points (K, latent), each at its own second of a film of `speed` frames a second: (N, latent).

    The film begins at the first point's second; without a loop its last frame is the last point. loop: the way back to
    the first point takes as long as the other legs do on average, and the first point is not shown twice.
    Raises RecipeError as `through` does, and for seconds that do not grow or whose film has fewer frames than points.
    """
    _check(points, way, ease)
    if len(seconds) != len(points):
        raise RecipeError(f"each of {len(points)} points needs its second; found {len(seconds)}")
    if not all(before < after < math.inf for before, after in pairwise(seconds)):
        raise RecipeError(f"seconds grow from point to point; found {', '.join(f'{each:g}' for each in seconds)}")
    knots = torch.tensor(seconds, dtype=torch.float64) - seconds[0]
    if loop:
        knots = torch.cat([knots, knots[-1:] * len(points) / (len(points) - 1)])
    frames = round(float(knots[-1]) * speed) + (0 if loop else 1)
    if frames < len(points):
        raise RecipeError(f"{len(points)} points need at least as many frames; found {frames}: give them more seconds")
    return _along(points, knots, frames, way, ease, loop)


def _check(points: Tensor, way: Way, ease: Ease) -> None:
    if way not in WAYS or ease not in EASES:
        raise RecipeError(f"a path is {' or '.join(WAYS)}, {' or '.join(EASES)}; found {way}, {ease}")
    if len(points) < 2:
        raise RecipeError(f"a path goes through at least 2 points; found {len(points)}")


def _along(points: Tensor, knots: Tensor, frames: int, way: Way, ease: Ease, loop: bool) -> Tensor:
    """Point k is passed at time knots[k], from 0 on; of a loop the last knot is the first point again."""
    stations = torch.cat([points, points[:1]]) if loop else points
    times = torch.arange(frames, dtype=torch.float64) * knots[-1] / (frames if loop else frames - 1)
    leg = (torch.searchsorted(knots, times, right=True) - 1).clamp(max=len(stations) - 2)
    share = EASES[ease]((times - knots[leg]) / (knots[leg + 1] - knots[leg])).to(points.dtype)
    parts = [WAYS[way](stations[at], stations[at + 1], share[leg == at]) for at in range(len(stations) - 1)]
    return torch.cat(parts)


def circle(first: Tensor, second: Tensor, frames: int) -> Tensor:
    """Round through `first`, `second`, -`first`, -`second` (latent,), and back: (frames, latent).

    cos(t) first + sin(t) second: of two draws of N(0, 1) every frame is again one, as cos^2 + sin^2 = 1. Raises
    RecipeError for fewer than 4 frames.
    """
    if frames < 4:
        raise RecipeError(f"a circle needs at least 4 frames; found {frames}")
    turn = (torch.arange(frames, dtype=torch.float64) * (2 * math.pi / frames))[:, None]
    return (turn.cos() * first.double() + turn.sin() * second.double()).to(first.dtype)


def truncated(z: Tensor, psi: float, centre: Tensor | None = None) -> Tensor:
    """Nearer to the centre (latent,), by default the prior's mean: centre + psi (z - centre), same shape as z.

    Below 1 pictures become more ordinary and more alike, at 0 all are one (Karras et al. 2019, section 3 and appendix
    B, who do this in the space behind their mapping network; a net without one has z itself).
    """
    middle = torch.zeros_like(z[0]) if centre is None else centre
    return middle + psi * (z - middle)

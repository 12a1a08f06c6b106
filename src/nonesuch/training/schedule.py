"""Learning-rate schedules: pure functions from the used-up share of the budget to a factor of the peak."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

ScheduleName = Literal["constant", "cosine", "one_cycle", "triangle"]


def constant(fraction: float, warm_up: float, end: float) -> float:
    """Climb for `warm_up` of the budget, then stay at the peak."""
    del end
    return _climb(fraction, warm_up, 0.0)


def cosine(fraction: float, warm_up: float, end: float) -> float:
    """Climb straight from 0, then fall along half a cosine to `end` (Loshchilov and Hutter 2017, eq. 5)."""
    if fraction < warm_up:
        return _climb(fraction, warm_up, 0.0)
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * _rest(fraction, warm_up)))


def one_cycle(fraction: float, warm_up: float, end: float) -> float:
    """Climb from 1/25 of the peak along half a cosine, then fall along another to `end` (Smith and Topin 2018)."""
    start = 0.04
    if fraction < warm_up:
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * fraction / warm_up))
    return cosine(fraction, warm_up, end)


def triangle(fraction: float, warm_up: float, end: float) -> float:
    """Climb straight from 1/5 of the peak, then fall straight to `end`, as short CIFAR-10 recipes do."""
    if fraction < warm_up:
        return _climb(fraction, warm_up, 0.2)
    return 1 + (end - 1) * _rest(fraction, warm_up)


SCHEDULES: Mapping[ScheduleName, Callable[[float, float, float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one_cycle": one_cycle,
    "triangle": triangle,
}


def _climb(fraction: float, warm_up: float, start: float) -> float:
    return start + (1 - start) * fraction / warm_up if fraction < warm_up else 1.0


def _rest(fraction: float, warm_up: float) -> float:
    """How far the way down has got, in [0, 1]."""
    return min(1.0, (fraction - warm_up) / (1 - warm_up)) if warm_up < 1 else 1.0

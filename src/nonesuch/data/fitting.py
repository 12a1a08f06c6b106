"""What bringing pictures to one size does to them: how much they grow or shrink, and how much of them is lost."""

from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from nonesuch.data.settings import Channels, Fit


@dataclass(frozen=True, slots=True)
class Fitting:
    """What fitting did to each of N pictures, float64 (N,).

    scale: a side after over before; above 1 the picture was enlarged. Of "stretch" the larger one of its two sides.
    cost: of "crop" the share of the picture's area that was cut off; of "pad" the share of the frame that is filling,
        both in [0, 1); of "stretch" how many times wider or taller it became than it was, at least 1.
    """

    scale: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]


def measure(sides: npt.NDArray[np.uint16], size: tuple[int, int], fit: Fit) -> Fitting:
    """What a fit to (height, width) does to pictures with these sides, uint16 (N, 2), height first."""
    factors = np.asarray(size) / sides.astype(np.float64)
    larger, smaller = factors.max(1), factors.min(1)
    if fit == "crop":  # what fills the frame grows by the larger factor: too long in the other direction
        return Fitting(larger, 1 - smaller / larger)
    if fit == "pad":  # what is shown whole grows by the smaller one
        return Fitting(smaller, 1 - smaller / larger)
    return Fitting(larger, larger / smaller)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way of bringing a picture to a size: the picture that comes of it, and `scale` and `cost` as in Fitting."""

    how: Fit
    picture: npt.NDArray[np.uint8]
    scale: float
    cost: float


def ways(picture: npt.NDArray[np.uint8], size: tuple[int, int], channels: Channels) -> list[Way]:
    """Crop, pad and stretch of one picture (H, W, C), C in {1, 3, 4}, to (height, width), side by side."""
    from nonesuch.data.decode import fit  # only here: who looks at a pack's numbers needs no decoder

    sides = np.array([picture.shape[:2]], np.uint16)
    found = []
    for how in get_args(Fit):
        measured = measure(sides, size, how)
        made = np.ascontiguousarray(fit(picture, size, how, channels))
        found.append(Way(how, made, float(measured.scale[0]), float(measured.cost[0])))
    return found

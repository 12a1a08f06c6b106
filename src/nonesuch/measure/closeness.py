"""How close pictures that were drawn again are to their originals."""

import numpy as np
from numpy.typing import NDArray

from nonesuch.pixels import Picture

LEAST_ERROR = 1 / 12
"""The mean squared error of rounding to whole grey levels: two pictures of bytes are not told apart below it."""


def psnr(pictures_u8: Picture, drawn_u8: Picture) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio of each pair, (N,), in decibels; uint8 (N, H, W, C) both.

    10 log10(255^2 / e), e the mean squared error over pixels and channels, at least 1/12: equal pictures have 58.9 dB,
    and nothing is infinite. 6 dB more are half the error; black against white is 0 dB.
    """
    difference = pictures_u8.astype(np.float64) - drawn_u8
    error = np.maximum(LEAST_ERROR, np.square(difference).mean((1, 2, 3)))
    found: NDArray[np.float64] = 10 * np.log10(255**2 / error)
    return found

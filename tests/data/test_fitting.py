"""What fitting costs: by hand, and against what the fitting itself does to pixels."""

import numpy as np
import pytest

from nonesuch.data.decode import fit
from nonesuch.data.fitting import measure
from nonesuch.data.settings import Fit


@pytest.mark.parametrize(
    ("how", "scale", "cost"),
    [
        # 8x8 to 8x8, 4x8 to 8x8, 16x8 to 8x8, 80x40 to 8x8
        ("crop", [1, 2, 1, 0.2], [0, 0.5, 0.5, 0.5]),
        ("pad", [1, 1, 0.5, 0.1], [0, 0.5, 0.5, 0.5]),
        ("stretch", [1, 2, 1, 0.2], [1, 2, 2, 2]),
    ],
)
def test_by_hand(how: Fit, scale: list[float], cost: list[float]) -> None:
    found = measure(np.array([[8, 8], [4, 8], [16, 8], [80, 40]], np.uint16), (8, 8), how)
    assert found.scale == pytest.approx(scale)
    assert found.cost == pytest.approx(cost)


@pytest.mark.parametrize("sides", [(60, 90), (90, 60), (33, 32), (20, 100)])
def test_the_share_cut_off_is_what_cropping_cuts_off(sides: tuple[int, int]) -> None:
    """Every pixel is counted by its own brightness: two ramps, one along each side, of which crops keep the middle."""
    height, width = sides
    (cost,) = measure(np.array([sides], np.uint16), (32, 32), "crop").cost
    rows, columns = np.mgrid[0:height, 0:width]
    kept = 1.0
    for ramp, side in ((rows, height), (columns, width)):
        picture = np.rint(255 * ramp / (side - 1)).astype(np.uint8)[:, :, None]
        small = fit(picture, (32, 32), "crop", 1).astype(float)
        # Mean steps between neighbours over the whole ramp: the share of the ramp that is still there.
        axis = 0 if ramp is rows else 1
        step = np.diff(small[4:-4, 4:-4, 0].mean(1 - axis)).mean()
        kept *= step * 32 / 255 * (side - 1) / side
    assert 1 - kept == pytest.approx(cost, abs=0.02)  # 8-bit rounding of the ramps


@pytest.mark.parametrize("sides", [(60, 90), (90, 60), (20, 100)])
def test_the_share_filled_is_what_padding_fills(sides: tuple[int, int]) -> None:
    (cost,) = measure(np.array([sides], np.uint16), (32, 32), "pad").cost
    picture = np.full((*sides, 4), 255, np.uint8)
    picture[0, 0, 3] = 254  # an alpha that says something is kept, and what is filled is see-through
    found = fit(picture, (32, 32), "pad", 4)
    assert (found[:, :, 3] == 0).mean() == pytest.approx(cost, abs=0.02)  # whole pixels

"""The map of a latent plane: places by hand, tiles where they belong, dots where the codes are."""

import numpy as np
import pytest

from nonesuch.measure import codes_chart
from nonesuch.measure.codes_chart import GAP, GRID, HEAD, PALETTE, SIDE, Codes


def codes(deviations: bool = False) -> Codes:
    """A square of four corners and its middle, many times, so that the percentiles are the corners."""
    means = np.tile([[-2.0, -1.0], [2.0, -1.0], [-2.0, 1.0], [2.0, 1.0], [0.0, 0.0]], (40, 1))
    kinds = np.tile([0, 0, 0, 0, 1], 40)
    return Codes(means, np.full_like(means, 0.3) if deviations else None, kinds, ("corner", "middle"))


def test_places_run_from_the_top_left_to_the_bottom_right() -> None:
    found = codes_chart.places(codes())
    assert found.shape == (GRID**2, 2)
    np.testing.assert_allclose(found[0], [-2.08, 1.04], atol=1e-6)
    np.testing.assert_allclose(found[GRID - 1], [2.08, 1.04], atol=1e-6)
    np.testing.assert_allclose(found[-1], [2.08, -1.04], atol=1e-6)


@pytest.mark.parametrize("deviations", [False, True])
def test_dots_are_where_the_codes_are(deviations: bool) -> None:
    drawn = codes_chart.picture(codes(deviations), np.zeros((GRID**2, 4, 4, 1), np.uint8), "codes").astype(int)
    middle = drawn[HEAD + SIDE // 2, GAP + SIDE // 2]
    share = 0.35 if deviations else 0.75
    np.testing.assert_allclose(middle, 255 + share * (np.array(PALETTE[1]) - 255), atol=2)
    assert (drawn[HEAD + SIDE // 4, GAP + SIDE // 2] == 255).all()


def test_each_tile_lies_in_its_place() -> None:
    between = np.zeros((GRID**2, 2, 2, 3), np.uint8)
    between[:] = (np.arange(GRID**2) % 251).astype(np.uint8)[:, None, None, None]
    drawn = codes_chart.picture(codes(), between, "codes")
    cell = SIDE // GRID
    for row, column in ((0, 0), (3, 7), (GRID - 1, GRID - 1)):
        x, y = 2 * GAP + SIDE + column * cell + cell // 2, HEAD + row * cell + cell // 2
        assert (drawn[y, x] == (row * GRID + column) % 251).all()


def test_one_code_only_is_no_division_by_zero() -> None:
    one = Codes(np.zeros((3, 2)), None, np.full(3, -1), ())
    assert np.isfinite(codes_chart.places(one)).all()
    assert codes_chart.picture(one, np.zeros((GRID**2, 2, 2, 1), np.uint8), "one").shape[2] == 3

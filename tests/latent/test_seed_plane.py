"""The plane of seeds by its laws: seeds at whole places, no jump between them, and everywhere a draw of N(0, 1)."""

import math

import pytest
import torch

from nonesuch import seeds
from nonesuch.errors import RecipeError
from nonesuch.latent.seed_plane import corners, mixed, weighted


def test_at_whole_places_lies_the_seed_itself() -> None:
    assert corners(3, 2) == [(203, 1.0)]
    assert torch.equal(mixed(3, 2, 8), torch.from_numpy(seeds.normal(203, 8)))


def test_half_way_four_neighbours_weigh_alike() -> None:
    assert corners(0.5, 1.5) == [(100, 0.5), (101, 0.5), (200, 0.5), (201, 0.5)]


def test_a_quarter_of_the_way_by_hand() -> None:
    """s = 1/4: smoothed 10/64, its rest 54/64; the weights are these over their length."""
    length = math.hypot(54, 10)
    assert corners(7.25, 0) == [(7, pytest.approx(54 / length)), (8, pytest.approx(10 / length))]


@pytest.mark.parametrize(("x", "y"), [(0.3, 0.7), (12.5, 3.01), (99.5, 0), (0, 41.9)])
def test_everywhere_it_is_a_draw_of_the_normal(x: float, y: float) -> None:
    assert sum(weight**2 for _, weight in corners(x, y)) == pytest.approx(1)
    assert float(mixed(x, y, 20_000).std()) == pytest.approx(1, abs=0.02)


def test_there_is_no_jump_from_cell_to_cell() -> None:
    before, after = mixed(4 - 1e-4, 2.5, 16), mixed(4 + 1e-4, 2.5, 16)
    assert float((before - after).abs().max()) < 1e-5


@pytest.mark.parametrize("place", [(-0.1, 0), (0, -1), (math.nan, 0), (0, math.inf), (0, 2**53)])
def test_outside_of_the_plane_is_one_line(place: tuple[float, float]) -> None:
    with pytest.raises(RecipeError, match="begins at 0, 0"):
        corners(*place)


def test_a_sum_of_codes() -> None:
    found = weighted([(2, torch.tensor([1.0, 0.0])), (-1, torch.tensor([0.5, 0.25]))])
    assert found.tolist() == [1.5, -0.25]

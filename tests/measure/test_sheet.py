"""Sheets of captioned pictures: everything inside, nothing overlapping, any shape of picture."""

import numpy as np
import pytest

from nonesuch.measure.canvas import at_size, within
from nonesuch.measure.sheet import WIDTH, Band, Tile, sheet

RED = np.zeros((10, 10, 3), np.uint8) + np.array([255, 0, 0], np.uint8)


def reds(page: np.ndarray) -> int:
    return int((page == [255, 0, 0]).all(-1).sum())


@pytest.mark.parametrize("count", [1, 7, 40])
def test_each_tile_is_there_whole(count: int) -> None:
    page = sheet("title", "note", [Band("band", [Tile(RED, ("words",))] * count, side=40)])
    assert reds(page) == count * 40 * 40
    assert page.shape[1] <= WIDTH + 48


def test_tiles_that_belong_together_are_not_parted() -> None:
    page = sheet("", "", [Band("", [Tile(RED)] * 9, side=200, together=3)])
    rows = np.flatnonzero((page == [255, 0, 0]).all(-1).any(1))
    per_row = {int((page[row] == [255, 0, 0]).all(-1).sum()) // 200 for row in rows}
    assert per_row == {3}  # 4 would fit


def test_bands_lie_below_each_other_and_empty_ones_are_left_out() -> None:
    one, two = Band("one", [Tile(RED)]), Band("two", [Tile(RED, ("a", "b", "c"))])
    assert reds(sheet("t", "", [one, Band("none", []), two])) == 2 * 100 * 100
    assert np.array_equal(sheet("t", "", [one, Band("none", []), two]), sheet("t", "", [one, two]))


def test_long_words_do_not_make_a_sheet_wider_than_a_screen() -> None:
    page = sheet("t" * 900, "n" * 900, [Band("b" * 900, [Tile(RED, ("w" * 500,))])])
    assert page.shape[1] <= WIDTH + 48


@pytest.mark.parametrize(("height", "width"), [(3, 3), (28, 20), (64, 96), (300, 200)])
def test_sizes(height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = within(picture, 96)
    assert max(found.shape[:2]) <= 96
    assert 2 * max(found.shape[:2]) > 96 or max(height, width) > 48
    assert found.shape[0] / found.shape[1] == pytest.approx(height / width, rel=0.02)
    if height <= 96:
        assert np.array_equal(found[:: found.shape[0] // height, :: found.shape[1] // width], picture)
    assert 64 <= max(at_size(picture, 96).shape[:2]) <= 144

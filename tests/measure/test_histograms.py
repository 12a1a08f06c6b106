"""Small histograms and bars: heights and places by hand."""

import numpy as np
import pytest

from nonesuch.measure.histograms import FIRST, HIGH, SECOND, WIDE, dots, histogram, shares


def columns(page: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (page == colour).all(-1).sum(0)


def test_bars_are_as_high_as_their_counts() -> None:
    page = histogram(np.array([0, 10, 20, 100, 40]), None, np.linspace(-1, 4, 6))
    heights = columns(page[:HIGH], FIRST)[[18, 54, 90, 126, 162]]
    tallest = round(0.9 * HIGH)
    # 40 is the largest but one, and 100 is cut off at the top.
    assert heights.tolist() == [0, round(tallest / 4), round(tallest / 2), HIGH, tallest]


def test_zero_is_marked_where_it_lies() -> None:
    page = histogram(np.ones(5, np.int64), None, np.linspace(-1, 4, 6))
    mark = np.flatnonzero((page[HIGH + 3] == (26, 29, 35)).all(-1))
    assert mark.tolist() == [round((WIDE - 1) / 5)]


def test_the_other_layer_is_a_line_over_the_bars() -> None:
    counts = np.array([5, 5, 5, 5])
    page = histogram(counts, np.array([1, 4, 4, 1]), np.linspace(0, 1, 5))
    assert columns(page, SECOND).sum() > 50
    assert np.array_equal(histogram(counts, None, np.linspace(0, 1, 5)).shape, page.shape)
    assert histogram(np.array([0, 7, 0]), None, np.linspace(0, 1, 4)).std() > 0


def test_shares_are_as_long_as_they_are_large() -> None:
    page = shares([("none", 0.0), ("a third", 1 / 3), ("all", 1.0)])
    lengths = [(page[30 * row + 18] == FIRST).all(-1).sum() for row in range(3)]
    assert lengths == [0, 60, WIDE]


@pytest.mark.parametrize("line", [0.0, 0.5, 1.0])
def test_dots_lie_where_their_share_is(line: float) -> None:
    page = dots(np.array([0.25, 0.25, 0.25]), line)
    marked = np.flatnonzero((page[2] == SECOND).all(-1))
    assert marked.mean() == pytest.approx(4 + line * (WIDE - 9), abs=1)
    bare = dots(np.array([]), line)
    moved = np.flatnonzero((page != bare).any((0, 2)))
    assert moved.mean() == pytest.approx(4 + 0.25 * (WIDE - 9), abs=1)

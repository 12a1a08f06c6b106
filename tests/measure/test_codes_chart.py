"""The map of codes: dots, ellipses and tiles where they belong, colours for the most frequent classes."""

import math

import numpy as np
import pytest

from nonesuch.measure import codes_chart
from nonesuch.measure.canvas import Canvas
from nonesuch.measure.codes_chart import (
    FACE,
    GAP,
    HEAD,
    NAMED,
    OTHERS,
    PALETTE,
    SIDE,
    THERE,
    Dots,
    Tiles,
    colours,
    fit_into,
    sheet,
)

PLACES = np.tile([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]], (40, 1))
KINDS = np.tile([0, 0, 0, 0, 1], 40)
MIDDLE = (HEAD + SIDE // 2, GAP + SIDE // 2)


def _dots(covariances: np.ndarray | None = None) -> Dots:
    return Dots("codes", PLACES, KINDS, ("corner", "middle"), covariances)


@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_dots_are_where_the_codes_are(spread: float) -> None:
    covariances = np.tile(np.eye(2) * spread**2, (len(PLACES), 1, 1)) if spread else None
    drawn = sheet("codes", [_dots(covariances)]).astype(int)
    tinted = 255 + 0.3 * (np.array(PALETTE[1]) - 255) if spread else np.full(3, 255.0)
    np.testing.assert_allclose(drawn[MIDDLE], tinted + 0.75 * (np.array(PALETTE[1]) - tinted), atol=2)
    off = drawn[MIDDLE[0] - 15, MIDDLE[1]]  # within a standard deviation of 28 pixels, outside of the dot
    np.testing.assert_allclose(off, tinted, atol=2)
    assert (drawn[HEAD + SIDE // 4, GAP + SIDE // 2] == 255).all()


def test_an_ellipse_lies_along_its_covariance() -> None:
    """Places count downwards: what varies together runs from the upper left to the lower right."""
    along, across = 0.08**2, 0.01**2
    turn = np.array([[1, 1], [-1, 1]]) / math.sqrt(2)
    covariance = turn.T @ np.diag([along, across]) @ turn
    drawn = sheet("codes", [_dots(np.tile(covariance, (len(PLACES), 1, 1)))]).astype(int)
    y, x = MIDDLE
    assert (drawn[y + 20, x + 20] != 255).any()
    assert (drawn[y - 20, x - 20] != 255).any()
    assert (drawn[y + 20, x - 20] == 255).all()


def test_an_ellipse_that_is_not_turned_is_the_plain_one() -> None:
    plain, turned = Canvas(80, 60), Canvas(80, 60)
    plain.ellipses([((40.0, 30.0), (25.0, 10.0))], (0, 0, 0), 1.0)
    turned.ellipses([((40.0, 30.0), (10.0, 25.0))], (0, 0, 0), 1.0, [math.pi / 2])
    difference = np.abs(plain.pixels().astype(int) - turned.pixels())
    assert difference.max() < 100  # a polygon of 48 corners, on the rim only
    assert difference.mean() < 1


def test_each_tile_lies_in_its_cell_and_an_empty_one_is_shaded_where_something_lies() -> None:
    pictures = np.stack([np.full((2, 2, 3), 10 * number, np.uint8) for number in range(1, 4)])
    there = np.zeros(16, bool)
    there[[0, 5]] = True
    drawn = sheet("tiles", [Tiles("tiles", pictures, np.array([0, 7, 15]), 4, there)])
    cell = SIDE // 4

    def at(row: int, column: int) -> list[int]:
        return drawn[HEAD + row * cell + cell // 2, GAP + column * cell + cell // 2].tolist()

    assert (at(0, 0), at(1, 3), at(3, 3)) == ([10] * 3, [20] * 3, [30] * 3)
    assert at(1, 1) == list(THERE)
    assert at(2, 2) == [255] * 3


def test_panels_stand_side_by_side() -> None:
    tiles = Tiles("tiles", np.zeros((1, 2, 2, 1), np.uint8), np.array([0]), 4)
    drawn = sheet("both", [_dots(), tiles])
    assert drawn.shape[1] == 2 * SIDE + 3 * GAP
    assert drawn[HEAD + 10, 2 * GAP + SIDE + 10].tolist() == [0, 0, 0]


def test_a_face_lies_over_its_dot_with_the_colour_of_its_class_around() -> None:
    dots = Dots(
        "codes", PLACES, KINDS, ("corner", "middle"), faces=(np.array([4, 3]), np.zeros((2, 4, 4, 3), np.uint8))
    )
    drawn = sheet("codes", [dots])
    assert drawn[MIDDLE].tolist() == [0, 0, 0]
    assert drawn[MIDDLE[0], MIDDLE[1] - FACE // 2 - 2].tolist() == list(PALETTE[1])
    assert drawn[HEAD + SIDE - 1, GAP + SIDE - 20].tolist() == list(PALETTE[0])  # pushed inside
    assert drawn[HEAD + SIDE - 20, GAP + SIDE - 1].tolist() == list(PALETTE[0])


def test_the_most_frequent_classes_have_colours_and_the_rest_is_grey() -> None:
    classes = np.repeat(np.arange(NAMED + 2), [9] * NAMED + [1, 1])
    found = colours(np.concatenate([classes, [-1]]))
    assert len({found[kind] for kind in range(NAMED)}) == NAMED
    assert found[NAMED] == found[NAMED + 1] == found[-1] == OTHERS
    names = tuple(map(str, range(NAMED + 2)))
    many = Dots("many", np.zeros((len(classes), 2)), classes, names)
    assert codes_chart._legend(many)[-1] == ("2 others", OTHERS)


@pytest.mark.parametrize(
    ("shape", "expected"), [((4, 4), (28, 28)), ((10, 10), (28, 28)), ((60, 20), (28, 9)), ((8, 16), (14, 28))]
)
def test_a_picture_keeps_its_shape_in_its_cell(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit_into(np.zeros((*shape, 3), np.uint8), 28, 28).shape == (*expected, 3)


def test_a_large_picture_is_averaged_and_a_small_one_keeps_its_pixels() -> None:
    chequer = np.zeros((8, 8, 3), np.uint8)
    chequer[::2, ::2] = chequer[1::2, 1::2] = 200
    assert fit_into(chequer, 4, 4).tolist() == np.full((4, 4, 3), 100).tolist()
    assert set(fit_into(chequer, 20, 20).ravel().tolist()) == {0, 200}

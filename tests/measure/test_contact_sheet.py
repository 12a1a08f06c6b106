"""Contact sheets: every class is on them, at a size that can be seen, whatever sizes and names there are."""

import numpy as np
import pytest

from nonesuch.measure.contact_sheet import COLUMNS, LEAST_SIDE, MOST_BANDS, MOST_SIDE, Group, contact_sheet

RED, GREEN, BLUE = (200, 10, 10), (10, 200, 10), (10, 10, 200)


def _flat(*colours: tuple[int, int, int], shape: tuple[int, int] = (16, 16), each: int = 30) -> np.ndarray:
    return np.concatenate([np.full((each, *shape, 3), colour, np.uint8) for colour in colours])


def _area(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((sheet == colour).all(-1).sum())


def test_every_group_is_there_and_in_its_order() -> None:
    rows = np.arange(90)
    sheet = contact_sheet(
        _flat(RED, GREEN, BLUE), [Group("b", rows[60:]), Group("r", rows[:30]), Group("g", rows[30:60])]
    )
    tops = [int(np.flatnonzero((sheet == colour).all(-1).any(1))[0]) for colour in (BLUE, RED, GREEN)]
    assert tops == sorted(tops)
    assert [_area(sheet, colour) for colour in (RED, GREEN, BLUE)] == [30 * LEAST_SIDE**2] * 3


@pytest.mark.parametrize(
    ("shape", "shown"), [((16, 16), (48, 48)), ((64, 40), (64, 40)), ((256, 256), (96, 96)), ((30, 300), (10, 96))]
)
def test_pictures_are_of_a_size_that_can_be_seen(shape: tuple[int, int], shown: tuple[int, int]) -> None:
    sheet = contact_sheet(_flat(RED, shape=shape, each=3), [Group("", np.arange(3))])
    assert _area(sheet, RED) == 3 * shown[0] * shown[1]
    assert max(shown) <= MOST_SIDE


def test_pictures_are_taken_from_everywhere_and_only_those_shown_are_read() -> None:
    pixels = np.zeros((1000, 8, 8, 1), np.uint8)
    pixels[-1] = 77
    pixels[0] = 78
    sheet = contact_sheet(pixels, [Group("", np.arange(1000))])
    assert _area(sheet, (77, 77, 77)) == _area(sheet, (78, 78, 78)) == 48**2
    assert _area(sheet, (0, 0, 0)) == (10 * COLUMNS - 2) * 48**2


def test_many_groups_with_long_foreign_names_stay_on_the_sheet() -> None:
    rows = np.arange(300)
    groups = [Group("ü猫" * 60, rows[place : place + 2]) for place in range(0, 60, 2)]
    sheet = contact_sheet(_flat(RED, each=300), groups)
    assert _area(sheet, RED) == MOST_BANDS * 2 * 48**2
    assert sheet.shape[1] < 500  # a name does not stretch the sheet for ever
    edge = sheet.copy()
    edge[8:-8, 8:-8] = 255
    assert (edge == 255).all()

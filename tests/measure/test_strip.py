"""A strip shows its pictures unchanged, enlarged by whole factors, with words below."""

import numpy as np
import pytest

from nonesuch.measure import strip as chart
from nonesuch.measure.strip import strip


def test_pictures_stand_in_a_row_above_their_words() -> None:
    pictures = np.random.default_rng(0).integers(0, 200, (3, 8, 14, 3), dtype=np.uint8)
    sheet = strip(pictures, ["photo", "one", "two"], ["", "20.0 dB", "21.5 dB"])
    side = chart.SHOWN_SIDE // 14
    for place in range(3):
        left, top = chart.MARGIN + place * (14 * side + chart.GAP), chart.MARGIN
        shown = sheet[top : top + 8 * side : side, left : left + 14 * side : side]
        np.testing.assert_array_equal(shown, pictures[place])
    edge = chart.MARGIN + 8 * side
    rows = {"titles": np.s_[edge + 4 : edge + 22], "notes": np.s_[edge + 24 : edge + 42]}
    others = strip(pictures, ["photo", "ten", "two"], ["", "20.0 dB", "21.5 dB"])
    noted = strip(pictures, ["photo", "one", "two"], ["", "29.0 dB", "21.5 dB"])
    for name, place in rows.items():
        assert (sheet[place] < 150).any()
        assert (sheet[place] != others[place]).any() == (name == "titles")
        assert (sheet[place] != noted[place]).any() == (name == "notes")
    assert (strip(pictures, ["", "", ""], ["", "", ""])[edge + 2 :] == 255).all()


def test_any_channels_and_size_but_a_title_for_each() -> None:
    assert strip(np.zeros((1, 300, 20, 1), np.uint8), ["tall"], [""]).shape[0] > 300
    assert strip(np.zeros((2, 9, 9, 4), np.uint8), ["a", "b"], ["", ""]).shape[2] == 3
    with pytest.raises(ValueError, match="a title and a note a picture"):
        strip(np.zeros((2, 9, 9, 3), np.uint8), ["a"], ["", ""])

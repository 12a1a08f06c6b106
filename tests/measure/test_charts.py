"""Charts: nothing runs off the sheet, what is drawn can be read, and colour never speaks alone."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from nonesuch.measure import charts
from nonesuch.measure.canvas import (
    PAPER,
    RIGHT,
    WRONG,
    contrast,
    drawable,
    ink_on,
    luminance,
    shade,
    shorten,
    text_width,
)
from nonesuch.measure.labels import LabelsReport, measure

EDGE = 10
"""A strip along every side of a sheet that stays white."""
NAMES = st.text(st.characters(codec="latin-1"), max_size=40)


def _report(names: list[str], count: int = 400) -> LabelsReport:
    generator = torch.Generator().manual_seed(len(names))
    targets = torch.randint(0, len(names), (count,), generator=generator)
    logits = torch.randn(count, len(names), generator=generator)
    logits[torch.arange(count), targets] += 2
    return measure(logits, targets, names, seed=0)


def _assert_margins(sheet: np.ndarray) -> None:
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    inner = sheet.copy()
    inner[EDGE:-EDGE, EDGE:-EDGE] = 255
    assert (inner == 255).all(), "something runs into the margin"
    assert (sheet != 255).any()


def _has(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((sheet == colour).all(axis=-1).sum())


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_names_in_any_script_are_drawn_in_letters_the_font_has(name: str) -> None:
    """A letter that the font lacks comes out as the same box as U+FFFF."""
    font = ImageFont.load_default(14)
    missing = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(letter)) != missing for letter in drawable(name))


def test_accents_are_left_out_and_other_scripts_are_question_marks() -> None:
    assert drawable("süße Füchse, Łódź, ½ 猫") == "susse Fuchse, Lodz, 1⁄2 ?"


def test_the_scale_darkens_evenly_and_text_on_it_can_be_read() -> None:
    colours = [shade(share) for share in np.linspace(0, 1, 101)]
    # CIE L* of each: an even ladder has equal steps
    lightness = np.array([116 * luminance(colour) ** (1 / 3) - 16 for colour in colours])
    steps = -np.diff(lightness[::10])
    assert (steps > 0).all()
    assert steps.max() / steps.min() < 1.5
    assert min(contrast(ink_on(colour), colour) for colour in colours) >= 4.1
    assert min(contrast(colour, PAPER) for colour in (RIGHT, WRONG, *charts._LINE_COLOURS, charts.MUTED)) >= 4.5


@settings(max_examples=100, deadline=None)
@given(NAMES, st.integers(9, 20), st.integers(20, 200))
def test_shortened_text_fits(text: str, size: int, width: int) -> None:
    line = shorten(text, size, width)
    assert text_width(line, size) <= width or line == "..."
    assert "\n" not in line
    assert line == " ".join(text.split()) or line.endswith("...")


@pytest.mark.parametrize("classes", [1, 2, 6, 10, 20, 45, 48, 60, 100, 130])
def test_a_confusion_matrix_stays_on_its_sheet(classes: int) -> None:
    for name in ("{}", "class {}", "a name that is far too long to be shown in full, number {}"):
        _assert_margins(charts.confusion_picture(_report([name.format(index) for index in range(classes)])))


@settings(max_examples=15, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=12))
def test_any_class_names_can_be_drawn(names: list[str]) -> None:
    _assert_margins(charts.confusion_picture(_report(names)))


def test_a_cells_colour_is_its_share_of_the_row() -> None:
    logits = torch.log(torch.tensor([[0.9, 0.1]] * 3 + [[0.2, 0.8]] * 1 + [[0.1, 0.9]] * 4))
    report = measure(logits, torch.tensor([0] * 4 + [1] * 4), ["a", "b"], seed=0)
    assert report.confusion == ((3, 1), (0, 4))
    sheet = charts.confusion_picture(report)
    legend = 46 * 20
    for share in (0.75, 0.25):
        assert _has(sheet, shade(round(math.sqrt(share) * 255) / 255)) > 57 * 57 * 0.8
    # none and all of a row are in the legend too
    assert _has(sheet, shade(1.0)) > 57 * 57 * 0.8 + legend * 0.5
    assert _has(sheet, shade(0.0)) > 57 * 57 * 0.8 + legend * 0.5


def test_counts_and_names_are_written() -> None:
    few, many = _report(["cat", "dog"], 40), _report(["cat", "dog"], 4000)
    assert not np.array_equal(charts.confusion_picture(few), charts.confusion_picture(many))
    other = _report(["cat", "cow"], 40)
    assert not np.array_equal(charts.confusion_picture(few), charts.confusion_picture(other))


@pytest.mark.parametrize("shape", [(16, 16, 3), (28, 28, 1), (64, 64, 4), (300, 200, 3), (8, 200, 3), (1, 1, 1)])
@pytest.mark.parametrize("count", [1, 5, 24])
def test_answers_stay_on_their_sheet(shape: tuple[int, int, int], count: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (count, *shape), dtype=np.uint8)
    truths = ["a rather long name of a class"] * count
    sheet = charts.answers_picture(pictures, truths, ["dog"] * count, [0.5] * count)
    _assert_margins(sheet)


def test_right_and_wrong_differ_in_colour_and_in_mark() -> None:
    black = np.zeros((1, 16, 16, 3), np.uint8)
    right = charts.answers_picture(black, ["cat"], ["cat"], [0.9])
    wrong = charts.answers_picture(black, ["dog"], ["cat"], [0.9])
    frame = 120 * 120 - 112 * 112
    assert _has(right, RIGHT) > frame > _has(right, WRONG)
    assert _has(wrong, WRONG) > frame > _has(wrong, RIGHT)
    # without colour the marks still differ
    badge = np.s_[59:77, charts.MARGIN + 106 : charts.MARGIN + 124]
    assert not np.array_equal(right[badge] == 255, wrong[badge] == 255)


def test_small_pictures_are_enlarged_in_whole_blocks() -> None:
    picture = np.random.default_rng(1).integers(0, 200, (1, 16, 16, 3), dtype=np.uint8)
    sheet = charts.answers_picture(picture, ["cat"], ["cat"], [1.0])
    top, left = charts.MARGIN + 36 + 4, charts.MARGIN + 4
    shown = sheet[top : top + 112, left : left + 112]
    # the top right corner lies under the mark
    np.testing.assert_array_equal(shown[3::7, 3::7][3:], picture[0][3:])


def test_a_wrong_answer_is_never_shown_as_certain() -> None:
    black = np.zeros((1, 16, 16, 3), np.uint8)
    almost, certain = (charts.answers_picture(black, ["a"], ["b"], [p]) for p in (0.9999, 1.0))
    assert not np.array_equal(almost, certain)


def test_answers_need_a_caption_each() -> None:
    with pytest.raises(ValueError, match="2 pictures, 1, 2, 2"):
        charts.answers_picture(np.zeros((2, 4, 4, 3), np.uint8), ["a"], ["a", "b"], [1, 1])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 4)), min_size=1, max_size=5), st.sampled_from([6, 8])
)
def test_ticks_are_round_and_enclose_the_values(values: list[float], about: int) -> None:
    ticks = charts._ticks(values, about)
    steps = np.diff(ticks)
    assert 2 <= len(ticks) <= about + 3
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    slack = 1e-6 * steps[0]
    assert ticks[0] <= min(values) + slack
    assert ticks[-1] >= max(values) - slack
    assert f"{steps[0]:.0e}"[0] in "125"
    written = charts._written(ticks)
    assert len(set(written)) == len(written)
    for text, tick in zip(written, ticks, strict=True):
        assert float(text.replace(",", "")) == pytest.approx(tick, abs=1e-3 * steps[0])


@settings(max_examples=10, deadline=None)
@given(
    st.dictionaries(
        NAMES.filter(str.strip),
        st.lists(st.tuples(st.floats(0, 1e4), st.floats(-50, 150)), min_size=1, max_size=8),
        min_size=1, max_size=7,
    )
)  # fmt: skip
def test_curves_stay_on_their_sheet(lines: dict[str, list[tuple[float, float]]]) -> None:
    _assert_margins(charts.line_chart(lines, "A title", "minutes", "accuracy, %"))


def test_a_curve_runs_where_its_points_are() -> None:
    """A level line at the middle tick: its colour fills one row of the plot, from the first tick to the last."""
    sheet = charts.line_chart({"level": [(0, 50), (10, 50)], "span": [(0, 0), (0, 100)]}, "t", "x", "y")
    rows = np.flatnonzero((sheet == charts._LINE_COLOURS[0]).all(axis=-1).sum(axis=1) > 300)
    plot_top, plot_bottom = charts.MARGIN + 48, charts._CHART_HEIGHT - charts.MARGIN - 48
    assert len(rows) in (1, 2, 3)
    assert rows.mean() == pytest.approx((plot_top + plot_bottom) / 2, abs=1)


def test_points_that_are_not_finite_are_left_out() -> None:
    clean = charts.line_chart({"a": [(0, 1), (2, 3)]}, "t", "x", "y")
    holed = charts.line_chart(
        {"a": [(0, 1), (1, math.nan), (math.inf, 2), (2, 3)], "none": [(0, math.nan)]}, "t", "x", "y"
    )
    np.testing.assert_array_equal(clean, holed)
    with pytest.raises(ValueError, match="needs a point"):
        charts.line_chart({"a": [(0, math.nan)]}, "t", "x", "y")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.floats(0, 400), min_size=1, max_size=12))
def test_names_at_the_curves_ends_do_not_touch(heights: dict[str, float]) -> None:
    placed = charts._apart(heights, 19, 0, 400)
    levels = sorted(placed.values())
    assert all(high - low >= 19 - 1e-9 for low, high in pairwise(levels))
    assert levels[0] >= -1e-9
    assert levels[-1] <= 400
    order = sorted(heights, key=heights.__getitem__)
    assert sorted(placed, key=placed.__getitem__) == order

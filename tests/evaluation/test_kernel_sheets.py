"""Sheets: sizes that follow what is on them, and pixels whose colours can be told by hand."""

import numpy as np
import torch

from nonesuch.evaluation import kernel_sheets
from nonesuch.evaluation.filters import Edited, Filters
from nonesuch.evaluation.kernel_lesson import learn
from nonesuch.evaluation.kernel_sheets import edited_sheet, filters_sheet, lesson_sheet, stages_sheet
from nonesuch.lens.chains import stages, steps
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import preset

MARGIN, GAP = kernel_sheets.MARGIN, kernel_sheets.GAP


def test_stages_stand_side_by_side_under_their_kernels() -> None:
    row = steps("outline, relu", 1)
    sheet = stages_sheet(row, stages(row, torch.full((1, 10, 20), 0.5)))
    width = kernel_sheets.PICTURE_SIDE
    assert sheet.shape[1] == 2 * MARGIN + 3 * width + 2 * GAP
    top = MARGIN + kernel_sheets.KERNEL_SIDE + GAP
    assert sheet[top + 40, MARGIN + 90].tolist() == [128, 128, 128]  # the picture, half of white
    outline = MARGIN + width + GAP
    assert sheet[MARGIN + 45, outline + 45].tolist() == [255, 255, 255]  # 8, beside its number
    assert sheet[MARGIN + 3, outline + 3].tolist() == [112, 112, 112]  # -1 of 8
    assert sheet[top + 40, outline + 90].tolist() == [0, 0, 0]  # nothing is below 0: black is 0


def test_black_and_white_are_as_far_from_0_and_single_numbers_do_not_count() -> None:
    values = torch.zeros(1, 40, 50)
    values[0, 0, 0] = -100.0
    values[0, 20:] = 2.0
    low, high = kernel_sheets.span_of(values)
    assert (low, high) == (-2.0, 2.0)
    assert kernel_sheets.painted(values, (low, high))[[0, 5, 30], 0, 0].tolist() == [0, 128, 255]


def test_a_lesson_has_a_column_for_each_moment_and_one_for_what_was_wanted() -> None:
    lesson = learn(steps("blur, pool, outline", 1), torch.rand(3, 12, 12), 4, moments=3)
    sheet = lesson_sheet(lesson, [preset("blur"), preset("outline")])
    assert sheet.shape[1] == 2 * MARGIN + 4 * kernel_sheets.KERNEL_SIDE + 3 * GAP
    assert lesson_sheet(lesson).shape == sheet.shape


def test_filters_in_rows_of_eight_in_the_colours_of_their_channels() -> None:
    weights = torch.zeros(3, 3, 3)
    weights[0] = 1.0
    kernels = tuple(Kernel(weights if number == 9 else 0 * weights) for number in range(10))
    found = Filters(np.zeros((16, 16, 3), np.uint8), kernels, torch.zeros(10, 16, 16))
    sheet = filters_sheet(found)
    start = MARGIN + kernel_sheets.PICTURE_SIDE + 2 * GAP
    side, line = kernel_sheets.FILTER_SIDE, kernel_sheets.LINE
    block = line + side + GAP // 2 + side + GAP
    assert sheet.shape[1] == start + 8 * (side + GAP) - GAP + MARGIN
    assert sheet[MARGIN + block + line + 10, start + side + GAP + 10].tolist() == [255, 128, 128]
    assert sheet[MARGIN + line + 10, start + 10].tolist() == [128, 128, 128]


def test_answers_are_bars_as_long_as_they_are_probable() -> None:
    kernel, maps = Kernel(torch.ones(1, 3, 3)), torch.zeros(8, 8)
    probabilities = torch.tensor([0.25, 0.75])
    names = ("cat", "dog")
    found = Edited(np.zeros((8, 8, 1), np.uint8), kernel, kernel, (maps, maps), names, probabilities, probabilities)
    sheet = edited_sheet(found)
    after = np.array(kernel_sheets.shade(0.8))
    rows = (sheet == after).all(2).sum(1)
    assert sorted(set(rows[rows > 40].tolist())) == [50, 150]

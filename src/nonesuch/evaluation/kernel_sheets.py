"""Sheets of kernels and of what they make of a picture: a chain stage by stage, a lesson over time, a net's filters.

0 is mid grey in a kernel, more is brighter. So it is in maps with numbers below 0; other maps begin at black.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nonesuch.data.decode import fit
from nonesuch.evaluation.filters import Edited, Filters
from nonesuch.evaluation.kernel_lesson import Lesson
from nonesuch.lens.chains import Stage, Step
from nonesuch.lens.kernels import Kernel
from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, ink_on, shade, shorten
from nonesuch.pixels import Picture, enlarge, to_rgb

MARGIN, GAP, LINE = 24, 14, 17
PICTURE_SIDE, KERNEL_SIDE, FILTER_SIDE = 190, 120, 96
LARGEST_WITH_NUMBERS = 5
FILTERS_A_ROW = 8
KEPT, LOOKED_AT = 0.995, 100_000
MOST_CLASSES, BAR, NAME, BARS = 10, 34, 110, 200
"""Of the answers: how many at most, and the height of a pair of bars, the width of its name and of 100 %."""


def stages_sheet(row: Sequence[Step], stages: Sequence[Stage]) -> Picture:
    """The picture and each stage from left to right; above a kernel's stage the kernel."""
    kernels = [None, *(step.does if isinstance(step.does, Kernel) else None for step in row)]
    height, width = _inside(stages[0].values, PICTURE_SIDE)
    top = MARGIN + KERNEL_SIDE + GAP
    column = max(width, KERNEL_SIDE) + GAP
    canvas = Canvas(2 * MARGIN + column * len(stages) - GAP, top + height + 4 * LINE + MARGIN)
    for at, (stage, kernel) in enumerate(zip(stages, kernels, strict=True)):
        left = MARGIN + at * column
        if kernel is not None:
            _kernel(canvas, left, MARGIN, kernel, KERNEL_SIDE, _largest(kernel))
        low, high = float(stage.values.min()), float(stage.values.max())
        span = span_of(stage.values)
        _picture(canvas, left, top, painted(stage.values, span), width, height)
        rows, columns = stage.values.shape[1:]
        lines = [
            stage.words,
            f"{columns}x{rows}, {low:.2f} to {high:.2f}",
            "grey is 0" if span[0] < 0 else "black is 0",
        ]
        for line, text in enumerate(lines):
            colour = INK if line == 0 else MUTED
            canvas.text((left, top + height + LINE * (line + 1)), shorten(text, 13, column - GAP), 13, colour)
    return canvas.pixels()


def lesson_sheet(lesson: Lesson, wanted: Sequence[Kernel] = ()) -> Picture:
    """Moments from left to right, each with its kernels above what they make of the picture; what was wanted last."""
    moments, span = lesson.moments, span_of(lesson.wanted)
    aims = wanted or moments[-1].kernels
    height, width = _inside(lesson.wanted, KERNEL_SIDE)
    column = max(width, KERNEL_SIDE) + GAP
    top = MARGIN + len(aims) * (KERNEL_SIDE + GAP)
    canvas = Canvas(2 * MARGIN + column * (len(moments) + 1) - GAP, top + height + 3 * LINE + MARGIN)
    columns = [(moment.kernels, moment.drawn, f"step {moment.step}", f"error {moment.loss:.2g}") for moment in moments]
    for at, (kernels, drawn, name, error) in enumerate([*columns, (tuple(wanted), lesson.wanted, "wanted", "")]):
        left = MARGIN + at * column
        for down, (kernel, aim) in enumerate(zip(kernels, aims, strict=False)):
            _kernel(canvas, left, MARGIN + down * (KERNEL_SIDE + GAP), kernel, KERNEL_SIDE, _largest(aim))
        _picture(canvas, left, top, painted(drawn, span), width, height)
        canvas.text((left, top + height + LINE), name, 13)
        canvas.text((left, top + height + 2 * LINE), error, 13, MUTED)
    return canvas.pixels()


def filters_sheet(found: Filters) -> Picture:
    """The picture, then each filter above its map, numbered; a filter of three channels is shown in their colours.

    Filters share one scale, and so do maps: what says little looks like little.
    """
    height, width = _inside(found.maps[:1], FILTER_SIDE)
    large_height, large_width = _inside(found.maps[:1], PICTURE_SIDE)
    column, block = max(width, FILTER_SIDE) + GAP, LINE + FILTER_SIDE + GAP // 2 + height + GAP
    rows = -(-len(found.kernels) // FILTERS_A_ROW)
    start = MARGIN + large_width + 2 * GAP
    across = min(len(found.kernels), FILTERS_A_ROW)
    canvas = Canvas(start + column * across - GAP + MARGIN, 2 * MARGIN + max(rows * block, large_height + LINE))
    _picture(canvas, MARGIN, MARGIN + LINE, to_rgb(found.picture), large_width, large_height)
    canvas.text((MARGIN, MARGIN + 4), "the picture, as the net sees it", 13)
    largest = max(float(kernel.weights.abs().max()) for kernel in found.kernels)
    span = span_of(found.maps)
    for number, (kernel, values) in enumerate(zip(found.kernels, found.maps, strict=True)):
        down, along = divmod(number, FILTERS_A_ROW)
        left, top = start + along * column, MARGIN + down * block
        canvas.text((left, top + 4), str(number), 13, MUTED)
        _kernel(canvas, left, top + LINE, kernel, FILTER_SIDE, largest)
        _picture(canvas, left, top + LINE + FILTER_SIDE + GAP // 2, painted(values[None], span), width, height)
    return canvas.pixels()


def edited_sheet(found: Edited) -> Picture:
    """The picture; filter and map before, and after; and the net's answers before and after as bars."""
    height, width = _inside(found.maps[0][None], PICTURE_SIDE)
    column = max(width, PICTURE_SIDE) + GAP
    body, bars = MARGIN + LINE, MARGIN + 3 * column
    count = min(len(found.classes), MOST_CLASSES)
    tall = max(height + KERNEL_SIDE + GAP, (count + 1) * BAR)
    canvas = Canvas(bars + NAME + BARS + MARGIN + 60, body + tall + MARGIN)
    _picture(canvas, MARGIN, body, to_rgb(found.picture), width, height)
    canvas.text((MARGIN, MARGIN + 4), "the picture, as the net sees it", 13)
    largest = max(_largest(found.was), _largest(found.kernel))
    span = span_of(torch.stack(found.maps))
    for at, (name, kernel, values) in enumerate(
        (("before", found.was, found.maps[0]), ("after", found.kernel, found.maps[1])), 1
    ):
        left = MARGIN + at * column
        canvas.text((left, MARGIN + 4), name, 13)
        _picture(canvas, left, body, painted(values[None], span), width, height)
        _kernel(canvas, left, body + height + GAP, kernel, KERNEL_SIDE, largest)
    canvas.text((bars, MARGIN + 4), "the net's answers: before (grey), after (blue)", 13)
    order = torch.maximum(found.before, found.after).argsort(descending=True)[:count].tolist()
    for row, index in enumerate(order):
        top = body + row * BAR
        canvas.text((bars, top + BAR / 2), shorten(found.classes[index], 13, NAME - 8), 13)
        for at, (answer, colour) in enumerate(((found.before, MUTED), (found.after, shade(0.8)))):
            share = float(answer[index])
            middle = top + 10 + at * 13
            canvas.box(bars + NAME, middle - 5, max(1, round(share * BARS)), 11, colour)
            canvas.text((bars + NAME + round(share * BARS) + 6, middle), f"{share:.1%}", 12, MUTED)
    return canvas.pixels()


def _largest(kernel: Kernel) -> float:
    return float((kernel.weights / kernel.scale).abs().max()) or 1.0


def _kernel(canvas: Canvas, left: int, top: int, kernel: Kernel, side: int, largest: float) -> None:
    """Cells of a kernel; of one for all channels with the weights, as they are after the scale, written into them."""
    weights = kernel.weights / kernel.scale
    cell = max(1, side // kernel.side)
    shown = painted(weights if weights.dim() == 3 else weights[None], (-largest, largest))
    canvas.box(left - 1, top - 1, cell * kernel.side + 2, cell * kernel.side + 2, RULE)
    canvas.picture(left, top, enlarge(shown, cell))
    if weights.dim() == 3 or kernel.side > LARGEST_WITH_NUMBERS:
        return
    size = 13 if kernel.side <= 3 else 9
    for (row, column), weight in np.ndenumerate(weights.numpy()):
        red, green, blue = (int(value) for value in shown[row, column])
        middle = (left + (column + 0.5) * cell, top + (row + 0.5) * cell)
        canvas.text(middle, _short(float(weight)), size, ink_on((red, green, blue)), "mm")


def _short(weight: float) -> str:
    """Three digits at most: 0.0625 is .06, -2 is -2."""
    text = f"{weight:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text.replace("0.", ".", 1)


def span_of(values: Tensor) -> tuple[float, float]:
    """What is black and what is white: as far below 0 as above, or from 0 on where nothing is below it.

    The farthest half per cent is cut off: a black edge around the picture would leave the rest grey.
    """
    some = values.flatten()[:: max(1, values.numel() // LOOKED_AT)]
    farthest = float(some.abs().quantile(KEPT)) or 1.0
    return (-farthest, farthest) if float(values.min()) < 0 else (0.0, max(1.0, farthest))


def painted(values: Tensor, span: tuple[float, float]) -> Picture:
    """Maps (C, H, W) as (H, W, 3): colours where there are three, else the mean as grey."""
    low, high = span
    kept = values if len(values) == 3 else values.mean(0, keepdim=True)
    scaled = ((kept.float() - low) / (high - low) * 255).round().clamp(0, 255).to(torch.uint8)
    pixels: Picture = scaled.permute(1, 2, 0).contiguous().numpy()
    return to_rgb(pixels)


def _inside(values: Tensor, side: int) -> tuple[int, int]:
    """Height and width of maps (C, H, W) whose longer side is brought to `side`."""
    height, width = values.shape[1:]
    factor = side / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))


def _picture(canvas: Canvas, left: int, top: int, pixels: Picture, width: int, height: int) -> None:
    """With hard pixels where it is enlarged, smoothly reduced where it is too large."""
    if max(pixels.shape[:2]) < max(height, width):
        rows = np.arange(height) * pixels.shape[0] // height
        columns = np.arange(width) * pixels.shape[1] // width
        canvas.picture(left, top, pixels[rows][:, columns])
        return
    canvas.picture(left, top, fit(pixels, (height, width), "stretch", 3))

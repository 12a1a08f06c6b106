"""Pictures of a measurement: confusion matrix, right and wrong answers, curves. Each returns (H, W, 3) uint8."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from nonesuch.measure.canvas import (
    INK,
    MUTED,
    PAPER,
    RIGHT,
    RULE,
    WRONG,
    Canvas,
    Colour,
    Point,
    at_size,
    ink_on,
    shade,
    shorten,
    text_width,
)
from nonesuch.measure.labels import LabelsReport
from nonesuch.pixels import Picture, enlarge, to_rgb

MARGIN = 28
TITLE_SIZE = 19
NAME_WIDTH = 150
"""Longest name beside a confusion matrix, in pixels."""

_CELLS = ((6, 58, 17), (12, 46, 15), (20, 36, 12), (32, 30, 11), (48, 26, 10), (100, 13, 9))
"""Up to this many classes: side of a cell and text size in pixels."""
_CELL_WITH_COUNT = 26
_MANY_CLASSES_SIDE = 1300
_LEGEND_SHARES = (0.0, 0.01, 0.1, 0.5, 1.0)

_SHOWN_SIDE = 112
"""Side to which small pictures are enlarged (by a whole factor) and large ones reduced."""
_COLUMNS = 6

_CHART_WIDTH, _CHART_HEIGHT = 960, 540
_LINE_COLOURS: tuple[Colour, ...] = (
    (0, 95, 163), (196, 78, 0), (0, 122, 92), (163, 60, 128), (92, 92, 92), (140, 98, 0),
)  # fmt: skip
"""Told apart by people with colour-blindness (after Okabe & Ito 2008, darkened for contrast); names stand beside."""


def confusion_picture(report: LabelsReport) -> Picture:
    """Counts of truth (rows) against answer (columns), coloured by their share of the row; recall at the right.

    Counts are written up to 48 classes and names up to 100; beyond, the colours alone are drawn. The colour grows with
    the square root of the share, so that a confusion of 1 % can be seen.
    """
    count = len(report.classes)
    cell, size = next(((c, s) for most, c, s in _CELLS if count <= most), (max(1, _MANY_CLASSES_SIDE // count), 0))
    names = [shorten(name, size, NAME_WIDTH) for name in report.classes] if size else []
    widest = max((text_width(name, size) for name in names), default=0)
    flat = widest <= cell - 6
    left = MARGIN + 26 + widest + 8
    top = MARGIN + 86 + (size if flat else widest) + 8
    side = cell * count
    recall_width = 64 if size else 0
    canvas = Canvas(max(left + side + recall_width + MARGIN, 520), top + side + MARGIN + 8)
    _confusion_head(canvas, report)
    middle = (left + side / 2, top - 24 - (size if flat else widest))
    canvas.text(middle, "answer", 14, MUTED, "mm")
    canvas.upright((MARGIN + 6, top + side / 2 + text_width("truth", 14) / 2), "truth", 14, MUTED)
    _confusion_cells(canvas, report, (left, top), cell, size)
    for index, name in enumerate(names):
        centre = index * cell + cell / 2
        canvas.text((left - 8, top + centre), name, size, INK, "rm")
        if flat:
            canvas.text((left + centre, top - 7), name, size, INK, "ms")
        else:
            canvas.upright((left + centre, top - 6), name, size)
        recall = report.per_class[index].recall
        canvas.text((left + side + 10, top + centre), "-" if recall is None else f"{recall:.1%}", size, MUTED)
    if size:
        canvas.text((left + side + 10, top - 7), "recall", size, MUTED, "ls")
    return canvas.pixels()


def answers_picture(
    pixels: Picture, truths: Sequence[str], answers: Sequence[str], probabilities: Sequence[float]
) -> Picture:
    """Pictures with what the net says of them: its answer and that answer's probability; where it is wrong, the truth.

    `pixels`: (N, H, W, C) uint8, N >= 1; the other three have N entries. A right answer has a green frame and a tick,
    a wrong one a red frame and a cross.
    """
    if not len(pixels) == len(truths) == len(answers) == len(probabilities) or not len(pixels):
        raise ValueError(
            f"one truth, answer and probability a picture are needed, at least one: "
            f"got {len(pixels)} pictures, {len(truths)}, {len(answers)}, {len(probabilities)}"
        )
    shown = [at_size(picture, _SHOWN_SIDE) for picture in to_rgb(pixels)]
    height, width = shown[0].shape[:2]
    frame, gap = 4, 20
    box = max(width, _SHOWN_SIDE) + 2 * frame
    columns = min(_COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    row_height = height + 2 * frame + 46 + gap
    hits = sum(truth == answer for truth, answer in zip(truths, answers, strict=True))
    head = f"{hits} right answers", f"{len(shown) - hits} wrong ones, with the truth below"
    head_width = sum(text_width(text, 15) for text in head) + 76
    canvas = Canvas(
        2 * MARGIN + max(columns * (box + gap) - gap, head_width), 2 * MARGIN + 26 + rows * row_height - gap
    )
    _answers_head(canvas, *head)
    for index, picture in enumerate(shown):
        right = truths[index] == answers[index]
        left = MARGIN + index % columns * (box + gap)
        top = MARGIN + 36 + index // columns * row_height
        inset = (box - width - 2 * frame) // 2
        canvas.box(left + inset, top, width + 2 * frame, height + 2 * frame, RIGHT if right else WRONG)
        canvas.picture(left + inset + frame, top + frame, picture)
        canvas.mark(left + inset + width + 2 * frame - 14, top - 5, right)
        share = _percent(probabilities[index])
        name = shorten(answers[index], 15, box - text_width(share, 15) - 8)
        below = top + height + 2 * frame + 13
        canvas.text((left, below), name, 15, INK if right else WRONG)
        canvas.text((left + box, below), share, 15, MUTED, "rm")
        if not right:
            canvas.text((left, below + 19), shorten(f"is {truths[index]}", 14, box), 14, MUTED)
    return canvas.pixels()


def line_chart(lines: Mapping[str, Sequence[Point]], title: str, x_label: str, y_label: str) -> Picture:
    """Named curves through their points (x, y), in order; points that are not finite are left out.

    Each name stands at the end of its curve. Units belong into the labels: "minutes", "accuracy, %".
    """
    curves = {name: [p for p in points if all(map(math.isfinite, p))] for name, points in lines.items()}
    curves = {name: points for name, points in curves.items() if points}
    if not curves:
        raise ValueError(f"a chart needs a point, got none in {len(lines)} lines")
    x_ticks = _ticks([x for points in curves.values() for x, _ in points], 8)
    y_ticks = _ticks([y for points in curves.values() for _, y in points], 6)
    names = {name: shorten(name, 14, 200) for name in curves}
    left = MARGIN + 26 + max(text_width(text, 13) for text in _written(y_ticks)) + 10
    right = _CHART_WIDTH - MARGIN - max(text_width(name, 14) for name in names.values()) - 12
    top, bottom = MARGIN + 48, _CHART_HEIGHT - MARGIN - 48

    def place(point: Point) -> Point:
        across = (point[0] - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        up = (point[1] - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return left + across * (right - left), bottom - up * (bottom - top)

    canvas = Canvas(_CHART_WIDTH, _CHART_HEIGHT)
    canvas.text((MARGIN, MARGIN + 8), shorten(title, TITLE_SIZE, _CHART_WIDTH - 2 * MARGIN), TITLE_SIZE)
    for tick, text in zip(y_ticks, _written(y_ticks), strict=True):
        level = round(place((x_ticks[0], tick))[1])
        canvas.box(left, level, right - left, 1, RULE)
        canvas.text((left - 10, level), text, 13, MUTED, "rm")
    for tick, text in zip(x_ticks, _written(x_ticks), strict=True):
        across = round(place((tick, y_ticks[0]))[0])
        canvas.box(across, bottom, 1, 6, MUTED)
        canvas.text((across, bottom + 10), text, 13, MUTED, "ma")
    canvas.box(left, bottom, right - left + 1, 1, MUTED)
    canvas.text(((left + right) / 2, _CHART_HEIGHT - MARGIN), x_label, 14, MUTED, "mm")
    canvas.upright((MARGIN + 6, (top + bottom) / 2 + text_width(y_label, 14) / 2), y_label, 14, MUTED)
    colours = {name: _LINE_COLOURS[index % len(_LINE_COLOURS)] for index, name in enumerate(curves)}
    for name, points in curves.items():
        canvas.line([place(point) for point in points], colours[name], 2.5)
    ends = {name: place(points[-1])[1] for name, points in curves.items()}
    for name, height in _apart(ends, 19, top, bottom).items():
        canvas.text((right + 12, height), names[name], 14, colours[name])
    return canvas.pixels()


def _confusion_head(canvas: Canvas, report: LabelsReport) -> None:
    interval = report.accuracy_interval
    canvas.text((MARGIN, MARGIN + 4), f"accuracy {report.accuracy:.1%}", TITLE_SIZE)
    detail = f"{interval.level:.0%} interval {interval.low:.1%} to {interval.high:.1%}, {report.n:,} pictures"
    canvas.text(
        (MARGIN + text_width(f"accuracy {report.accuracy:.1%}", TITLE_SIZE) + 14, MARGIN + 6), detail, 14, MUTED
    )
    step = 46
    canvas.text((MARGIN, MARGIN + 38), "share of the truth", 12, MUTED)
    start = MARGIN + text_width("share of the truth", 12) + 12
    for index, share in enumerate(_LEGEND_SHARES):
        colour = shade(math.sqrt(share))
        canvas.box(start + index * step, MARGIN + 28, step, 20, colour)
        canvas.text((start + (index + 0.5) * step, MARGIN + 38), f"{share:.0%}", 12, ink_on(colour), "mm")


def _confusion_cells(canvas: Canvas, report: LabelsReport, corner: tuple[int, int], cell: int, size: int) -> None:
    counts = np.array(report.confusion)
    levels = np.rint(np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)) * 255).astype(np.intp)
    palette = [shade(level / 255) for level in range(256)]
    canvas.picture(*corner, enlarge(np.array(palette, np.uint8)[levels], cell))
    if cell < _CELL_WITH_COUNT // 2:
        return
    side = cell * len(counts)
    for edge in range(cell - 1, side, cell):
        canvas.box(corner[0] + edge, corner[1], 1, side, PAPER)
        canvas.box(corner[0], corner[1] + edge, side, 1, PAPER)
    if cell >= _CELL_WITH_COUNT:
        for row, column in np.argwhere(counts):
            middle = (corner[0] + column * cell + (cell - 1) / 2, corner[1] + row * cell + (cell - 1) / 2)
            text = _short_count(int(counts[row, column]), size, cell - 4)
            canvas.text(middle, text, size, ink_on(palette[levels[row, column]]), "mm")


def _short_count(count: int, size: int, width: int) -> str:
    return str(count) if text_width(str(count), size) <= width else f"{count / 1000:.0f}k"


def _answers_head(canvas: Canvas, right: str, wrong: str) -> None:
    canvas.mark(MARGIN, MARGIN - 9, True)
    canvas.text((MARGIN + 25, MARGIN), right, 15)
    left = MARGIN + 25 + text_width(right, 15) + 26
    canvas.mark(left, MARGIN - 9, False)
    canvas.text((left + 25, MARGIN), wrong, 15)


def _percent(probability: float) -> str:
    """Whole per cent, but 100 % only for certainty: a wrong answer at 99.7 % is not one at 100 %."""
    return ">99%" if 0.995 <= probability < 1 else f"{probability:.0%}"


def _ticks(values: Sequence[float], about: int) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) that enclose the values; at least two."""
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(low) * 0.1 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, last + 1)]


def _written(ticks: Sequence[float]) -> list[str]:
    decimals = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    return [f"{tick + 0.0:,.{decimals}f}" for tick in ticks]


def _apart(heights: Mapping[str, float], least: float, top: float, bottom: float) -> dict[str, float]:
    """The heights moved as little as keeps them `least` apart, in the same order, and not below `bottom`."""
    order = sorted(heights, key=heights.__getitem__)
    placed: dict[str, float] = {}
    lowest = top
    for name in order:
        placed[name] = max(lowest, heights[name])
        lowest = placed[name] + least
    highest = bottom
    for name in reversed(order):
        placed[name] = min(highest, placed[name])
        highest = placed[name] - least
    return placed

"""Small histograms and bars that fit below each other on a sheet: shapes at a glance, not numbers to read off."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, Colour, shade
from nonesuch.pixels import Picture

WIDE, HIGH, FOOT = 180, 84, 16
FIRST: Colour = shade(0.75)
SECOND: Colour = (213, 94, 0)
"""Okabe and Ito's vermilion: told from the blue by everyone."""


def histogram(counts: NDArray[np.int64], other: NDArray[np.int64] | None, edges: NDArray[np.float64]) -> Picture:
    """Counts (bins,) as bars, those of another layer in the same bins (bins + 1 edges) as a line over them.

    Each is as high as its own largest bin but one: a single bin of zeros must not flatten all others. Where 0 lies is
    marked.
    """
    canvas = Canvas(WIDE, HIGH + FOOT)
    canvas.box(0, HIGH, WIDE, 1, RULE)
    width = WIDE / len(counts)
    for place, height in enumerate(_heights(counts)):
        left, right = round(place * width), round((place + 1) * width)
        canvas.box(left, HIGH - height, right - left, max(1, height), FIRST) if height else None
    if other is not None:
        points = [((place + 0.5) * width, HIGH - height) for place, height in enumerate(_heights(other))]
        canvas.line(points, SECOND, 1.6)
    span = edges[-1] - edges[0]
    if edges[0] <= 0 <= edges[-1]:
        at = round(float(-edges[0] / span) * (WIDE - 1))
        canvas.box(at, HIGH, 1, 5, INK)
        if 16 < at < WIDE - 16:
            canvas.text((at, HIGH + 11), "0", 10, MUTED, "mm")
    canvas.text((0, HIGH + 11), f"{edges[0]:.2g}", 10, MUTED)
    canvas.text((WIDE - 1, HIGH + 11), f"{edges[-1]:.2g}", 10, MUTED, "rm")
    return canvas.pixels()


def shares(rows: Sequence[tuple[str, float]]) -> Picture:
    """Shares in [0, 1] as bars with their words above."""
    canvas = Canvas(WIDE, 30 * len(rows))
    for number, (words, share) in enumerate(rows):
        top = 30 * number
        canvas.text((0, top + 7), words, 12)
        canvas.text((WIDE - 1, top + 7), f"{share:.0%}", 12, MUTED, "rm")
        canvas.box(0, top + 15, WIDE, 8, RULE)
        if round(WIDE * share):
            canvas.box(0, top + 15, round(WIDE * share), 8, FIRST)
    return canvas.pixels()


def dots(values: NDArray[np.float64], line: float) -> Picture:
    """Shares in [0, 1] as dots on one line from 0 to 100 %, fanned out so that none hides another; `line` is marked."""
    canvas = Canvas(WIDE, 44)
    canvas.box(0, 28, WIDE, 1, RULE)
    for end, anchor in ((0.0, "lm"), (1.0, "rm")):
        canvas.text((end * (WIDE - 1), 38), f"{end:.0%}", 10, MUTED, anchor)
    places = [((4 + float(value) * (WIDE - 9), 5 + 20 * (row % 5) / 4), (2.0, 2.0)) for row, value in enumerate(values)]
    canvas.box(4 + round(line * (WIDE - 9)) - 1, 0, 2, 32, SECOND)
    canvas.ellipses(places, FIRST, 0.55)
    return canvas.pixels()


def _heights(counts: NDArray[np.int64]) -> list[int]:
    second = float(np.sort(counts)[-2]) if len(counts) > 1 and np.sort(counts)[-2] else float(counts.max())
    return [min(HIGH, round(float(count) / max(1.0, second) * 0.9 * HIGH)) for count in counts]

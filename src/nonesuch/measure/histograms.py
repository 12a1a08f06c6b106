"""Small histograms and bars that fit below each other on a sheet: shapes at a glance, not numbers to read off."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, Colour, shade
from nonesuch.pixels import Picture

WIDE, HIGH, FOOT, DOTS_HIGH = 180, 84, 16, 64
FAN = 5
"""Dots below each other before the next begins at the top again."""
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
        if height:
            canvas.box(left, HIGH - height, right - left, height, FIRST)
    if other is not None:
        points = [((place + 0.5) * width, HIGH - height) for place, height in enumerate(_heights(other))]
        canvas.line(points, SECOND, 1.6)
    span = edges[-1] - edges[0]
    if edges[0] <= 0 <= edges[-1]:
        at = round(float(-edges[0] / span) * (WIDE - 1))
        canvas.box(at, HIGH, 1, 5, INK)
        if 16 < at < WIDE - 16:
            canvas.text((at, HIGH + 11), "0", 10, MUTED, "mm")
    canvas.text((0, HIGH + 11), f"{edges[0]:.3g}", 10, MUTED)
    canvas.text((WIDE - 1, HIGH + 11), f"{edges[-1]:.3g}", 10, MUTED, "rm")
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
    """Shares in [0, 1] as dots above a scale from 0 to 100 %, fanned out so that few hide others; `line` is marked."""
    canvas = Canvas(WIDE, DOTS_HIGH)
    floor = DOTS_HIGH - FOOT
    canvas.box(0, floor, WIDE, 1, RULE)
    for at, words, anchor in ((0, "0%", "lm"), (WIDE - 1, "100%", "rm")):
        canvas.text((at, floor + 10), words, 10, MUTED, anchor)
    canvas.box(round(_across(line)) - 1, 0, 2, floor, SECOND)
    steps = (floor - 12) / (FAN - 1)
    places = [((_across(float(value)), 6 + steps * (row % FAN)), (2.2, 2.2)) for row, value in enumerate(values)]
    canvas.ellipses(places, FIRST, 0.55)
    return canvas.pixels()


def _across(share: float) -> float:
    return 4 + share * (WIDE - 9)


def _heights(counts: NDArray[np.int64]) -> list[int]:
    second = float(np.sort(counts)[-2]) if len(counts) > 1 and np.sort(counts)[-2] else float(counts.max())
    return [min(HIGH, round(float(count) / max(1.0, second) * 0.9 * HIGH)) for count in counts]

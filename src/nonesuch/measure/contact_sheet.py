"""A data set at a glance: rows of its pictures, a band for each class with its name and count."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from nonesuch.measure.canvas import MUTED, Canvas, shorten, text_width
from nonesuch.pixels import Picture, enlarge, to_rgb

COLUMNS, ROWS = 16, 10
MOST_BANDS = 20
LEAST_SIDE, MOST_SIDE = 48, 96
"""Small pictures are enlarged by a whole factor to about the one, large ones reduced to at most the other."""
MARGIN, GAP = 12, 2
TITLE, LINE = 14, 24


@dataclass(frozen=True, eq=False)
class Group:
    """Pictures that belong together: a class, or all of them under an empty name. rows: int64, into the pictures."""

    name: str
    rows: npt.NDArray[np.int64]


def contact_sheet(pixels: Picture, groups: Sequence[Group]) -> Picture:
    """Evenly spread pictures of each group, the first MOST_BANDS of them, as (H, W, 3) uint8.

    pixels: (N, H, W, C) uint8, of which only what is shown is read. Groups need a picture each.
    """
    shown = groups[:MOST_BANDS]
    chosen = [_spread(group.rows, max(1, ROWS // len(shown)) * COLUMNS) for group in shown]
    height, width = _cell(*pixels.shape[1:3])
    step_down, step_right = height + GAP, width + GAP
    heights = [(LINE if group.name else 0) + math.ceil(len(rows) / COLUMNS) * step_down + GAP
               for group, rows in zip(shown, chosen, strict=True)]  # fmt: skip
    left_out = len(groups) - len(shown)
    across = min(COLUMNS, max(len(rows) for rows in chosen)) * step_right
    words = [text_width(_title(group), TITLE) for group in shown]
    canvas = Canvas(max(across, *words) + 2 * MARGIN, sum(heights) + 2 * MARGIN + (LINE if left_out else 0))
    top = MARGIN
    for group, rows, high in zip(shown, chosen, heights, strict=True):
        if group.name:
            canvas.text((MARGIN, top + LINE / 2), _title(group), TITLE)
        first = top + (LINE if group.name else 0)
        for place, row in enumerate(rows):
            down, right = divmod(place, COLUMNS)
            picture = _at_size(to_rgb(pixels[row]), (height, width))
            canvas.picture(MARGIN + right * step_right, first + down * step_down, picture)
        top += high
    if left_out:
        canvas.text((MARGIN, top + LINE / 2), f"and {left_out} more classes", TITLE, MUTED)
    return canvas.pixels()


def _title(group: Group) -> str:
    return f"{shorten(group.name, TITLE, 400)}   {len(group.rows):,}" if group.name else ""


def _spread(rows: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)]


def _cell(height: int, width: int) -> tuple[int, int]:
    longer = max(height, width)
    if longer <= MOST_SIDE:
        factor = max(1, LEAST_SIDE // longer)
        return height * factor, width * factor
    return max(1, round(height * MOST_SIDE / longer)), max(1, round(width * MOST_SIDE / longer))


def _at_size(picture: Picture, size: tuple[int, int]) -> Picture:
    if size[0] >= picture.shape[0]:
        return enlarge(picture, size[0] // picture.shape[0])
    return np.array(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.LANCZOS))

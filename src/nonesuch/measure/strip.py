"""A row of pictures with words under each: what something turned into, step by step."""

from collections.abc import Sequence

import numpy as np

from nonesuch.measure.canvas import MUTED, RULE, Canvas, shorten, text_width
from nonesuch.pixels import Picture, enlarge, to_rgb

SHOWN_SIDE = 112
"""Small pictures are enlarged by whole factors to about this side."""
MARGIN, GAP, TITLE, NOTE = 16, 10, 14, 12


def strip(pictures: Picture, titles: Sequence[str], notes: Sequence[str]) -> Picture:
    """(N, H, W, C) uint8 in one row, (H', W', 3): under each its title, and below that its note, muted.

    A cell is as wide as its picture or its words, whichever is wider.
    """
    if not len(pictures) == len(titles) == len(notes) > 0:
        raise ValueError(
            f"a strip needs a title and a note a picture, got {len(pictures)}, {len(titles)}, {len(notes)}"
        )
    shown = enlarge(to_rgb(pictures), max(1, SHOWN_SIDE // max(pictures.shape[1:3])))
    height, width = shown.shape[1:3]
    widths = [
        max(width, min(text_width(title, TITLE), 2 * width), min(text_width(note, NOTE), 2 * width))
        for title, note in zip(titles, notes, strict=True)
    ]
    words = TITLE + NOTE + 3 * 6
    sheet = Canvas(2 * MARGIN + sum(widths) + GAP * (len(widths) - 1), 2 * MARGIN + height + words)
    left = MARGIN
    for picture, title, note, wide in zip(shown, titles, notes, widths, strict=True):
        middle = left + wide / 2
        edge = left + (wide - width) // 2
        sheet.box(edge - 1, MARGIN - 1, width + 2, height + 2, RULE)  # a white picture ends somewhere too
        sheet.picture(edge, MARGIN, np.ascontiguousarray(picture))
        sheet.text((middle, MARGIN + height + 6), shorten(title, TITLE, wide), TITLE, anchor="ma")
        sheet.text((middle, MARGIN + height + 6 + TITLE + 6), shorten(note, NOTE, wide), NOTE, MUTED, anchor="ma")
        left += wide + GAP
    return sheet.pixels()

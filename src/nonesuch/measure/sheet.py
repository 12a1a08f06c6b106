"""A sheet of small pictures with words below each, in bands that have a title: what a person looks through."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nonesuch.measure.canvas import INK, MUTED, Canvas, Colour, at_size, shorten, text_width
from nonesuch.pixels import Picture, to_rgb

WIDTH = 1200
MARGIN = 24
GAP = 14
LINE = 16
"""Height of a line of words in pixels; its letters are TEXT high."""
TEXT, TITLE, HEAD = 13, 15, 19


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture (H, W, C) uint8, lines of words below it, and the colour of the first line."""

    picture: Picture
    words: tuple[str, ...] = ()
    colour: Colour = INK


@dataclass(frozen=True, eq=False)
class Band:
    """Tiles under a title, each picture near `side` pixels; `together` of them stand close and are never parted."""

    title: str
    tiles: Sequence[Tile]
    side: int = 96
    together: int = 1


@dataclass(frozen=True)
class _Plan:
    """Of one band: sizes of a tile, columns of groups, and the height of all."""

    pictures: list[Picture]
    wide: int
    high: int
    lines: int
    columns: int
    height: int


def sheet(title: str, note: str, bands: Sequence[Band]) -> Picture:
    """All bands below each other, (H, W, 3) uint8, W as wide as the widest band needs, at most WIDTH or one group."""
    plans = [_plan(band) for band in bands if band.tiles]
    bands = [band for band in bands if band.tiles]
    widths = [
        min(plan.columns, math.ceil(len(band.tiles) / band.together)) * _group_width(band, plan)
        for band, plan in zip(bands, plans, strict=True)
    ]
    words = [text_width(title, HEAD), text_width(note, TEXT), *(text_width(band.title, TITLE) for band in bands)]
    width = 2 * MARGIN + max(*widths, min(WIDTH, max(words)))
    top = MARGIN + 3 * LINE + (LINE if note else 0)
    canvas = Canvas(width, top + sum(plan.height for plan in plans) + MARGIN - GAP)
    canvas.text((MARGIN, MARGIN + HEAD / 2), shorten(title, HEAD, width - 2 * MARGIN), HEAD)
    canvas.text((MARGIN, MARGIN + LINE + HEAD), shorten(note, TEXT, width - 2 * MARGIN), TEXT, MUTED)
    for band, plan in zip(bands, plans, strict=True):
        _draw(canvas, band, plan, top)
        top += plan.height
    return canvas.pixels()


def _plan(band: Band) -> _Plan:
    pictures = [at_size(to_rgb(tile.picture[None])[0], band.side) for tile in band.tiles]
    high, wide = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    words = max((text_width(line, TEXT) for tile in band.tiles for line in tile.words), default=0)
    wide = max(wide, min(words, round(band.side * 1.25)))
    lines = max(len(tile.words) for tile in band.tiles)
    group = band.together * (wide + GAP // 2) + GAP // 2
    columns = max(1, (WIDTH - 2 * MARGIN + GAP) // group)
    rows = math.ceil(len(band.tiles) / (band.together * columns))
    head = 2 * LINE if band.title else 0
    return _Plan(pictures, wide, high, lines, columns, head + rows * (high + lines * LINE + GAP) + GAP)


def _group_width(band: Band, plan: _Plan) -> int:
    return band.together * (plan.wide + GAP // 2) + GAP // 2


def _draw(canvas: Canvas, band: Band, plan: _Plan, top: int) -> None:
    if band.title:
        canvas.text((MARGIN, top + LINE / 2), band.title, TITLE)
        top += 2 * LINE
    for number, (tile, picture) in enumerate(zip(band.tiles, plan.pictures, strict=True)):
        group, within = divmod(number, band.together)
        row, column = divmod(group, plan.columns)
        left = MARGIN + column * _group_width(band, plan) + within * (plan.wide + GAP // 2)
        upper = top + row * (plan.high + plan.lines * LINE + GAP)
        canvas.picture(left, upper, np.ascontiguousarray(picture))
        for line, words in enumerate(tile.words):
            at = (left, upper + plan.high + LINE * (line + 0.6))
            canvas.text(at, shorten(words, TEXT, plan.wide), TEXT, tile.colour if line == 0 else MUTED)

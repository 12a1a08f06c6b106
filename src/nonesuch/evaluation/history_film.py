"""The moments of a run as a film, or as a strip: filters forming, maps of one picture, samples of the same seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nonesuch.evaluation.history import Frame
from nonesuch.lens.show import as_grey, signed_pictures
from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, shade, shorten, within
from nonesuch.measure.sheet import Band, Tile, sheet
from nonesuch.pixels import Picture, grid, to_rgb

MOST_PARTS = 36
"""Filters, or maps, that a frame of a film shows."""
PANEL = 270
"""Side of a panel in a film, in pixels."""
LEAST_COLUMNS, FILLED = 4, 0.75
"""Of a panel, and how much of its cells pictures enlarged by a whole factor should fill."""
BARS = 8
"""Classes whose probabilities a film shows."""
STRIP_MOMENTS, STRIP_PARTS = 12, 8


@dataclass(frozen=True, eq=False)
class _Shown:
    """A moment as pictures: filters and what training added to them (F, h, w, C), maps (M, h, w, 1).

    Each on a scale that holds for all moments.
    """

    of: Frame
    filters: Picture | None
    added: Picture | None
    maps: Picture | None


def film(frames: Sequence[Frame], picture: Picture | None, classes: Sequence[str], title: str) -> Picture:
    """The moments of a run as a film (N, H, W, 3) uint8; `picture` (H, W, C) is the one that was watched.

    Filters, and maps, have one scale in all frames: what is dim early and bright late has grown.
    """
    shown = _on_one_scale(frames)
    order = _order(frames)
    pages = []
    for number, each in enumerate(shown):
        panels = _panels(each, picture, classes, order)
        canvas = Canvas(sum(width + 24 for _, drawn in panels for width in [drawn.shape[1]]) + 24, PANEL + 150)
        canvas.text((24, 26), f"{each.of.images_seen:,} images seen", 19)
        canvas.text((24, 48), shorten(title, 13, canvas.pixels().shape[1] - 48), 13, MUTED)
        _time(canvas, [frame.images_seen for frame in frames], number)
        left = 24
        for words, drawn in panels:
            canvas.text((left, 102), shorten(words, 13, max(drawn.shape[1], 60)), 13)
            canvas.picture(left, 116, drawn)
            left += drawn.shape[1] + 24
        pages.append(canvas.pixels())
    return np.stack(pages)


def strip(frames: Sequence[Frame], classes: Sequence[str], title: str) -> Picture:
    """At most STRIP_MOMENTS moments below each other, the first few filters, maps and samples of each."""
    chosen = sorted({round(at) for at in np.linspace(0, len(frames) - 1, STRIP_MOMENTS)})
    shown = _on_one_scale(frames)
    bands = []
    for at in chosen:
        each = shown[at]
        parts = [part for part in (each.filters, each.maps, each.of.samples) if part is not None]
        tiles = [Tile(picture) for part in parts for picture in part[:STRIP_PARTS]]
        if each.of.redrawn is not None:
            tiles.insert(0, Tile(each.of.redrawn))
        words = f"{each.of.images_seen:,} images seen"
        if each.of.probabilities is not None:
            best = int(each.of.probabilities.argmax())
            words += f": {classes[best]}, {float(each.of.probabilities[best]):.0%}"
        bands.append(Band(words, tiles, side=48))
    return sheet(title, "", bands)


def _on_one_scale(frames: Sequence[Frame]) -> list[_Shown]:
    filters = [frame.filters[:MOST_PARTS] for frame in frames if frame.filters is not None]
    # Where all begins at 0, as in a linear net, nothing but what training added is there.
    added = [later - filters[0] for later in filters] if filters and bool(filters[0].any()) else []
    maps = [frame.maps[:MOST_PARTS] for frame in frames if frame.maps is not None]
    columns = [
        np.split(draw(torch.cat(values)), len(frames)) if values else [None] * len(frames)
        for values, draw in ((filters, signed_pictures), (added, signed_pictures), (maps, as_grey))
    ]
    return [_Shown(*each) for each in zip(frames, *columns, strict=True)]


def _order(frames: Sequence[Frame]) -> list[int]:
    """The classes that matter: those the last moment finds most probable, so that bars keep their places."""
    last = frames[-1].probabilities
    return [] if last is None else last.argsort(descending=True)[:BARS].tolist()


def _panels(
    shown: _Shown, picture: Picture | None, classes: Sequence[str], order: Sequence[int]
) -> list[tuple[str, Picture]]:
    """Words and a picture of at most PANEL pixels' height each."""
    panels = []
    if picture is not None:
        watched = within(to_rgb(picture[None])[0], PANEL // 2 - 4)
        if shown.of.redrawn is not None:
            again = within(to_rgb(shown.of.redrawn[None])[0], PANEL // 2 - 4)
            watched = np.concatenate([watched, np.full((8, watched.shape[1], 3), 255, np.uint8), again])
        panels.append(("a picture" if shown.of.redrawn is None else "a picture, redrawn", watched))
    if shown.of.probabilities is not None:
        panels.append(("the answer", _bars([float(shown.of.probabilities[k]) for k in order], classes, order)))
    if shown.filters is not None:
        panels.append(("filters", _block(shown.filters)))
    if shown.added is not None:
        panels.append(("what training added to them", _block(shown.added)))
    if shown.maps is not None:
        panels.append(("maps of the picture", _block(shown.maps)))
    if shown.of.samples is not None:
        panels.append(("samples of the same seeds", _block(shown.of.samples)))
    return panels


def _block(pictures: Picture) -> Picture:
    """A square of pictures that fits into PANEL pixels: as many of them as fill it well."""
    side, squarest = max(pictures.shape[1:3]), math.ceil(math.sqrt(len(pictures)))
    for columns in range(squarest, min(squarest, LEAST_COLUMNS) - 1, -1):
        cell = (PANEL - 2) // columns - 2
        if cell // side * side >= FILLED * cell:
            break
    return grid(np.stack([within(each, cell) for each in to_rgb(pictures[: columns**2])]), columns)


def _bars(shares: Sequence[float], classes: Sequence[str], order: Sequence[int]) -> Picture:
    canvas = Canvas(200, PANEL)
    for row, (share, kind) in enumerate(zip(shares, order, strict=True)):
        top = row * (PANEL // BARS)
        canvas.text((0, top + 8), shorten(classes[kind], 13, 150), 13, INK if share > 0.5 else MUTED)
        canvas.text((198, top + 8), f"{share:.0%}", 13, MUTED, "rm")
        canvas.box(0, top + 18, 198, 9, RULE)
        if round(198 * share):
            canvas.box(0, top + 18, round(198 * share), 9, shade(0.75))
    return canvas.pixels()


def _time(canvas: Canvas, moments: Sequence[int], number: int) -> None:
    """All moments as ticks, evenly spaced as they are kept, those that are over in ink."""
    width = canvas.pixels().shape[1] - 48
    step = width / max(1, len(moments) - 1)
    canvas.box(24, 72, width, 2, RULE)
    canvas.box(24, 72, max(2, round(number * step)), 2, INK)
    for tick in range(len(moments)):
        canvas.box(24 + min(width - 2, round(tick * step)), 68, 2, 10, INK if tick <= number else RULE)

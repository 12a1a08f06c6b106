"""Lays a data set out as a map, with its pictures as small sprites in one file."""

import numpy as np
from numpy.typing import NDArray

from nonesuch.pixels import Picture, png_bytes, to_rgb
from nonesuch.studio.wire.base import Block
from nonesuch.studio.wire.data_tasks import MappingAsked, MappingDone
from nonesuch.studio.work.desk import Desk

SPRITE = 32
"""Pixels of a sprite's longer side, at most."""


def do(asked: MappingAsked, desk: Desk) -> MappingDone:
    """Pack if need be, compare, lay out. Raises DataError, RecipeError, MachineError, DivergedError."""
    from nonesuch.data.open import open_data
    from nonesuch.evaluation.data_map import column_for, data_map

    pack = open_data(
        desk.places.source(asked.data),
        asked.size,
        asked.channels,
        asked.fit,
        lambda done, total: desk.say(done, total, "pictures"),
    )
    label = column_for(pack, asked.label)
    # One thread: a child that waits for its second one beside a busy machine is slower than one that does not.
    found = data_map(pack, asked.by, asked.method, label, asked.most, 1, desk.say)
    height, width, across = _sprites(pack.pixels, found.rows, desk)
    column = pack.columns.get(asked.label)
    codes = [-1] * len(found.rows) if column is None else [int(column.codes[row]) for row in found.rows]
    return MappingDone(
        rows=[int(row) for row in found.rows],
        codes=codes,
        classes=[] if column is None else list(column.classes),
        names=[pack.names[int(row)] for row in found.rows],
        places=Block.of(found.atlas.frame.unit(found.atlas.places).astype(np.float32)),
        words=found.atlas.words,
        shares=[] if found.atlas.plane is None else [float(share) for share in found.atlas.plane.shares],
        by=asked.by,
        height=height,
        width=width,
        across=across,
    )


def _sprites(pixels: Picture, rows: NDArray[np.int64], desk: Desk) -> tuple[int, int, int]:
    """Write sprites.png; returns height and width of one, and how many there are in a line."""
    from nonesuch.data.decode import fit

    high, wide = pixels.shape[1:3]
    scale = min(1.0, SPRITE / max(high, wide))
    height, width = max(1, round(high * scale)), max(1, round(wide * scale))
    across = int(np.ceil(np.sqrt(len(rows))))
    sheet = np.zeros((-(-len(rows) // across) * height, across * width, 3), np.uint8)
    for place, row in enumerate(rows):
        down, right = divmod(place, across)
        small = fit(np.ascontiguousarray(to_rgb(pixels[row])), (height, width), "stretch", 3)
        sheet[down * height : (down + 1) * height, right * width : (right + 1) * width] = small
    desk.write("sprites.png", png_bytes(sheet))
    return height, width, across

"""A picture beside those nearest to it, one row for each space in which they are near."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from nonesuch.measure.canvas import INK, MUTED, Canvas, shorten
from nonesuch.measure.codes_chart import fit_into
from nonesuch.pixels import Picture, to_rgb

FACE, GAP, HEAD, ROW = 112, 12, 56, 180
TITLE, SMALL = 20, 15
COLUMNS = 8


def sheet(title: str, picture: Picture, rows: Mapping[str, tuple[Picture, npt.NDArray[np.floating]]]) -> Picture:
    """`picture` (H, W, C) at the left; of each space its name, neighbours (K, H, W, C) and their distances (K,).

    More than eight neighbours go on below. All uint8; (H', W', 3) comes out.
    """
    lines = [-(-len(pictures) // COLUMNS) for pictures, _ in rows.values()]
    widest = max(min(COLUMNS, len(pictures)) for pictures, _ in rows.values())
    canvas = Canvas(4 * GAP + (widest + 1) * (FACE + GAP) + 3 * GAP, HEAD + sum(lines) * ROW + GAP)
    left = 3 * GAP
    canvas.text((left, 28), shorten(title, TITLE, canvas.pixels().shape[1] - 2 * left), TITLE)
    canvas.text((left, HEAD + 12), "this picture", SMALL, MUTED)
    canvas.picture(left, HEAD + 28, fit_into(to_rgb(picture), FACE, FACE))
    line = 0
    for (space, (pictures, distances)), height in zip(rows.items(), lines, strict=True):
        top = HEAD + line * ROW
        across = left + FACE + 4 * GAP
        canvas.text((across, top + 12), f"nearest in {space}, with their distances", SMALL, INK)
        for number, (each, distance) in enumerate(zip(to_rgb(pictures), distances.tolist(), strict=True)):
            x, y = across + number % COLUMNS * (FACE + GAP), top + 28 + number // COLUMNS * ROW
            canvas.picture(x, y, fit_into(each, FACE, FACE))
            canvas.text((x, y + FACE + 14), f"{distance:.3g}", SMALL, MUTED)
        line += height
    return canvas.pixels()

"""The picture of a latent space of two dimensions: where pictures lie in it, and what lies between them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nonesuch.measure.canvas import INK, MUTED, RULE, Canvas, Colour, shorten
from nonesuch.pixels import Picture, to_rgb

Floats = npt.NDArray[np.floating]

SIDE, GAP, HEAD, FOOT = 560, 40, 56, 64
TEXT, SMALL = 20, 15
GRID = 20
"""Pictures along each side of the map of what lies between."""
DOT = 2.2
INSIDE = (0.5, 99.5)
"""Percentiles of the codes that the map reaches out to."""
MOST_NAMED = 12
PALETTE: tuple[Colour, ...] = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0), (204, 121, 167), (86, 180, 233), (120, 94, 240),
    (148, 138, 0), (120, 60, 20), (90, 90, 90), (220, 38, 127), (0, 90, 60),
)  # fmt: skip
"""The first six are Okabe and Ito's, which people tell apart whatever their colour vision."""


@dataclass(frozen=True, eq=False)
class Codes:
    """means (N, 2) of N pictures; deviations (N, 2) of their Gaussians, None for points; classes (N,), -1 for none."""

    means: Floats
    deviations: Floats | None
    classes: npt.NDArray[np.int64]
    names: tuple[str, ...]


def places(codes: Codes) -> npt.NDArray[np.float32]:
    """The codes (GRID^2, 2) whose pictures fill the map, row by row from the top: even steps within their range."""
    (left, right), (bottom, top) = _range(codes)
    across, down = np.linspace(left, right, GRID), np.linspace(top, bottom, GRID)
    return np.stack([np.tile(across, GRID), np.repeat(down, GRID)], 1).astype(np.float32)


def picture(codes: Codes, between: Picture, title: str) -> Picture:
    """Codes at the left, coloured by class, at the right the pictures (GRID^2, H, W, C) decoded from `places`.

    A point is a dot; a Gaussian is an ellipse of one standard deviation around it.
    """
    canvas = Canvas(2 * SIDE + 3 * GAP, HEAD + SIDE + FOOT)
    canvas.text((GAP, HEAD / 2), title, TEXT)
    canvas.text((2 * GAP + SIDE, HEAD / 2), "what is drawn from each place", TEXT, MUTED)
    canvas.box(GAP - 1, HEAD - 1, SIDE + 2, SIDE + 2, RULE)
    canvas.box(GAP, HEAD, SIDE, SIDE, (255, 255, 255))
    (left, right), (bottom, top) = _range(codes)
    scale = np.array([SIDE / (right - left), SIDE / (top - bottom)])
    inside = ((codes.means >= [left, bottom]) & (codes.means <= [right, top])).all(1)
    groups = sorted(set(codes.classes.tolist()))
    for number, kind in enumerate(groups):
        chosen = np.flatnonzero((codes.classes == kind) & inside)
        dots = []
        for row in chosen:
            x, y = (codes.means[row] - [left, bottom]) * scale
            radii = np.full(2, DOT) if codes.deviations is None else np.maximum(DOT / 2, codes.deviations[row] * scale)
            dots.append(((GAP + float(x), HEAD + SIDE - float(y)), (float(radii[0]), float(radii[1]))))
        canvas.ellipses(dots, PALETTE[number % len(PALETTE)], 0.75 if codes.deviations is None else 0.35)
    canvas.picture(2 * GAP + SIDE, HEAD, _tiles(between))
    _legend(canvas, codes, groups)
    reach = f"{left:.2g} to {right:.2g} across, {bottom:.2g} to {top:.2g} up"
    canvas.text((2 * GAP + SIDE, HEAD + SIDE + 22), reach, SMALL, MUTED)
    return canvas.pixels()


def _legend(canvas: Canvas, codes: Codes, groups: list[int]) -> None:
    if not codes.names or len(groups) > MOST_NAMED:
        return
    width = SIDE // 6
    for number, kind in enumerate(groups):
        x, y = GAP + number % 6 * width, HEAD + SIDE + 22 + number // 6 * 22
        canvas.ellipses([((x + 5.0, float(y)), (5.0, 5.0))], PALETTE[number % len(PALETTE)], 1.0)
        canvas.text((x + 14, y), shorten(codes.names[kind] if kind >= 0 else "none", SMALL, width - 18), SMALL, INK)


def _tiles(between: Picture) -> Picture:
    """(GRID^2, H, W, C) as one (SIDE, SIDE, 3), each picture by its nearest pixels in its own cell."""
    edges = np.arange(SIDE)
    cell, within = edges * GRID // SIDE, edges * GRID % SIDE / SIDE
    pictures = to_rgb(between)
    rows, columns = (within * size for size in pictures.shape[1:3])
    place = cell[:, None] * GRID + cell[None, :]
    tiles: Picture = pictures[place, rows.astype(int)[:, None], columns.astype(int)[None, :]]
    return tiles


def _range(codes: Codes) -> tuple[tuple[float, float], tuple[float, float]]:
    low, high = np.percentile(codes.means, INSIDE, axis=0)
    wide = np.maximum(high - low, 1e-6)
    (left, bottom), (right, top) = low - 0.02 * wide, high + 0.02 * wide
    return (float(left), float(right)), (float(bottom), float(top))

"""The picture of a latent space in two dimensions: where pictures lie in it, and what lies in its cells."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from nonesuch.measure.canvas import INK, MUTED, PAPER, RULE, Canvas, Colour, shorten, text_width
from nonesuch.pixels import Picture, enlarge, to_rgb

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

SIDE, GAP, HEAD, FOOT = 560, 40, 84, 74
TEXT, SMALL = 20, 15
DOT = 2.2
MANY = 1500
"""Dots beyond which they become smaller, so that they do not cover each other."""
SMALLEST_DOT = 1.0
FACE, RIM = 40, 3
MOST_ELLIPSES = 250
"""Gaussians drawn as such; more would be one blot."""
NAMED = 11
"""Classes that have a colour of their own: the most frequent ones. The others share a grey."""
PALETTE: tuple[Colour, ...] = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0), (204, 121, 167), (86, 180, 233), (120, 94, 240),
    (148, 138, 0), (120, 60, 20), (220, 38, 127), (0, 90, 60),
)  # fmt: skip
"""The first six are Okabe and Ito's, which people tell apart whatever their colour vision."""
OTHERS: Colour = (150, 150, 150)
THERE: Colour = (240, 242, 245)
"""Behind cells where something lies of which there is no picture."""


@dataclass(frozen=True, eq=False)
class Dots:
    """places (N, 2) in shares of the map: (0, 0) upper left, (1, 1) lower right; what lies outside is not drawn.

    classes (N,): -1 for none. covariances (N, 2, 2) in the same shares, of pictures that are Gaussians.
    faces: rows of dots that are shown with their picture (n, H, W, C) uint8.
    """

    title: str
    places: Floats
    classes: Ints
    names: tuple[str, ...]
    covariances: Floats | None = None
    faces: tuple[Ints, Picture] | None = None


@dataclass(frozen=True, eq=False)
class Tiles:
    """pictures (n, H, W, C) uint8 in cells (n,) of a grid x grid map, counted row by row from the upper left.

    there (grid^2,): where something lies; a cell of these without a picture is shaded. below: a line under the map.
    """

    title: str
    pictures: Picture
    cells: Ints
    grid: int
    there: npt.NDArray[np.bool_] | None = None
    below: str = ""


def sheet(title: str, panels: Sequence[Dots | Tiles], remark: str = "") -> Picture:
    """Maps of one plane side by side, each with its own title and legend; `remark` stands behind the sheet's title.

    A point is a dot; a Gaussian is an ellipse of one standard deviation around it.
    """
    rows = max([1, *(_legend_rows(panel) for panel in panels if isinstance(panel, Dots))])
    canvas = Canvas(len(panels) * (SIDE + GAP) + GAP, HEAD + SIDE + FOOT - 44 + 22 * rows)
    wide = canvas.pixels().shape[1] - 2 * GAP
    head = shorten(title, TEXT, wide)
    canvas.text((GAP, 28), head, TEXT)
    canvas.text(
        (GAP + text_width(head, TEXT) + 16, 29),
        shorten(remark, SMALL, wide - text_width(head, TEXT) - 16),
        SMALL,
        MUTED,
    )
    for number, panel in enumerate(panels):
        left = GAP + number * (SIDE + GAP)
        canvas.text((left, HEAD - 16), shorten(panel.title, SMALL, SIDE), SMALL, MUTED)
        canvas.box(left - 1, HEAD - 1, SIDE + 2, SIDE + 2, RULE)
        canvas.box(left, HEAD, SIDE, SIDE, PAPER)
        if isinstance(panel, Dots):
            _draw_dots(canvas, left, panel)
        else:
            canvas.picture(left, HEAD, _tiled(panel))
            canvas.text((left, HEAD + SIDE + 22), shorten(panel.below, SMALL, SIDE), SMALL, MUTED)
    return canvas.pixels()


def colours(classes: Ints) -> dict[int, Colour]:
    """A colour for each class that occurs, the most frequent ones first; the rest, and -1 for none, are grey."""
    counts = Counter(classes.tolist())
    kinds = sorted((kind for kind in counts if kind >= 0), key=lambda kind: (-counts[kind], kind))
    named = sorted(kinds[:NAMED])
    found = {kind: PALETTE[at] for at, kind in enumerate(named)}
    return {**{kind: OTHERS for kind in counts if kind not in found}, **found}


def _draw_dots(canvas: Canvas, left: int, panel: Dots) -> None:
    shades = colours(panel.classes)
    inside = ((panel.places >= 0) & (panel.places <= 1)).all(1)
    radius = max(SMALLEST_DOT, DOT * math.sqrt(min(1.0, MANY / len(panel.places))))
    spread = np.arange(MOST_ELLIPSES) * len(panel.places) // MOST_ELLIPSES
    # Grey first, so that it covers nobody who has a name.
    for kind in sorted(shades, key=lambda kind: shades[kind] != OTHERS):
        chosen = np.flatnonzero((panel.classes == kind) & inside)
        if panel.covariances is not None:
            drawn = [_ellipse(panel, row) for row in np.intersect1d(chosen, spread)]
            at = [((left + x, HEAD + y), radii) for (x, y), radii, _ in drawn]
            canvas.ellipses(at, shades[kind], 0.3, [angle for _, _, angle in drawn])
        dots = [((left + float(x), HEAD + float(y)), (radius, radius)) for x, y in panel.places[chosen] * SIDE]
        canvas.ellipses(dots, shades[kind], 0.75)
    if panel.faces is not None:
        for row, face in zip(panel.faces[0].tolist(), to_rgb(panel.faces[1]), strict=True):
            _draw_face(canvas, left, panel.places[row], fit_into(face, FACE, FACE), shades[int(panel.classes[row])])
    names = _legend(panel)
    for number, (name, shade) in enumerate(names):
        x, y = left + number % 4 * (SIDE // 4), HEAD + SIDE + 22 + number // 4 * 22
        canvas.ellipses([((x + 5.0, float(y)), (5.0, 5.0))], shade, 1.0)
        canvas.text((x + 16, y), shorten(name, SMALL, SIDE // 4 - 22), SMALL, INK)


def _draw_face(canvas: Canvas, left: int, place: Floats, face: Picture, rim: Colour) -> None:
    """A picture over its dot, pushed inside where the dot is near the edge."""
    height, width = face.shape[0] + 2 * RIM, face.shape[1] + 2 * RIM
    x = int(np.clip(place[0] * SIDE - width / 2, 0, SIDE - width))
    y = int(np.clip(place[1] * SIDE - height / 2, 0, SIDE - height))
    canvas.box(left + x, HEAD + y, width, height, rim)
    canvas.picture(left + x + RIM, HEAD + y + RIM, face)


def _ellipse(panel: Dots, row: int) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Centre, radii and angle of one standard deviation, in pixels."""
    assert panel.covariances is not None
    lengths, axes = np.linalg.eigh(panel.covariances[row])
    radii = np.maximum(DOT / 2, np.sqrt(np.maximum(lengths, 0)) * SIDE)
    x, y = panel.places[row] * SIDE
    return (float(x), float(y)), (float(radii[0]), float(radii[1])), math.atan2(float(axes[1, 0]), float(axes[0, 0]))


def _legend(panel: Dots) -> list[tuple[str, Colour]]:
    if not panel.names:
        return []
    shades = colours(panel.classes)
    named = [(panel.names[kind], shade) for kind, shade in sorted(shades.items()) if kind >= 0 and shade != OTHERS]
    rest = sum(kind >= 0 and shade == OTHERS for kind, shade in shades.items())
    others = [(f"{rest} others", OTHERS)] if rest else []
    return [*named, *others, *([("none", OTHERS)] if -1 in shades and not rest else [])]


def _legend_rows(panel: Dots) -> int:
    return -(-len(_legend(panel)) // 4)


def _tiled(panel: Tiles) -> Picture:
    """One (SIDE, SIDE, 3): each picture whole in its own cell, at its own aspect."""
    edges = np.arange(panel.grid + 1) * SIDE // panel.grid
    page = np.full((SIDE, SIDE, 3), PAPER, np.uint8)
    if panel.there is not None:
        for cell in np.flatnonzero(panel.there):
            row, column = divmod(int(cell), panel.grid)
            page[edges[row] : edges[row + 1], edges[column] : edges[column + 1]] = THERE
    for cell, picture in zip(panel.cells.tolist(), to_rgb(panel.pictures), strict=True):
        row, column = divmod(cell, panel.grid)
        fitted = fit_into(picture, int(edges[row + 1] - edges[row]), int(edges[column + 1] - edges[column]))
        top = edges[row] + (edges[row + 1] - edges[row] - fitted.shape[0]) // 2
        left = edges[column] + (edges[column + 1] - edges[column] - fitted.shape[1]) // 2
        page[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return page


def fit_into(picture: Picture, height: int, width: int) -> Picture:
    """(H, W, 3) as large as height x width holds it: nearest pixels when it grows, means when it shrinks."""
    factor = min(height / picture.shape[0], width / picture.shape[1])
    if factor >= 1 and factor == int(factor):
        return enlarge(picture, int(factor))
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    way = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BOX
    return np.array(Image.fromarray(picture).resize(size, way))

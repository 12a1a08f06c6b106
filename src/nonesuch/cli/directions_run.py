"""`nonesuch directions`: a table and a sheet of directions, kept in the run's folder; or all methods held to labels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import numpy as np
from rich.console import Console
from rich.table import Table

from nonesuch.errors import RecipeError
from nonesuch.evaluation.directions import LABELS, Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.steering import Effect, compared
from nonesuch.latent.directions import Direction, Method, moved
from nonesuch.library import open_run
from nonesuch.measure.sheet import Band, Tile, sheet
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.pixels import Picture, write_png

AMOUNTS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
SHOWN = 2
"""Points that a sheet moves along each direction."""
CHECKED = 200
MOST_VALUES = 2
"""A check without --label takes the columns with so many values."""


@dataclass(frozen=True)
class Wish:
    """What to find. method: None for the usual one."""

    method: str | None
    labels: tuple[str, ...]
    count: int
    name: str | None


def find(root: Path, where: str, wish: Wish, out: Path | None) -> None:
    """Print what was found, keep it in the run's folder, draw a sheet, print where it is."""
    run = open_run(where, root)
    space = Space(run)
    found = _found(space, wish)
    if wish.name is not None:
        if len(found) != 1:
            raise RecipeError(f"--name is for one direction; found {len(found)}: give one --label, or --count 1")
        found = [replace(found[0], name=wish.name)]
    space.keep(found)
    table = Table("direction", "method", "sigma", "share", box=None, pad_edge=False)
    for each in found:
        table.add_row(each.name, each.method, f"{each.sigma:.3g}", "" if each.share is None else f"{each.share:.1%}")
    Console(soft_wrap=True).print(table)
    target = out or run.folder.path / "pictures" / "directions.png"
    write_png(target, directions_sheet(space, found, f"{run.folder.path.name}: directions, in sigma"))
    print(target)


def _found(space: Space, wish: Wish) -> list[Direction]:
    usual = "logistic" if wish.labels else "codes" if isinstance(space.net, Autoencoder) else "weights"
    method = _known(wish.method or usual)
    if method in LABELS:
        if not wish.labels:
            raise RecipeError(f"the method {method} looks for something: say for what, as --label glasses=yes")
        return [space.towards(method, label) for label in wish.labels]
    if wish.labels:
        raise RecipeError(f"the method {method} finds by itself: leave --label away, or take mean or logistic")
    return space.find(method, wish.count)


def _known(method: str) -> Method:
    if method not in get_args(Method):
        raise RecipeError(f"no method is called {method!r}; found: {', '.join(get_args(Method))}")
    return cast(Method, method)


def directions_sheet(space: Space, found: list[Direction], title: str) -> Picture:
    """Each direction a band: the same points, moved by -3 to 3 sigma, (H, W, 3) uint8."""
    points = space.held_out(SHOWN)
    bands = []
    for each in found:
        tiles = []
        for row in range(len(points.z)):
            classes = None if points.classes is None else points.classes[row].expand(len(AMOUNTS))
            z = np.concatenate([moved(points.z[row : row + 1], each, amount).numpy() for amount in AMOUNTS])
            pictures = space.draw(Places(points.z.new_tensor(z), classes))
            tiles += [
                Tile(picture, (f"{amount:+g}" if amount else "0",))
                for picture, amount in zip(pictures, AMOUNTS, strict=True)
            ]
        bands.append(Band(each.name, tiles, side=64, together=len(AMOUNTS)))
    return sheet(title, "the same pictures along each direction; 0 is where they were", bands)


def check(root: Path, where: str, wish: Wish) -> None:
    """Print, for each method and label, how often a move brings the label, and how much else stays."""
    if wish.name is not None:
        raise RecipeError("--check keeps nothing, so that there is nothing to call by a --name: leave it away")
    space = Space(open_run(where, root))
    labels = wish.labels or tuple(name for name, values in space.columns.items() if len(values) <= MOST_VALUES)
    methods: list[Method] = [_known(wish.method)] if wish.method else _all(space)
    table = Table("label", "method", "which", "sigma", "reached", "95%", "kept", "n", box=None, pad_edge=False)
    for each in sorted(compared(space, labels, methods, CHECKED), key=lambda each: labels.index(each.label)):
        table.add_row(*_row(each))
    Console(soft_wrap=True).print(table)
    print("reached: pictures that show the label after the move; kept: all other columns, read as before")
    asked = {label.partition("=")[0] for label in labels}
    right = zip(space.reader.names, space.reader.accuracy, strict=True)
    print(
        "read by a classifier that is right in",
        ", ".join(f"{name} {share:.0%}" for name, share in right if name in asked),
    )


def _all(space: Space) -> list[Method]:
    """The methods that this latent space has."""
    return [method for method in get_args(Method) if method != "codes" or isinstance(space.net, Autoencoder)]


def _row(each: Effect) -> tuple[str, ...]:
    span = f"{each.interval.low:.0%} to {each.interval.high:.0%}"
    return (
        each.label,
        each.method,
        "" if each.method in LABELS else each.direction,
        f"{each.amount:g}",
        f"{each.reached:.0%}",
        span,
        "" if each.kept is None else f"{each.kept:.0%}",
        str(each.n),
    )

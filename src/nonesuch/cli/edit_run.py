"""`nonesuch edit`: pictures changed by moving their codes, as a strip or a film from before to after."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nonesuch.errors import RecipeError
from nonesuch.evaluation.compass import towards
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.run import Run
from nonesuch.latent.directions import combined
from nonesuch.library import open_run
from nonesuch.pixels import enlarge, gif_bytes, grid, write_png
from nonesuch.runs.atomic import write_bytes

SHOWN_SIDE = 128
MOST_STEPS = 200
SPEED = 8.0
"""Frames a second of a film, which goes there and back."""


@dataclass(frozen=True)
class Edit:
    """Points to change, and one way to: moves ("glasses=+2"), arithmetic, or a classifier to follow to a class."""

    points: tuple[str, ...]
    moves: tuple[str, ...]
    minus: tuple[str, ...]
    plus: tuple[str, ...]
    compass: str | None
    named: str | None
    steps: int

    def __post_init__(self) -> None:
        if not 2 <= self.steps <= MOST_STEPS:
            raise RecipeError(f"from before to after there are 2 to {MOST_STEPS} pictures; found {self.steps}")
        if sum((bool(self.moves), bool(self.minus or self.plus), self.compass is not None)) != 1:
            raise RecipeError(
                "say one way to change pictures: --move NAME=AMOUNT, --minus with --plus, or --compass RUN"
            )
        if (self.compass is None) != (self.named is None):
            raise RecipeError("--compass CNN_RUN and --class NAME go together")
        if bool(self.minus) != bool(self.plus):
            raise RecipeError("arithmetic takes one kind away and adds another: give --minus and --plus")


def edit(root: Path, where: str, wish: Edit, out: Path | None) -> None:
    """Write the strip, a row a point, or the film; print where it is, and of a compass how sure it became."""
    run = open_run(where, root)
    target = out or run.folder.path / "pictures" / "edit.png"
    if target.suffix not in (".png", ".gif"):
        raise RecipeError(f"an edit is written as .png or .gif; found {target.name}")
    space = Space(run)
    points = _points(run, space, wish.points)
    if wish.compass is not None and wish.named is not None:
        ways = [_followed(space, open_run(wish.compass, root), wish, points, row) for row in range(len(points.z))]
    elif wish.moves:
        step = _moves(space, wish.moves)
        ways = [_straight(z, z + step, wish.steps) for z in points.z]
    else:
        plus, minus = (_points(run, space, words).z for words in (wish.plus, wish.minus))
        end = combined(plus, minus, points.z)
        points = Places(points.z.mean(0, keepdim=True), None if points.classes is None else points.classes[:1])
        ways = [_straight(points.z[0], end, wish.steps)]
    rows = [
        space.draw(Places(way, None if points.classes is None else points.classes[row].expand(len(way))))
        for row, way in enumerate(ways)
    ]
    scale = max(1, SHOWN_SIDE // max(rows[0].shape[1:3]))
    if target.suffix == ".gif":
        frames = np.stack(
            [grid(enlarge(np.stack(frame), scale), columns=len(rows)) for frame in zip(*rows, strict=True)]
        )
        write_bytes(target, gif_bytes(np.concatenate([frames, frames[-2:0:-1]]), SPEED))
    else:
        write_png(target, grid(np.concatenate(rows), columns=wish.steps, scale=max(1, scale // 2)))
    print(target)


def _points(run: Run, space: Space, words: tuple[str, ...]) -> Places:
    """Seeds, each with the class that `sample` gives it; of picture files a conditional net draws the first class."""
    z = run.places([int(word) if word.isdecimal() else word for word in words])
    if space.seeds([0]).classes is None:
        return Places(z, None)
    return Places(z, torch.tensor([int(word) % len(run.classes) if word.isdecimal() else 0 for word in words]))


def _moves(space: Space, moves: tuple[str, ...]) -> Tensor:
    """The sum of all moves (latent,). Raises RecipeError for an unknown name or no number."""
    kept = space.kept()
    total = torch.zeros(space.net.latent)
    for move in moves:
        name, _equals, amount = move.rpartition("=")
        if name not in kept:
            known = ", ".join(kept) or "none yet: find some with `nonesuch directions`"
            raise RecipeError(f"no direction is called {name or move!r}; found: {known}")
        try:
            total = total + float(amount) * kept[name].step
        except ValueError:
            raise RecipeError(f"a move is NAME=AMOUNT in sigma, as glasses=+2; found {move!r}") from None
    return total


def _straight(start: Tensor, end: Tensor, steps: int) -> Tensor:
    return start + torch.linspace(0, 1, steps)[:, None] * (end - start)


def _followed(space: Space, guide: Run, wish: Edit, points: Places, row: int) -> Tensor:
    start = points.of(slice(row, row + 1))
    assert wish.named is not None
    way = towards(space, guide, wish.named, start)
    if row == 0 and way.resized:
        print(way.resized)
    before, after = float(way.probabilities[0]), float(way.probabilities[-1])
    print(f"{wish.points[row]}: {wish.named} {before:.1%} before, {after:.1%} after")
    return way.path[torch.linspace(0, len(way.path) - 1, wish.steps).round().long()]

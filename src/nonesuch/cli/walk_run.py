"""`nonesuch walk`: what lies on the way from seed to seed, or from picture to picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from nonesuch.errors import RecipeError
from nonesuch.latent.path import Ease, Way, circle, through, truncated
from nonesuch.library import open_run
from nonesuch.pixels import enlarge, gif_bytes, grid, write_png
from nonesuch.runs.atomic import write_bytes

SHOWN_SIDE = 128
"""Frames of a film are enlarged by whole factors to about this side."""
MOST_FRAMES, MOST_SPEED = 2000, 50
STRIP_COLUMNS = 12


@dataclass(frozen=True)
class Walk:
    """How to go. points: seeds, or picture files. psi: 1 as it is, 0 all at the centre."""

    points: tuple[str, ...]
    frames: int = 48
    way: str = "slerp"
    ease: str = "linear"
    loop: bool = False
    circle: bool = False
    psi: float = 1.0
    named: str | None = None
    speed: float = 12.0

    def __post_init__(self) -> None:
        if not 2 <= self.frames <= MOST_FRAMES:
            raise RecipeError(f"a walk has 2 to {MOST_FRAMES:,} frames; found {self.frames}")
        if not 0 < self.speed <= MOST_SPEED:
            raise RecipeError(f"a film shows up to {MOST_SPEED} frames a second; found {self.speed:g}")
        if self.circle and len(self.points) != 2:
            raise RecipeError(f"a circle goes through 2 points; found {len(self.points)}")


def walk(root: Path, where: str, wish: Walk, out: Path | None) -> None:
    """Write a film (.gif), a strip (.png) or a folder of frames, and print where it is."""
    run = open_run(where, root)
    points = run.places([int(point) if point.isdecimal() else point for point in wish.points], wish.named)
    if wish.circle:
        path = circle(points[0], points[1], wish.frames)
    else:
        path = through(points, wish.frames, cast(Way, wish.way), cast(Ease, wish.ease), wish.loop)
    pictures = run.drawn_at(truncated(path, wish.psi), wish.named)
    target = out or run.folder.path / "pictures" / "walk.gif"
    scale = max(1, SHOWN_SIDE // max(pictures.shape[1:3]))
    if target.suffix == ".gif":
        write_bytes(target, gif_bytes(enlarge(pictures, scale), wish.speed))
    elif target.suffix == ".png":
        write_png(target, grid(pictures, columns=STRIP_COLUMNS, scale=max(1, scale // 2)))
    elif target.suffix:
        raise RecipeError(f"a walk is written as .gif, .png or a folder of frames; found {target.name}")
    else:
        for number, picture in enumerate(pictures):
            write_png(target / f"{number:05d}.png", picture)
    print(target)

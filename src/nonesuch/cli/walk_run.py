"""`nonesuch walk`: what lies on the way from seed to seed, or from picture to picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from torch import Tensor

from nonesuch.errors import RecipeError
from nonesuch.film import mp4_bytes
from nonesuch.latent.path import Ease, Way, circle, keyframed, through, truncated
from nonesuch.library import open_run
from nonesuch.pixels import enlarge, gif_bytes, grid, write_png
from nonesuch.runs.atomic import write_bytes

SHOWN_SIDE = 128
"""Frames of a film are enlarged by whole factors to about this side."""
FRAMES, MOST_FRAMES, MOST_SPEED = 48, 2000, 50
STRIP_COLUMNS = 12


@dataclass(frozen=True)
class Walk:
    """How to go. points: seeds, or picture files, each with @SECONDS behind it or none.

    frames: 48 without seconds; with seconds they follow from the speed. psi: 1 as it is, 0 all at the centre.
    """

    points: tuple[str, ...]
    frames: int | None = None
    way: str = "slerp"
    ease: str = "linear"
    loop: bool = False
    circle: bool = False
    psi: float = 1.0
    named: str | None = None
    speed: float = 12.0

    def __post_init__(self) -> None:
        if self.frames is not None and not 2 <= self.frames <= MOST_FRAMES:
            raise RecipeError(f"a walk has 2 to {MOST_FRAMES:,} frames; found {self.frames}")
        if not 0 < self.speed <= MOST_SPEED:
            raise RecipeError(f"a film shows up to {MOST_SPEED} frames a second; found {self.speed:g}")
        if self.circle and len(self.points) != 2:
            raise RecipeError(f"a circle goes through 2 points; found {len(self.points)}")

    def stops(self) -> tuple[list[int | str], list[float]]:
        """Seeds and files, and the second of each, or no seconds. Raises RecipeError when only some have theirs."""
        pairs = [_stop(point) for point in self.points]
        seconds = [second for _, second in pairs if second is not None]
        if 0 < len(seconds) < len(pairs):
            raise RecipeError(f"all points have their seconds, as 7@0 12@2.5, or none; found {' '.join(self.points)}")
        if seconds and (self.frames is not None or self.circle):
            raise RecipeError("points with seconds say how long the walk is; leave --frames and --circle away")
        if seconds and not (seconds[-1] - seconds[0]) * self.speed < MOST_FRAMES:
            raise RecipeError(
                f"a walk has up to {MOST_FRAMES:,} frames; found {seconds[-1] - seconds[0]:g} s of {self.speed:g} each"
            )
        return [int(name) if name.isdecimal() else name for name, _ in pairs], seconds


def walk(root: Path, where: str, wish: Walk, out: Path | None) -> None:
    """Write a film (.gif, .mp4), a strip (.png) or a folder of frames, and print where it is."""
    run = open_run(where, root)
    points, seconds = wish.stops()
    path = _path(run.places(points, wish.named), seconds, wish)
    pictures = run.drawn_at(truncated(path, wish.psi), wish.named)
    target = out or run.folder.path / "pictures" / "walk.gif"
    scale = max(1, SHOWN_SIDE // max(pictures.shape[1:3]))
    if target.suffix == ".gif":
        write_bytes(target, gif_bytes(enlarge(pictures, scale), wish.speed))
    elif target.suffix == ".mp4":
        write_bytes(target, mp4_bytes(enlarge(pictures, scale), wish.speed))
    elif target.suffix == ".png":
        write_png(target, grid(pictures, columns=STRIP_COLUMNS, scale=max(1, scale // 2)))
    elif target.suffix:
        raise RecipeError(f"a walk is written as .gif, .mp4, .png or a folder of frames; found {target.name}")
    else:
        for number, picture in enumerate(pictures):
            write_png(target / f"{number:05d}.png", picture)
    print(target)


def _stop(point: str) -> tuple[str, float | None]:
    """ "7@2.5" is seed 7 at 2.5 seconds; a file may have an @ in its name, before what is no number."""
    name, at, second = point.rpartition("@")
    try:
        return (name, float(second)) if at else (point, None)
    except ValueError:
        return point, None


def _path(points: Tensor, seconds: list[float], wish: Walk) -> Tensor:
    way, ease = cast(Way, wish.way), cast(Ease, wish.ease)
    if seconds:
        return keyframed(points, seconds, wish.speed, way, ease, wish.loop)
    frames = FRAMES if wish.frames is None else wish.frames
    if wish.circle:
        return circle(points[0], points[1], frames)
    return through(points, frames, way, ease, wish.loop)

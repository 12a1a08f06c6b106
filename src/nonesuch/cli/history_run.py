"""`nonesuch history`: the moments of a run's training as a film, a strip or a folder of frames."""

from pathlib import Path

import numpy as np

from nonesuch.errors import RecipeError
from nonesuch.evaluation.history import frames, pinned, watched
from nonesuch.evaluation.history_film import film, strip
from nonesuch.library import open_run
from nonesuch.pixels import gif_bytes, write_png
from nonesuch.runs import layout
from nonesuch.runs.atomic import write_bytes

MOST_SPEED = 50
REST = 6
"""How many frames long a film rests on its last one before it starts again."""


def show(root: Path, where: str, file: Path | None, layer: str | None, speed: float, out: Path | None) -> None:
    """Write a film (.gif), a strip (.png) or a folder of frames named by images seen; print where it is."""
    if not 0 < speed <= MOST_SPEED:
        raise RecipeError(f"a film shows up to {MOST_SPEED} moments a second; found {speed:g}")
    run = open_run(where, root)
    target = out or run.folder.path / "pictures" / "history.gif"
    if target.suffix not in ("", ".gif", ".png"):
        raise RecipeError(f"a history is written as .gif, .png or a folder of frames; found {target.name}")
    picture = pinned(run, file)
    found = frames(run, picture, layer)
    shown = None if picture is None else picture[0].permute(1, 2, 0).numpy()
    title = f"{run.folder.path.name}: {run.recipe.net.name}"
    title += f", maps of {layer or watched(run)}" if picture is not None else ""
    if target.suffix == ".png":
        write_png(target, strip(found, run.classes, title))
    elif target.suffix == ".gif":
        pages = film(found, shown, run.classes, title)
        write_bytes(target, gif_bytes(np.concatenate([pages, pages[-1:].repeat(REST, 0)]), speed))
    else:
        for each, page in zip(found, film(found, shown, run.classes, title), strict=True):
            write_png(target / f"{layout.images_name(each.images_seen)}.png", page)
    print(f"{len(found)} moments, {found[0].images_seen:,} to {found[-1].images_seen:,} images seen")
    print(target)

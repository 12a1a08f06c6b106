"""Folders for studios with runs that were really trained; apart from made_studio, which must not load torch."""

from collections.abc import Sequence
from pathlib import Path

from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import library, session
from nonesuch.recipe import Kind, Recipe


def trained_in(folder: Path, kinds: Sequence[Kind], steps: int = 4) -> Path:
    """A folder for a studio with a run of each of these kinds, named by it and stopped after some steps of ten."""
    data = folder_of_bars(folder / "data" / "bars")
    for kind in kinds:
        stopped(folder / "runs" / kind, small(data, kind), steps)
    return folder


def stopped(run: Path, recipe: Recipe, steps: int) -> None:
    """Train a few steps in a folder that is made for it."""
    run.mkdir(parents=True)
    library.folder_for(recipe, run)
    list(session.fit(recipe, run, stopping(steps)))

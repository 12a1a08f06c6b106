"""`nonesuch spread`: how a net's numbers are spread, with and without batch norm, dropout and pooling."""

from pathlib import Path

from nonesuch.errors import RecipeError
from nonesuch.evaluation.spread import spreads
from nonesuch.evaluation.spread_sheet import spread_sheet
from nonesuch.library import open_run
from nonesuch.pixels import write_png


def show(root: Path, where: str, most: int, out: Path | None) -> None:
    """Write the sheet; print the figures that it rests on, and where it is."""
    if most < 2:
        raise RecipeError(f"--most is a number of pictures from 2; found {most}")
    run = open_run(where, root)
    found = spreads(run, most)
    target = out or run.folder.path / "pictures" / "spread.png"
    write_png(target, spread_sheet(found, run.classes, f"{run.folder.path.name}: {run.recipe.net.name}"))
    if found.accuracy is not None and found.without_norms is not None:
        print(f"accuracy {found.accuracy:.1%}, without the norms {found.without_norms:.1%} ({found.n} pictures)")
    for pool in found.pools:
        print(f"{pool.name}: {pool.stays_before:.1%} of its input stays when pictures move by a pixel, ", end="")
        print(f"{pool.stays_after:.1%} of its output, {pool.stays_picked:.1%} if it only left numbers out")
    print(target)

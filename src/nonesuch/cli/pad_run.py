"""`nonesuch pad`: several nets of the same data on common axes, side by side."""

from pathlib import Path

from nonesuch.errors import RecipeError
from nonesuch.evaluation.pad import pad_of
from nonesuch.library import open_run
from nonesuch.pixels import write_png


def pad(root: Path, chosen: list[str], named: str | None, seed: int, target: Path) -> None:
    """Write the sheet; print how good each fit is, and where the sheet is."""
    if target.suffix != ".png":
        raise RecipeError(f"a pad is written as .png; found {target.name}")
    found = pad_of([open_run(where, root) for where in chosen], named, seed)
    write_png(target, found.sheet())
    for net in found.nets:
        tied = "axes of the pad" if net.run is found.run else f"fit R2 {net.tie.fit:.3f}"
        print(f"{net.run.folder.path.name}: {tied}, lands where asked R2 {net.lands:.3f}")
    print(target)

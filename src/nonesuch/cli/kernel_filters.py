"""`nonesuch kernel --from-run`: the filters a net has learnt, one of them on a picture, and one of them edited."""

from pathlib import Path

from nonesuch import library
from nonesuch.evaluation.filters import edited, filters
from nonesuch.evaluation.kernel_sheets import edited_sheet, filters_sheet
from nonesuch.evaluation.run import Run
from nonesuch.lens.kernels import Kernel
from nonesuch.pixels import write_png


def show_all(picture: Path, run: Run, out: Path | None) -> None:
    """Write one sheet of all filters of the first convolution, each above what it makes of the picture."""
    found = filters(run, picture)
    target = out or Path(f"{picture.stem}-filters.png")
    write_png(target, filters_sheet(found))
    print(f"{target}: filters 0 to {len(found.kernels) - 1} of {run.folder.path.name}")


def show_one(picture: Path, run: Run, number: int, out: Path | None) -> Kernel:
    """Write one filter's map of the picture."""
    kernel, drawn = library.learned_map(picture, run, number)
    target = out or Path(f"{picture.stem}-run.png")
    write_png(target, drawn)
    print(target)
    return kernel


def edit(picture: Path, run: Run, number: int, kernel: Kernel, held_out: bool, out: Path | None) -> Kernel:
    """Write what the edited filter makes of the picture; print what the net says before and after, and return it."""
    found = edited(run, picture, number, kernel, held_out)
    target = out or Path(f"{picture.stem}-edited.png")
    write_png(target, edited_sheet(found))
    print(target)
    print(f"with filter {number} edited, in a copy of {run.folder.path.name}:")
    for name, before, after in zip(run.classes, found.before.tolist(), found.after.tolist(), strict=True):
        print(f"  {name:<20}{before:7.1%} -> {after:6.1%}")
    if found.accuracy is not None:
        before, after = found.accuracy
        print(f"  accuracy on {found.pictures} held-out pictures: {before:.1%} -> {after:.1%}")
    return found.kernel

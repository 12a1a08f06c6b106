"""`nonesuch crops`: what each unit of a layer looks at, as a sheet of crops."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from nonesuch.errors import RecipeError
from nonesuch.evaluation.codes import Split
from nonesuch.evaluation.crops import Crop, Crops, crops
from nonesuch.lens.show import framed
from nonesuch.library import open_run
from nonesuch.measure.cards import Card, Cell, cards_sheet
from nonesuch.pixels import Picture, write_png

SMALL_SIDE, LARGE_SIDE = 56, 128
SPLITS = ("train", "val", "test")


def show(
    root: Path, where: str, layer: str, units: Sequence[int], count: int, split: str, limit: int, out: Path | None
) -> None:
    """Write one sheet: of all units small crops, of chosen ones the whole pictures too; print where it is."""
    if split not in SPLITS:
        raise RecipeError(f"--split is one of {', '.join(SPLITS)}; found {split!r}")
    if count < 1 or limit < 1:
        raise RecipeError(f"--count and --limit are 1 or more; found {count} and {limit}")
    run = open_run(where, root)
    found = crops(run, layer, units or None, count, cast(Split, split), limit)
    cards = [card for unit, several in found.units.items() for card in _cards(unit, several, bool(units))]
    height, width = found.field
    title = (
        f"{layer}: what excites its units most, of {found.looked:,} pictures; a unit sees up to {height}x{width} pixels"
    )
    target = out or run.folder.path / "pictures" / f"crops-{layer}{_suffix(found, units)}.png"
    write_png(target, cards_sheet(title, cards, LARGE_SIDE if units else SMALL_SIDE))
    for unit, several in found.units.items():
        best = several[0]
        print(f"unit {unit}: {best.value:.4g} at row {best.place[0]}, column {best.place[1]}, {best.name}")
    print(target)


def _suffix(found: Crops, units: Sequence[int]) -> str:
    return "-" + "-".join(map(str, found.units)) if units else ""


def _cards(unit: int, several: Sequence[Crop], large: bool) -> list[Card]:
    """Value and class below each crop; large, a second row shows where in the picture it was."""
    crop = Card(f"unit {unit}", tuple(Cell(each.crop, (f"{each.value:.3g}", each.label)) for each in several))
    if not large:
        return [crop]
    return [crop, Card("where in the picture", tuple(Cell(_whole(each)) for each in several))]


def _whole(crop: Crop) -> Picture:
    return framed(crop.picture, crop.box, max(1, LARGE_SIDE // max(crop.picture.shape[:2])))

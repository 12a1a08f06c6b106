"""`nonesuch data`: what is in the pictures, before anything is trained on them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nonesuch.cli.bars import packing_bar
from nonesuch.data import inspection, split
from nonesuch.data.album import off_classes
from nonesuch.data.open import open_data
from nonesuch.data.pack import Column, Pack
from nonesuch.data.settings import known_channels, known_fit
from nonesuch.evaluation.copies import COPIES, copies

if TYPE_CHECKING:
    from nonesuch.measure.contact_sheet import Group

SHOWN, SHOWN_COPIES, SHOWN_CLASSES = 5, 2, 15
BAR = 30
LABEL = "label"


def show(where: str, size: int | tuple[int, int] | None, channels: int | None, fit: str, out: Path | None) -> None:
    """Pack, print the inspection on stdout, write the contact sheet."""
    with packing_bar() as bar:
        pack = open_data(where, size, known_channels(channels), known_fit(fit), bar)
    height, width, found = pack.spec.shape
    colour = {1: "grey", 3: "colour", 4: "colour with alpha"}[found]
    print(f"{where}: {len(pack):,} pictures, {height}x{width}, {colour}, packed in {pack.path}")
    assigned = split.assign(pack.hashes, pack.given_split)
    counts = np.bincount(assigned, minlength=3)
    print(f"split    train {counts[0]:,}  val {counts[1]:,}  test {counts[2]:,}")
    _show_sides(pack)
    _show_fitting(pack)
    _show_rejects(pack)
    _show_copies(pack, assigned)
    if LABEL in pack.columns:
        _show_balance(pack.columns[LABEL], assigned, off_classes(where))
    _show_other_columns(pack)
    print(f"contact sheet  {_sheet(pack, out)}")


def _sheet(pack: Pack, out: Path | None) -> Path:
    """Draws the contact sheet, unless it lies in the pack already: a pack never changes."""
    sheet = (out or pack.path) / "contact-sheet.png"
    if out or not sheet.exists():
        # Pillow and drawing are a quarter of what a second look takes.
        from nonesuch.measure.contact_sheet import contact_sheet
        from nonesuch.pixels import write_png

        write_png(sheet, contact_sheet(pack.pixels, _groups(pack)))
    return sheet


def _groups(pack: Pack) -> list["Group"]:
    """The classes, largest first, then what has no label; without labels all pictures."""
    from nonesuch.measure.contact_sheet import Group

    if LABEL not in pack.columns:
        return [Group("", np.arange(len(pack)))]
    column = pack.columns[LABEL]
    groups = [Group(name, np.flatnonzero(column.codes == code)) for code, name in enumerate(column.classes)]
    groups.sort(key=lambda group: -len(group.rows))
    unlabelled = np.flatnonzero(column.codes < 0)
    return [*groups, Group("without a label", unlabelled)] if len(unlabelled) else groups


def _show_sides(pack: Pack) -> None:
    """Heights and widths as they were found."""
    found = inspection.sides(pack)
    if found.kinds == 1:
        print(f"sides    {_sides(found.smallest)}, all of them")
        return
    print(f"sides    {_sides(found.smallest)} to {_sides(found.largest)}, typically {_sides(found.typical)}")
    often = ", ".join(f"{_sides((height, width))} ({count:,})" for height, width, count in found.often)
    rest = found.kinds - len(found.often)
    print(f"         most often {often}{f'; {rest:,} more' if rest else ''}")


def _sides(pair: tuple[int, int]) -> str:
    return "x".join(str(side) for side in pair)


def _show_fitting(pack: Pack) -> None:
    """What was done to bring them to one size, where anything was."""
    found, parts = inspection.fitted(pack), []
    if found.enlarged:
        parts.append(f"{found.enlarged:,} enlarged, up to {found.largest:.2g} times: that shows nothing new")
    if found.shrunk:
        parts.append(f"{found.shrunk:,} shrunk, typically to {found.shrunk_to:.0%} of their sides")
    if parts and found.kept:
        parts.append(f"{found.kept:,} kept as they were")
    if found.changed:
        typical, most = found.typical, found.most
        parts.append(f"{found.changed:,} " + {
            "crop": f"cropped, typically by {typical:.0%}, at most by {most:.0%}: --fit pad shows them whole",
            "pad": f"padded, typically by {typical:.0%} of the frame, at most by {most:.0%}",
            "stretch": f"distorted, typically {typical:.2g} times, at most {most:.2g} times: --fit crop keeps shapes",
        }[pack.spec.fit])  # fmt: skip
    for place, part in enumerate(parts):
        print(f"{'' if place else 'fitting':<9}{part}")


def _show_rejects(pack: Pack) -> None:
    if not pack.rejects:
        print("rejects  none")
        return
    print(f"rejects  {len(pack.rejects):,}, listed in {pack.path / 'rejects.jsonl'}")
    kinds = inspection.refusals(pack.rejects)
    for kind in kinds[:SHOWN]:
        print(f"         {kind.count:,} x {kind.reason}, such as {kind.example}")
    if rest := sum(kind.count for kind in kinds[SHOWN:]):
        print(f"         {rest:,} for other reasons")


def _show_copies(pack: Pack, assigned: npt.NDArray[np.uint8]) -> None:
    report = copies(pack, assigned)
    print(f"copies   {report.words()}")
    if report.exact or report.near:
        print(f"         listed in {pack.path / COPIES}")
    for group in report.exact[:SHOWN_COPIES]:
        print(f"         the same file: {', '.join(group[:SHOWN])}{', ...' if len(group) > SHOWN else ''}")
    pairs = report.across_near or report.near
    for pair in pairs[:SHOWN_COPIES]:
        where = ", in different splits" if report.across_near else ""
        print(f"         look the same{where}: {pair.first}, {pair.second}")


def _show_balance(column: Column, assigned: npt.NDArray[np.uint8], off: tuple[str, ...]) -> None:
    found = inspection.balance(LABEL, column, assigned, off)
    lines = sorted(found.classes, key=lambda line: -line.count)
    total, most = sum(line.count for line in lines), lines[0].count
    missing = f", {found.unlabelled:,} pictures without" if found.unlabelled else ""
    print(f"label: {len(lines)} classes{missing}")
    longest = max(len(line.name) for line in lines[:SHOWN_CLASSES])
    for line in lines[:SHOWN_CLASSES]:
        bar = "█" * max(1, round(BAR * line.count / most))
        note = "  switched off: training leaves it out" if line.off else ""
        print(f"  {line.name:<{longest}}  {line.count:>7,}  {line.count / total:>4.0%}  {bar}{note}")
    if rest := [line.count for line in lines[SHOWN_CLASSES:]]:
        print(f"  ... and {len(rest)} more with {min(rest):,} to {max(rest):,} pictures")
    if len(lines) == 1:
        print("  one class: train ae, vae and gan can use it, a classifier needs two")
        return
    for name, absent in found.absent().items():
        print(f"  not in {name}: {', '.join(absent[:SHOWN])}{', ...' if len(absent) > SHOWN else ''}")


def _show_other_columns(pack: Pack) -> None:
    """One line each: a data set can carry dozens."""
    others = {name: column for name, column in pack.columns.items() if name != LABEL}
    if others:
        print("other columns, usable with --label:")
    for name, column in others.items():
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.classes))
        if counts.max() == 1 < len(counts):
            print(f"  {name}: another one for each picture")
            continue
        best = [f"{column.classes[code]} {counts[code]:,}" for code in np.argsort(-counts, kind="stable")[:3]]
        more = f" and {len(column.classes) - 3:,} more" if len(column.classes) > 3 else ""
        print(f"  {name}: {', '.join(best)}{more}")

"""`nonesuch data`: what is in the pictures, before anything is trained on them."""

import os
from collections import Counter
from pathlib import Path

import numpy as np

from nonesuch.cli.bars import packing_bar
from nonesuch.data import split
from nonesuch.data.open import open_data
from nonesuch.data.pack import Column, Pack
from nonesuch.data.settings import known_channels, known_fit
from nonesuch.pixels import grid, write_png

SHEET_ROWS, SHEET_COLUMNS = 10, 16
SHOWN = 5
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
    _show_rejects(pack)
    _show_duplicates(pack, assigned)
    for name, column in pack.columns.items():
        if name == LABEL:
            _show_balance(name, column)
    _show_other_columns(pack)
    sheet = (out or pack.path) / "contact-sheet.png"
    sheet.parent.mkdir(parents=True, exist_ok=True)
    write_png(sheet, contact_sheet(pack))
    print(f"contact sheet  {sheet}")


def contact_sheet(pack: Pack) -> np.ndarray:
    """Pictures from all over the pack, evenly spread: uint8 (H, W, 3)."""
    rows = np.linspace(0, len(pack) - 1, min(len(pack), SHEET_ROWS * SHEET_COLUMNS)).astype(np.int64)
    pixels = pack.pixels[rows]
    return grid(pixels, columns=SHEET_COLUMNS, scale=max(1, 48 // max(pixels.shape[1:3])))


def _show_sides(pack: Pack) -> None:
    """Heights and widths before they were brought to one size."""
    (lowest, narrowest), (highest, widest) = pack.sides.min(0), pack.sides.max(0)
    span = f" to {highest}x{widest}" if (lowest, narrowest) != (highest, widest) else ""
    print(f"sides    {lowest}x{narrowest}{span} before fitting")
    if pack.enlargement:
        print(f"         {pack.enlargement}")


def _show_rejects(pack: Pack) -> None:
    if not pack.rejects:
        print("rejects  none")
        return
    reasons = Counter(reject.reason for reject in pack.rejects)
    print(f"rejects  {len(pack.rejects):,}, listed in {pack.path / 'rejects.jsonl'}")
    for reason, count in reasons.most_common(SHOWN):
        example = next(reject.name for reject in pack.rejects if reject.reason == reason)
        print(f"         {count:,} x {reason}, such as {example}")


def _show_duplicates(pack: Pack, assigned: np.ndarray) -> None:
    """Looked for once a pack: a pack never changes, nor does its split by default shares."""
    kept = pack.path / "copies.txt"
    if not kept.exists():
        from nonesuch.data import duplicates

        beside = kept.with_suffix(f".{os.getpid()}")
        beside.write_text(duplicates.find(pack, assigned).words(), encoding="utf-8")
        beside.replace(kept)
    print(f"copies   {kept.read_text(encoding='utf-8')}")


def _show_balance(name: str, column: Column) -> None:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.classes))
    missing = int((column.codes < 0).sum())
    without = f", {missing:,} pictures without" if missing else ""
    print(f"{name}: {len(column.classes)} classes{without}")
    order = np.argsort(-counts, kind="stable")
    longest = max((len(column.classes[code]) for code in order[: SHOWN * 3]), default=0)
    for code in order[: SHOWN * 3]:
        bar = "█" * max(1, round(BAR * counts[code] / counts.max()))
        print(f"  {column.classes[code]:<{longest}}  {counts[code]:>7,}  {bar}")
    if len(order) > SHOWN * 3:
        print(f"  ... and {len(order) - SHOWN * 3} more")


def _show_other_columns(pack: Pack) -> None:
    """One line each: a data set can carry dozens."""
    others = {name: column for name, column in pack.columns.items() if name != LABEL}
    if others:
        print("other columns, usable with --label:")
    for name, column in others.items():
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.classes))
        best = [f"{column.classes[code]} {counts[code]:,}" for code in np.argsort(-counts, kind="stable")[:3]]
        more = f" and {len(column.classes) - 3} more" if len(column.classes) > 3 else ""
        print(f"  {name}: {', '.join(best)}{more}")

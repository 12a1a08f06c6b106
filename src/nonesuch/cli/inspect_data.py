"""`nonesuch data`: what is in the pictures, before anything is trained on them."""

import json
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nonesuch.cli.bars import packing_bar
from nonesuch.data import duplicates, split
from nonesuch.data.open import open_data
from nonesuch.data.pack import Column, Pack
from nonesuch.data.settings import known_channels, known_fit
from nonesuch.measure.contact_sheet import Group, contact_sheet
from nonesuch.pixels import write_png
from nonesuch.runs import atomic

SHOWN, SHOWN_SIDES, SHOWN_COPIES, SHOWN_CLASSES = 5, 3, 2, 15
BAR = 30
LABEL = "label"
SPLITS = ("train", "val", "test")


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
        _show_balance(pack.columns[LABEL], assigned)
    _show_other_columns(pack)
    sheet = (out or pack.path) / "contact-sheet.png"
    write_png(sheet, contact_sheet(pack.pixels, _groups(pack)))
    print(f"contact sheet  {sheet}")


def _groups(pack: Pack) -> list[Group]:
    """The classes, largest first, then what has no label; without labels all pictures."""
    if LABEL not in pack.columns:
        return [Group("", np.arange(len(pack)))]
    column = pack.columns[LABEL]
    groups = [Group(name, np.flatnonzero(column.codes == code)) for code, name in enumerate(column.classes)]
    groups.sort(key=lambda group: -len(group.rows))
    unlabelled = np.flatnonzero(column.codes < 0)
    return [*groups, Group("without a label", unlabelled)] if len(unlabelled) else groups


def _show_sides(pack: Pack) -> None:
    """Heights and widths as they were found."""
    # np.unique would do it, and load numpy.ma for that: a tenth of the whole command.
    codes = np.sort(pack.sides[:, 0].astype(np.int64) << 16 | pack.sides[:, 1])
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    found, counts = np.stack([codes[first] >> 16, codes[first] & 0xFFFF], 1), np.diff(first, append=len(codes))
    if len(found) == 1:
        print(f"sides    {_sides(found[0])}, all of them")
        return
    area = pack.sides.prod(1, dtype=np.int64)
    smallest, largest = pack.sides[area.argmin()], pack.sides[area.argmax()]
    print(f"sides    {_sides(smallest)} to {_sides(largest)}, typically {_sides(np.median(pack.sides, 0))}")
    order = np.argsort(-counts, kind="stable")[:SHOWN_SIDES]
    often = ", ".join(f"{_sides(found[place])} ({counts[place]:,})" for place in order)
    rest = len(found) - len(order)
    print(f"         most often {often}{f'; {rest:,} more' if rest else ''}")


def _sides(pair: npt.NDArray[np.generic]) -> str:
    return "x".join(f"{side:.0f}" for side in pair.tolist())


def _show_fitting(pack: Pack) -> None:
    """What was done to bring them to one size, where anything was."""
    scale, cost = pack.fitting.scale, pack.fitting.cost
    parts = []
    if (larger := scale > 1).any():
        parts.append(f"{larger.sum():,} enlarged, up to {scale.max():.2g} times: that shows nothing new")
    if (smaller := scale < 1).any():
        parts.append(f"{smaller.sum():,} shrunk, typically to {np.median(scale[smaller]):.0%} of their sides")
    if parts and (same := (scale == 1).sum()):
        parts.append(f"{same:,} kept as they were")
    changed = cost > (1 if pack.spec.fit == "stretch" else 0)
    if changed.any():
        typical, most = np.median(cost[changed]), cost.max()
        parts.append(f"{changed.sum():,} " + {
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
    kinds = Counter(_kind(reject.reason) for reject in pack.rejects)
    print(f"rejects  {len(pack.rejects):,}, listed in {pack.path / 'rejects.jsonl'}")
    for kind, count in kinds.most_common(SHOWN):
        example = next(reject for reject in pack.rejects if _kind(reject.reason) == kind)
        print(f"         {count:,} x {example.reason if count == 1 else kind}, such as {example.name}")
    if rest := sum(count for _, count in kinds.most_common()[SHOWN:]):
        print(f"         {rest:,} for other reasons")


def _kind(reason: str) -> str:
    """Reasons that differ in a number only are one reason."""
    return re.sub(r"\b\d+\b", "N", reason)


def _show_copies(pack: Pack, assigned: npt.NDArray[np.uint8]) -> None:
    """Looked for once a pack: a pack never changes, nor does its split by default shares."""
    kept = pack.path / "copies.json"
    report = None
    with suppress(OSError, ValueError, KeyError, TypeError):
        report = duplicates.DuplicateReport.from_json(json.loads(kept.read_bytes()))
    if report is None:
        report = duplicates.find(pack, assigned)
        atomic.write_json(kept, report.to_json())
    print(f"copies   {report.words()}")
    if report.exact or report.near:
        print(f"         listed in {kept}")
    for group in report.exact[:SHOWN_COPIES]:
        print(f"         the same file: {', '.join(group[:SHOWN])}{', ...' if len(group) > SHOWN else ''}")
    pairs = report.across_near or report.near
    for pair in pairs[:SHOWN_COPIES]:
        where = ", in different splits" if report.across_near else ""
        print(f"         look the same{where}: {pair.first}, {pair.second}")


def _show_balance(column: Column, assigned: npt.NDArray[np.uint8]) -> None:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.classes))
    missing = int((column.codes < 0).sum())
    print(f"label: {len(column.classes)} classes{f', {missing:,} pictures without' if missing else ''}")
    order = np.argsort(-counts, kind="stable")
    shown = order[:SHOWN_CLASSES]
    longest = max(len(column.classes[code]) for code in shown)
    for code in shown:
        bar = "█" * max(1, round(BAR * counts[code] / counts.max()))
        print(f"  {column.classes[code]:<{longest}}  {counts[code]:>7,}  {counts[code] / counts.sum():>4.0%}  {bar}")
    if len(order) > len(shown):
        rest = counts[order[SHOWN_CLASSES:]]
        print(f"  ... and {len(rest)} more with {rest.min():,} to {rest.max():,} pictures")
    if len(order) == 1:
        print("  one class: train ae, vae and gan can use it, a classifier needs two")
        return
    for code, name in enumerate(SPLITS):
        here = np.bincount(column.codes[(column.codes >= 0) & (assigned == code)], minlength=len(counts))
        if len(absent := np.flatnonzero(here == 0)):
            names = ", ".join(column.classes[place] for place in absent[:SHOWN])
            print(f"  not in {name}: {names}{', ...' if len(absent) > SHOWN else ''}")


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

"""`nonesuch ablate`: a classifier without some of its units, or with each of a layer's switched off in turn."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from nonesuch.errors import RecipeError
from nonesuch.evaluation.ablation import Ablation, Ranking, ablate, probabilities, ranking
from nonesuch.evaluation.run import Run
from nonesuch.library import open_run


def show(root: Path, where: str, address: str, scale: float, picture: Path | None, most: int) -> None:
    """Print what is lost: with units named, in all and class by class; without, unit by unit."""
    if most < 1:
        raise RecipeError(f"--most is a number of pictures from 1; found {most}")
    run = open_run(where, root)
    layer, units = _address(address)
    if units is None:
        if picture is not None or scale:
            raise RecipeError(f"--picture and --scale need units, as {layer}:0,1; found none")
        _print_ranking(ranking(run, layer, most))
        return
    found = ablate(run, layer, units, scale, most)
    _print_ablation(run, found)
    if picture is not None:
        before, after = probabilities(run, picture, layer, units, scale).tolist()
        table = _table("class", "before", "after")
        for at in sorted(range(len(before)), key=lambda at: -max(before[at], after[at])):
            table.add_row(run.classes[at], f"{before[at]:.1%}", f"{after[at]:.1%}")
        print(f"{picture}:")
        Console(soft_wrap=True).print(table)


def _address(text: str) -> tuple[str, tuple[int, ...] | None]:
    """ "conv1:3,4" is units 3 and 4 of conv1, "conv1" the layer with all of its units."""
    layer, colon, units = text.partition(":")
    if not colon:
        return layer, None
    parts = [part.strip() for part in units.split(",")]
    if not layer or not all(part.isdecimal() for part in parts):
        raise RecipeError(f"units are LAYER:UNIT,UNIT..., as conv1:3,4; found {text!r}")
    return layer, tuple(int(part) for part in parts)


def _print_ablation(run: Run, found: Ablation) -> None:
    table = _table("class", "before", "after", "lost")
    rows = zip(run.classes, found.recall_before, found.recall_after, strict=True)
    for name, before, after in sorted(rows, key=lambda row: row[2] - row[1]):
        if before == before:  # NaN: no test picture of this class
            table.add_row(name, f"{before:.1%}", f"{after:.1%}", f"{before - after:+.1%}")
    Console(soft_wrap=True).print(table)
    units = f"{found.layer}:{','.join(map(str, found.units))}"
    print(f"{units} times {found.factor:g}: accuracy {found.before:.1%} before, {found.after:.1%} after")
    span = f"95% interval {found.lost.low:.1%} to {found.lost.high:.1%}, {found.n:,} test pictures"
    print(f"{found.before - found.after:.1%} lost ({span})")


def _print_ranking(found: Ranking) -> None:
    table = _table("unit", "lost without it", "95% interval", "most from", "which loses")
    for each in found.units:
        span = f"{each.interval.low:.1%} to {each.interval.high:.1%}"
        table.add_row(f"{found.layer}:{each.unit}", f"{each.lost:.1%}", span, each.worst, f"{each.worst_lost:.1%}")
    Console(soft_wrap=True).print(table)
    print(f"accuracy with all units {found.accuracy:.1%}, {found.n:,} test pictures")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for title in others:
        table.add_column(title, justify="right")
    return table

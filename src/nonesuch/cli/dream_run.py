"""`nonesuch dream`: pictures that excite units or classes more than any real one, as a sheet."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nonesuch.errors import RecipeError
from nonesuch.evaluation.dreams import Dream, DreamSettings, aims, dreams
from nonesuch.library import open_run
from nonesuch.measure.cards import Card, Cell, cards_sheet
from nonesuch.measure.charts import line_chart
from nonesuch.pixels import write_png

SIDE, LARGE_SIDE, FEW = 112, 224, 3
"""Few dreams are shown large, and how they came about is drawn too."""


def show(root: Path, where: str, targets: Sequence[str], settings: DreamSettings, limit: int, out: Path | None) -> None:
    """Write a sheet of dreams beside real pictures, of few ones also the curve; print the activations."""
    if limit < 1:
        raise RecipeError(f"--limit is 1 or more; found {limit}")
    run = open_run(where, root)
    found = dreams(run, aims(run, targets), settings, limit)
    words = "-".join(
        target.replace(":", "-").replace(",", "-").replace("/", "-").replace(" ", "-") for target in targets
    )
    target = out or run.folder.path / "pictures" / f"dream-{words or 'classes'}.png"
    few = len(found) <= FEW
    write_png(
        target,
        cards_sheet(
            "dreamt, and the real picture that excites most",
            [_card(each) for each in found],
            LARGE_SIDE if few else SIDE,
        ),
    )
    table = Table("dream of", "reaches", "best real", "mean", "spread", box=None, pad_edge=False)
    for each in found:
        table.add_row(each.name, *(f"{value:.4g}" for value in (each.value, each.best, each.mean, each.spread)))
    Console(soft_wrap=True).print(table)
    print(target)
    if few:
        curve = target.with_name(f"{target.stem}-steps.png")
        write_png(
            curve, line_chart(_curves(found), "how the activation grew", "steps of gradient ascent", "activation")
        )
        print(curve)


def _curves(found: Sequence[Dream]) -> dict[str, list[tuple[float, float]]]:
    """Each dream's way, and as a level line what the best real picture reaches."""
    curves = {}
    for each in found:
        way = (*each.history, each.value)
        curves[each.name] = [(float(step), value) for step, value in enumerate(way)]
        curves[f"{each.name}, best real"] = [(0.0, each.best), (float(len(way) - 1), each.best)]
    return curves


def _card(dream: Dream) -> Card:
    return Card(
        dream.name,
        (Cell(dream.picture, (f"dreamt {dream.value:.3g}",)), Cell(dream.real, (f"real {dream.best:.3g}",))),
    )

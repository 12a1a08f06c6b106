"""`nonesuch trust`: which saliency map to trust, as a table and a chart."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from torch import Tensor

from nonesuch.errors import RecipeError
from nonesuch.evaluation.trust import Standing, Trust, trust, trust_on
from nonesuch.library import open_run
from nonesuch.measure.charts import line_chart
from nonesuch.pixels import write_png


def show(
    root: Path, where: str, picture: Path | None, count: int, layer: str | None, seed: int, out: Path | None
) -> None:
    """Write the curves; print the methods, the most trustworthy first, and what the figures are."""
    if count < 2:
        raise RecipeError(f"--count is 2 or more; found {count}")
    run = open_run(where, root)
    found = trust(run, count, layer, seed) if picture is None else trust_on(run, picture, layer, seed)
    table = Table("map", "lost without it", "kept with it", "together", "95 % interval", box=None, pad_edge=False)
    for each in found.standings:
        table.add_row(
            each.method, f"{each.deletion:+.3f}", f"{each.insertion:+.3f}", f"{each.gap:+.3f}", _interval(each)
        )
    Console(soft_wrap=True).print(table)
    what = f"{found.pictures} test pictures" if picture is None else picture.name
    print(f"{what}: areas between the curves of a map and of chance, in probability; seed {seed}")
    target = out or run.folder.path / "pictures" / (f"trust-{picture.stem}.png" if picture else "trust.png")
    title = f"probability of the answer while pixels are taken away, {what}"
    write_png(target, line_chart(_lines(found), title, "share of the pixels taken away, %", "probability, %"))
    print(target)


def _interval(standing: Standing) -> str:
    return "-" if standing.interval is None else f"{standing.interval.low:+.3f} to {standing.interval.high:+.3f}"


def _lines(found: Trust) -> dict[str, list[tuple[float, float]]]:
    """The most important first; of the best map also the least important first."""

    def points(curve: Tensor) -> list[tuple[float, float]]:
        return [(100 * share, 100 * float(value)) for share, value in zip(found.shares, curve, strict=True)]

    best = found.standings[0].method
    return {name: points(curve) for name, curve in found.most.items()} | {
        f"{best}, least first": points(found.least[best])
    }

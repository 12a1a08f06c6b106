"""`nonesuch runs`, `evaluate` and `predict`: what runs hold, as tables. Data on stdout, remarks on stderr."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.table import Table

from nonesuch.errors import RecipeError
from nonesuch.runs.store import RunFolder, Store

if TYPE_CHECKING:
    from nonesuch.evaluation.run import Run

SHOWN_CLASSES = 3
SHOWN_ROWS = 12
SAMPLED = 8
DISTANCES = {
    "frechet": "small", "kernel": "small", "precision": "large", "recall": "large", "density": "large",
    "coverage": "large",
}  # fmt: skip


def listing(root: Path) -> None:
    """One line a run: id, kind, data, state, images seen, and the figure of its kind."""
    runs = Store(root).list()
    if not runs:
        print(f"no runs in {root}; `nonesuch train cnn pixelfolk` makes one", file=sys.stderr)
        return
    table = Table("run", "kind", "data", "state", "images", "figure", box=None, pad_edge=False)
    for run in runs:
        state = f"{run.state}: {run.problem}" if run.problem else run.state
        table.add_row(run.id, run.kind, run.data, state, f"{run.images_seen:,}", headline(run.figures))
    _console().print(table)


def evaluate(root: Path, where: str, attributes: bool, features: Path | None, scale: str, as_json: bool) -> None:
    """Measure again; print the report."""
    from nonesuch.evaluation.disentangling import disentangled
    from nonesuch.features_onnx import OnnxFeatures, Scale
    from nonesuch.library import open_run
    from nonesuch.models.autoencoder import Autoencoder

    run = open_run(where, root)
    published = OnnxFeatures(features, cast(Scale, scale)) if features is not None else None
    run.evaluate()
    if published is not None:
        run.distances(published)
    if attributes:
        run.attributes()
        if isinstance(run.net, Autoencoder):
            disentangled(run)
    if as_json:
        print(json.dumps(run.report()))
    else:
        show_report(run.folder)


def predict(root: Path, where: str, files: list[Path], as_json: bool) -> int:
    """The most probable classes of each file; 2 when a file could not be read."""
    from nonesuch.data.items import Reject
    from nonesuch.library import open_run

    failed = False
    for found in open_run(where, root).predict(files):
        if isinstance(found, Reject):
            failed = True
            print(f"nonesuch: {found.name}: {found.reason}", file=sys.stderr)
        elif as_json:
            pairs = dict(zip(found.classes, found.probabilities, strict=True))
            print(json.dumps({"file": found.name, "probabilities": pairs}))
        else:
            best = zip(found.classes[:SHOWN_CLASSES], found.probabilities, strict=False)
            print(f"{found.name}: " + "  ".join(f"{name} {share:.1%}" for name, share in best))
    return 2 if failed else 0


def likelihood(root: Path, where: str, files: list[Path], as_json: bool) -> int:
    """A bound on log p(x) of each file, and its place among training pictures; 2 when a file could not be read."""
    from nonesuch.data.items import Reject
    from nonesuch.library import open_run

    failed = False
    for found in open_run(where, root).likelihood(files):
        if isinstance(found, Reject):
            failed = True
            print(f"nonesuch: {found.name}: {found.reason}", file=sys.stderr)
        elif as_json:
            print(json.dumps({"file": found.name, "nats": found.nats, "above": found.above, "among": found.among}))
        else:
            place = f"more probable than {found.above:.0%} of {found.among} training pictures"
            print(f"{found.name}: log p(x) >= {found.nats:,.1f} nats, {place}")
    return 2 if failed else 0


def compare(root: Path, chosen: list[str], out: Path | None) -> None:
    """A row a figure, a column a run. Distances on different features, not to be compared, have rows of their own."""
    from nonesuch.library import open_run

    opened = [open_run(where, root) for where in chosen]
    table = Table("", *(run.folder.path.name for run in opened), box=None, pad_edge=False)
    table.add_row("kind", *(run.recipe.kind for run in opened))
    table.add_row("images", *(f"{run.images_seen:,}" for run in opened))
    rows: dict[str, list[str]] = {}
    for place, run in enumerate(opened):
        report: dict[str, Any] = dict(run.report() or {})
        measured_on = (report.get("distances") or {}).get("extractor", "")
        for name, value in dict(report.get("figures") or {}).items():
            title = f"{name} ({measured_on})" if name in DISTANCES else name
            rows.setdefault(title, [""] * len(opened))[place] = f"{value:.4g}"
    for title, cells in rows.items():
        table.add_row(title, *cells)
    _console().print(table)
    if out is not None:
        _draw_side_by_side(opened, out)


def _draw_side_by_side(opened: list["Run"], out: Path) -> None:
    """Seeds 0 to 7 of each run that draws, one row a run. Raises RecipeError where sizes differ or nothing draws."""
    import numpy as np

    from nonesuch.pixels import grid, write_png

    drawn = [run.sample(range(SAMPLED)) for run in opened if run.recipe.kind != "cnn"]
    if not drawn or len({pictures.shape for pictures in drawn}) > 1:
        found = ", ".join("x".join(map(str, pictures.shape[1:])) for pictures in drawn) or "no run that draws"
        raise RecipeError(f"a sheet needs runs that draw pictures of one size; found {found}: leave --out away")
    scale = max(1, 64 // drawn[0].shape[1])
    write_png(out, grid(np.concatenate(drawn), columns=SAMPLED, scale=scale))
    print(out)


def headline(figures: Mapping[str, float]) -> str:
    """The one figure of a report that tells most: accuracy, or a distance beside its floor, or the redrawing error."""
    if "accuracy" in figures:
        return f"accuracy {figures['accuracy']:.2%}"
    if "frechet" in figures:
        return f"Frechet {figures['frechet']:.4g} (real {figures['frechet_floor']:.2g})"
    return f"off by {figures['redraw_error']:.1f} of 255" if "redraw_error" in figures else ""


def show_report(folder: RunFolder) -> None:
    """The last report of a run as tables."""
    report: dict[str, Any] = dict(folder.report() or {})
    if report["kind"] == "labels":
        _show_labels(report)
    else:
        _show_drawings(report)


def _show_drawings(report: dict[str, Any]) -> None:
    """Distances beside their floor, copies, leaks, redrawing, likelihood."""
    console = _console()
    if "redraw_error" in report["figures"]:
        console.print(f"held-out pictures are redrawn {report['figures']['redraw_error']:.1f} of 255 grey levels off")
    if report.get("likelihood"):
        bound = report["likelihood"]
        bits = "" if bound["bits_per_value"] is None else f", {bound['bits_per_value']:.2f} bits a value"
        console.print(
            f"log p(x) >= {bound['nats'][-1]:,.2f} nats with {bound['samples'][-1]} codes a picture "
            f"({bound['nats'][0]:,.2f} with one), {bound['likelihood']} likelihood, {bound['n']} pictures{bits}; "
            f"{bound['dead']} of {len(bound['kl_per_dimension'])} dimensions of the code say nothing"
        )
    if report.get("perceptual"):
        console.print(
            "trained to please the measuring net: no likelihood is claimed, and the distances below are flattered"
        )
    _show_distances(report["distances"])
    if report.get("published"):
        _show_distances(report["published"])
    mixed = (report.get("mixture") or {}).get("distances")
    if mixed:
        console.print(
            f"z from the mixture of codes ({report['mixture']['components']} Gaussians) instead of the prior: "
            f"Frechet {mixed['samples']['frechet']:.4g}, kernel {mixed['samples']['kernel']:.4g}"
        )
    if report.get("memorisation"):
        copies = report["memorisation"]
        ratio = "-" if copies["ratio"] is None else f"{copies['ratio']:.2f}"
        console.print(
            f"nearest training picture: {ratio} times as far from samples as from held-out pictures "
            f"({copies['training']:,} searched; 0 is a copy, 1 as new as real ones)"
        )
    if report.get("leak"):
        console.print(report["leak"]["sentence"])
    if report.get("attributes"):
        _show_attributes(report["attributes"])
    if report.get("disentanglement"):
        _show_disentanglement(report["disentanglement"])


def _show_distances(found: dict[str, Any] | None) -> None:
    """A row a figure, with its error, its floor, and which way is better."""
    console = _console()
    if found is None:
        console.print("too few held-out pictures to measure a distance to them")
    else:
        console.print(
            f"{found['n']:,} samples against as many held-out pictures, on features {found['extractor']}, "
            f"seed {found['seed']}"
        )
        table = Table("", "samples", "real pictures", "better is", box=None, pad_edge=False)
        for name, better in DISTANCES.items():
            error = found["samples"].get(f"{name}_error")
            shown = f"{found['samples'][name]:.4g}" + (f" +- {2 * error:.2g}" if error is not None else "")
            table.add_row(name, shown, f"{found['floor'][name]:.4g}", better)
        console.print(table)


def _show_attributes(report: dict[str, Any]) -> None:
    """What a reader of all label columns found in samples, beside what it found in real pictures."""
    console = _console()
    console.print(
        f"attributes of {report['n']:,} samples: {report['values']:.1%} of the values that real pictures have, "
        f"{report['pairs']:.1%} of the pairs of values (as many real pictures: {report['ceiling']:.1%}); "
        f"shares are off by at most {100 * report['off']:.1f} points"
    )
    table = Table("attribute", "values", "reader right", "off by, points", "missing", box=None, pad_edge=False)
    for name, column in report["columns"].items():
        missing = ", ".join(column["missing"][:SHOWN_CLASSES]) or "-"
        table.add_row(
            name, str(len(column["values"])), f"{column['accuracy']:.1%}", f"{100 * column['off']:.1f}", missing
        )
    console.print(table)


def _show_disentanglement(report: dict[str, Any]) -> None:
    """The mutual information gap, and the factors that one dimension of the code tells most alone."""
    console, span = _console(), report["interval"]
    console.print(
        f"disentanglement of {report['n']:,} pictures' codes: MIG {report['mig']:.3f} ({span['low']:.3f} to "
        f"{span['high']:.3f}; 1: one dimension tells each attribute whole, and no other does)"
    )
    table = Table("attribute", "gap", "dimension", "tells", "the next", "tells", box=None, pad_edge=False)
    best = sorted(report["factors"].items(), key=lambda item: -item[1]["gap"])[:SHOWN_ROWS]
    for name, one in best:
        first, second = one["dimensions"]
        told, next_told = (f"{share:.1%}" for share in one["shares"])
        table.add_row(name, f"{one['gap']:.3f}", str(first), told, str(second), next_told)
    console.print(table)


def _show_labels(report: dict[str, Any]) -> None:
    """Accuracy with its interval, calibration, per-class figures and the confusion matrix in words."""
    interval, calibration = report["accuracy_interval"], report["calibration"]
    console = _console()
    console.print(
        f"accuracy {report['accuracy']:.2%}  "
        f"({interval['level']:.0%} interval {interval['low']:.2%} to {interval['high']:.2%}, "
        f"{report['n']:,} held-out pictures, seed {report['seed']})   calibration error {calibration['error']:.3f}"
    )
    table = Table("class", "pictures", "precision", "recall", "F1", "most taken for", box=None, pad_edge=False)
    names = [row["name"] for row in report["per_class"]]
    for index, row in enumerate(report["per_class"][:SHOWN_ROWS]):
        counts = list(report["confusion"][index])
        counts[index] = -1
        worst = max(range(len(counts)), key=counts.__getitem__)
        taken = f"{names[worst]} ({counts[worst]})" if counts[worst] > 0 else ""
        shares = [_share(row[key]) for key in ("precision", "recall", "f1")]
        table.add_row(row["name"], f"{row['support']:,}", *shares, taken)
    console.print(table)
    if len(names) > SHOWN_ROWS:
        console.print(f"... and {len(names) - SHOWN_ROWS} more classes in report.json")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _console() -> Console:
    """stdout; wide enough for whole lines when it is a file or a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)

"""`nonesuch runs`, `evaluate` and `predict`: what runs hold, as tables. Data on stdout, remarks on stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nonesuch.runs.store import RunFolder, Store

SHOWN_CLASSES = 3
SHOWN_ROWS = 12


def listing(root: Path) -> None:
    """One line a run: id, kind, data, state, images seen, accuracy."""
    runs = Store(root).list()
    if not runs:
        print(f"no runs in {root}; `nonesuch train cnn pixelfolk` makes one", file=sys.stderr)
        return
    table = Table("run", "kind", "data", "state", "images", "accuracy", box=None, pad_edge=False)
    for run in runs:
        accuracy = run.figures.get("accuracy")
        state = f"{run.state}: {run.problem}" if run.problem else run.state
        shown = "" if accuracy is None else f"{accuracy:.2%}"
        table.add_row(run.id, run.kind, run.data, state, f"{run.images_seen:,}", shown)
    _console().print(table)


def evaluate(root: Path, where: str, as_json: bool) -> None:
    """Measure again; print the report."""
    from nonesuch.library import open_run

    run = open_run(where, root)
    run.evaluate()
    if as_json:
        print(json.dumps(run.report()))
    else:
        show_report(run.folder)


def predict(root: Path, where: str, files: list[Path], as_json: bool) -> int:
    """The most probable classes of each file; 2 when a file could not be read."""
    from nonesuch.data.decode import Reject
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


def show_report(folder: RunFolder) -> None:
    """Accuracy with its interval, calibration, per-class figures and the confusion matrix in words."""
    report: dict[str, Any] = dict(folder.report() or {})
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

"""Make docs/sheets.md: what each kind of net draws after so many minutes, each sheet beside its measurement.

python tools/make_sheets/make.py --work FOLDER [--only WORD ...] [--text]

Trains what has no report yet under FOLDER/runs, by the public commands of sheets.toml (an hour and a quarter on two
cores with nothing else running). --only: runs whose name contains a word. --text: the page alone, of the runs that are
there. Data sets are found by name, as everywhere (`NONESUCH_DATA`).
"""

import argparse
import json
import shutil
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nonesuch as ns
from nonesuch.pixels import write_png

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from calling import call  # noqa: E402

DOCS = HERE.parents[1] / "docs"
PICTURES = DOCS / "pictures" / "sheets"
INTRODUCTION = """# What it draws, and how that measures

Each sheet is 64 pictures of the first seeds, none of them picked. Beside each figure stands its floor: as many real
pictures, measured against real ones. Distances are on the features of a small net trained on the same data, so they
compare runs of one data set, never two data sets. `tools/make_sheets/make.py` makes all of it again.
"""
FIGURES = (
    ("frechet", "Frechet distance"), ("kernel", "kernel distance"), ("precision", "precision"), ("recall", "recall"),
    ("density", "density"), ("coverage", "coverage"),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A run and its sheet: `command` of nonesuch, and a sentence on what to look at."""

    name: str
    section: str
    command: str
    words: str


def main() -> int:
    settings = _options()
    plan = tomllib.loads((HERE / "sheets.toml").read_text())
    shown = [Shown(**each) for each in plan["shown"]]
    if not settings.text:
        settings.work.mkdir(parents=True, exist_ok=True)
        for name, words in plan["folders"].items():
            take(settings.work / name, **words)
        for each in shown:
            if not settings.only or any(word in each.name for word in settings.only):
                train(each, settings.work)
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = [each for each in shown if (settings.work / "runs" / each.name / "report.json").exists()]
    for each in made:
        run = settings.work / "runs" / each.name
        shutil.copyfile(run / "pictures" / "samples.png", PICTURES / f"{each.name}.png")
    (DOCS / "sheets.md").write_text("\n".join(page(made, settings.work / "runs", plan["machine"])))
    return 0


def take(folder: Path, data: str, column: str, value: str, count: int) -> None:
    """`count` pictures of one value of a label column, by seed 0, one PNG each, as a person would have them."""
    if folder.exists():
        return
    pack = ns.open_data(data)
    labels = pack.columns[column]
    rows = np.flatnonzero(labels.codes == labels.classes.index(value))
    for number, row in enumerate(np.random.default_rng(0).permutation(rows)[:count]):
        write_png(folder / f"{number:03d}.png", np.array(pack.pixels[row]))


def train(each: Shown, work: Path) -> None:
    """Raises CalledProcessError when it fails."""
    if (work / "runs" / each.name / "report.json").exists():
        return
    call(f"{each.command} --run runs/{each.name}", work)


def page(shown: Iterable[Shown], runs: Path, machine: str) -> list[str]:
    """The lines of docs/sheets.md."""
    lines = [*INTRODUCTION.splitlines(), f"Trained on {machine}.", ""]
    section = ""
    for each in shown:
        if each.section != section:
            section = each.section
            lines += [f"## {section}", ""]
        report = json.loads((runs / each.name / "report.json").read_text())
        lines += [f"    nonesuch {each.command}", "", each.words, ""]
        lines += [f"![{each.name}](pictures/sheets/{each.name}.png)", ""]
        lines += [said(report), "", *table(report["distances"])]
    return lines


def said(report: dict[str, Any]) -> str:
    """One sentence: pictures, minutes, parameters of the measurement, copies, and nats where the net knows them."""
    figures, distances = report["figures"], report["distances"]
    words = f"{report['images_seen']:,} pictures in {report['seconds'] / 60:.1f} minutes"
    if distances:
        words += f"; n = {distances['n']:,}, seed {distances['seed']}, features {distances['extractor']}."
    else:
        words += "; too few held-out pictures for distances."
    if figures.get("memorisation"):
        words += f" Nearest training picture: {figures['memorisation']:.2f} times as far as for unseen real pictures."
    if figures.get("log_likelihood"):
        words += f" log p(x) of unseen pictures: {figures['log_likelihood']:.1f} nats at least."
    if figures.get("mixture_frechet"):
        words += f" From the mixture of codes: Frechet distance {figures['mixture_frechet']:.2f}."
    return words


def table(distances: dict[str, Any] | None) -> list[str]:
    """Figures of the samples and of the floor, where there were pictures enough to measure by."""
    if distances is None:
        return []
    rows = [("", *(name for _, name in FIGURES)), ("---",) * (len(FIGURES) + 1)]
    for title, found in (("drawn", distances["samples"]), ("real (floor)", distances["floor"])):
        rows.append((title, *(_cell(found, key) for key, _ in FIGURES)))
    return [*(f"| {' | '.join(row)} |" for row in rows), ""]


def _cell(found: dict[str, float], key: str) -> str:
    error = found.get(f"{key}_error")
    return f"{found[key]:.2f}" if error is None else f"{found[key]:.2f} ± {2 * error:.2f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for runs and pictures")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--text", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

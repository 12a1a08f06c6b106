"""Make docs/gallery.md and its pictures: each picture by the public command that stands beside it.

python tools/make_gallery/make.py --work FOLDER [--only WORD ...] [--text]

Trains what is missing under FOLDER/runs (about half an hour on two cores), takes the sample pictures out of the data,
then runs every command of gallery.toml in FOLDER. --only: pictures whose name contains a word. --text: the page alone,
from the pictures that are there. CIFAR-10 is found by name, as every named data set is (`NONESUCH_DATA`).
"""

import argparse
import shlex
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nonesuch as ns
from nonesuch.pixels import write_png

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from calling import call  # noqa: E402

DOCS = HERE.parents[1] / "docs"
PICTURES = DOCS / "pictures" / "gallery"


@dataclass(frozen=True)
class Shown:
    """A picture of the gallery. command: of nonesuch, which writes the file `made`, by default the command's last word.

    `picture`: its name in the docs.
    """

    section: str
    name: str
    command: str
    words: str
    made: str = ""

    @property
    def source(self) -> str:
        """Where the command puts it."""
        return self.made or shlex.split(self.command)[-1]

    @property
    def picture(self) -> str:
        """Its file in docs/pictures/gallery."""
        return f"{self.name.replace(' ', '-')}{Path(self.source).suffix}"


def main() -> int:
    settings = _options()
    plan = tomllib.loads((HERE / "gallery.toml").read_text())
    shown = [Shown(**each) for each in plan["shown"]]
    chosen = [each for each in shown if not settings.only or any(word in each.name for word in settings.only)]
    if not settings.text:
        settings.work.mkdir(parents=True, exist_ok=True)
        commands = "\n".join(each.command for each in chosen)
        for name, words in plan["samples"].items():
            take(settings.work / f"{name}.png", *words)
        for name, command in plan["runs"].items():
            if f"runs/{name}" in commands and not (settings.work / "runs" / name / "report.json").exists():
                call(f"{command} --run runs/{name}", settings.work)
        PICTURES.mkdir(parents=True, exist_ok=True)
        for each in chosen:
            call(each.command, settings.work)
            shutil.copyfile(settings.work / each.source, PICTURES / each.picture)
    (DOCS / "gallery.md").write_text(page(plan["runs"], shown))
    return 0


def take(target: Path, source: str, row: int) -> None:
    """Write picture `row` of a data set, as a person's own picture file would be."""
    write_png(target, np.array(ns.open_data(source).pixels[row]))


def page(runs: dict[str, str], shown: list[Shown]) -> str:
    """The whole of docs/gallery.md."""
    lines = ["# Gallery", "", "Every picture was made by the command below it, on runs of these commands:", ""]
    lines += [f"    nonesuch {command} --run runs/{name}" for name, command in runs.items()]
    lines += ["", "`tools/make_gallery/make.py` makes all of it again.", ""]
    section = ""
    for each in shown:
        if each.section != section:
            section = each.section
            lines += [f"## {section}", ""]
        lines += [each.words, "", f"![{each.name}](pictures/gallery/{each.picture})", ""]
        lines += [f"    nonesuch {each.command}", ""]
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for runs and pictures")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--text", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""A GAN from 150 pictures: with differentiable augmentation, as nonesuch does by itself, and without.

python benchmarks/few_pictures.py [--minutes 15] [--size 32]

150 emoji of one category are written as a folder, the others of the category as its test folder, and `nonesuch train
gan` runs on it twice at the same time, one thread each. Kernel distance of 1,000 samples to the 150 on the features of
a small classifier of all 1,682 emoji: unbiased, so that 150 are enough, with the standard error over ten draws of 100.
Beside it the memorisation ratio (0: copies; 1: as far from the training pictures as unseen ones are) and the leak test.
The floor is the category's unseen emoji.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import harness
import numpy as np
from harness import Target

import nonesuch as ns
from nonesuch import features
from nonesuch.assembly import divided
from nonesuch.data.pack import Pack
from nonesuch.measure import leak, memorisation
from nonesuch.measure.distance import kernel_distance
from nonesuch.pixels import Picture, grid, write_png

CATEGORY, TRAINING, SAMPLES = "Smileys & Emotion", 150, 1000
DRAWS, DRAWN = 10, 100


class Found(NamedTuple):
    """What one training reached."""

    kernel: float
    error: float
    ratio: float
    near: float
    leak: float


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    pack = ns.open_data("emoji", settings.size)
    training, unseen = chosen(pack)
    folder = settings.out / "few" / "emoji"
    write(folder / "train", training)
    write(folder / "test", unseen)
    runs = train_both(folder, settings)
    judge = Judge(pack, training, unseen)
    rows = {name: judge.measure(ns.open_run(run).sample(range(SAMPLES), fast=True)) for name, run in runs.items()}
    for name, run in runs.items():
        write_png(settings.out / f"few_{name}.png", grid(ns.open_run(run).sample(range(64)), columns=8, scale=2))
    floor, floor_error = judge.kernel(unseen)
    print(f"\nafter {settings.minutes:g} minutes on one thread each", end="; ")
    print(f"kernel distance of unseen emoji: {floor:.3f} +- {2 * floor_error:.3f}")
    cells = [
        [name, f"{row.kernel:.3f}", f"{2 * row.error:.3f}", f"{row.ratio:.2f}", f"{row.near:.1%}", f"{row.leak:.1%}"]
        for name, row in rows.items()
    ]
    harness.print_table(["", "kernel distance", "+-", "memorisation ratio", "nearest 1 %", "leak"], cells)
    ratio = rows["augmented"].kernel / rows["plain"].kernel
    targets = [Target("kernel distance with augmentation over without", ratio, 1.0, at_least=False)]
    harness.print_targets(targets)
    figures = {name: row._asdict() for name, row in rows.items()} | {"floor": {"kernel": floor, "error": floor_error}}
    harness.write_results(settings.out, "few_pictures", facts, figures, targets)
    return 0


def chosen(pack: Pack) -> tuple[Picture, Picture]:
    """150 pictures of the category by seed 0, and the rest of it."""
    column = pack.columns["category"]
    rows = np.flatnonzero(column.codes == column.classes.index(CATEGORY))
    rows = np.random.default_rng(0).permutation(rows)
    return pack.pixels[rows[:TRAINING]], pack.pixels[rows[TRAINING:]]


def write(folder: Path, pictures: Picture) -> None:
    """As a person would have them: one PNG each."""
    for number, picture in enumerate(pictures):
        write_png(folder / f"{number:03d}.png", picture)


def train_both(folder: Path, settings: argparse.Namespace) -> dict[str, Path]:
    """Both trainings at the same time; the run folders."""
    ways = {"augmented": [], "plain": ["--set", "objective.augment=[]"]}
    runs = {name: settings.out / "few" / f"run-{name}-{settings.minutes:g}-{os.getpid()}" for name in ways}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "nonesuch", "train", "gan", str(folder), "--size", str(settings.size),
             "--minutes", str(settings.minutes), "--run", str(runs[name]), "--set", "machine.threads=1", *words],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for name, words in ways.items()
    ]  # fmt: skip
    if any(process.wait() for process in started):
        raise SystemExit("a training failed; its message is above")
    return runs


class Judge:
    """The measuring net of all emoji, and the 150 pictures."""

    def __init__(self, pack: Pack, training: Picture, unseen: Picture) -> None:
        data = divided(pack, "label", 0.1, 0.1)
        self._net = features.extractor(
            pack.pixels, data.rows["train"], data.targets, len(data.classes), pack.path, harness.threads()
        )
        self._training, self._unseen = training, unseen
        self._real = features.features_of(self._net, training)

    def measure(self, samples: Picture) -> Found:
        kernel, error = self.kernel(samples)
        copies = memorisation.memorisation(samples, self._training, self._unseen)
        leaks = leak.leak(samples, self._training, ("colour", "translation", "cutout"))
        return Found(kernel, error, copies.ratio or 0.0, copies.near_share, leaks.share)

    def kernel(self, pictures: Picture) -> tuple[float, float]:
        """The distance to the 150, and its standard error over draws of 100."""
        found = features.features_of(self._net, pictures)
        draws = np.random.default_rng(0)
        values = [
            kernel_distance(
                self._real[draws.choice(len(self._real), min(DRAWN, len(self._real)), replace=False)],
                found[draws.choice(len(found), min(DRAWN, len(found)), replace=False)],
            )
            for _ in range(DRAWS)
        ]
        return kernel_distance(self._real, found), float(np.std(values, ddof=1) / DRAWS**0.5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

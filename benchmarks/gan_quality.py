"""Quality for minutes: the Frechet distance that nonesuch's GAN and the DCGAN script reach in the same time.

python benchmarks/gan_quality.py [--minutes 4 10] [--seeds 3] [--data fashion-mnist] [--size 32]

Both train on both cores of this machine, one after the other, on the same packed pictures. The script trains once a
seed for the longest time and is looked at in passing, its clock standing; nonesuch, whose schedule knows the budget,
trains once for each of the times, final measurement included. 10,000 samples of each against the test pictures, on the
features of the small classifier that nonesuch trains on these pictures for its own reports; the floor is as many
training pictures against the same. nonesuch is told the classes where the pictures have them; the script cannot be.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import harness
import numpy as np
import torch
from contenders.dcgan_script import DcganScript
from harness import Target

import nonesuch as ns
from nonesuch import features
from nonesuch.assembly import Pictures, reopen
from nonesuch.evaluation.generator import extractor_of, pictures_of
from nonesuch.measure.distance import frechet
from nonesuch.pixels import Picture, grid, write_png
from nonesuch.recipe import Recipe

SAMPLES = 10_000
WANTED = 1 / 5
Found = dict[str, list[float]]


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    judge = Judge(planned(settings, 0, max(settings.minutes)), settings.out)
    print(f"floor: {judge.floor:.2f}   ({judge.real_count:,} held-out pictures, features {judge.name})", flush=True)
    found: dict[float, Found] = {minutes: {"script": [], "nonesuch": []} for minutes in settings.minutes}
    for seed in range(settings.seeds):
        for minutes, distance in by_script(judge, sorted(settings.minutes), seed):
            found[minutes]["script"].append(distance)
        for minutes in settings.minutes:
            found[minutes]["nonesuch"].append(by_nonesuch(judge, planned(settings, seed, minutes), minutes))
    targets = []
    for minutes, rows in found.items():
        print(f"\nafter {minutes:g} minutes, Frechet distance, a figure a seed")
        for name, values in rows.items():
            print(f"  {name:<10}{harness.spread(values, 1)}")
        ratio = harness.paired_ratio(rows["nonesuch"], rows["script"]).median
        targets.append(Target(f"{minutes:g} minutes: nonesuch over script", ratio, WANTED, at_least=False))
    harness.print_targets(targets)
    figures = {"floor": judge.floor, "frechet": {f"{minutes:g}": rows for minutes, rows in found.items()}}
    harness.write_results(settings.out, "gan_quality", facts, figures, targets)
    return 0


class Judge:
    """The pictures, the measuring net, and what real pictures reach."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.data: Pictures = reopen(recipe.data)
        self._extractor = extractor_of(self.data, recipe)
        self.name = f"{self._extractor.name} {self._extractor.hash}"
        held_out = pictures_of(self.data, "test", SAMPLES)
        self._real, self.real_count = features.features_of(self._extractor, held_out), len(held_out)
        training = pictures_of(self.data, "train", self.real_count)
        self.floor = frechet(self._real, features.features_of(self._extractor, training))
        self.out = out

    def distance(self, samples: Picture, name: str) -> float:
        """Of samples (N, H, W, C) uint8; the first 64 are written as a sheet."""
        write_png(self.out / f"{name}.png", grid(samples[:64], columns=8, scale=2))
        found = frechet(self._real, features.features_of(self._extractor, samples))
        print(f"{name}: {found:.1f}", flush=True)
        return found


def planned(settings: argparse.Namespace, seed: int, minutes: float) -> Recipe:
    """nonesuch's own choice for so many minutes; the test pictures' share of a plain folder is its default."""
    return ns.plan(
        settings.data, kind="gan", size=settings.size, fit="pad", minutes=minutes, seed=seed, settings=settings.set
    )


def by_nonesuch(judge: Judge, recipe: Recipe, minutes: float) -> float:
    """Train a run and measure what its first seeds draw."""
    name = f"nonesuch-{minutes:g}min-seed{recipe.seed}"
    run = ns.train(recipe, judge.out / "runs" / f"{name}-{int(time.time())}")
    return judge.distance(run.sample(range(judge.real_count)), name)


def by_script(judge: Judge, times: list[float], seed: int) -> list[tuple[float, float]]:
    """One training, looked at after each of the times."""
    torch.manual_seed(seed)
    rows = judge.data.rows["train"]
    contender = DcganScript(torch.from_numpy(judge.data.pack.pixels[rows]).permute(0, 3, 1, 2))
    spent, found = 0.0, []
    for minutes in times:
        while spent < minutes * 60:
            started = time.perf_counter()
            contender.step()
            spent += time.perf_counter() - started
        drawn = contender.draw(judge.real_count, seed).permute(0, 2, 3, 1).contiguous().numpy()
        found.append((minutes, judge.distance(np.asarray(drawn), f"script-{minutes:g}min-seed{seed}")))
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[4.0, 10.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--set", type=lambda text: tuple(text.split("=", 1)), action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    settings = parser.parse_args()
    settings.set = dict(settings.set)
    return settings


if __name__ == "__main__":
    sys.exit(main())

"""Quality for minutes: the Frechet distance that nonesuch's GAN and the DCGAN script reach in the same time.

python benchmarks/gan_quality.py [--minutes 4 10] [--seeds 3] [--first 0] [--data fashion-mnist] [--size 32]

Both train on both cores of this machine, one after the other, on the same packed pictures. The script trains once a
seed for the longest time and is looked at in passing, its clock standing; nonesuch, whose schedule knows the budget,
trains once for each of the times, final measurement included. 10,000 samples of each against the test pictures, on
the 128 features of a small classifier of these pictures (contenders/judge.py), and beside it, as one number should
not be trusted, on the 64 features of nonesuch's own reports; the floor is as many training pictures against the same.
nonesuch is told the classes where the pictures have them; the script cannot be.
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
from contenders.judge import Judge
from harness import Target

import nonesuch as ns
from nonesuch import features
from nonesuch.assembly import Pictures, reopen
from nonesuch.evaluation.drawings import pictures_of
from nonesuch.measure.distance import frechet
from nonesuch.pixels import Picture, grid, write_png
from nonesuch.recipe import Recipe

SAMPLES = 10_000
WANTED = 1 / 5
SPACES = ("judge", "nonesuch")
Found = dict[str, list[dict[str, float]]]


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    bench = Bench(planned(settings, 0, max(settings.minutes)), settings.out)
    print(
        f"judge: {bench.judge.accuracy:.2%} accurate; floors {bench.floors}, {bench.count:,} test pictures", flush=True
    )
    found: dict[float, Found] = {minutes: {"script": [], "nonesuch": []} for minutes in settings.minutes}
    for seed in range(settings.first, settings.first + settings.seeds):
        for minutes, distances in by_script(bench, sorted(settings.minutes), seed):
            found[minutes]["script"].append(distances)
        for minutes in settings.minutes:
            found[minutes]["nonesuch"].append(by_nonesuch(bench, planned(settings, seed, minutes), minutes))
    targets = []
    for minutes, rows in found.items():
        print(f"\nafter {minutes:g} minutes, Frechet distance, a figure a seed")
        for space in SPACES:
            for name, values in rows.items():
                print(f"  {space:<9}{name:<10}{harness.spread([value[space] for value in values], 2)}")
        ratios = [ours["judge"] / theirs["judge"] for ours, theirs in zip(*reversed(rows.values()), strict=True)]
        ratio = harness.median(ratios)
        targets.append(Target(f"{minutes:g} minutes: nonesuch over script", ratio, WANTED, at_least=False))
    harness.print_targets(targets)
    figures = {"floors": bench.floors, "frechet": {f"{minutes:g}": rows for minutes, rows in found.items()}}
    harness.write_results(settings.out, "gan_quality", facts, figures, targets)
    return 0


class Bench:
    """The pictures, the two feature networks, and what real pictures reach on them."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.data: Pictures = reopen(recipe.data)
        self.judge = Judge(self.data, out)
        own = self.data.extractor(recipe.machine.threads)
        self._spaces = {"judge": self.judge.features, "nonesuch": lambda pictures: features.features_of(own, pictures)}
        held_out = pictures_of(self.data, "test", SAMPLES)
        self._real, self.count = {name: space(held_out) for name, space in self._spaces.items()}, len(held_out)
        floor = self._to(pictures_of(self.data, "train", self.count))
        self.floors = {name: round(value, 2) for name, value in floor.items()}
        self.out = out

    def _to(self, pictures: Picture) -> dict[str, float]:
        return {name: frechet(self._real[name], space(pictures)) for name, space in self._spaces.items()}

    def distances(self, samples: Picture, name: str) -> dict[str, float]:
        """Of samples (N, H, W, C) uint8; the first 64 are written as a sheet."""
        write_png(self.out / f"{name}.png", grid(samples[:64], columns=8, scale=2))
        found = self._to(samples)
        print(f"{name}: {', '.join(f'{space} {value:.2f}' for space, value in found.items())}", flush=True)
        return found


def planned(settings: argparse.Namespace, seed: int, minutes: float) -> Recipe:
    """nonesuch's own choice for so many minutes; the test pictures' share of a plain folder is its default."""
    return ns.plan(
        settings.data, kind="gan", size=settings.size, fit="pad", minutes=minutes, seed=seed, settings=settings.set
    )


def by_nonesuch(bench: Bench, recipe: Recipe, minutes: float) -> dict[str, float]:
    """Train a run and measure what its first seeds draw."""
    name = f"nonesuch-{minutes:g}min-seed{recipe.seed}"
    run = ns.train(recipe, bench.out / "runs" / f"{name}-{int(time.time())}")
    return bench.distances(run.sample(range(bench.count), fast=True), name)


def by_script(bench: Bench, times: list[float], seed: int) -> list[tuple[float, dict[str, float]]]:
    """One training, looked at after each of the times."""
    torch.manual_seed(seed)
    rows = bench.data.rows["train"]
    contender = DcganScript(torch.from_numpy(bench.data.pack.pixels[rows]).permute(0, 3, 1, 2))
    spent, found = 0.0, []
    for minutes in times:
        while spent < minutes * 60:
            started = time.perf_counter()
            contender.step()
            spent += time.perf_counter() - started
        drawn = contender.draw(bench.count, seed).permute(0, 2, 3, 1).contiguous().numpy()
        found.append((minutes, bench.distances(np.asarray(drawn), f"script-{minutes:g}min-seed{seed}")))
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[4.0, 10.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed, to go on where a call ended")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--set", type=lambda text: tuple(text.split("=", 1)), action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    settings = parser.parse_args()
    settings.set = dict(settings.set)
    return settings


if __name__ == "__main__":
    sys.exit(main())

"""Latent space: seconds of an atlas of 10,000 codes, milliseconds of a slider's step at 64 px and of all activations.

python benchmarks/latent.py [--rounds 5] [--data PLACE]

A VAE is trained for some seconds on Fashion-MNIST (or the data named; pixelfolk where that is not on this machine), so
that its codes are those of real pictures. "atlas" is the whole call of the library: pictures coded, laid out, cells
drawn, sheet and numbers made. UMAP compiles itself when a process first calls it: its first atlas is a row of its own.
A slider's step is an edited z, decoded, as a PNG's bytes; activations are all layers of the lecture's CNN. Of both the
slowest but one of twenty readings counts.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import numpy as np
import torch
from harness import Target
from sklearn.manifold import trustworthiness

import nonesuch as ns
from nonesuch.errors import NonesuchError
from nonesuch.evaluation.atlas import map_of
from nonesuch.evaluation.run import Run
from nonesuch.lens.capture import activations
from nonesuch.pixels import png_bytes

CODES = 10_000
ATLAS_SECONDS, STEP_MS, ACTIVATIONS_MS = 15.0, 30.0, 50.0
SIDE, READINGS = 64, 20
JUDGED = 1500
"""Codes on which it is checked that a map keeps neighbours: the check compares all pairs."""


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    torch.set_num_threads(harness.threads())
    folder = settings.out / "runs" / f"latent-{int(time.time())}"
    run = trained(settings.data, folder / "vae", kind="vae", images=12_800)
    times = atlases(run, settings.methods, settings.rounds)
    print(f"\natlas of {CODES:,} codes of {run.recipe.data.source}, seconds")
    for name, values in times.items():
        print(f"  {name:<12}{harness.spread(values, 1)}")
    targets = [
        Target(f"atlas of {CODES:,} codes, {name}, s", harness.median(values), ATLAS_SECONDS, at_least=False)
        for name, values in times.items()
    ]
    for name, call, most in (
        ("slider's step at 64 px, ms", step(folder), STEP_MS),
        ("activations of one picture at 64 px, ms", looked(folder), ACTIVATIONS_MS),
    ):
        times[name] = [1e3 * seconds for seconds in timed(call)]
        slow = sorted(times[name])[-2]
        print(f"  {name}: median {harness.median(times[name]):.1f}, slowest but one of {READINGS} {slow:.1f}")
        targets.append(Target(name, slow, most, at_least=False))
    harness.print_targets(targets)
    harness.write_results(settings.out, "latent", facts, times, targets)
    return 0


def trained(data: str, folder: Path, **wish: object) -> Run:
    """A run of few pictures; its codes need not be good ones."""
    try:
        recipe = ns.plan(data, **wish)  # type: ignore[arg-type]
    except NonesuchError as error:
        print(f"{error}; pixelfolk instead")
        recipe = ns.plan("pixelfolk", **wish)  # type: ignore[arg-type]
    return ns.train(recipe, folder)


def atlases(run: Run, methods: list[str], rounds: int) -> harness.Readings:
    """Of each method in turns; what a method has to do once in a process is its own row."""
    times: harness.Readings = {}
    for method in methods:
        started = time.perf_counter()
        found = map_of(run, method, most=CODES)  # type: ignore[arg-type]
        found.sheet("first")
        times[f"{method} first"] = [time.perf_counter() - started]
        values, places = found.points.values[:JUDGED], found.atlas.places[:JUDGED]
        print(f"  {method}: {len(found.points.rows):,} codes, keeps neighbours {trustworthiness(values, places):.3f}")
    for number in range(rounds):
        for method in harness.rotated(methods, number):
            started = time.perf_counter()
            found = map_of(run, method, most=CODES)  # type: ignore[arg-type]
            found.sheet("atlas")
            json.dumps(found.to_json())
            times.setdefault(method, []).append(time.perf_counter() - started)
    return times


def step(folder: Path) -> Callable[[], object]:
    """One step of a slider: z moved along a direction, decoded, and made a PNG."""
    run = trained("pixelfolk", folder / "large", kind="vae", images=64, size=SIDE)
    z, direction = run.places([0]), run.places([1])
    position = iter(np.linspace(-3, 3, 10 * READINGS).tolist())
    return lambda: png_bytes(run.drawn_at(z + next(position) * direction)[0])


def looked(folder: Path) -> Callable[[], object]:
    """All layers of the lecture's CNN for one picture."""
    run = trained("pixelfolk", folder / "cnn", kind="cnn", images=64, size=SIDE)
    image = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return lambda: activations(run.net, image)


def timed(call: Callable[[], object]) -> list[float]:
    for _ in range(3):
        call()
    times = []
    for _ in range(READINGS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return times


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--methods", nargs="+", default=["pca", "tsne", "umap"])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""How probable a VAE finds unseen digits, and how fast one knows: randomly binarised MNIST, in nats.

python benchmarks/vae_likelihood.py [--short 2] [--long 10] [--set KEY=VALUE ...] [--parts short long speed]

short: after so many minutes, the negative evidence lower bound on all 10,000 test digits, beside a careful hand-written
convolutional VAE (contenders/conv_vae.py) in the same minutes. long: the importance-weighted bound with 5,000 codes.
It is taken on the first 200 test digits only, and carried over to all of them: the gain from 50 to 5,000 codes varies
little from digit to digit, so the mean of all digits at 50 plus that gain is known far better than 200 digits alone.
speed: log p(x) of 1,000 digits at 500 codes through nonesuch and through the loop of pythae, on the same net, in turns.
Each test digit is binarised once, by seed 0; training digits anew at each look.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import harness
import numpy as np
import torch
from contenders import conv_vae
from harness import Target
from torch import Tensor

import nonesuch as ns
from nonesuch.assembly import engine, reopen
from nonesuch.measure.likelihood import importance_weighted
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fold import folded
from nonesuch.pixels import to_signed
from nonesuch.training.reconstruct import binarised

BINARY = {"objective.likelihood": "bernoulli", "objective.binarise": "true", "data.val_share": "0"}
LONG_WANTED, FASTER_WANTED = 88.0, 10.0
GAUGED, CODES, FEWER = 200, 5000, 50
TIMED, TIMED_CODES, ALONE = 1000, 500, 20


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    figures: dict[str, object] = {}
    targets: list[Target] = []
    for part in settings.parts:
        found, judged = {"short": short, "long": long, "speed": speed}[part](settings)
        figures[part] = found
        targets += judged
    harness.print_targets(targets)
    harness.write_results(settings.out, "vae_likelihood", facts, figures, targets)
    return 0


def digits_of(run: ns.Run) -> tuple[Tensor, Tensor]:
    """Training digits uint8 (N, 1, 28, 28), and test digits binarised once, in {-1, 1}."""
    data = reopen(run.recipe.data)
    training, _ = data.tensors("train")
    test, _ = data.tensors("test")
    return training, binarised(to_signed(test), torch.Generator().manual_seed(0))


def train(settings: argparse.Namespace, minutes: float) -> ns.Run:
    """nonesuch's own VAE for so many minutes, measurement included."""
    recipe = ns.plan(settings.data, kind="vae", minutes=minutes, settings=BINARY | settings.set)
    return ns.train(recipe, settings.out / "runs" / f"vae-{minutes:g}min-{int(time.time())}")


def bounds(run: ns.Run, images: Tensor, counts: tuple[int, ...]) -> np.ndarray:
    """(N, len(counts)) in nats."""
    net = folded(run.net)
    assert isinstance(net, Autoencoder)
    with torch.inference_mode(), engine(run.recipe.machine).autocast():
        return importance_weighted(net, images, "bernoulli", counts, torch.Generator().manual_seed(0))


def short(settings: argparse.Namespace) -> tuple[dict[str, float], list[Target]]:
    """Negative evidence lower bounds after the same minutes."""
    run = train(settings, settings.short)
    training, test = digits_of(run)
    ours = -float(bounds(run, test, (1,)).mean())
    net = conv_vae.trained(training, run.seconds)
    with torch.inference_mode():
        theirs = -float(torch.cat([net.bound((part + 1) / 2) for part in torch.split(test, 500)]).mean())
    print(f"after {run.seconds:.0f} s of training, -ELBO in nats: nonesuch {ours:.2f}, hand {theirs:.2f}", flush=True)
    name = f"{settings.short:g} minutes: -ELBO, nats, at most the hand-written net's"
    return {"nonesuch": ours, "hand": theirs}, [Target(name, ours, round(theirs, 2), at_least=False)]


def long(settings: argparse.Namespace) -> tuple[dict[str, float], list[Target]]:
    """The negative log-likelihood by 5,000 codes."""
    run = train(settings, settings.long)
    _, test = digits_of(run)
    all_at_fewer = -bounds(run, test, (1, FEWER))
    gauged = -bounds(run, test[:GAUGED], (FEWER, CODES))
    gain = gauged[:, 0] - gauged[:, 1]
    nats = float(all_at_fewer[:, 1].mean() - gain.mean())
    error = float(gain.std() / GAUGED**0.5)
    one, fewer = all_at_fewer.mean(0)
    print(
        f"after {run.seconds:.0f} s, {len(test):,} digits, nats: -ELBO {one:.2f}, {FEWER} codes {fewer:.2f}, ", end=""
    )
    print(f"{CODES} codes {nats:.2f} +- {2 * error:.2f}", flush=True)
    name = f"{settings.long:g} minutes: negative log-likelihood, {CODES} codes, nats"
    return {"1": float(one), str(FEWER): float(fewer), str(CODES): nats}, [
        Target(name, nats, LONG_WANTED, at_least=False)
    ]


def speed(settings: argparse.Namespace) -> tuple[dict[str, float], list[Target]]:
    """Seconds for 1,000 digits; the published loop is timed on 20 of them, each of which takes as long as any other."""
    recipe = ns.plan(settings.data, kind="vae", images=1280, settings=BINARY | settings.set)
    run = ns.train(recipe, settings.out / "runs" / f"vae-speed-{int(time.time())}")
    _, test = digits_of(run)
    plain = ns.open_run(run.folder.path).net.to(memory_format=torch.contiguous_format)
    assert isinstance(plain, Autoencoder)
    readings: harness.Readings = {"nonesuch": [], "loop": []}
    for _ in range(settings.rounds):
        started = time.perf_counter()
        bounds(run, test[:TIMED], (TIMED_CODES,))
        readings["nonesuch"].append(time.perf_counter() - started)
        started = time.perf_counter()
        conv_vae.one_at_a_time(plain.encode, plain.decode, test[:ALONE], TIMED_CODES)
        readings["loop"].append((time.perf_counter() - started) * TIMED / ALONE)
    for name, values in readings.items():
        print(f"{TIMED:,} digits at {TIMED_CODES} codes, {name:<9} {harness.spread(values, 1)} s", flush=True)
    ratio = harness.paired_ratio(readings["loop"], readings["nonesuch"]).median
    return {name: harness.median(values) for name, values in readings.items()}, [
        Target("likelihood: seconds of pythae's loop over ours", ratio, FASTER_WANTED)
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["short", "long", "speed"], default=["short", "long", "speed"])
    parser.add_argument("--short", type=float, default=2.0, help="minutes")
    parser.add_argument("--long", type=float, default=10.0, help="minutes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--set", type=lambda text: tuple(text.split("=", 1)), action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    settings = parser.parse_args()
    settings.set = dict(settings.set)
    return settings


if __name__ == "__main__":
    sys.exit(main())

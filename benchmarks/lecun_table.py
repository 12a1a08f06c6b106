"""LeCun's table of 1998 again: linear, nearest neighbours, 300 hidden units, LeNet-1, -4, -5, -5 with distortions.

python benchmarks/lecun_table.py [--data FOLDER] [--only NAME ...] [--quick]

Trained on all 60,000 digits of MNIST, tested once on its 10,000, at the end: nothing is chosen by the test digits.
Nets and loop are nonesuch's. Published figures: LeCun, Bottou, Bengio, Haffner 1998, figure 9; they put their own
uncertainty near 0.1. Minutes are training alone, on one core; for nearest neighbours the test.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import harness
import torch
import torch.nn.functional as F
from harness import Target
from torch import Tensor

import nonesuch as ns
from nonesuch.assembly import reopen
from nonesuch.errors import NonesuchError
from nonesuch.measure.bootstrap import share_interval
from nonesuch.recipe import Recipe

HERE = Path(__file__).resolve().parent
DIGITS = 60_000
NEIGHBOURS = 3
CHUNK = 500
AVERAGED_SHARE = 30
"""The averaged weights' half-life is this part of the budget: 40,000 digits of 20 epochs."""


class Net(NamedTuple):
    """How one row is trained; AdamW, one cycle. `quick` is the number of epochs with --quick."""

    published: float
    net: str
    batch: int
    rate: float
    decay: float
    distorted: bool
    epochs: int
    quick: int


NETS = {
    #                               publ.  net       batch rate  decay distorted epochs quick
    "linear":              Net(12.0, "linear", 128, 1e-3, 0.0,  False, 10, 2),
    "300 hidden":          Net(4.7,  "mlp",    128, 2e-3, 1e-2, False, 10, 3),
    "LeNet-1":             Net(1.7,  "lenet1", 64,  5e-3, 0.0,  False, 15, 3),
    "LeNet-4":             Net(1.1,  "lenet4", 64,  3e-3, 1e-2, False, 15, 3),
    "LeNet-5":             Net(0.95, "lenet5", 64,  3e-3, 3e-2, False, 22, 3),
    "LeNet-5, distorted":  Net(0.8,  "lenet5", 64,  3e-3, 1e-2, True,  28, 3),
}  # fmt: skip
KNN, KNN_PUBLISHED = "KNN, Euclidean", 5.0
ROWS = ("linear", KNN, *(name for name in NETS if name != "linear"))
THEN = {"LeNet-5": "2-3 days", "LeNet-5, distorted": "2-3 days"}
FULL_MINUTES = 12

ALWAYS = {
    "data.val_share": "0",
    "train.schedule": "one_cycle",
    "train.warm_up": "0.25",
    "train.optimizer.name": "adamw",
    "machine.precision": "32-true",
    "machine.threads": "1",
}
"""bf16 brings nothing to nets this small, and beside other work a second thread makes them three times slower."""
STRAIGHT = {"train.augment.shift": "0"}
DISTORTED = {
    "train.augment.edge": "zero",
    "train.augment.shift": "1",
    "train.augment.scale": "0.1",
    "train.augment.rotate": "7.5",
    "train.augment.shear": "0.1",
}
"""The paper's kinds of distortion (section III.A: shifts, scaling, squeezing, shear), drawn anew at every showing."""


@dataclass(frozen=True, slots=True)
class Result:
    """One row as measured: test error in %, its 95 % interval, digits shown in training, minutes."""

    error: float
    low: float
    high: float
    images: int
    minutes: float


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    results: dict[str, Result] = {}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="nonesuch-lecun-") as scratch:
        for name in settings.only or ROWS:
            try:
                results[name] = measured(name, settings.data, settings.quick, Path(scratch))
            except NonesuchError as error:
                print(error, file=sys.stderr)
                return error.exit_code
            print(f"{name}: {results[name].error:.2f} %", file=sys.stderr, flush=True)
    minutes = (time.perf_counter() - started) / 60
    report(results)
    targets = judge(results, minutes, whole=not settings.only, quick=settings.quick)
    harness.print_targets(targets)
    rows = {name: {field: getattr(row, field) for field in Result.__slots__} for name, row in results.items()}
    harness.write_results(settings.out, "lecun_table", facts, {"quick": settings.quick, "rows": rows}, targets)
    return 0


def measured(name: str, data: str, quick: bool, scratch: Path) -> Result:
    """Train and test one row. Raises NonesuchError when the digits are missing."""
    if name == KNN:
        return nearest(data)
    recipe = recipe_of(NETS[name], data, quick)
    run = ns.train(recipe, scratch / name.replace(", ", "-").replace(" ", "-"))
    figures: dict[str, float] = run.report()["figures"]
    return _result(figures["accuracy"], figures["accuracy_low"], figures["accuracy_high"], run.images_seen, run.seconds)


def recipe_of(net: Net, data: str, quick: bool) -> Recipe:
    """The row's whole recipe."""
    images = (net.quick if quick else net.epochs) * DIGITS
    numbers = {
        "train.batch": net.batch,
        "train.optimizer.rate": net.rate,
        "train.optimizer.weight_decay": net.decay,
        "train.ema_half_life": images // AVERAGED_SHARE,
    }
    chosen = ALWAYS | (DISTORTED if net.distorted else STRAIGHT) | {key: str(value) for key, value in numbers.items()}
    return ns.plan(data, net=net.net, images=images, settings=chosen)


def nearest(data: str) -> Result:
    """The row of the nearest neighbours, on the pixels as they are."""
    pictures = reopen(ns.plan(data, net="linear", images=DIGITS, settings=ALWAYS | STRAIGHT).data)
    (train, train_classes), (test, test_classes) = pictures.tensors("train"), pictures.tensors("test")
    before = time.perf_counter()
    right = vote(train.flatten(1).float(), train_classes, test.flatten(1).float()) == test_classes
    seconds = time.perf_counter() - before
    interval = share_interval(int(right.sum()), len(right), seed=0)
    return _result(float(right.float().mean()), interval.low, interval.high, len(train), seconds)


def vote(train: Tensor, classes: Tensor, test: Tensor, k: int = NEIGHBOURS) -> Tensor:
    """The class most frequent among the k nearest rows of `train` (N, D) for each row of `test` (M, D): int64 (M,).

    Euclidean; when classes are equally frequent and the nearest row has one of them, that one wins.
    """
    lengths, count = train.square().sum(1), int(classes.max()) + 1
    answers = []
    for chunk in test.split(CHUNK):
        # |a - b|^2 without |a|^2, which is the same for all candidates of a row.
        distances = torch.addmm(lengths, chunk, train.T, alpha=-2)
        found = classes[distances.topk(k, largest=False).indices]
        votes = F.one_hot(found, count).sum(1).float() + 0.5 * F.one_hot(found[:, 0], count)
        answers.append(votes.argmax(1))
    return torch.cat(answers)


def report(results: dict[str, Result]) -> None:
    """LeCun's table, his figures beside ours."""
    header = ["method", "published %", "ours %", "95 % interval", "images seen", "minutes here", "in 1998"]
    rows = [
        [name, f"{_published(name):.2f}", f"{row.error:.2f}", f"{row.low:.2f} to {row.high:.2f}",
         f"{row.images:,}", f"{row.minutes:.2f}", THEN.get(name, "")]
        for name, row in results.items()
    ]  # fmt: skip
    print("test error on MNIST, 60,000 digits for training and 10,000 for the test")
    harness.print_table(header, rows)


def judge(results: dict[str, Result], minutes: float, *, whole: bool, quick: bool) -> list[Target]:
    """Every row at most as wrong as published; the full table in its minutes."""
    targets = [Target(f"error of {name}, %", row.error, _published(name), False) for name, row in results.items()]
    if whole and not quick:
        targets.append(Target("minutes for the whole table", minutes, FULL_MINUTES, at_least=False))
    return targets


def _result(accuracy: float, low: float, high: float, images: int, seconds: float) -> Result:
    """Shares of right answers as errors in %; the interval turns round."""
    return Result(100 * (1 - accuracy), 100 * (1 - high), 100 * (1 - low), images, seconds / 60)


def _published(name: str) -> float:
    return KNN_PUBLISHED if name == KNN else NETS[name].published


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="folder with MNIST's idx files (else found by its name)")
    parser.add_argument("--only", nargs="*", choices=ROWS, metavar="NAME", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="2 or 3 epochs a net: 2 minutes, not 12")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

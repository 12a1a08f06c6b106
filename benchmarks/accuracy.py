"""Accuracy against time: nonesuch's recipes watched on the test pictures, the clock standing while it is looked.

python benchmarks/accuracy.py TASK [--data WHERE] [--minutes M | --epochs E] [--peers-python PYTHON]

    cifar      `fast` on CIFAR-10: 93.5 % within 20 minutes and 3 GB
    cifar90    the fewest minutes to 90 %
    mnist      `lecture` on MNIST: 99.6 %
    mnist994   the fewest minutes to 99.4 %, beside a plain PyTorch script on the same digits

No picture is held out for validation, and no choice within a run depends on the test pictures: a run goes its whole
way, whatever the looks show. Looks take one view of a picture, the last line the recipe's views. Writes a chart.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import harness
import numpy as np
import processes
from harness import Target

import nonesuch as ns
from nonesuch.assembly import Parts, Pictures, assemble, engine, reopen
from nonesuch.errors import NonesuchError
from nonesuch.evaluation.classifier import ClassifierExaminer as Examiner
from nonesuch.measure.charts import line_chart
from nonesuch.pixels import write_png
from nonesuch.recipe import Recipe, change
from nonesuch.training import loop
from nonesuch.training.events import Diverged

HERE = Path(__file__).resolve().parent
PLAIN_RATIO = 3.0
MOST_GB = 3.0

FAST = {"train.augment.flip": "alternating"}
LECTURE = {
    "train.optimizer.name": "muon",
    "train.optimizer.rate": "0.1",
    "train.optimizer.momentum": "0.6",
    "train.optimizer.dense_rate": "0.1",
    "train.optimizer.weight_decay": "1e-3",
    "train.schedule": "triangle",
    "net.options.dropout": "0.3",
    "train.augment.edge": "zero",
    "train.augment.shift": "1",
    "train.augment.rotate": "7.5",
    "train.augment.scale": "0.1",
    "train.augment.shear": "0.1",
    "train.augment.elastic": "0.6",
}
"""What differs from the nets' presets (nonesuch/presets.py), which decide everything else."""
LONG, SHORT = {"train.ema_half_life": "20000"}, {"train.ema_half_life": "10000"}


class Task(NamedTuple):
    """A recipe, its budget (the other of epochs and minutes is None), the accuracy in % and the minutes promised."""

    data: str
    net: str
    settings: Mapping[str, str]
    epochs: float | None
    minutes: float | None
    look_epochs: float
    wanted: float
    within: float | None
    beside_plain: bool = False


TASKS = {
    #                data       net        settings         epochs minutes look wanted within
    "cifar":    Task("cifar10", "fast",    FAST,            None,  18.0,   1.0, 93.5,  20.0),
    "cifar90":  Task("cifar10", "fast",    FAST,            7.0,   None,   0.5, 90.0,  None),
    "mnist":    Task("mnist",   "lecture", LECTURE | LONG,  15.0,  None,   1.0, 99.6,  None),
    "mnist994": Task("mnist",   "lecture", LECTURE | SHORT, 6.0,   None,   0.5, 99.4,  None, beside_plain=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """Test accuracy in % after so many training pictures and so many seconds of training."""

    images_seen: int
    seconds: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A whole run: its looks, the last of them with the recipe's views; its 95 % interval in %; time around it."""

    looks: list[Look]
    low: float
    high: float
    setup_seconds: float
    final_seconds: float
    peak_gb: float


def main() -> int:
    settings = _options()
    processes.end_tidily_on_sigterm()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    task = TASKS[settings.task]
    try:
        started = time.perf_counter()
        recipe = recipe_of(task, settings)
        parts = assemble(recipe, engine(recipe.machine))
        run = watch(recipe, parts, task.look_epochs, time.perf_counter() - started)
    except NonesuchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    curves = {"nonesuch": run.looks}
    if task.beside_plain and settings.peers_python:
        curves["plain"] = plain(task, parts.data, settings)
    report(run, task)
    write_png(settings.out / f"accuracy_{settings.task}.png", chart(settings.task, curves, task))
    targets = judge(run, curves, task)
    harness.print_targets(targets)
    figures = {
        "recipe": recipe.model_dump(mode="json"),
        "curves": {name: [asdict(look) for look in looks] for name, looks in curves.items()},
        "interval": [run.low, run.high], "setup_seconds": run.setup_seconds, "peak_gb": run.peak_gb,
    }  # fmt: skip
    harness.write_results(settings.out, f"accuracy_{settings.task}", facts, figures, targets)
    return 0


def recipe_of(task: Task, settings: argparse.Namespace) -> Recipe:
    """The task's recipe, with the budget of the command line where one is given."""
    given = settings.minutes or settings.epochs
    minutes, epochs = (settings.minutes, settings.epochs) if given else (task.minutes, task.epochs)
    chosen = {"data.val_share": "0", **task.settings}
    where = settings.data or task.data
    if epochs is None:
        return ns.plan(where, net=task.net, minutes=minutes, settings=chosen)
    recipe = ns.plan(where, net=task.net, images=1, settings=chosen)
    return change(recipe, {"budget.images": str(round(epochs * len(reopen(recipe.data).rows["train"])))})


def watch(recipe: Recipe, parts: Parts, look_epochs: float, setup_seconds: float) -> Watched:
    """Train to the end of the budget, looking at the test pictures on the way."""
    one_view = change(recipe, {"objective.test_views": "one"})
    examiner = Examiner(parts.best, parts.engine, one_view, parts.data)
    looks: list[Look] = []
    for images_seen, seconds in stretches(parts, look_epochs):
        looks.append(Look(images_seen, seconds, percent(examiner.measure("test").accuracy)))
        rate = images_seen / seconds
        shown = f"{images_seen:>10,} images  {seconds / 60:6.2f} min  {rate:6.0f} images/s"
        print(f"{shown}  {looks[-1].accuracy:6.2f} %", flush=True)
    before = time.perf_counter()
    final = Examiner(parts.best, parts.engine, recipe, parts.data).measure("test")
    final_seconds = time.perf_counter() - before
    looks.append(Look(looks[-1].images_seen, looks[-1].seconds, percent(final.accuracy)))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    interval = final.accuracy_interval
    return Watched(looks, 100 * interval.low, 100 * interval.high, setup_seconds, final_seconds, peak_gb)


def percent(share: float) -> float:
    """Rounded, as 100 * 0.9935 and its like fall short of what was promised by the last bit."""
    return round(100 * share, 4)


def stretches(parts: Parts, epochs: float) -> Iterator[tuple[int, float]]:
    """Train in stretches of so many epochs; yields (images seen, seconds) after each.

    The clock stands in between: the loop goes on from any position, so each stretch is a sitting of its own.
    """
    images_seen, seconds, due = 0, 0.0, epochs
    while parts.pace.budget.fraction(images_seen, seconds) < 1:
        for event in loop.fit(parts.objective, parts.pace, parts.engine, parts.average, images_seen, seconds):
            if isinstance(event, Diverged):
                raise NonesuchError(f"training diverged: {event.message}")
            images_seen, seconds = event.images_seen, event.seconds
            if event.epoch >= due:
                break
        due += epochs
        yield images_seen, seconds


def plain(task: Task, data: Pictures, settings: argparse.Namespace) -> list[Look]:
    """The plain script on the same digits, until it reaches the wanted accuracy or its time is over."""
    with tempfile.TemporaryDirectory(prefix="nonesuch-accuracy-") as scratch:
        digits = Path(scratch) / "digits.npz"
        arrays = {name: data.pack.pixels[data.rows[name]][..., 0] for name in ("train", "test")}
        classes = {f"{name}_classes": data.targets[data.rows[name]] for name in ("train", "test")}
        np.savez(digits, **arrays, **classes)
        seconds = settings.plain_minutes * 60
        every = round(task.look_epochs * len(arrays["train"]))
        command = [str(settings.peers_python), str(HERE / "contenders" / "plain_until.py"), "--data", str(digits),
                   "--target", str(task.wanted), "--limit", str(seconds), "--every", str(every)]  # fmt: skip
        lines = processes.run(command, harness.threads(), 2 * seconds + 120).lines
    return [Look(int(line["images_seen"]), float(line["seconds"]), float(line["accuracy"])) for line in lines]


def reached(looks: Sequence[Look], wanted: float) -> float | None:
    """Minutes of training at the first look with the wanted accuracy, or None."""
    return next((look.seconds / 60 for look in looks if look.accuracy >= wanted), None)


def report(run: Watched, task: Task) -> None:
    """The last line of the curve and what it cost."""
    last, first = run.looks[-1], reached(run.looks, task.wanted)
    shown = f"{last.images_seen:,} images in {last.seconds / 60:.2f} min"
    print(f"final {last.accuracy:.2f} % ({run.low:.2f} to {run.high:.2f}), {shown}")
    print(f"{task.wanted} % first seen " + (f"after {first:.2f} min" if first else "never"))
    print(f"set-up {run.setup_seconds:.1f} s, last measurement {run.final_seconds:.1f} s, peak {run.peak_gb:.2f} GB\n")


def judge(run: Watched, curves: Mapping[str, Sequence[Look]], task: Task) -> list[Target]:
    """What the task promises; the ratio to the plain script is a lower bound where that never got there."""
    targets = [Target("test accuracy, %", run.looks[-1].accuracy, task.wanted)]
    if task.within:
        minutes = (run.setup_seconds + run.looks[-1].seconds + run.final_seconds) / 60
        targets.append(Target("minutes, set-up and last measurement included", minutes, task.within, at_least=False))
        targets.append(Target("peak memory, GB", run.peak_gb, MOST_GB, at_least=False))
    ours = reached(run.looks, task.wanted)
    if ours and curves.get("plain"):
        theirs = reached(curves["plain"], task.wanted)
        name = f"minutes of plain PyTorch to {task.wanted} %{'' if theirs else ' (never reached: its limit)'} over ours"
        targets.append(Target(name, (theirs or curves["plain"][-1].seconds / 60) / ours, PLAIN_RATIO))
    return targets


def chart(name: str, curves: Mapping[str, Sequence[Look]], task: Task) -> np.ndarray:
    """Accuracy against minutes; the first looks, far below, would flatten the rest and are left out."""
    lowest = task.wanted - 2 * (100 - task.wanted)
    lines = {
        who: [(look.seconds / 60, look.accuracy) for look in looks if look.accuracy >= lowest] or [_point(looks[-1])]
        for who, looks in curves.items()
    }
    return line_chart(lines, f"{task.net} on {task.data}: test accuracy ({name})", "minutes of training", "accuracy, %")


def _point(look: Look) -> tuple[float, float]:
    return look.seconds / 60, look.accuracy


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("--data", help="folder or zip of the task's pictures (else found by name)")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, help="of training, instead of the task's budget")
    budget.add_argument("--epochs", type=float, help="instead of the task's budget")
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment, for mnist994")
    parser.add_argument("--plain-minutes", type=float, default=15.0, help="after which the plain script gives up")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

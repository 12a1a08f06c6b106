"""Images a second of the lecture's CNN on Fashion-MNIST: nonesuch, a hand-written loop, and four libraries, in turns.

python benchmarks/lecture_speed.py --peers-python build/peers-venv/bin/python [--rounds 7] [--only NAME ...]

Every contender is a process that stays alive and trains only in its turn; the order changes from round to round.
The matrix-product ceilings take turns too, so that "x % of the ceiling" speaks of the same minutes.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import harness
from harness import Readings, Target
from processes import ContenderError, Resident, Turn, end_tidily_on_sigterm

HERE = Path(__file__).resolve().parent
DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
MFLOP_PER_IMAGE = 75.6  # forward and backward, as torch's own counter has it; a multiply-add is two
PEERS = ("plain", "skorch", "fastai", "keras")
START_LIMIT, TURN_LIMIT = 120.0, 60.0


@dataclass(frozen=True, slots=True)
class Contender:
    """How to start one: its script, its number format (None: it chooses), whether it needs the peers' python."""

    script: str
    dtype: str | None
    peer: bool = False


CONTENDERS = {
    "nonesuch": Contender("nonesuch_fit.py", None),
    "hand": Contender("hand.py", "bfloat16"),
    "hand fp32": Contender("hand.py", "float32"),
    "plain": Contender("plain.py", "float32", peer=True),
    "skorch": Contender("skorch_net.py", "float32", peer=True),
    "fastai": Contender("fastai_learner.py", "float32", peer=True),
    "keras": Contender("keras_torch.py", "float32", peer=True),
    "fastai bf16": Contender("fastai_learner.py", "bfloat16", peer=True),
    "keras bf16": Contender("keras_torch.py", "bfloat16", peer=True),
    "gemm fp32": Contender("gemm.py", "float32"),
    "gemm bf16": Contender("gemm.py", "bfloat16"),
}


@dataclass(slots=True)
class Taken:
    """Everything measured: images (or GFLOP) a second by round, seconds to the first step, peak memory, failures."""

    rates: Readings
    first_step: dict[str, float]
    peak_mb: dict[str, float]
    failed: dict[str, str]


def main() -> int:
    settings = _options()
    end_tidily_on_sigterm()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    taken = measure(settings)
    report(taken)
    targets = judge(taken)
    harness.print_targets(targets)
    figures = {
        "unit": "images/s (gemm: GFLOP/s)", "rates": taken.rates, "first_step_seconds": taken.first_step,
        "peak_mb": taken.peak_mb, "failed": taken.failed, "mflop_per_image": MFLOP_PER_IMAGE,
    }  # fmt: skip
    harness.write_results(settings.out, "lecture_speed", facts, figures, targets)
    return 0


def measure(settings: argparse.Namespace) -> Taken:
    """Start the contenders one after another, warm each up, then let them take turns."""
    taken = Taken({}, {}, {}, {})
    with contextlib.ExitStack() as stack:
        alive: dict[str, Resident] = {}
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="nonesuch-lecture-"))
        for name in settings.only or list(CONTENDERS):
            command = command_of(CONTENDERS[name], settings, scratch)
            if command is None:
                taken.failed[name] = "no --peers-python given"
                continue
            resident = stack.enter_context(Resident(name, command, settings.threads))
            with _noted(name, taken, alive):
                taken.first_step[name] = resident.first_step(START_LIMIT)
                resident.turn(settings.warm, TURN_LIMIT)
                alive[name] = resident
        for turn in range(settings.rounds):
            for name in harness.rotated(list(alive), turn):
                with _noted(name, taken, alive):
                    _keep(taken, name, alive[name].turn(settings.seconds, TURN_LIMIT))
            print(f"round {turn + 1} of {settings.rounds}", file=sys.stderr, flush=True)
    return taken


def command_of(contender: Contender, settings: argparse.Namespace, scratch: str) -> list[str] | None:
    """The contender's command line; None when it needs the peers' environment and there is none."""
    python = settings.peers_python if contender.peer else Path(sys.executable)
    if python is None:
        return None
    command = [str(python), str(HERE / "contenders" / contender.script)]
    if contender.script != "gemm.py":
        command += ["--data", str(settings.data)]
    return command + (["--dtype", contender.dtype] if contender.dtype else ["--scratch", str(scratch)])


def report(taken: Taken) -> None:
    """The table: medians, every reading, share of the ceiling, first step, memory."""
    ceilings = {name: harness.median(taken.rates[name]) for name in ("gemm fp32", "gemm bf16") if taken.rates.get(name)}
    rows = []
    for name, rates in taken.rates.items():
        middle = harness.median(rates)
        gflops = middle if name in ceilings else middle * MFLOP_PER_IMAGE / 1000
        shares = [f"{gflops / ceiling:.0%}" for ceiling in ceilings.values()]
        shares += ["-"] * (2 - len(shares))
        first = f"{taken.first_step[name]:.1f}"
        rows.append([name, f"{middle:.0f}", f"{gflops:.0f}", *shares, first, f"{taken.peak_mb[name]:.0f}",
                     harness.spread(rates)])  # fmt: skip
    print("images/s (gemm rows: GFLOP/s), median of the rounds; all readings on the right")
    header = ["contender", "median", "GFLOP/s", "of fp32", "of bf16", "1st step s", "peak MB", "every round"]
    harness.print_table(header, rows)
    for name, reason in taken.failed.items():
        print(f"not measured: {name}: {reason}")
    _print_ratios(taken.rates)


def judge(taken: Taken) -> list[Target]:
    """The two promises, as far as this run could measure them."""
    targets = []
    ours = taken.rates.get("nonesuch")
    best = harness.best_by_median(taken.rates, PEERS)
    if ours and best:
        ratio = harness.paired_ratio(ours, taken.rates[best])
        targets.append(Target(f"images/s over the best of the four ({best})", ratio.median, 2.2))
    if ours and taken.rates.get("hand"):
        ratio = harness.paired_ratio(ours, taken.rates["hand"])
        targets.append(Target("images/s over the hand-written loop", ratio.median, 0.97))
    return targets


def _print_ratios(rates: Readings) -> None:
    columns = [c for c in (harness.best_by_median(rates, PEERS), "hand", "hand fp32") if c and rates.get(c)]
    rows = [
        [name, *(str(harness.paired_ratio(readings, rates[column])) for column in columns)]
        for name, readings in rates.items()
        if not name.startswith("gemm")
    ]
    if columns and rows:
        print("ratio of images/s within each round: median (lowest to highest)")
        harness.print_table(["contender", *(f"over {column}" for column in columns), ""], [[*row, ""] for row in rows])


def _keep(taken: Taken, name: str, turn: Turn) -> None:
    taken.rates.setdefault(name, []).append(turn.rate)
    taken.peak_mb[name] = turn.peak_mb


@contextlib.contextmanager
def _noted(name: str, taken: Taken, alive: dict[str, Resident]) -> Iterator[None]:
    """A contender that fails leaves the race with its reason (and without readings); the others go on."""
    try:
        yield
    except ContenderError as reason:
        taken.failed[name] = str(reason)
        taken.rates.pop(name, None)
        alive.pop(name, None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=_default_data(), help="folder with Fashion-MNIST's idx.gz files")
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one turn")
    parser.add_argument("--warm", type=float, default=3.0, help="seconds of training before the first turn")
    parser.add_argument("--threads", type=int, default=harness.threads())
    parser.add_argument("--only", nargs="*", choices=list(CONTENDERS))
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    settings = parser.parse_args()
    if not (settings.data / "train-images-idx3-ubyte.gz").exists():
        parser.error(f"no Fashion-MNIST in {settings.data}; name its folder with --data (dataset-fashion-mnist has it)")
    return settings


def _default_data() -> Path:
    named = Path(os.environ.get("NONESUCH_DATA", "")) / "fashion-mnist"
    return named if named.is_dir() else DEBIAN_FASHION


if __name__ == "__main__":
    raise SystemExit(main())

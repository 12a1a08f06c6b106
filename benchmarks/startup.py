"""How long commands take to start, as whole processes in turns, beside the imports nobody can avoid.

python benchmarks/startup.py [--peers-python build/peers-venv/bin/python] [--rounds 5]

"first step" is the time from the start of `nonesuch train` on the embedded pictures to its first finished step.
It runs once before the rounds, so that the machine probe's answer and the pack are in the cache, as in daily use.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import harness
from harness import Readings, Target
from processes import ContenderError, end_tidily_on_sigterm, run, seconds_until

HERE = Path(__file__).resolve().parent
LIMIT = 60.0
NO_NET = ("nonesuch --help", "nonesuch data pixelfolk", "nonesuch runs")
FLOORS = {
    "python, nothing": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import torch": ["-c", "import torch"],
    "torch + one step": [str(HERE / "contenders" / "first_step.py")],
}
PEER_IMPORTS = {
    "import skorch": "import skorch",
    "import keras (torch)": "import os; os.environ['KERAS_BACKEND'] = 'torch'; import keras",
    "import fastai.vision": "import contenders.torchvision_shim; import fastai.vision.all",
}
Measurement = Callable[[], float]


def main() -> int:
    settings = _options()
    end_tidily_on_sigterm()
    facts = harness.machine()
    harness.print_machine(facts)
    with tempfile.TemporaryDirectory(prefix="nonesuch-startup-") as folder:
        readings, failed = measure(measurements(settings, Path(folder)), settings.rounds)
    report(readings, failed)
    targets = judge(readings)
    harness.print_targets(targets)
    harness.write_results(settings.out, "startup", facts, {"seconds": readings, "failed": failed}, targets)
    return 0


def measurements(settings: argparse.Namespace, folder: Path) -> dict[str, Measurement]:
    """Name -> something that runs one process and returns its seconds. Caches and runs go to `folder`."""
    python, tool = sys.executable, str(Path(sys.executable).parent / "nonesuch")
    places = {"NONESUCH_CACHE": str(folder / "cache")}

    def whole(command: list[str]) -> Measurement:
        return lambda: run(command, settings.threads, LIMIT, places).seconds

    found = {name: whole([python, *arguments]) for name, arguments in FLOORS.items()}
    found["import nonesuch"] = whole([python, "-c", "import nonesuch"])
    runs = folder / "runs"
    runs.mkdir()
    arguments = (["--help"], ["data", "pixelfolk", "--out", str(folder / "sheet")], ["runs", str(runs)])
    found |= {name: whole([tool, *rest]) for name, rest in zip(NO_NET, arguments, strict=True)}
    train = [tool, "train", "cnn", "pixelfolk", "--images", "100000", "--json", "--runs", str(runs)]
    found["train, first step"] = lambda: seconds_until(train, settings.threads, _stepped, LIMIT, places)
    if settings.peers_python:
        peer = str(settings.peers_python)
        shim = f"import sys; sys.path.insert(0, {str(HERE)!r}); "
        found |= {name: whole([peer, "-c", shim + code]) for name, code in PEER_IMPORTS.items()}
    return found


def measure(found: dict[str, Measurement], rounds: int) -> tuple[Readings, dict[str, str]]:
    """One unmeasured run of each to fill the caches, then all of them once a round."""
    readings: Readings = {}
    failed: dict[str, str] = {}
    for turn in range(-1, rounds):
        for name in harness.rotated(list(found), turn):
            if name in failed:
                continue
            try:
                seconds = found[name]()
            except (ContenderError, OSError) as reason:
                failed[name] = str(reason)
                continue
            if turn >= 0:
                readings.setdefault(name, []).append(seconds)
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    return readings, failed


def report(readings: Readings, failed: dict[str, str]) -> None:
    """Medians, ratios to `import torch` within each round, every reading."""
    torch = readings.get("import torch", [])
    rows = []
    for name, seconds in sorted(readings.items(), key=lambda item: harness.median(item[1])):
        ratio = f"{harness.paired_ratio(seconds, torch).median:.2f}" if torch else "-"
        rows.append([name, f"{harness.median(seconds):.3f}", ratio, harness.spread(seconds, 2)])
    print("seconds of a whole process, and over `import torch` within each round; all readings on the right")
    harness.print_table(["what", "median", "x torch", "every round"], rows)
    for name, reason in failed.items():
        print(f"not measured: {name}: {reason}")


def judge(readings: Readings) -> list[Target]:
    """0.25 s without a net, 0.1 s for the import, 1.5 imports of torch to the first step."""
    found = [
        Target(f"{name}, seconds", harness.median(readings[name]), 0.25, at_least=False)
        for name in NO_NET
        if name in readings
    ]
    if "import nonesuch" in readings:
        bare = harness.median(readings["python, nothing"])
        own = harness.median(readings["import nonesuch"]) - bare
        found.append(Target("import nonesuch, seconds beyond bare python's", own, 0.1, at_least=False))
    if first := readings.get("train, first step"):
        for floor in ("import torch", "torch + one step"):
            ratio = harness.paired_ratio(first, readings[floor]).median
            found.append(Target(f"train's first step over `{floor}`", ratio, 1.5, at_least=False))
    return found


def _stepped(line: str) -> bool:
    return '"kind":"stepped"' in line.replace(" ", "")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=harness.threads())
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

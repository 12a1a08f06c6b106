"""SIGINT, SIGTERM and SIGHUP at random moments of `nonesuch train`: what is saved, the exit code, how long it takes.

    python tests/oracles/signal_sessions.py FOLDER --each 20

torch is imported once; each sitting is a forked child that runs the command. A run goes on through all sittings of
its signal, so that every resume is tried as well. Every other signal comes after a first step, and every fourth one
comes twice. Seconds are those of the processor, so that other work on the machine does not count. Prints a JSON line.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import lightning_fabric  # noqa: F401  (so that the children need not)
import torch

from made_data import folder_of_bars
from nonesuch import session  # noqa: F401  (the same)
from nonesuch.cli import app, train_net
from nonesuch.data.open import open_data
from nonesuch.runs import checkpoint, events_log

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST = 10.0
PATIENCE = 300.0
SETTINGS = (
    "machine.threads=1 machine.precision=32-true train.batch=16 net.options.widths=[4,4,8] train.augment.flip=false"
)


def start(data: Path, run: Path) -> int:
    """The command in a child, whose process id is returned."""
    child = os.fork()
    if child:
        return child
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.argv = ["nonesuch", "train", "cnn", str(data), "--images", "100000000", "--run", str(run)]
        sys.argv += [word for setting in SETTINGS.split() for word in ("--set", setting)]
        app.main()
    except SystemExit as left:
        os._exit(int(left.code or 0))
    finally:
        os._exit(99)


def left_with(child: int) -> tuple[int, float]:
    """Its exit code as a shell tells it (128 and the signal where that ended it), and seconds of the processor."""
    end = time.monotonic() + PATIENCE
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code, used.ru_utime + used.ru_stime
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)


def used_by(child: int) -> float:
    """Seconds of the processor so far."""
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_a_step(run: Path, child: int) -> None:
    begun, end = len(steps(run)), time.monotonic() + PATIENCE
    while len(steps(run)) <= begun and time.monotonic() < end and used_by(child) < PATIENCE:
        time.sleep(0.01)


def steps(run: Path) -> list[int]:
    """Images seen of all steps in the log, and of the last stop."""
    seen = [record.event for record in events_log.read(run)] if run.exists() else []
    return [int(str(event["images_seen"])) for event in seen if event.get("kind") in ("stepped", "stopped")]


def sitting(data: Path, run: Path, number: signal.Signals, turn: int, rng: random.Random) -> tuple[list[str], float]:
    """What was not as promised, and the seconds from the (last) signal to the end."""
    twice = turn % 4 == 3
    child = start(data, run)
    if turn % 2:
        wait_for_a_step(run, child)
    time.sleep(rng.uniform(0, 1.5))
    before = steps(run)[-1:]
    os.kill(child, number)
    if twice:
        time.sleep(rng.uniform(0, 0.05))
        os.kill(child, number)
    sent = used_by(child)
    code, seconds = left_with(child)
    seconds -= sent
    faults = []
    if code != train_net.EXIT_CODES[number.name]:
        faults.append(f"exit code {code}")
    if seconds > LONGEST:
        faults.append(f"{seconds:.1f} s to leave")
    found = checkpoint.latest(run) if run.exists() else None
    saved = found.images_seen if found is not None else 0
    if not twice and before and saved < before[0]:
        faults.append(f"{before[0] - saved} images of the log are lost")
    if not twice and found is not None and saved != steps(run)[-1]:
        faults.append(f"saved at {saved}, stopped at {steps(run)[-1]}")
    return [f"{number.name}{' twice' if twice else ''}: {fault}" for fault in faults], seconds


def main() -> int:
    """Exit code 0 when all was as promised."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    shutil.rmtree(options.folder, ignore_errors=True)
    torch.set_num_threads(1)
    os.environ["NONESUCH_CACHE"] = str(options.folder / "cache")
    data = folder_of_bars(options.folder / "data")
    open_data(data)
    faults: list[str] = []
    slowest = 0.0
    for number in SIGNALS:
        for turn in range(options.each):
            found, seconds = sitting(data, options.folder / number.name, number, turn, rng)
            faults += found
            slowest = max(slowest, seconds)
            print(f"{number.name} {turn + 1}, {len(faults)} faults", file=sys.stderr, flush=True)
    images = {number.name: max(steps(options.folder / number.name), default=0) for number in SIGNALS}
    print(json.dumps({"signals": 3 * options.each, "faults": faults, "slowest": round(slowest, 2), "images": images}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

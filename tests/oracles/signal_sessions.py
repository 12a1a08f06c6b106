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
from nonesuch import (
    session,  # noqa: F401  (the same)
    signals,
)
from nonesuch.cli import app
from nonesuch.data.open import open_data
from nonesuch.runs import checkpoint

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST = 10.0
PATIENCE = 300.0
SETTINGS = (
    "machine.threads=1 machine.precision=32-true train.batch=16 net.options.widths=[4,4,8] train.augment.flip=false"
)


def start(data: Path, run: Path, said: Path) -> int:
    """The command in a child, whose process id is returned; its events go to the file `said`."""
    child = os.fork()
    if child:
        return child
    try:
        # What is started in the background ignores some signals.
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        with said.open("w") as events, Path(os.devnull).open("w") as nowhere:
            os.dup2(events.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.stdout = os.fdopen(1, "w")
        sys.argv = ["nonesuch", "train", "cnn", str(data), "--images", "100000000", "--run", str(run), "--json"]
        sys.argv += [word for setting in SETTINGS.split() for word in ("--set", setting)]
        app.main()
    except SystemExit as left:
        os._exit(int(left.code or 0))
    except KeyboardInterrupt:
        os._exit(130)  # before the command had begun
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


def told(said: Path, kind: str) -> list[int]:
    """Images seen of all whole lines of this kind that a sitting has printed."""
    lines = said.read_text().split("\n")[:-1] if said.exists() else []
    return [event["images_seen"] for line in lines if (event := json.loads(line))["kind"] == kind]


def sitting(data: Path, run: Path, number: signal.Signals, turn: int, rng: random.Random) -> tuple[list[str], float]:
    """What was not as promised, and the seconds from the (last) signal to the end."""
    twice, said = turn % 4 == 3, run.with_suffix(".said")
    said.unlink(missing_ok=True)
    child = start(data, run, said)
    end = time.monotonic() + PATIENCE
    while turn % 2 and not told(said, "stepped") and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 1.5))
    os.kill(child, number)
    if twice:
        time.sleep(rng.uniform(0, 0.05))
        os.kill(child, number)
    sent = used_by(child)
    code, seconds = left_with(child)
    seconds -= sent
    faults = []
    if code != signals.EXIT_CODES[number.name]:
        faults.append(f"exit code {code}")
    if seconds > LONGEST:
        faults.append(f"{seconds:.1f} s to leave")
    stepped, stopped = told(said, "stepped"), told(said, "stopped")
    if stepped and not twice:
        found = checkpoint.latest(run)
        saved = found.images_seen if found is not None else 0
        if not saved == stepped[-1] == stopped[-1]:
            faults.append(f"stepped to {stepped[-1]}, saved at {saved}, stopped at {stopped}")
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
    result = {"signals": 3 * options.each, "faults": faults, "slowest": round(slowest, 2), "seed": options.seed}
    print(json.dumps(result))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""The real command `nonesuch train`, killed as a process while it starts, packs, or trains, and given again.

    python tests/oracles/kill_cli.py FOLDER --kills 60

Each sitting is a session of its own, so that what it leaves behind can be found. After every kill: within SECONDS no
process of it is left, nobody holds the run, and its state is not "running". Sittings that are to be killed while they
pack get an empty cache, and so pack with worker processes. The last sitting of each run is let to its end, and its
weights, log and report must be those of a run that nobody touched. Prints one JSON line.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_data import folder_of_bars
from nonesuch.runs.store import RunFolder
from oracles.kill_sessions import outcome

SECONDS = 5.0
PATIENCE = 300.0
PICTURES = 1200
"""Enough for worker processes: fewer than 500 files are packed in one process."""
KILLS_A_RUN = 5
IMAGES = 16 * 400
SETTINGS = (
    "machine.threads=1 machine.precision=32-true train.batch=16 net.options.widths=[4,4,8] net.options.dense=8 "
    "train.augment.flip=false snapshot_images=160"
)


class Sitting:
    """One process that trains in `run` with pictures of `data`, packed below `cache`."""

    def __init__(self, data: Path, run: Path, cache: Path) -> None:
        words = ["train", "cnn", str(data), "--images", str(IMAGES), "--run", str(run)]
        words += [word for setting in SETTINGS.split() for word in ("--set", setting)]
        self.run, self.cache = RunFolder(run), cache
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nonesuch", *words],
            env={**os.environ, "NONESUCH_CACHE": str(cache)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, sign: Callable[[], bool]) -> bool:
        """Whether the sign came before the process ended."""
        end = time.monotonic() + PATIENCE
        while not sign():
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def is_packing(self) -> bool:
        return any(self.cache.glob("packs/*.partial/done.log"))

    def lines(self) -> int:
        log = self.run.path / "events.jsonl"
        return log.read_bytes().count(b"\n") if log.exists() else 0

    def relatives(self) -> list[int]:
        """Processes of this session that are alive: it, its workers, and theirs."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                except OSError:
                    continue
                if int(session) == self.process.pid and state != "Z":
                    found.append(int(entry.name))
        return found

    def end(self) -> tuple[int, str]:
        """Wait for its own end: exit code and what it said."""
        said = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode, said


def kill(sitting: Sitting, phase: str, rng: random.Random) -> bool:
    """Kill it in this phase, a moment later than its sign; False when it had ended before."""
    begun = sitting.lines()
    signs = {
        "starting": lambda: True,
        "packing": sitting.is_packing,
        "training": lambda: sitting.lines() > begun + 1 and sitting.run.is_alive(),
    }
    if not sitting.wait_for(signs[phase]):
        sitting.process.kill()  # a machine so busy that the sign did not come, or an end of its own
        sitting.process.communicate()
        return False
    time.sleep(rng.uniform(0, {"starting": 3.0, "packing": 0.5, "training": 1.5}[phase]))
    alive = sitting.process.poll() is None
    sitting.process.send_signal(signal.SIGKILL)
    sitting.process.communicate()
    return alive


def faults_after(sitting: Sitting) -> list[str]:
    """What is not as it should be within SECONDS of a kill."""
    end = time.monotonic() + SECONDS
    while True:
        faults = []
        if left := sitting.relatives():
            faults.append(f"{len(left)} orphans")
        if sitting.run.has_recipe():
            summary = sitting.run.summary()
            if sitting.run.is_alive() or summary.state not in ("stopped", "finished"):
                faults.append(f"state {summary.state} {summary.problem}")
        if not faults or time.monotonic() > end:
            return faults
        time.sleep(0.05)


def main() -> int:
    """Exit code 0 when there is nothing to complain about."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    folder = options.folder
    shutil.rmtree(folder, ignore_errors=True)
    data = folder_of_bars(folder / "data", PICTURES)
    warm = folder / "cache"
    began = time.monotonic()
    code, said = Sitting(data, folder / "quiet", warm).end()
    assert code == 0, said
    expected = outcome(folder / "quiet")
    struck: Counter[str] = Counter()
    faults: list[str] = []
    runs = 0
    while struck.total() < options.kills:
        run = folder / f"killed-{runs}"
        for number in range(min(KILLS_A_RUN, options.kills - struck.total())):
            phase = ("packing", "training", "starting", "training", "training")[number]
            cache = folder / f"cold-{runs}-{number}" if phase == "packing" else warm
            sitting = Sitting(data, run, cache)
            if kill(sitting, phase, rng):
                struck[phase] += 1
            faults += [f"{run.name}, {phase}: {fault}" for fault in faults_after(sitting)]
        code, said = Sitting(data, run, warm).end()
        if code != 0:
            faults.append(f"{run.name}: exit code {code}: {said.strip()[-300:]}")
        elif outcome(run) != expected:
            faults.append(f"{run.name}: another outcome")
        elif strays := [str(path) for path in run.rglob(".tmp-*")]:
            faults.append(f"{run.name}: left {strays}")
        runs += 1
        print(f"{runs} runs, {struck.total()} kills, {len(faults)} faults", file=sys.stderr, flush=True)
    seconds = round(time.monotonic() - began)
    print(json.dumps({"kills": dict(struck), "runs": runs, "faults": faults, "seconds": seconds, "seed": options.seed}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

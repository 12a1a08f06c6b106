"""Row R11: the studio killed at random moments, while a training child runs and a page reads the event stream.

    python tests/oracles/kill_studio.py [--kills 100] [--seed 0] [--stub]

Each sitting is the real command. A page (a thread here) follows the run as a browser does, coming back with the id of
the last message it got whole. Meanwhile a picture is given, long work begun, or nothing done; then comes SIGKILL. The
next studio must find the same trainer at work within SECONDS. In the end the stream has told every line of the log once
and in order, what was answered as kept is there, no work is "running" that nobody does, and stopping leaves no process.
--stub: a trainer without a net. Prints one JSON line; exit code 1 for any fault.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from nonesuch.pixels import png_bytes  # noqa: E402
from nonesuch.runs import lock  # noqa: E402

SECONDS, PATIENCE = 3.0, 240.0
READING, ANSWERED = 0.8, 0.5
"""Share of kills that strike while the stream is being read, and that wait until the act was answered; else the
kill may come before the stream is open, and in the middle of an act."""
KEY = "a-key-of-the-battery-that-is-long-enough"
RUN = "20261124-120000-vae-bars-ab12"
COMMAND = "from nonesuch.studio import jobs; jobs.TRAINER = {trainer!r}; from nonesuch.cli.app import main; main()"
RAW = {"content-type": "application/octet-stream"}


class Sitting:
    """One studio, until it is killed."""

    def __init__(self, folder: Path, trainer: str) -> None:
        words = ["studio", "--no-browser", "--runs", str(folder / "runs"), "--data", str(folder / "data")]
        paths = [str(ROOT / "src"), str(ROOT / "tests" / "oracles")]
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND.format(trainer=trainer), *words],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "NONESUCH_CACHE": str(folder / "cache"),
                "NONESUCH_TOKEN": KEY,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r":(\d+)/", line := self.process.stdout.readline())
        assert found is not None, line
        self.port = int(found[1])

    def connection(self, seconds: float = 60) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer, or its bytes; (0, None) where the studio died meanwhile."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        head = {"authorization": f"Bearer {KEY}", "content-type": "application/json", **(headers or {})}
        connection = self.connection()
        try:
            connection.request(method, path, data, head)
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.status, json.loads(content) if is_json else content
        except (OSError, HTTPException):
            return 0, None
        finally:
            connection.close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


class Page:
    """Follows a run over any number of studios; `told` gets (start of the line, event) of every message."""

    def __init__(self) -> None:
        self.last = ""
        self.told: list[tuple[int, dict[str, object]]] = []
        self.listening = threading.Event()
        """Set as soon as the stream of this sitting has said anything."""

    def follow(self, sitting: Sitting) -> threading.Thread:
        self.listening.clear()
        thread = threading.Thread(target=self._read, args=(sitting,), daemon=True)
        thread.start()
        return thread

    def _read(self, sitting: Sitting) -> None:
        head = {"authorization": f"Bearer {KEY}"} | ({"last-event-id": self.last} if self.last else {})
        connection = sitting.connection()
        place, data = "", ""
        with suppress(OSError, HTTPException):
            connection.request("GET", f"/api/events?follow=run:{RUN}", headers=head)
            answer = connection.getresponse()
            while raw := answer.readline():
                self.listening.set()
                line = raw.decode().rstrip("\n")
                if line.startswith("id: "):
                    place = line[4:]
                elif line.startswith("data: "):
                    data = line[6:]
                elif not line and raw.endswith(b"\n"):
                    if data and "event" in (heard := json.loads(data)):
                        self.told.append((heard["start"], heard["event"]))
                        self.last = place
                    place = data = ""
        connection.close()


def prepared(folder: Path, stub: bool) -> None:
    """Data, and a run that would train for days."""
    if stub:
        from made_studio import made_run
        from nonesuch.runs.store import Store

        made_run(Store(folder / "runs"), RUN, 3)
        (folder / "data" / "bars" / "up").mkdir(parents=True)
        (folder / "data" / "bars" / "up" / "0.png").write_bytes(png_bytes(np.zeros((8, 8, 3), np.uint8)))
        return
    from made_data import folder_of_bars
    from made_runs import small
    from nonesuch import library

    bars = folder_of_bars(folder / "data" / "bars")
    (folder / "runs" / RUN).mkdir(parents=True)
    library.folder_for(small(bars, "vae", images=10**9), folder / "runs" / RUN)


def acted(sitting: Sitting, rng: random.Random, kept: list[str], done: Counter[str]) -> None:
    """Something that a person does just then; uploads that were answered go into `kept`."""
    status = 0
    what = rng.choice(("nothing", "upload", "album", "work", "wish"))
    if what == "upload":
        picture = png_bytes(np.full((9, 9, 3), rng.randrange(256), np.uint8), {"Comment": str(rng.random())})
        status, said = sitting.ask("POST", "/api/pictures", picture, RAW)
        kept += [f"/api/pictures/{said['id']}"] if status == 201 else []
    elif what == "album":
        status, said = sitting.ask("POST", "/api/data", {"name": f"set {rng.randrange(10**6)}"})
        kept += [f"/api/data/{said['data']}/album".replace(" ", "%20")] if status == 201 else []
    elif what == "work":
        status, said = sitting.ask("POST", "/api/work/packing", {"data": "bars", "size": rng.randrange(4, 12)})
        kept += [f"/api/tasks/{said['id']}"] if status == 202 else []
    elif what == "wish":
        status, said = sitting.ask("POST", f"/api/runs/{RUN}/wishes", {"wish": "rate", "factor": 1.0})
    done[f"{what} {status}"] += 1


def found_again(sitting: Sitting, pid: int | None, folder: Path) -> list[str]:
    """What is wrong with how this studio sees the trainer, SECONDS after it says that it is there."""
    end = time.monotonic() + SECONDS
    while True:
        status, said = sitting.ask("GET", "/api/runs")
        states = {run["id"]: run["state"] for run in said["runs"]} if status == 200 else {}
        if states.get(RUN) == "running" and pid in (None, lock.holder(folder / "runs" / RUN)):
            return []
        if time.monotonic() > end:
            return [f"not found again: {status} {states} {pid} {lock.holder(folder / 'runs' / RUN)}"]
        time.sleep(0.02)


def lines_of(folder: Path) -> list[tuple[int, dict[str, object]]]:
    """(start, event) of every whole line of the log."""
    found, start = [], 0
    for raw in (folder / "runs" / RUN / "events.jsonl").read_bytes().splitlines(keepends=True):
        if raw.endswith(b"\n"):
            found.append((start, json.loads(raw)))
        start += len(raw)
    return found


def battle(folder: Path, kills: int, seed: int, stub: bool) -> dict[str, Any]:
    """Kill so often; what was seen."""
    rng, page, began = random.Random(seed), Page(), time.monotonic()
    prepared(folder, stub)
    trainer = "tiny_job" if stub else "nonesuch.studio.trainer"
    faults: list[str] = []
    kept: list[str] = []
    done: Counter[str] = Counter()
    sitting = Sitting(folder, trainer)
    status, said = sitting.ask("POST", f"/api/runs/{RUN}/start")
    assert status == 202, said
    # Twenty steps a second are enough to see.
    sitting.ask("POST", f"/api/runs/{RUN}/wishes", {"wish": "slow", "seconds": 0.05})
    pid: int | None = None
    for number in range(kills):
        reading = page.follow(sitting)
        acting = threading.Thread(target=acted, args=(sitting, rng, kept, done))
        acting.start()
        if rng.random() < READING:
            page.listening.wait(PATIENCE)
        if rng.random() < ANSWERED:
            acting.join(PATIENCE)
        time.sleep(rng.uniform(0, 0.6))
        sitting.kill()
        reading.join(60)
        acting.join(60)
        sitting = Sitting(folder, trainer)
        if number == 0:  # killed right after the start: the trainer may not hold its lock for a while
            _until(lambda: lock.is_alive(folder / "runs" / RUN) and lock.holder(folder / "runs" / RUN) is not None)
            pid = lock.holder(folder / "runs" / RUN)
            assert pid is not None, "the trainer has not begun"
        faults += [f"kill {number}: {fault}" for fault in found_again(sitting, pid, folder)]
        if number % 10 == 9:
            print(f"{number + 1} kills, {len(page.told):,} messages, {len(faults)} faults", file=sys.stderr, flush=True)
    page.follow(sitting)
    faults += _at_the_end(sitting, page, kept, folder, pid)
    sitting.kill()
    return {
        "id": "R11", "n": kills, "faults": faults, "messages": len(page.told), "acts": dict(done), "kept": len(kept),
        "seconds": round(time.monotonic() - began, 1), "seed": seed,
    }  # fmt: skip


def _at_the_end(sitting: Sitting, page: Page, kept: list[str], folder: Path, pid: int | None) -> list[str]:
    faults = []
    for path in kept:
        if (status := sitting.ask("GET", path)[0]) != 200:
            faults.append(f"{path}: {status}")
    _until(lambda: all(each["state"] != "running" for each in (sitting.ask("GET", "/api/tasks")[1] or {})["tasks"]))
    states = Counter(each["state"] for each in sitting.ask("GET", "/api/tasks")[1]["tasks"])
    if set(states) - {"done"}:
        faults.append(f"long work: {dict(states)}")
    if (status := sitting.ask("POST", f"/api/runs/{RUN}/stop")[0]) != 202:
        faults.append(f"it cannot be stopped: {status}")
    _until(lambda: not Path(f"/proc/{pid}").exists())
    if left := [each for each in Path("/proc").iterdir() if each.name.isdecimal() and _session(each) == pid]:
        faults.append(f"processes left: {left}")
    lines = lines_of(folder)
    _until(lambda: len(page.told) >= len(lines), 30)
    told, written = [_kind(each) for each in page.told], [_kind(each) for each in lines]
    if told != written:
        place = next((at for at, pair in enumerate(zip(told, written, strict=False)) if pair[0] != pair[1]), -1)
        near = slice(max(0, place - 1), place + 2)
        faults.append(f"told {len(told)} of {len(written)} lines; first other at {place}: {told[near]} {written[near]}")
    return faults


def _kind(line: tuple[int, dict[str, object]]) -> tuple[int, object, object]:
    """Where a line begins, and what it says: the stream spells out what the log leaves away."""
    start, event = line
    return start, event.get("kind"), event.get("images_seen")


def _session(process: Path) -> int | None:
    try:
        state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return int(session) if state != "Z" else None


def _until(true: Any, seconds: float = PATIENCE) -> None:
    """Wait; what is not true by then is seen by whoever looks next."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)


def main() -> int:
    """Exit code 0 when there is nothing to complain about."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=100)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--stub", action="store_true")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NONESUCH_CACHE"] = f"{folder}/cache"
        found = battle(Path(folder), given.kills, given.seed, given.stub)
    print(json.dumps(found))
    return int(bool(found["faults"]))


if __name__ == "__main__":
    sys.exit(main())

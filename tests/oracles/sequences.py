"""Row L3: what a person does, in any order, beside a model of what the studio should then hold.

    python tests/oracles/sequences.py [--sequences 500] [--steps 30] [--seed 0]

Data sets, classes, pictures, tasks, runs; processes killed; the studio ended and begun anew at any moment. After every
step what the studio says of all of them must be what the model says. Trainers and workers are stubs (nursery.py).
Prints one JSON line; exit code 1 for a difference, which hypothesis tells as the shortest sequence that shows it.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from made_studio import made_run, opened  # noqa: E402
from nonesuch.data.builtin import NAMES  # noqa: E402
from nonesuch.data.decode import decode  # noqa: E402
from nonesuch.data.open import open_data  # noqa: E402
from nonesuch.data.pack import is_pack  # noqa: E402
from nonesuch.data.places import cache_root  # noqa: E402
from nonesuch.pixels import png_bytes  # noqa: E402
from nonesuch.runs import lock  # noqa: E402
from nonesuch.studio import decoders, jobs, tasks  # noqa: E402
from nonesuch.studio.jobs import MOST_AT_ONCE as MOST_JOBS  # noqa: E402
from nonesuch.studio.studio import Studio  # noqa: E402
from nonesuch.studio.tasks import MOST_AT_ONCE as MOST_TASKS  # noqa: E402
from oracles import nursery  # noqa: E402
from oracles.tiny_work import BREAKS, ENDS, FAILS  # noqa: E402

PATIENCE_SECONDS = 30.0
TOLD_EVERY = 25
WAITS, SIZE = 4, 8
SETS = ("birds", "Birds", "trees", "emoji", "con")
CLASSES = ("cat", "Cat", "dog", "owl", "train")
FORBIDDEN = ("train", "con")
RUNS = tuple(f"2026112{day}-120000-gan-faces-ab12" for day in range(1, 5))
PICTURES = tuple(png_bytes(np.full((4, 4, 3), 40 * grey, np.uint8)) for grey in range(5))

data_set, label = st.sampled_from(SETS), st.sampled_from(CLASSES)
run_id, some = st.sampled_from(RUNS), st.integers(0, 5)


@dataclass
class Held:
    """A data set as it should be: names of files by class, the same of what was taken out, classes switched off."""

    classes: dict[str, set[str]] = field(default_factory=dict)
    removed: dict[str, set[str]] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)

    def other(self, name: str, but: str = "") -> bool:
        """Whether a class of this name, in large or small letters, is there beside `but`."""
        return any(each.casefold() == name.casefold() for each in self.classes if each != but)


def moved(name: str, home: set[str]) -> None:
    """A file comes to where others are: under a name that is free."""
    stem, number, target = name.removesuffix(".png"), 1, name
    while target in home:
        number += 1
        target = f"{stem}-{number}.png"
    home.add(target)


class Sequences(RuleBasedStateMachine):
    """The studio and its model."""

    nursery: nursery.Nursery
    counted = ended = 0

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sequence-"))
        self.client = ExitStack()
        self.sets: dict[str, Held] = {}
        self.seen: dict[str, tuple[str, list[str]]] = {}
        self.runs: dict[str, bool] = {}
        self.lines: dict[str, int] = {}
        self.tasks: dict[str, str] = {}
        self._open()

    def _open(self) -> None:
        self.ask = self.client.enter_context(opened(self.folder))
        self.studio: Studio = self.ask.app.state.studio  # type: ignore[attr-defined]

    def teardown(self) -> None:
        type(self).ended += 1
        if self.ended % TOLD_EVERY == 0:
            print(f"{self.ended} sequences, {self.counted:,} steps", file=sys.stderr, flush=True)
        if hasattr(self, "client"):
            self.client.close()
            self.nursery.end_children()
            shutil.rmtree(self.folder, ignore_errors=True)

    # Data sets

    @rule(name=data_set)
    def make_set(self, name: str) -> None:
        taken = {each.casefold() for each in (*self.sets, *NAMES)}
        good = name not in FORBIDDEN and name.casefold() not in taken
        self.must(self.ask.post("/api/data", json={"name": name}), 201 if good else 400)
        if good:
            self.sets[name] = Held()

    def edit(self, name: str, right: bool, /, **what: Any) -> bool:
        """Whether it was done; it must be done if it is right."""
        known = name in self.sets
        status = 200 if known and right else 400 if known or name in NAMES else 404
        self.must(self.ask.post(f"/api/data/{name}/edits", json=what), status)
        return status == 200

    def held(self, name: str) -> Held:
        return self.sets.get(name, Held())

    @rule(name=data_set, new=label)
    def add_class(self, name: str, new: str) -> None:
        right = new not in FORBIDDEN and not self.held(name).other(new)
        if self.edit(name, right, edit="add_class", name=new):
            self.sets[name].classes[new] = set()

    @rule(name=data_set, old=label, new=label)
    def rename_class(self, name: str, old: str, new: str) -> None:
        held = self.held(name)
        right = old in held.classes and new not in FORBIDDEN and not held.other(new, old)
        if self.edit(name, right, edit="rename_class", name=old, to=new) and old != new:
            held.classes[new] = held.classes.pop(old)
            if old in held.off:
                held.off = held.off - {old} | {new}

    @rule(name=data_set, old=label)
    def remove_class(self, name: str, old: str) -> None:
        held = self.held(name)
        if self.edit(name, old in held.classes, edit="remove_class", name=old):
            for file in sorted(held.classes.pop(old)):
                moved(file, held.removed.setdefault(old, set()))
            held.off.discard(old)

    @rule(name=data_set, which=label, off=st.booleans())
    def switch_class(self, name: str, which: str, off: bool) -> None:
        held = self.held(name)
        if self.edit(name, which in held.classes, edit="switch_class", name=which, off=off):
            held.off = held.off | {which} if off else held.off - {which}

    @rule(name=data_set)
    def put_back(self, name: str) -> None:
        held = self.held(name)
        if self.edit(name, True, edit="put_back"):
            for old, files in sorted(held.removed.items()):
                home = held.classes.setdefault(old, set())
                for file in sorted(files):
                    moved(file, home)
            held.removed.clear()

    @rule(name=data_set, into=label, number=some)
    def put_picture(self, name: str, into: str, number: int) -> None:
        home = self.held(name).classes.get(into)
        data = PICTURES[number % len(PICTURES)]
        answer = self.ask.post(
            f"/api/uploads/pictures/{name}?label={into}",
            content=data,
            headers={"content-type": "application/octet-stream"},
        )
        self.must(answer, 201 if home is not None else 400 if name in NAMES else 404)
        if home is not None:
            file = f"{hashlib.sha256(data).hexdigest()[:32]}.png"
            assert answer.json() == {"label": into, "new": file not in home}
            home.add(file)

    @rule(name=data_set)
    def look_at_pictures(self, name: str) -> None:
        """As a page that shows a data set, and keeps what it has seen while others change it."""
        if any(self.held(name).classes.values()):
            pack = open_data(self.folder / "data" / name, SIZE)
            inside = [f"{each}/{file}" for each, files in self.sets[name].classes.items() for file in files]
            assert sorted(pack.names) == sorted(inside)
            self.seen[name] = pack.fingerprint, list(pack.names)

    @rule(name=data_set, numbers=st.lists(some, min_size=1, max_size=3), to=st.none() | label)
    def move_or_remove(self, name: str, numbers: list[int], to: str | None) -> None:
        if name not in self.seen:
            return
        (pack, names), held = self.seen[name], self.sets[name]
        chosen = [names[number % len(names)] for number in dict.fromkeys(numbers)]
        chosen = list(dict.fromkeys(chosen))
        rows = [names.index(each) for each in chosen]
        split = [each.split("/") for each in chosen]
        right = all(file in held.classes.get(each, ()) for each, file in split) and (to is None or to in held.classes)
        what = {"edit": "remove"} if to is None else {"edit": "move", "to": to}
        answer = self.ask.post(f"/api/data/{name}/edits", json={**what, "pack": pack, "rows": rows})
        # A pack that was seen several changes ago is gone: then the page is told to look again.
        self.must(answer, 404 if not is_pack(cache_root() / "packs" / pack) else 200 if right else 400)
        if answer.status_code == 200:
            for each, file in split:
                if each != to:
                    held.classes[each].remove(file)
                    moved(file, held.classes[to] if to is not None else held.removed.setdefault(each, set()))

    # Long work

    @rule(size=st.sampled_from((WAITS, WAITS, ENDS, FAILS, BREAKS)), name=data_set)
    def begin_task(self, size: int, name: str) -> None:
        room = sum(state == "running" for state in self.tasks.values()) < MOST_TASKS
        status = 404 if name not in self.sets and name not in NAMES else 202 if room else 429
        answer = self.must(self.ask.post("/api/work/packing", json={"data": name, "size": size}), status)
        if status == 202:
            task = answer.json()["id"]
            self.tasks[task] = {WAITS: "running", ENDS: "done"}.get(size, "failed")
            self.until(lambda: self.studio.tasks.line(task).state == self.tasks[task])

    def task(self, number: int) -> tuple[str, str]:
        known = sorted(self.tasks)
        return (known[number % len(known)], self.tasks[known[number % len(known)]]) if known else ("", "")

    @rule(number=some)
    def cancel_task(self, number: int) -> None:
        name, state = self.task(number)
        if name:
            self.must(self.ask.post(f"/api/tasks/{name}/cancel"), 200)
            self.tasks[name] = "cancelled" if state == "running" else state
            self.until(lambda: not self.studio.tasks.is_alive(name))

    @rule(number=some)
    def delete_task(self, number: int) -> None:
        name, state = self.task(number)
        if name:
            self.until(lambda: state == "running" or not self.studio.tasks.is_alive(name))
            self.must(self.ask.delete(f"/api/tasks/{name}"), 409 if state == "running" else 204)
            if state != "running":
                del self.tasks[name]

    @rule(number=some)
    def kill_task(self, number: int) -> None:
        name, state = self.task(number)
        if state == "running":
            self.kill(self.studio.tasks.folder(name))
            self.tasks[name] = "lost"
            self.until(lambda: not self.studio.tasks.is_alive(name))

    # Runs

    @rule(name=run_id)
    def make_run(self, name: str) -> None:
        """As the command line does."""
        if name not in self.runs:
            made_run(self.studio.runs, name, 3)
            self.runs[name] = False
            self.lines[name] = 0

    @rule(name=run_id)
    def start_run(self, name: str) -> None:
        room = sum(self.runs.values()) < MOST_JOBS
        status = 404 if name not in self.runs else 409 if self.runs[name] else 202 if room else 429
        self.must(self.ask.post(f"/api/runs/{name}/start"), status)
        if status == 202:
            self.runs[name] = True

    @rule(name=run_id)
    def stop_run(self, name: str) -> None:
        if self.runs.get(name):
            self.until(self.studio.run(name).is_alive)  # before, there is nobody to hear
        self.must(self.ask.post(f"/api/runs/{name}/stop"), self.by(name, 202, 409))
        if self.runs.get(name):
            self.runs[name] = False
            self.until(lambda: not self.studio.jobs.is_alive(self.studio.run(name)))

    @rule(name=run_id)
    def kill_run(self, name: str) -> None:
        if self.runs.get(name):
            self.kill(self.studio.run(name).path)
            self.runs[name] = False
            self.until(lambda: not self.studio.jobs.is_alive(self.studio.run(name)))

    @rule(name=run_id)
    def delete_run(self, name: str) -> None:
        if self.runs.get(name):
            self.until(self.studio.run(name).is_alive)
        self.must(self.ask.delete(f"/api/runs/{name}"), self.by(name, 409, 204))
        if self.runs.get(name) is False:
            del self.runs[name], self.lines[name]

    @rule(name=run_id, wish=st.sampled_from(("pause", "resume", "stop")))
    def wish(self, name: str, wish: str) -> None:
        self.must(self.ask.post(f"/api/runs/{name}/wishes", json={"wish": wish}), self.by(name, 202, 202))

    def by(self, name: str, alive: int, quiet: int) -> int:
        return 404 if name not in self.runs else alive if self.runs[name] else quiet

    @rule()
    def begin_anew(self) -> None:
        """The studio ends, and another one on the same folders finds everything again."""
        self.client.close()
        self._open()
        # Who was started a moment ago may not hold its lock yet.
        busy = [self.studio.run(name).path for name, alive in self.runs.items() if alive]
        busy += [self.studio.tasks.folder(name) for name, state in self.tasks.items() if state == "running"]
        self.until(lambda: all(lock.is_alive(each) for each in busy))

    # What must be true after every step

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        if not hasattr(self, "ask"):
            return
        type(self).counted += 1
        listed = self.ask.get("/api/data").json()["sets"]
        assert {each["id"] for each in listed if each["kind"] == "own"} == set(self.sets)
        for name, held in self.sets.items():
            found = self.ask.get(f"/api/data/{name}/album").json()
            classes = {each["name"]: (each["count"], each["off"]) for each in found["classes"]}
            assert classes == {each: (len(files), each in held.off) for each, files in held.classes.items()}
            assert found["removed"] == sum(map(len, held.removed.values()))
        told = {each["id"]: each["state"] for each in self.ask.get("/api/tasks").json()["tasks"]}
        assert told == self.tasks
        states = {each["id"]: each["state"] for each in self.ask.get("/api/runs").json()["runs"]}
        assert states == {name: "running" if alive else "stopped" for name, alive in self.runs.items()}
        for name, before in self.lines.items():
            end = self.ask.get(f"/api/runs/{name}/events").json()["end"]
            assert end >= before, "a log has become shorter"
            self.lines[name] = end

    def must(self, answer: Any, *statuses: int) -> Any:
        assert answer.status_code in statuses, (answer.status_code, answer.text)
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"kind", "message"}
        return answer

    def kill(self, folder: Path) -> None:
        self.until(lambda: lock.holder(folder) is not None and lock.is_alive(folder))
        pid = lock.holder(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.005)


def _png(_decoder: decoders.GuardedDecoder, data: bytes) -> bytes:
    """Decoding without a child: what is asked here is the studio."""
    return png_bytes(decode(data))


def run(sequences: int, steps: int, number: int) -> int:
    """Go through so many sequences; returns the count of steps after which everything was compared."""
    Sequences.counted = Sequences.ended = 0
    Sequences.nursery = nursery.Nursery()
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    patches = (
        mock.patch.object(jobs, "TRAINER", "tiny_job"),
        mock.patch.object(tasks, "WORKER", "tiny_work"),
        mock.patch.object(jobs, "spawn", Sequences.nursery.spawn),
        mock.patch.object(tasks, "spawn", Sequences.nursery.spawn),
        mock.patch.object(decoders.GuardedDecoder, "png", _png),
    )
    try:
        with ExitStack() as stack:
            for each in patches:
                stack.enter_context(each)
            run_state_machine_as_test(seed(number)(Sequences), settings=chosen)
    finally:
        Sequences.nursery.close()
    return Sequences.counted


def main() -> int:
    """Exit code 0 when there was no difference."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sequences", type=int, default=500)
    words.add_argument("--steps", type=int, default=30)
    words.add_argument("--seed", type=int, default=0)
    given = words.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NONESUCH_CACHE"], os.environ["NONESUCH_OFFLINE"] = f"{folder}/cache", "1"
        counted = run(given.sequences, given.steps, given.seed)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"id": "L3", "n": given.sequences, "steps": counted, "seconds": seconds, "seed": given.seed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

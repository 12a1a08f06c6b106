"""Real training sessions, killed at random times and resumed, against one that nobody touched.

    python tests/oracles/kill_sessions.py FOLDER --kind gan --kills 200

torch is imported once; each sitting is a forked child, so that a kill costs a fraction of a second. Prints one JSON
line: how many kills struck a living trainer, how many of them after steps of its own, and whether weights, average,
optimizer state, history, log and report are the same.
"""

import argparse
import json
import math
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from made_data import folder_of_bars
from nonesuch import library, session
from nonesuch.recipe import Kind, Recipe
from nonesuch.runs import checkpoint, events_log, history, layout
from nonesuch.runs.store import open_or_create

TIMELESS = ("stepped", "measured", "finished")
BATCH, STEPS = 16, 150
MOST_KILLS = 20
"""Of one run: with so few of its 150 steps between kills it has ended by itself long before."""


EVERYWHERE = {
    "train.batch": str(BATCH), "train.ema_half_life": "200", "machine.threads": "1", "train.augment.flip": "true",
    "snapshot_images": str(BATCH),
}  # fmt: skip
DRAWING = {"net.options.widths": "[4, 8]", "net.options.hidden": "16", "net.options.latent": "4"}
SMALL: Mapping[Kind, Mapping[str, str]] = {
    "cnn": {"train.augment.shift": "1", "net.options.widths": "[4, 4, 8]", "net.options.dense": "8"},
    "ae": DRAWING,
    "vae": DRAWING | {"objective.kl_warm_up_images": "800", "objective.free_bits": "0.01"},
    "gan": {
        "net.options.width": "4", "net.options.most": "8", "net.options.critic_width": "4", "net.options.latent": "4",
        "objective.penalty": "0.1", "objective.penalty_every": "2", "objective.alternate": "batches",
        "objective.augment": '["colour", "translation", "cutout"]',
    },
}  # fmt: skip
"""Everything on that a resume could get wrong: dropout, augmentation of both kinds, average, both nets' momenta, the
climbing weight of the prior, lazy penalties, whose turn it is."""


def recipe(kind: Kind, data: Path, images: int) -> Recipe:
    """A tiny net of this kind."""
    return library.plan(data, kind=kind, images=images, settings={**EVERYWHERE, **SMALL[kind]})


def sitting(wanted: Recipe, run: Path) -> None:
    """Train to the end, as the command line does."""
    for _ in session.fit(wanted, run):
        pass


def started(wanted: Recipe, run: Path) -> int:
    """A sitting in a child; its process id."""
    child = os.fork()
    if child == 0:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            sitting(wanted, run)
            os._exit(0)
        finally:
            os._exit(1)
    return child


def killed_sitting(wanted: Recipe, run: Path, steps: int, seconds: float) -> bool:
    """A sitting, killed `seconds` after it has saved so many steps of its own; True when it finished before that.

    Steps and not the clock alone: on a busy machine all kills by the clock would strike before anything is done.
    """
    wanted_images = max(layout.snapshots(run), default=0) + steps * BATCH
    child = started(wanted, run)
    end = math.inf
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return True
        if end == math.inf and max(layout.snapshots(run), default=0) >= wanted_images:
            end = time.monotonic() + seconds
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def finish(wanted: Recipe, run: Path) -> None:
    """A sitting that nobody kills."""
    _, status = os.waitpid(started(wanted, run), 0)
    assert os.waitstatus_to_exitcode(status) == 0


def outcome(run: Path) -> dict[str, object]:
    """All that must be the same: tensors as bytes, the log without clock and sittings, the report without clock."""
    found = checkpoint.latest(run)
    assert found is not None
    tensors = {
        f"{group}/{name}": tensor.numpy().tobytes()
        for group in found.tensors
        for name, tensor in found.tensors[group].items()
    }
    events = [record.event for record in events_log.read(run)]
    log = [{**event, "seconds": 0, "run": ""} for event in events if event["kind"] in TIMELESS]
    report = json.loads((run / "report.json").read_text())
    frames = {file.name: file.read_bytes() for file in (run / layout.HISTORY).iterdir()}
    return {"tensors": tensors, "log": log, "report": {**report, "seconds": 0}, "history": frames}


def main() -> int:
    """Exit code 0 when everything is the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=list(SMALL), default="cnn")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    torch.set_num_threads(1)
    history.MOST_BYTES = 1  # so that frames are thinned out too
    options.folder.mkdir(parents=True, exist_ok=True)
    data = folder_of_bars(options.folder / "data")
    wanted = recipe(options.kind, data, images=BATCH * STEPS)
    quiet = options.folder / "quiet"
    shutil.rmtree(quiet, ignore_errors=True)
    before = time.monotonic()
    finish(wanted, open_or_create(quiet).path)
    length = time.monotonic() - before
    expected = outcome(quiet)
    kills = runs = saved = 0
    same = True
    while kills < options.kills and same:
        run = options.folder / f"killed-{runs}"
        shutil.rmtree(run, ignore_errors=True)
        path = open_or_create(run).path
        for _ in range(MOST_KILLS):
            # A tenth of them before the first step is saved, at the start.
            steps, moment = (0, length / 5) if rng.random() < 0.1 else (rng.randint(1, 40), length / STEPS * 2)
            if kills == options.kills or killed_sitting(wanted, path, steps, rng.uniform(0, moment)):
                break
            kills += 1
            saved += steps > 0
        finish(wanted, path)
        runs += 1
        same = outcome(path) == expected and not list(path.rglob(".tmp-*"))
    result = {
        "kind": options.kind,
        "kills": kills,
        "after_progress": saved,
        "runs": runs,
        "all_the_same": same,
        "quiet_run_seconds": round(length, 2),
    }
    print(json.dumps(result))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

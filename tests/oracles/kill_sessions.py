"""Real training sessions, killed at random times and resumed, against one that nobody touched.

    python tests/oracles/kill_sessions.py FOLDER --kind gan --kills 200

torch is imported once; each sitting is a forked child, so that a kill costs a fraction of a second. Prints one JSON
line: how many kills struck a living trainer, and whether weights, average, optimizer state, history, log and report
are the same.
"""

import argparse
import contextlib
import json
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
SITTING_SECONDS = 60


EVERYWHERE = {
    "train.batch": "16", "train.ema_half_life": "200", "machine.threads": "1", "train.augment.flip": "true",
    "snapshot_images": "16",
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


def killed_sitting(wanted: Recipe, run: Path, seconds: float) -> bool:
    """A sitting in a child that is killed after `seconds`; True when it had already finished."""
    child = os.fork()
    if child == 0:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            sitting(wanted, run)
            os._exit(0)
        finally:
            os._exit(1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


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
    wanted = recipe(options.kind, data, images=16 * 150)
    quiet = options.folder / "quiet"
    shutil.rmtree(quiet, ignore_errors=True)
    before = time.monotonic()
    assert killed_sitting(wanted, open_or_create(quiet).path, SITTING_SECONDS)
    length = time.monotonic() - before
    expected = outcome(quiet)
    kills = runs = 0
    same = True
    while kills < options.kills and same:
        run = options.folder / f"killed-{runs}"
        shutil.rmtree(run, ignore_errors=True)
        path = open_or_create(run).path
        while not killed_sitting(
            wanted, path, rng.uniform(0.1, 0.5) * length if kills < options.kills else SITTING_SECONDS
        ):
            kills += 1
        runs += 1
        same = outcome(path) == expected and not list(path.rglob(".tmp-*"))
    result = {
        "kind": options.kind,
        "kills": kills,
        "runs": runs,
        "all_the_same": same,
        "quiet_run_seconds": round(length, 2),
    }
    print(json.dumps(result))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

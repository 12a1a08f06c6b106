"""kill -9 at random moments: the newest snapshot always loads, nothing is lost or doubled, nothing is left behind."""

import os
import random
import signal
import time
import warnings
from pathlib import Path

import torch

from nonesuch.runs import checkpoint, events_log, layout, lock
from oracles.tiny_trainer import BATCH, train, weights
from oracles.tree import names

KILLS = 60
LINE_BYTES = 50


def _train_and_kill(run: Path, lines: int, seconds: float) -> None:
    """Kill a trainer `seconds` after it wrote so many events, wherever it is then."""
    log = run / layout.EVENTS
    begun = log.stat().st_size if log.exists() else 0
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; the child here runs on one thread and ends in _exit.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            train(run, 10**9)
        finally:
            os._exit(0)
    patience = time.monotonic() + 10
    while lines and not (log.exists() and log.stat().st_size >= begun + lines * LINE_BYTES):
        assert time.monotonic() < patience
        time.sleep(0.001)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_sixty_kills_lose_nothing(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    run = tmp_path / "killed"
    run.mkdir()
    rng = random.Random(1)
    reached = 0
    for _ in range(KILLS):
        _train_and_kill(run, rng.choice([0, 1, 1, 2]), rng.uniform(0, 0.03))
        assert not lock.is_alive(run)
        found = checkpoint.latest(run)
        images = 0 if found is None else found.images_seen
        assert images >= reached
        reached = images
        if found is not None:
            assert found.damaged == ()
            assert torch.equal(found.tensors["model"]["weight"], weights(images))
            seen = [record.event["images_seen"] for record in events_log.read(run)]
            # At most the step that was under way is ahead of the snapshot, and it is cut back on resume.
            assert seen[: images // BATCH] == list(range(BATCH, images + 1, BATCH))
            assert len(seen) <= images // BATCH + 1
    assert reached > KILLS * BATCH / 2

    until = reached + 3 * BATCH
    train(run, until)
    untouched = tmp_path / "untouched"
    untouched.mkdir()
    train(untouched, until)
    assert (run / layout.EVENTS).read_bytes() == (untouched / layout.EVENTS).read_bytes()
    assert names(run) == names(untouched)
    for name in layout.snapshots(untouched):
        ours, theirs = (place / "snapshots" / layout.images_name(name) for place in (run, untouched))
        assert names(ours) == names(theirs)
        for file in theirs.iterdir():
            assert (ours / file.name).read_bytes() == file.read_bytes()
    assert names(run / "snapshots") == names(untouched / "snapshots")

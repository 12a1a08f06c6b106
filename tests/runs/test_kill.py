"""kill -9 at random moments: the newest snapshot always loads, nothing is lost or doubled, nothing is left behind."""

import os
import random
import signal
import time
import warnings
from pathlib import Path

import torch
from oracles.tiny_trainer import BATCH, train, weights

from nonesuch.runs import checkpoint, events_log, layout, lock

KILLS = 60


def _train_and_kill(run: Path, until: int, seconds: float) -> None:
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; the child here runs on one thread and ends in _exit.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            train(run, until)
        finally:
            os._exit(0)
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
        _train_and_kill(run, 10**9, rng.uniform(0.005, 0.08))
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
    assert sorted(os.listdir(run)) == sorted(os.listdir(untouched))
    for name in layout.snapshots(untouched):
        ours, theirs = (place / "snapshots" / layout.images_name(name) for place in (run, untouched))
        assert sorted(os.listdir(ours)) == sorted(os.listdir(theirs))
        for file in theirs.iterdir():
            assert (ours / file.name).read_bytes() == file.read_bytes()
    assert os.listdir(run / "snapshots").sort() == os.listdir(untouched / "snapshots").sort()
    assert not [name for name in os.listdir(run / "snapshots") if name.startswith(layout.TEMPORARY)]

"""The folder of all runs."""

import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from nonesuch.errors import RunError
from nonesuch.runs import atomic, layout
from nonesuch.runs.events_log import EventLog
from nonesuch.runs.lock import TrainerLock
from nonesuch.runs.store import RunFolder, Store, open_or_create
from oracles.tree import names

RECIPE = {"kind": "cnn", "data": {"source": "/home/someone/pixelfolk"}, "seed": 1}


def start(store: Store, rng: Random | None = None) -> RunFolder:
    run = store.create_new("cnn", "pixelfolk", rng or Random(1))
    run.write_recipe(RECIPE)
    return run


def say(run: RunFolder, *kinds: str) -> None:
    with EventLog(run.path) as log:
        for kind in kinds:
            log.append({"kind": kind, "images_seen": 640, "seconds": 1.0})


def test_a_run_is_made_listed_opened_and_deleted(runs: Path) -> None:
    store = Store(runs)
    assert store.list() == []
    run = start(store)
    assert layout.is_id(run.id)
    assert run.path.parent == runs
    assert run.path.stat().st_mode & 0o777 == 0o700
    (summary,) = store.list()
    assert (summary.id, summary.kind, summary.data, summary.state) == (run.id, "cnn", "pixelfolk", "stopped")
    assert store.open(run.id).recipe() == {"schema_version": 1, **RECIPE}
    assert store.open(run.path).path == store.get(run.id).path == run.path
    store.delete(run.id)
    assert names(runs) == []
    assert store.list() == []


def test_reports_and_previews(runs: Path) -> None:
    run = start(Store(runs))
    assert run.report() is None
    run.write_report({"figures": {"accuracy": 0.5, "n": 3, "name": "x", "ok": True}})
    assert run.report() == {"schema_version": 1, "figures": {"accuracy": 0.5, "n": 3, "name": "x", "ok": True}}
    assert run.summary().figures == {"accuracy": 0.5, "n": 3.0}
    assert run.write_preview(128, b"png") == "previews/000000000128.png"
    assert run.previews() == [128]
    assert run.preview(128) == b"png"
    with pytest.raises(RunError, match="no preview at 64 images"):
        run.preview(64)


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], "stopped"),
        (["started", "stepped"], "stopped"),
        (["started", "stepped", "snapshotted", "stopped"], "stopped"),
        (["started", "stepped", "finished"], "finished"),
        (["finished", "measured", "noted"], "finished"),
        (["stepped", "diverged"], "failed"),
        (["diverged", "started", "stepped"], "stopped"),
    ],
)
def test_the_state_is_what_the_last_telling_event_says(runs: Path, kinds: list[str], state: str) -> None:
    store = Store(runs)
    run = start(store)
    say(run, *kinds)
    assert run.summary().state == state
    with TrainerLock(run.path):
        assert run.is_alive()
        assert store.list()[0].state == "running"
    assert store.list()[0].state == state
    assert run.summary().images_seen == (640 if kinds else 0)


def test_images_seen_is_the_furthest_of_events_and_snapshots(runs: Path) -> None:
    run = start(Store(runs))
    (run.path / "snapshots" / "000000001280").mkdir(parents=True)
    assert run.snapshots() == [1280]
    assert run.summary().images_seen == 1280


def test_a_listing_notices_every_change(runs: Path) -> None:
    store = Store(runs)
    run = start(store)
    assert store.list()[0].figures == {}
    run.write_report({"figures": {"accuracy": 0.25}})
    assert store.list()[0].figures == {"accuracy": 0.25}
    say(run, "finished")
    assert store.list()[0].state == "finished"
    (run.path / "recipe.json").write_text("{")
    assert store.list()[0].state == "damaged"
    shutil.rmtree(run.path)
    assert store.list() == []


def test_junk_is_left_out_and_damage_is_described(runs: Path) -> None:
    store = Store(runs)
    run = start(store)
    named = store.create("my-first_run.2")
    named.write_recipe(RECIPE)
    ruined = start(store, Random(2))
    (ruined.path / "recipe.json").write_bytes(b"\0\xff")
    bare = store.create_new("gan", "emoji", Random(3))
    newer = start(store, Random(4))
    atomic.write_json(newer.path / "recipe.json", {"schema_version": 9})
    linked = start(store, Random(5))
    (linked.path / "recipe.json").unlink()
    (linked.path / "recipe.json").symlink_to("/etc/hostname")
    (runs / "notes.txt").touch()
    (runs / "holiday pictures").mkdir()
    (runs / "pictures").mkdir()
    (runs / ".tmp-123").mkdir()
    (runs / "a-link").symlink_to(run.path)
    os.mkfifo(runs / "pipe")
    found = {summary.id: summary for summary in store.list()}
    assert found.keys() == {run.id, named.id, ruined.id, bare.id, newer.id, linked.id}
    assert found[named.id].data == "pixelfolk"
    assert found[bare.id].kind == "gan"
    for broken, said in (
        (ruined, "damaged"),
        (bare, "has no recipe.json"),
        (newer, "newer nonesuch"),
        (linked, "link"),
    ):
        assert found[broken.id].state == "damaged"
        assert said in found[broken.id].problem
        with pytest.raises(RunError, match=said):
            store.open(broken.id)


@pytest.mark.parametrize("name", ["..", ".", "", "../runs", "a/b", "/etc", "\0", "a\nb", "none", ".tmp-1", "link"])
def test_only_names_of_folders_inside_are_taken(runs: Path, tmp_path: Path, name: str) -> None:
    store = Store(runs)
    start(store)
    (runs / ".tmp-1").mkdir()
    (runs / "link").symlink_to(tmp_path)
    for ask in (store.get, store.delete):
        with pytest.raises(RunError, match="no run") as caught:
            ask(name)
        assert "\n" not in str(caught.value)
    assert len(names(runs)) == 3


def test_opening_what_is_no_run_says_so(runs: Path, tmp_path: Path) -> None:
    store = Store(runs)
    for where in ("none", tmp_path / "none", "\0"):
        with pytest.raises(RunError, match="no run"):
            store.open(where)
    with pytest.raises(RunError, match=r"has no recipe\.json"):
        store.open(tmp_path)


def test_a_name_is_given_once_and_is_a_name(runs: Path) -> None:
    store = Store(runs)
    store.create("first")
    with pytest.raises(RunError, match="exists already"):
        store.create("first")
    for wrong in ("", "..", "a/b", "a b", "-x", "a" * 101, "a\nb"):
        with pytest.raises(RunError, match="cannot name a run"):
            store.create(wrong)


def test_a_fresh_id_is_not_one_that_exists(runs: Path) -> None:
    store = Store(runs)
    assert len({store.create_new("cnn", "x", Random(1)).id for _ in range(5)}) == 5


def test_a_live_run_is_not_deleted(runs: Path) -> None:
    store = Store(runs)
    run = start(store)
    with TrainerLock(run.path), pytest.raises(RunError, match="being trained by process"):
        store.delete(run.id)
    assert run.recipe()["seed"] == 1


def test_the_folder_given_with_run(tmp_path: Path) -> None:
    run = open_or_create(tmp_path / "a" / "b")
    assert not run.has_recipe()
    assert run.path.stat().st_mode & 0o777 == 0o700
    run.write_recipe(RECIPE)
    assert open_or_create(tmp_path / "a" / "b").recipe()["kind"] == "cnn"
    with pytest.raises(RunError, match="holds other files"):
        open_or_create(tmp_path)
    with pytest.raises(RunError, match="is a file"):
        open_or_create(run.path / "recipe.json")
    atomic.write_json(run.path / "recipe.json", {"schema_version": 2})
    with pytest.raises(RunError, match="newer nonesuch"):
        open_or_create(run.path)


def test_a_thousand_runs_are_listed_quickly(runs: Path) -> None:
    store = Store(runs)
    template = start(store)
    template.write_report({"figures": {"accuracy": 0.9}})
    say(template, *["stepped"] * 100, "finished")
    TrainerLock(template.path).close()
    rng = Random(7)
    for number in range(999):
        copy = RunFolder(runs / layout.new_id("cnn", f"copy {number}", datetime(2026, 11, 23), rng))
        copy.path.mkdir()
        for name in ("recipe.json", "report.json", "events.jsonl", "trainer.lock"):
            (copy.path / name).write_bytes((template.path / name).read_bytes())
    times = []
    for _ in range(5):
        started = time.process_time()
        assert len(store.list()) == 1000
        times.append(time.process_time() - started)
    # Processor seconds, so that a busy machine does not matter; wall time in quiet is the same.
    assert times[0] < 1.0
    assert min(times[1:]) < 0.15


def test_listing_needs_no_torch() -> None:
    code = "import sys, nonesuch.runs.store; print({'torch', 'safetensors', 'numpy'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"

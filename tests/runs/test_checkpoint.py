"""Snapshots: whole or not there, proven before they are parsed, pruned without ever losing the last good one."""

import errno
import hashlib
import json
import os
import random
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nonesuch.errors import DivergedError, MachineError, RunError
from nonesuch.runs import atomic, checkpoint, layout
from oracles import safetensors_reader
from oracles.tree import names

Change = Callable[[bytearray, random.Random], None]


def tensors(value: float) -> dict[str, dict[str, torch.Tensor]]:
    weight = torch.full((4, 3, 2, 2), float(value)).to(memory_format=torch.channels_last)
    return {"model": {"weight": weight, "count": torch.tensor(7)}, "ema": {"weight": weight.clone()}, "optimizer": {}}


def value_of(found: checkpoint.Snapshot | None) -> float:
    assert found is not None
    return float(found.tensors["model"]["weight"].flatten()[0])


def test_a_snapshot_comes_back_whole_and_private(tmp_path: Path) -> None:
    assert checkpoint.latest(tmp_path) is None
    path = checkpoint.save(tmp_path, 128, tensors(1.5), {"seconds": 0.1, "optimizer": [None]})
    assert path == tmp_path / "snapshots" / "000000000128"
    files = ["ema.safetensors", "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"]
    assert names(path) == files
    assert {(path / name).stat().st_mode & 0o777 for name in files} == {0o600}
    assert path.stat().st_mode & 0o777 == 0o700
    found = checkpoint.latest(tmp_path)
    assert found is not None
    assert (found.path, found.images_seen, found.damaged) == (path, 128, ())
    assert found.state == {"seconds": 0.1, "optimizer": [None]}
    assert found.tensors.keys() == {"model", "ema", "optimizer"}
    assert torch.equal(found.tensors["model"]["weight"], tensors(1.5)["model"]["weight"])
    assert safetensors_reader.read((path / "model.safetensors").read_bytes())["count"] == 7


def test_only_the_groups_asked_for_are_read(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 1, tensors(1), {})
    (path / "optimizer.safetensors").unlink()
    found = checkpoint.latest(tmp_path, only=["ema"])
    assert found is not None
    assert found.tensors.keys() == {"ema"}
    with pytest.raises(RunError, match=r"optimizer\.safetensors is missing"):
        checkpoint.latest(tmp_path)


def test_the_newest_are_kept_and_those_asked_for(tmp_path: Path) -> None:
    for images in range(10, 60, 10):
        checkpoint.save(tmp_path, images, tensors(images), {}, keep=2, keep_also=[10, 20])
    assert layout.snapshots(tmp_path) == [10, 20, 40, 50]
    assert value_of(checkpoint.latest(tmp_path)) == 50
    assert value_of(checkpoint.load(tmp_path, 20)) == 20
    checkpoint.save(tmp_path, 60, tensors(60), {}, keep=1)
    assert layout.snapshots(tmp_path) == [60]
    with pytest.raises(RunError, match=r"000000000020 cannot be used: manifest\.json is missing"):
        checkpoint.load(tmp_path, 20)


def test_after_damage_the_new_snapshots_are_kept_and_not_the_damaged_one(tmp_path: Path) -> None:
    for images in (10, 20):
        checkpoint.save(tmp_path, images, tensors(images), {}, keep=1, keep_also=[10])
    (tmp_path / "snapshots" / "000000000020" / "model.safetensors").write_bytes(b"")
    found = checkpoint.latest(tmp_path)
    assert value_of(found) == 10
    checkpoint.save(tmp_path, 15, tensors(15), {}, keep=1)
    assert layout.snapshots(tmp_path) == [15]
    assert value_of(checkpoint.latest(tmp_path)) == 15


def test_the_same_moment_can_be_saved_again(tmp_path: Path) -> None:
    for value in (1, 2):
        checkpoint.save(tmp_path, 64, tensors(value), {}, keep=1)
    assert value_of(checkpoint.latest(tmp_path)) == 2
    assert names(tmp_path / "snapshots") == ["000000000064"]


@pytest.mark.parametrize("group", ["model", "ema"])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_never_stored(tmp_path: Path, group: str, wrong: float) -> None:
    checkpoint.save(tmp_path, 1, tensors(1), {})
    bad = tensors(2)
    bad[group]["weight"][0, 0, 0, 0] = wrong
    with pytest.raises(DivergedError, match=f"weight of the {group} .* last good snapshot is kept"):
        checkpoint.save(tmp_path, 2, bad, {})
    assert layout.snapshots(tmp_path) == [1]


def test_mistakes_of_the_caller_touch_nothing(tmp_path: Path) -> None:
    for wrong in ({"ema": {}}, {"model": {}, "../x": {}}):
        with pytest.raises(ValueError, match="groups"):
            checkpoint.save(tmp_path, 1, wrong, {})
    with pytest.raises(ValueError, match="keep 0"):
        checkpoint.save(tmp_path, 1, tensors(1), {}, keep=0)
    with pytest.raises(ValueError, match="JSON"):
        checkpoint.save(tmp_path, 1, tensors(1), {"loss": float("nan")})
    assert names(tmp_path) == []


def test_a_newer_schema_is_refused_and_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, 1, tensors(1), {})
    monkeypatch.setattr(checkpoint, "SCHEMA_VERSION", 2)
    checkpoint.save(tmp_path, 2, tensors(2), {})
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"schema 2; this one reads up to 1"):
        checkpoint.latest(tmp_path)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _zero(data: bytearray, rng: random.Random) -> None:
    before = bytes(data)
    while bytes(data) == before:
        start = rng.randrange(len(data))
        end = min(len(data), start + rng.randint(1, 64))
        data[start:end] = bytes(end - start)


@pytest.mark.parametrize("change", [_flip, _cut, _zero])
def test_two_hundred_corruptions_are_found_named_and_passed_over(tmp_path: Path, change: Change) -> None:
    for images in (1, 2):
        checkpoint.save(tmp_path, images, tensors(images), {"seconds": 1.0})
    newest = tmp_path / "snapshots" / "000000000002"
    files = sorted(newest.iterdir())
    rng = random.Random(change.__name__)
    for round_number in range(200):
        path = files[round_number % len(files)]
        whole = path.read_bytes()
        data = bytearray(whole)
        change(data, rng)
        path.write_bytes(data)
        found = checkpoint.latest(tmp_path)
        assert value_of(found) == 1
        assert found is not None
        (damaged,) = found.damaged
        assert damaged.name == "000000000002"
        assert path.name in damaged.reason
        path.write_bytes(whole)
    assert value_of(checkpoint.latest(tmp_path)) == 2


def test_with_every_snapshot_damaged_the_run_is_refused_by_name(tmp_path: Path) -> None:
    for images in (1, 2):
        path = checkpoint.save(tmp_path, images, tensors(images), {})
        (path / "state.json").unlink()
    with pytest.raises(RunError, match=r"000000000002: state\.json is missing; 000000000001: state\.json"):
        checkpoint.latest(tmp_path)


def test_swapped_snapshots_are_found(tmp_path: Path) -> None:
    for images in (1, 2):
        checkpoint.save(tmp_path, images, tensors(images), {})
    folder = tmp_path / "snapshots"
    (folder / "000000000001").rename(folder / "000000000003")
    found = checkpoint.latest(tmp_path)
    assert value_of(found) == 2
    assert found is not None
    assert found.damaged == (checkpoint.Damaged("000000000003", "it speaks of another number of images"),)


def test_everything_is_on_disk_before_the_rename_and_the_rename_before_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace

    def fsync(file: int) -> None:
        done.append(("fsync", Path(f"/proc/self/fd/{file}").readlink().name))
        sync(file)

    def rename(old: Path, new: Path) -> None:
        done.append(("rename", f"{Path(old).name} -> {Path(new).name}"))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    checkpoint.save(tmp_path, 5, tensors(5), {})
    at = next(i for i, (kind, _) in enumerate(done) if kind == "rename")
    beside, target = done[at][1].split(" -> ")
    assert target == "000000000005"
    files = {"model.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json", "manifest.json"}
    assert [kind for kind, _ in done[:at]] == ["fsync"] * at
    # The new `snapshots` folder itself is made durable in the run folder first.
    assert done[0] == ("fsync", tmp_path.name)
    assert {name for _, name in done[1 : at - 1]} == files
    assert done[at - 1] == ("fsync", beside)
    assert done[at + 1 :] == [("fsync", "snapshots")]


class _Fault:
    """Lets calls of the disk pass until number `at`, which fails; counts them all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, code: int) -> None:
        self.calls, self.at, self.code = 0, at, code
        for name in ("open", "write", "fsync", "rename", "replace", "mkdir"):
            self._wrap(monkeypatch, name)

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            self.calls += 1
            if self.calls == self.at:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **named)

        monkeypatch.setattr(os, name, call)


@pytest.mark.parametrize("again", [False, True], ids=["new moment", "same moment"])
def test_a_failure_at_each_step_leaves_old_or_new(tmp_path: Path, again: bool) -> None:
    """Every call of the disk fails once: the run always loads, with the old snapshot or the new one."""
    total, at, failed, said = None, 0, 0, 0
    while total is None or at < total:
        at += 1
        run = tmp_path / str(at)
        run.mkdir()
        checkpoint.save(run, 1, tensors(1), {}, keep=1)
        with pytest.MonkeyPatch.context() as patch:
            fault = _Fault(patch, at, errno.ENOSPC)
            try:
                checkpoint.save(run, 1 if again else 2, tensors(2), {}, keep=1)
            except MachineError as error:
                failed += "disk is full" in str(error)
                said += 1
        if fault.calls < at:
            total = fault.calls
        checkpoint.recover(run)
        assert value_of(checkpoint.latest(run)) in (1, 2)
        assert not [name for name in names(run / "snapshots") if name.startswith(".tmp-")]
        checkpoint.save(run, 3, tensors(3), {}, keep=1)
        assert names(run / "snapshots") == ["000000000003"]
    assert failed == said >= 15


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 1, tensors(1), {}, keep=1)
    folder = tmp_path / "snapshots"
    (folder / "000000000001").rename(folder / ".tmp-replaced-000000000001")
    (folder / ".tmp-1234-000000000001").mkdir()
    checkpoint.recover(tmp_path)
    assert names(folder) == ["000000000001"]
    assert value_of(checkpoint.latest(tmp_path)) == 1


@pytest.mark.parametrize("most", [0, 1, 100, 300, 500, 700])
def test_a_real_limit_of_the_disk_harms_no_older_snapshot(tmp_path: Path, most: int) -> None:
    checkpoint.save(tmp_path, 1, tensors(1), {})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        with pytest.raises(MachineError, match="larger than this process may write") as caught:
            checkpoint.save(tmp_path, 2, {"model": {"weight": torch.zeros(1000)}}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert names(tmp_path / "snapshots") == ["000000000001"]
    assert value_of(checkpoint.latest(tmp_path)) == 1


def test_the_manifest_lists_size_and_sha256_of_each_file(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, 1, tensors(1), {})
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert (manifest["schema_version"], manifest["images_seen"]) == (1, 1)
    for name, entry in manifest["files"].items():
        data = (path / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert len(manifest["files"]) == 4
    seal = manifest.pop("sha256")
    assert seal == hashlib.sha256(atomic.dumps(manifest)).hexdigest()


@pytest.mark.parametrize("state", [{}, {"seconds": "soon"}, {"seconds": True}, {"seconds": None}])
def test_a_number_that_is_not_in_the_state_is_a_run_error(tmp_path: Path, state: dict[str, object]) -> None:
    checkpoint.save(tmp_path, 3, {"model": {"w": torch.zeros(1)}}, state)
    with pytest.raises(RunError, match="no number 'seconds'"):
        checkpoint.number(checkpoint.load(tmp_path, 3), "seconds")


def test_a_number_in_the_state_is_read(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 3, {"model": {"w": torch.zeros(1)}}, {"seconds": 1.5})
    assert checkpoint.number(checkpoint.load(tmp_path, 3), "seconds") == 1.5

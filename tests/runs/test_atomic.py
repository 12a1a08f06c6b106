"""Writing old-or-new, and what is said when the disk refuses."""

import errno
import os
from pathlib import Path

import pytest

from nonesuch.errors import MachineError, RunError
from nonesuch.runs import atomic
from nonesuch.runs.reading import parse_object
from oracles.limits import file_size_limit
from oracles.tree import names


def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for value in ({"x": 1}, {"y": [1.5, None, "ü"]}):
        atomic.write_json(path, value)
        assert parse_object(path.read_bytes()) == value
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": -float("inf")}, "\ud800", {1, 2}, b"x"])
def test_what_is_no_strict_json_changes_nothing(tmp_path: Path, value: object) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises((ValueError, TypeError)):
        atomic.write_json(path, value)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.json"]


def test_the_order_is_sync_file_then_rename_then_sync_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = record(monkeypatch)
    atomic.write_bytes(tmp_path / "a", b"x")
    (kind, beside), rename, folder = done
    assert kind == "fsync"
    assert Path(beside).name.startswith(".tmp-")
    assert rename == ("rename", str(tmp_path / "a"))
    assert folder == ("fsync", str(tmp_path))


def record(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every fsync (by path) and rename (by target) from now on, in order."""
    done: list[tuple[str, str]] = []
    sync, replace, rename = os.fsync, os.replace, os.rename

    def fsync(file: int) -> None:
        done.append(("fsync", str(Path(f"/proc/self/fd/{file}").readlink())))
        sync(file)

    def os_replace(old: object, new: object) -> None:
        done.append(("rename", str(new)))
        replace(old, new)  # type: ignore[call-overload]

    def os_rename(old: object, new: object) -> None:
        done.append(("rename", str(new)))
        rename(old, new)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", os_replace)
    monkeypatch.setattr(os, "rename", os_rename)
    return done


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "not allowed"),
        (errno.EIO, "disk reports an error"),
    ],
)
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_failing_disk_is_named_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, said: str
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(MachineError, match=said) as caught:
        atomic.write_bytes(path, b"new")
    monkeypatch.undo()
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_a_real_size_limit_is_named_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with file_size_limit(1000), pytest.raises(MachineError, match="larger than this process may write"):
        atomic.write_bytes(path, b"x" * 5000)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No such file"):
        atomic.write_bytes(tmp_path / "none" / "a", b"")
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="Not a directory"):
        atomic.write_bytes(tmp_path / "file" / "a", b"")


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    atomic.write_bytes(tmp_path / "a", b"0123456789")
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_space_is_checked_where_the_folder_would_be(tmp_path: Path) -> None:
    assert atomic.free_space(tmp_path / "not" / "yet") > 0
    atomic.check_space(tmp_path, 1)
    with pytest.raises(MachineError, match=r"not enough room .* needed, .* free"):
        atomic.check_space(tmp_path, 10**18)
    with file_size_limit(0), pytest.raises(MachineError, match="cannot write"):
        atomic.check_space(tmp_path, 1)
    assert names(tmp_path) == []


def test_the_sweep_takes_strays_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    run = tmp_path / "run"
    (run / ".tmp-1-folder" / "deep").mkdir(parents=True)
    (run / ".tmp-2-file").touch()
    (run / ".tmp-3-link").symlink_to(outside)
    (run / "kept").touch()
    atomic.sweep(run)
    assert names(run) == ["kept"]
    assert names(outside) == ["precious"]
    atomic.sweep(tmp_path / "none")


def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="link"):
        atomic.make_folder(tmp_path / "link")
    atomic.make_folder(tmp_path / "new")
    atomic.make_folder(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_removing_a_folder_never_follows_links(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "target")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    atomic.remove_folder(tmp_path / "folder")
    atomic.remove_folder(tmp_path / "link")
    assert names(tmp_path) == ["target"]

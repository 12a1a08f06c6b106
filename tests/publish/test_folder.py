"""A site folder is the old one or the whole new one; what is not ours is neither overwritten nor lost."""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from nonesuch.errors import MachineError, RunError
from nonesuch.publishing.folder import check_file, check_folder, own_files, write_file, write_folder
from nonesuch.runs import whole


def _site(text: str, *more: str) -> dict[str, bytes]:
    files = {"index.html": text.encode(), "pictures/1.png": b"png"} | dict.fromkeys(more, b"more")
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    return {**files, "about.json": json.dumps({"made_by": "nonesuch 0.1.0", "files": listed}).encode()}


def _seen(where: Path) -> dict[str, bytes]:
    return {path.relative_to(where).as_posix(): path.read_bytes() for path in where.rglob("*") if path.is_file()}


def test_a_site_is_written_whole_and_can_be_read_by_a_web_server(tmp_path: Path) -> None:
    write_folder(_site("one"), tmp_path / "a" / "site")
    assert _seen(tmp_path / "a" / "site") == _site("one")
    assert (tmp_path / "a" / "site").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "a" / "site" / "index.html").stat().st_mode & 0o044 == 0o044
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["site"]


def test_publishing_again_replaces_ours_and_keeps_what_is_yours(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_folder(_site("one", "old.js"), site)
    (site / "CNAME").write_text("people.example")
    (site / ".git" / "refs").mkdir(parents=True)
    (site / ".git" / "HEAD").write_text("ref")
    (site / "link").symlink_to("CNAME")
    write_folder(_site("two"), site)
    seen = _seen(site)
    assert seen["index.html"] == b"two"
    assert "old.js" not in seen
    assert (seen["CNAME"], seen[".git/HEAD"]) == (b"people.example", b"ref")
    assert (site / "link").is_symlink()


@pytest.mark.parametrize("lost", ["index.html", "about.json"])
def test_a_folder_that_is_no_site_of_ours_is_refused_and_left_alone(tmp_path: Path, lost: str) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / lost).write_text('{"made_by": "somebody"}')
    with pytest.raises(RunError, match="did not publish"):
        write_folder(_site("one"), tmp_path / "thesis")
    assert _seen(tmp_path / "thesis") == {lost: b'{"made_by": "somebody"}'}


@pytest.mark.parametrize(
    "about", ["", "[]", "null", '{"made_by": 3, "files": []}', '{"made_by": "nonesuch 1", "files": {"a": 1}}']
)
def test_a_marker_that_is_none_makes_no_site(tmp_path: Path, about: str) -> None:
    (tmp_path / "about.json").write_text(about)
    assert own_files(tmp_path) is None


def test_links_files_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "file"):
        with pytest.raises(RunError):
            check_folder(tmp_path / name)


@pytest.mark.parametrize("at", range(1, 9))
@pytest.mark.parametrize("call", ["fsync", "mkdir", "rename", "exchange"])
def test_a_write_that_fails_at_any_moment_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, at: int
) -> None:
    site = tmp_path / "site"
    write_folder(_site("one"), site)
    turns = 0

    def failing(real: object) -> object:
        def fails(*arguments: object, **named: object) -> object:
            nonlocal turns
            turns += 1
            if turns == at:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **named)  # type: ignore[operator]

        return fails

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", failing(os.fsync))
    elif call == "exchange":
        monkeypatch.setattr(whole, "_exchanged", failing(whole._exchanged))
    else:
        if call == "rename":
            monkeypatch.setattr(whole, "_exchanged", lambda *_: False)
        monkeypatch.setattr(Path, call, failing(getattr(Path, call)))
    with suppress(MachineError):
        write_folder(_site("two"), site)
    monkeypatch.undo()
    seen = _seen(site)
    assert seen in (_site("one"), _site("two"))
    if turns < at:
        assert seen == _site("two")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_nobody_may_write_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, words in ((errno.EACCES, "writing there is not allowed"), (errno.ENOSPC, "the disk is full")):

        def denied(*_: object, number: int = number, **__: object) -> None:
            raise OSError(number, "as the system says it")

        monkeypatch.setattr(Path, "mkdir", denied)
        with pytest.raises(MachineError, match=words) as caught:
            write_folder(_site("one"), tmp_path / "site")
        assert "\n" not in str(caught.value)


def test_a_single_file_replaces_only_a_page_of_ours(tmp_path: Path) -> None:
    page = b'<!doctype html><meta name="generator" content="nonesuch" />'
    write_file(page, tmp_path / "people.html")
    write_file(page + b"2", tmp_path / "people.html")
    assert (tmp_path / "people.html").read_bytes() == page + b"2"
    (tmp_path / "thesis.html").write_text("<p>mine")
    with pytest.raises(RunError, match="did not publish"):
        write_file(page, tmp_path / "thesis.html")
    with pytest.raises(RunError, match="html"):
        check_file(tmp_path / "people")
    with pytest.raises(RunError, match="folder"):
        check_file(tmp_path)


def test_the_old_site_stands_until_the_new_one_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system can exchange folders, there is no moment without a site."""
    site = tmp_path / "site"
    write_folder(_site("one"), site)
    seen: list[Mapping[str, bytes]] = []
    real = whole._exchanged

    def watched(one: Path, other: Path) -> bool:
        seen.append(_seen(site))
        done = real(one, other)
        seen.append(_seen(site))
        return done

    monkeypatch.setattr(whole, "_exchanged", watched)
    write_folder(_site("two"), site)
    assert seen[0] == _site("one")
    assert seen[1] in (_site("one"), _site("two"))

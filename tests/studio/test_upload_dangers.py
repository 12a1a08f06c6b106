"""Hostile uploads: names, archives and sizes made to do harm (rows I4 and I5 of what a studio takes in, and W5)."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from made_album import RAW, data_root, edit, ended, picture, zipped
from nonesuch.data.album import Album, folder_name
from nonesuch.errors import DataError
from nonesuch.studio import albums, body
from payloads import commands, traversals

HOSTILE = (
    "..", ".", "", " ", "a/b", "a\\b", "..\\..", "/etc", "C:", "C:\\x", ".hidden", "~", "-rf", "con", "NUL.cat", "com1",
    "a\nb", "a\0b", "\u202egnp", "\u200b", "\x1b[2J", "x" * 61, "é" * 101, "a.png", "A.JPG", "b.zip", "train", "TEST",
    "valid", "metadata.csv", "labels.csv", "__MACOSX", "Thumbs.db", "a:b", "a*", "a?", 'a"', "a<b>", "a|b", "end.",
    "\ud800", ".nonesuch.json", ".removed",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_no_names_of_folders(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        folder_name(name, "class")
    with pytest.raises(DataError):
        Album(tmp_path).add_class(name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["cat", "söße Küken", "猫", "Dogs & cats", "a.b c", "'); DROP TABLE", "<b>".strip("<>")]
)
def test_peoples_names_are(name: str, tmp_path: Path) -> None:
    assert (tmp_path / Album(tmp_path).add_class(name)).is_dir()


def test_no_name_from_outside_becomes_a_path(client: TestClient, row: object) -> None:
    before = sorted(path for path in data_root(client).parent.rglob("*"))
    for payload in [*traversals(), *commands("touch effect")]:
        made = client.post("/api/data", json={"name": payload[:200]})
        added = edit(client, "few", edit="add_class", name=payload[:200])
        assert made.status_code < 500
        assert added.status_code < 500
    after = [path for path in data_root(client).parent.rglob("*") if path not in before]
    assert all(path.is_dir() and path.parent in (data_root(client), data_root(client) / "few") for path in after)
    row("I4", 1100)  # type: ignore[operator]


def _entry(name: str, data: bytes, mode: int = 0) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, data)
        archive.writestr("fine/1.png", picture(1))
        archive.writestr("also/2.png", picture(2))
    return held.getvalue()


ARCHIVES = {
    "slip": _entry("../../evil.png", picture(3)),
    "deep slip": _entry("a/b/../../../evil.png", picture(3)),
    "backslash slip": _entry("..\\..\\evil.png", picture(3)),
    "absolute": _entry("/tmp/evil.png", picture(3)),
    "drive": _entry("C:/evil.png", picture(3)),
    "link": _entry("cat/evil.png", b"/etc/passwd", stat.S_IFLNK | 0o777),
    "device": _entry("cat/evil.png", b"", stat.S_IFCHR | 0o666),
    "bomb": _entry("cat/evil.png", b"\0" * (64 << 20)),
    "hidden": _entry(".git/evil.png", picture(3)),
    "settings": _entry(".nonesuch.json", b'{"schema": 1, "off": ["left"]}'),
    "script": _entry("cat/evil.svg", b"<svg onload='alert(1)'/>"),
    "markup": _entry("<img src=x onerror=alert(1)>/evil.png", picture(3)),
    "right to left": _entry("cat\u202e/evil.png", picture(3)),
    "picture folder": _entry("cat.png/evil.png", picture(3)),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_made_to_do_harm_only_bring_their_good_pictures(client: TestClient, kind: str) -> None:
    before = {path for path in data_root(client).parent.rglob("*") if "cache" not in path.parts}
    done = ended(client, client.post("/api/uploads/archives/few", content=ARCHIVES[kind], headers=RAW))
    assert done["task"]["state"] == "done", done
    assert done["result"]["added"] == 2, done
    new = {path for path in data_root(client).parent.rglob("*") if "cache" not in path.parts} - before
    assert {path.relative_to(data_root(client)).parts[:2] for path in new} == {("few", "fine"), ("few", "also")}
    assert not any(path.is_symlink() for path in new)


def test_an_archive_that_is_damaged_fails_in_one_line(client: TestClient) -> None:
    whole = zipped({"cat/1.png": picture(1)})
    for data in (whole[:-30], b"PK\3\4" + b"\0" * 100, whole[:40] + b"\xff" * 40):
        done = ended(client, client.post("/api/uploads/archives/few", content=data, headers=RAW))
        assert done["task"]["state"] == "failed"
        assert "zip" in done["task"]["words"]


def test_sizes_and_numbers_are_limited(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert body.most_bytes("/api/uploads/pictures/few") == 64 << 20
    assert body.most_bytes("/api/uploads/archives/few") == 1 << 30
    for place, most in (("pictures", 64 << 20), ("archives", 1 << 30)):
        headers = {**RAW, "content-length": str(most + 1)}
        params = {"label": "left"}
        assert client.post(f"/api/uploads/{place}/few", params=params, headers=headers).status_code == 413
    monkeypatch.setattr(albums, "MOST_PICTURES", 6)
    full = client.post("/api/uploads/pictures/few", params={"label": "left"}, content=picture(1), headers=RAW)
    assert (full.status_code, "nonesuch studio FOLDER" in full.json()["error"]["message"]) == (400, True)
    monkeypatch.setattr(albums, "MOST_PICTURES", 50_000)
    monkeypatch.setattr(albums, "LEAST_FREE_BYTES", 1 << 62)
    full = client.post("/api/uploads/pictures/few", params={"label": "left"}, content=picture(1), headers=RAW)
    assert (full.status_code, full.json()["error"]["kind"]) == (409, "MachineError")


def test_links_in_an_album_are_neither_followed_nor_written_through(client: TestClient, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "0.png").write_bytes(picture(1))
    few = data_root(client) / "few"
    (few / "linked").symlink_to(outside)
    refused = client.post("/api/uploads/pictures/few", params={"label": "linked"}, content=picture(2), headers=RAW)
    assert refused.status_code == 404
    (few / ".removed").symlink_to(outside)
    album = Album(few)
    with pytest.raises(DataError):
        album.remove(["left/0.png"])
    for name in ("linked/0.png", "../few/left/0.png", "left/../right/0.png", "left", ".removed/0.png", "/etc/passwd"):
        with pytest.raises(DataError):
            album.move([name], "right")
    assert [path.name for path in outside.iterdir()] == ["0.png"]
    assert len(list((few / "left").iterdir())) == 3


def test_settings_that_are_damaged_or_a_link_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    album = Album(tmp_path)
    for text in ("", "[", "[]", '{"schema": 1}', '{"schema": 1, "off": [1]}', '{"schema": 1, "off": 5}', "[" * 9999):
        (tmp_path / ".nonesuch.json").write_text(text)
        with pytest.raises(DataError, match="damaged"):
            album.off()
    (tmp_path / ".nonesuch.json").unlink()
    (tmp_path / ".nonesuch.json").symlink_to("/etc/passwd")
    assert album.off() == ()

"""Zip archives made to hurt: every entry ends in its true bytes or in one short reason, and nothing is written."""

import io
import resource
import stat
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch.data.decode import Undecodable, decode
from nonesuch.data.sources import ZipSource, open_source
from nonesuch.errors import DataError


def sample(kind: str) -> bytes:
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    out = io.BytesIO()
    image = Image.fromarray(np.stack([x * 6, y * 8, (x * y) % 256], axis=2).astype(np.uint8))
    image.save(out, kind, **({"compression": "tiff_deflate"} if kind == "TIFF" else {}))
    return out.getvalue()


def entry(name: str, mode: int = 0o100644, **fields: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def zip_of(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, data in entries:
            archive.writestr(info, data, compress_type=info.compress_type)
    return out.getvalue()


def patched(data: bytes, central: int, layout: str, value: int) -> bytes:
    """The archive with a field of its first central directory entry changed."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, data.index(b"PK\1\2") + central, value)
    return bytes(changed)


PICTURE = sample("PNG")
GOOD = (entry("cat/good.png"), PICTURE)
DEFLATED = {"compress_type": zipfile.ZIP_DEFLATED}
PLAIN = zip_of((entry("a/x.png"), PICTURE), GOOD)
PACKED = zip_of((entry("a/x.bmp", **DEFLATED), sample("BMP")), GOOD)
REFUSED_ENTRIES: dict[str, tuple[zipfile.ZipInfo, bytes]] = {
    "slip": (entry("../../evil.png"), PICTURE),
    "slip inside": (entry("cat/../../evil.png"), PICTURE),
    "slip by backslash": (entry("..\\..\\evil.png"), PICTURE),
    "absolute": (entry("/etc/evil.png"), PICTURE),
    "drive": (entry("C:\\evil.png"), PICTURE),
    "symlink": (entry("cat/link.png", stat.S_IFLNK | 0o777), b"/etc/passwd"),
    "symlink to a folder": (entry("dog", stat.S_IFLNK | 0o777), b"/"),
    "pipe": (entry("cat/pipe.png", stat.S_IFIFO | 0o666), b""),
    "device": (entry("cat/zero.png", stat.S_IFCHR | 0o666), b""),
    "socket": (entry("cat/socket.png", stat.S_IFSOCK | 0o666), b""),
    "bomb": (entry("cat/bomb.bmp", **DEFLATED), bytes(64 << 20)),
    "bzip2": (entry("cat/b.png", compress_type=zipfile.ZIP_BZIP2), PICTURE),
    "lzma": (entry("cat/l.png", compress_type=zipfile.ZIP_LZMA), PICTURE),
}
UNREADABLE: dict[str, bytes] = {
    "wrong checksum": patched(PLAIN, 16, "<I", 12345),
    "says smaller": patched(PACKED, 24, "<I", 100),
    "says one byte less": patched(PACKED, 24, "<I", len(sample("BMP")) - 1),
    "says larger": patched(PACKED, 24, "<I", 1 << 27),
    "packed size too small": patched(PACKED, 20, "<I", 9),
    "header elsewhere": patched(PLAIN, 42, "<I", 7),
    "broken deflate": PACKED.replace(PACKED[50:60], b"\xff" * 10, 1),
}


@pytest.mark.parametrize("name", REFUSED_ENTRIES)
def test_hostile_entries_are_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / "z.zip"
    path.parent.mkdir()
    path.write_bytes(zip_of(REFUSED_ENTRIES[name], GOOD, (entry("dog/good.png"), PICTURE)))
    source = ZipSource(path)
    items = list(source.items())
    assert [item.name for item in items] == ["cat/good.png", "dog/good.png"]
    assert [source.read(item.key) for item in items] == [PICTURE] * 2
    assert len(source.refused) == 1
    assert source.refused[0].name.isprintable()
    source.close()
    assert [found.name for found in tmp_path.rglob("*")] == ["in", "z.zip"]


@pytest.mark.parametrize("name", UNREADABLE)
def test_lying_entries_are_named_when_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(UNREADABLE[name])
    source = ZipSource(tmp_path / "z.zip")
    items = {item.name: item.key for item in source.items()}
    refused = {reject.name for reject in source.refused}
    for liar in items.keys() - {"cat/good.png", "good.png"}:
        with pytest.raises(Undecodable, match="damaged in the archive"):
            source.read(items[liar])
    assert len(items) + len(refused) == 2
    assert [source.read(key) for name, key in items.items() if "good" in name] == [PICTURE]
    source.close()


def test_encrypted_and_doubled_entries(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(patched(PLAIN, 8, "<H", 1))
    encrypted = ZipSource(tmp_path / "e.zip")
    assert [item.name for item in encrypted.items()] == ["good.png"]
    assert encrypted.refused[0].reason == "encrypted"
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zip_of(GOOD, GOOD, (entry("dog/x.png"), PICTURE))
    (tmp_path / "d.zip").write_bytes(doubled)
    twice = ZipSource(tmp_path / "d.zip")
    assert [item.name for item in twice.items()] == ["cat/good.png", "dog/x.png"]
    assert twice.refused[0].reason == "given twice in the archive"


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"no zip", PLAIN[:-30], PLAIN[: len(PLAIN) // 2], PLAIN[-22:-1]])
def test_what_is_no_archive_is_one_line(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(data)
    with pytest.raises(DataError, match="cannot be opened as a zip archive") as caught:
        open_source(tmp_path / "z.zip").items()
    assert "\n" not in str(caught.value)


def test_a_zip_within_a_zip_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_bytes(zip_of((entry("a/inner.zip"), PLAIN), GOOD))
    source = ZipSource(tmp_path / "z.zip")
    assert [item.name for item in source.items()] == ["a/inner.zip", "cat/good.png"]
    with pytest.raises(Undecodable, match="not one of"):
        decode(source.read("a/inner.zip"))


def test_a_hundred_thousand_entries(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(f"c{number % 7}/{number}.png"), b"")
    start = time.process_time()
    assert sum(1 for _ in ZipSource(tmp_path / "z.zip").items()) == 100_001
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20

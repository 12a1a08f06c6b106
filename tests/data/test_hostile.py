"""Files, names and nodes made to hurt: each ends in pixels or in one short reason, fast, and in bounds."""

import io
import os
import random
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch.data.decode import Undecodable, decode
from nonesuch.data.sources import FolderSource, ZipSource

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
Corruption = Callable[[bytearray, random.Random], bytes]


def sample(kind: str) -> bytes:
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    out = io.BytesIO()
    image = Image.fromarray(np.stack([x * 6, y * 8, (x * y) % 256], axis=2).astype(np.uint8))
    image.save(out, kind, **({"compression": "tiff_deflate"} if kind == "TIFF" else {}))
    return out.getvalue()


def flips(count: int, first: int = 0, last: int | None = None) -> Corruption:
    def corrupt(data: bytearray, rng: random.Random) -> bytes:
        for _ in range(count):
            data[rng.randrange(first, min(len(data), last or len(data)))] ^= 1 << rng.randrange(8)
        return bytes(data)

    return corrupt


def cut(share: float) -> Corruption:
    return lambda data, rng: bytes(data[: int(len(data) * share)])


def overwrite(value: int | None, length: int, at: float) -> Corruption:
    def corrupt(data: bytearray, rng: random.Random) -> bytes:
        start = int(len(data) * at)
        filler = rng.randbytes(length) if value is None else bytes([value]) * length
        data[start : start + length] = filler
        return bytes(data)

    return corrupt


CORRUPTIONS: dict[str, Corruption] = {
    **{f"cut to {share:.0%}": cut(share) for share in (0.0, 0.01, 0.05, 0.2, 0.5, 0.9)},
    **{f"{count} flips": flips(count) for count in (1, 10, 100)},
    "flips in the header": flips(8, 0, 64),
    "flips after the header": flips(8, 64),
    **{f"zeroed at {at:.0%}": overwrite(0, 64, at) for at in (0.0, 0.05, 0.5, 0.9)},
    **{f"ones at {at:.0%}": overwrite(255, 16, at) for at in (0.02, 0.3)},
    **{f"noise at {at:.0%}": overwrite(None, 128, at) for at in (0.05, 0.6)},
    "first byte lost": lambda data, rng: bytes(data[1:]),
    "middle lost": lambda data, rng: bytes(data[: len(data) // 3] + data[len(data) // 2 :]),
    "twice": lambda data, rng: bytes(data + data),
    "shuffled": lambda data, rng: bytes(data[:32]) + bytes(rng.sample(list(data[32:]), len(data) - 32)),
    "signature only": lambda data, rng: bytes(data[:16]) + bytes(4096),
    "as text": lambda data, rng: bytes(data).replace(b"\n", b"\r\n"),
}


def outcome(data: bytes) -> np.ndarray | str:
    """The pixels, or the reason why there are none. Any other exception ends the test."""
    try:
        return decode(data)
    except Undecodable as error:
        return error.reason


@pytest.mark.parametrize("kind", FORMATS)
def test_corrupted_files_decode_or_are_refused_with_a_reason(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert len(CORRUPTIONS) == 25
    good = sample(kind)
    assert decode(good).shape == (30, 40, 3)
    for name, corrupt in CORRUPTIONS.items():
        for seed in range(12):
            data = corrupt(bytearray(good), random.Random(seed))
            start = time.process_time()
            found = outcome(data)
            if isinstance(found, str):
                assert found.isprintable(), (name, seed)
                assert 5 < len(found) < 140, (name, seed, found)
                assert "0x" not in found, (name, seed, found)
            else:
                assert found.dtype == np.uint8
                assert found.ndim == 3
            assert time.process_time() - start < 2, (name, seed)
    if kind != "TIFF":  # libtiff writes to stderr from C; worker processes have theirs in a log
        assert capfd.readouterr() == ("", "")  # no chatter of decoders between the progress bars


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_cut_files_are_never_filled_up_in_silence(kind: str, share: float) -> None:
    data = sample(kind)
    with pytest.raises(Undecodable):
        decode(data[: int(len(data) * share)])


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)), *extra]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def tiff(tags: list[tuple[int, int, int, int]], next_directory: int, tail: bytes = b"") -> bytes:
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", next_directory) + tail


def tiff_tags(width: int, height: int, *more: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    strip = [] if more else [(273, 4, 1, 8), (278, 4, 1, height), (279, 4, 1, width * height)]
    return sorted(
        [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), *strip, *more]
    )


def tiff_of_one_tile(side: int) -> bytes:
    tile = (322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, 8), (325, 4, 1, 90)
    tags = [(259, 3, 1, 8) if tag[0] == 259 else tag for tag in tiff_tags(1, 1, *tile)]  # 8: deflate, so libtiff
    return tiff(tags, 0, zlib.compress(bytes(1 << 20)))


def gif_of_many_frames() -> bytes:
    head = b"GIF89a" + struct.pack("<HH", 8, 8) + b"\x80\0\0\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x01\0\0\0" + b"\x2c" + struct.pack("<HHHH", 0, 0, 8, 8) + b"\0\x02\x16"
    lzw = b"\x8c\x2d\x99\x87\x2a\x1c\xdc\x33\xa0\x02\x75\xec\x95\xfa\xa8\xde\x60\x8c\x04\x91\x4c\x01\0"
    return head + (frame + lzw) * 10_000 + b"\x3b"


def webp(chunk: bytes, body: bytes) -> bytes:
    inner = b"WEBP" + chunk + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


BOMBS: dict[str, Callable[[], bytes]] = {
    "9,000 squared, 1 bit": lambda: png(9000, 9000, 1, 0, bytes(9000 * 1126)),
    "13,000 squared, 1 bit": lambda: png(13000, 13000, 1, 0, bytes(13000 * 1626)),
    "14,000 squared, 1 bit": lambda: png(14000, 14000, 1, 0, bytes(14000 * 1751)),
    "2 billion squared": lambda: png(2**31 - 1, 2**31 - 1, 8, 6, b""),
    "one row too many": lambda: png(10000, 5001, 1, 0, b""),
    "100 MB of compressed text": lambda: png(
        1, 1, 8, 0, b"\0\0", (b"zTXt", b"k\0\0" + zlib.compress(bytes(100 << 20)))
    ),
    "a 100 MB colour profile": lambda: png(1, 1, 8, 0, b"\0\0", (b"iCCP", b"k\0\0" + zlib.compress(bytes(100 << 20)))),
    "a WebP canvas of 16,384 squared": lambda: webp(b"VP8X", b"\0\0\0\0" + b"\xff\x3f\0" * 2 + bytes(64)),
    "a lossless WebP of 16,384 squared": lambda: webp(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(64)),
    "a lossy WebP of 16,383 squared": lambda: webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(64)),
    "a GIF of 65,535 squared": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;",
    "a BMP of 30,000 squared": lambda: (
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    "a TIFF of 60,000 squared": lambda: tiff(tiff_tags(60000, 60000), 0),
    "a TIFF in a tile of 30,000 squared": lambda: tiff_of_one_tile(30000),
    "a TIFF in a tile of 9,000 squared": lambda: tiff_of_one_tile(9000),
    "a TIFF of 10 million tags": lambda: tiff([(256, 4, 10_000_000, 8)], 0, bytes(100)),
    "a JPEG of 65,500 squared": lambda: (
        b"\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x02"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_within_a_second(name: str) -> None:
    data = BOMBS[name]()
    start = time.process_time()
    with pytest.raises(Undecodable):
        decode(data)
    assert time.process_time() - start < 1


def test_loops_and_long_animations_give_their_first_picture_at_once() -> None:
    pixels = bytes(range(100, 104))
    loop = tiff([], 8)  # the directory says that it is its own successor
    directory = tiff_tags(2, 2)
    offset = len(tiff(directory, 8))
    looping = tiff(
        [(tag, kind, count, offset if tag == 273 else value) for tag, kind, count, value in directory], 8, pixels
    )
    start = time.process_time()
    with pytest.raises(Undecodable):
        decode(loop)
    assert decode(looping)[:, :, 0].tolist() == [[100, 101], [102, 103]]
    assert decode(gif_of_many_frames()).shape[:2] == (8, 8)
    assert time.process_time() - start < 1


def test_bombs_take_little_memory() -> None:
    """All bombs in one child that may use 300 MB more than it has after its imports."""
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from nonesuch.data.decode import Undecodable, decode\n"
        "bombs = [Path(path).read_bytes() for path in sys.argv[1:]]\n"
        "size = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize() + (300 << 20)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\n"
        "for bomb in bombs:\n"
        "    try: decode(bomb); print('decoded')\n"
        "    except Undecodable as error: print(error.reason)\n"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    folder = Path(os.environ["NONESUCH_CACHE"]) / "bombs"
    folder.mkdir()
    for number, make in enumerate(BOMBS.values()):
        (folder / str(number)).write_bytes(make())
    command = [sys.executable, "-c", code, *(str(folder / str(number)) for number in range(len(BOMBS)))]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    reasons = done.stdout.splitlines()
    assert len(reasons) == len(BOMBS)
    assert "decoded" not in reasons
    assert not any("memory" in reason for reason in reasons), reasons


NAMES = [
    *(b"a\nb.png", b"a\rb.png", b"tab\t.png", b"\x1b[31mred.png", b"\x07bell.png", b"\x7f.png", b" .png", b"-rf.png"),
    *(
        "\u202egnp.exe.png",
        "\u2066x\u2069.png",
        "\u200b.png",
        "\ufeff.png",
        "é.png",
        "e\u0301.png",
        "שלום.png",
        "中.png",
    ),
    *(
        b"\xff\xfe.png",
        b"\xc3.png",
        b"\xed\xa0\x80.png",
        b"<script>alert(1)</script>.png".replace(b"/", b"_"),
        b"&amp;.png",
    ),
    *(
        b"[red]x[/red].png".replace(b"/", b"_"),
        b"%2e%2e%2fx.png",
        b"..x.png",
        b"...png.png",
        b"a" * 251 + b".png",
        b"A.png",
    ),
    *(
        b"a.png",
        b"A.PNG",
        b"$(id).png",
        b"`id`.png",
        b";ls.png",
        b"'\".png",
        b"\\..\\x.png",
        b"C:x.png",
        b"CON.png",
        b"*?.png",
    ),
    *(
        b"no suffix",
        b"trailing ",
        b"trailing.",
        b"x.png.exe",
        "\U0001f600.png",
        "\u0000".replace("\0", "\u2400") + ".png",
    ),
]


def test_hostile_names_are_listed_read_and_printable(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    names = sorted({name if isinstance(name, bytes) else name.encode() for name in NAMES})
    assert len(names) >= 40
    data = sample("PNG")
    for name in names:
        with open(root + b"/" + name, "wb") as file:  # noqa: PTH123  (Path takes no bytes)
            file.write(data)
    visible = [name for name in names if not name.startswith(b".")]
    source = FolderSource(tmp_path)
    items = list(source.items())
    assert sorted(os.fsencode(item.key) for item in items) == visible
    assert source.refused == []
    for item in items:
        assert item.name.isprintable()
        item.name.encode("utf-8")
        assert source.read(item.key) == data
    archive = tmp_path / "z.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for item in items:
            out.writestr(item.name, data)
    inside = ZipSource(archive)
    assert all(item.name.isprintable() and inside.read(item.key) == data for item in inside.items())


def test_hostile_nodes_are_refused_without_being_opened(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "cat").mkdir(parents=True)
    (outside / "in").mkdir(parents=True)
    (outside / "secret.png").write_bytes(sample("PNG"))
    (outside / "in" / "more.png").write_bytes(sample("PNG"))
    (root / "cat" / "real.png").write_bytes(sample("PNG"))
    (root / ".hidden").mkdir()
    (root / ".hidden" / "store.png").write_bytes(sample("BMP"))
    links = {
        "to_file.png": outside / "secret.png", "relative.png": "../outside/secret.png", "to_folder": outside,
        "loop": root, "cat/up": "..", "self.png": "self.png", "dangling.png": "nowhere", "again": "cat",
        "inside.png": ".hidden/store.png", "second.png": ".hidden/store.png", "device.png": "/dev/zero", "root": "/",
        "sibling.png": "../root2/x.png", "proc": "/proc/self",
    }  # fmt: skip
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "x.png").write_bytes(sample("PNG"))
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe.jpg")
    (root / "folder.jpg").mkdir()
    (root / "folder.jpg" / "x.png").write_bytes(sample("PNG"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(root / "socket.png"))
        source = FolderSource(root)
        items = list(source.items())
    assert [item.key for item in items] == ["cat/real.png", "inside.png"]
    assert decode(source.read("inside.png")).shape == (30, 40, 3)
    refused = {reject.name: reject.reason for reject in source.refused}
    assert refused.keys() == (links.keys() - {"inside.png"}) | {"pipe.jpg", "folder.jpg", "socket.png"}
    for name in ("to_file.png", "relative.png", "to_folder", "root", "sibling.png", "device.png", "proc"):
        assert refused[name] == "a link that leads outside the folder"
    assert refused["pipe.jpg"] == "a pipe, not a file"
    assert refused["socket.png"] == "a socket, not a file"
    assert "second link" in refused["second.png"]


def test_reading_refuses_what_was_swapped_or_never_listed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    for name in ("pipe.png", "link.png", "gone.png", "folder.png", "huge.png"):
        (root / name).write_bytes(b"x")
    source = FolderSource(root)
    assert len(list(source.items())) == 5
    for name in ("pipe.png", "link.png", "gone.png", "folder.png"):
        (root / name).unlink()
    os.mkfifo(root / "pipe.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "folder.png").mkdir()
    os.truncate(root / "huge.png", 1 << 40)  # sparse: a terabyte by its size, nothing on disk
    for key in ("pipe.png", "link.png", "gone.png", "folder.png", "huge.png", "../secret.png", "/etc/hostname", "a\0b"):
        with pytest.raises(Undecodable) as caught:
            source.read(key)
        assert str(tmp_path) not in caught.value.reason

"""Packing: order, rejects, reuse, kills, crashes, hangs, full disks. Decoding itself is tested elsewhere."""

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch.data import indexing, packing, workers
from nonesuch.data.items import Reject
from nonesuch.data.pack import Pack, PackSpec, open_pack
from nonesuch.data.packing import build
from nonesuch.data.settings import Fit
from nonesuch.data.sources import Item, Source, open_source
from nonesuch.errors import DataError, MachineError, RecipeError

SPEC = PackSpec(6, "crop", 3)


def pixels_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)


def png_of(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels_of(number)).save(file, "PNG")
    return file.getvalue()


class Made(Source):
    """Numbered pictures; some keys misbehave when read: "bad", "dies", "dies once", "hangs"."""

    name = "made"

    def __init__(self, count: int, moods: dict[int, str] | None = None, scratch: Path | None = None) -> None:
        self.refused = [Reject("outside.png", "a link that leads outside")]
        self.count, self.moods, self.scratch = count, moods or {}, scratch

    def items(self) -> Iterator[Item]:
        for number in range(self.count):
            columns = {"tens": str(number // 10)} if number % 2 else {}
            split = ("train", "val", "test", None)[number % 4]
            yield Item(str(number), f"p{number:05}.png", f"class {number % 12}", split, columns)

    def read(self, key: str) -> bytes:
        mood = self.moods.get(int(key), "")
        if mood == "bad":
            return b"no picture"
        if mood == "dies" or (mood == "dies once" and not self._happened(key)):
            os.kill(os.getpid(), signal.SIGSEGV)
        if mood == "hangs":
            time.sleep(600)
        if mood == "raises":
            raise RuntimeError("broken archive")
        return png_of(int(key))

    def _happened(self, key: str) -> bool:
        assert self.scratch
        mark = self.scratch / key
        before = mark.exists()
        mark.touch()
        return before

    def fingerprint(self) -> str:
        return f"{self.count} {sorted(self.moods.items())}"

    def close(self) -> None:
        pass


class Arrays(Made):
    """The same pictures as raw arrays, the odd ones grey."""

    def read(self, key: str) -> np.ndarray:  # type: ignore[override]
        pixels = pixels_of(int(key))
        return pixels[:, :, 0] if int(key) % 2 else pixels


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "CHUNK_ITEMS", 7)


def check(pack: Pack, count: int, missing: set[int]) -> None:
    """Every picture that is not missing, in order, with its own hash, name, labels and split."""
    kept = [number for number in range(count) if number not in missing]
    assert len(pack) == len(kept)
    assert np.array_equal(pack.pixels, np.stack([pixels_of(number) for number in kept]))
    assert list(pack.names) == [f"p{number:05}.png" for number in kept]
    assert [row.tobytes() for row in pack.hashes] == [hashlib.sha256(png_of(k)).digest()[:16] for k in kept]
    assert pack.given_split.tolist() == [(0, 1, 2, 255)[number % 4] for number in kept]
    label, tens = pack.columns["label"], pack.columns["tens"]
    assert [label.classes[code] for code in label.codes] == [f"class {number % 12}" for number in kept]
    assert [tens.classes[c] if c >= 0 else None for c in tens.codes] == [str(k // 10) if k % 2 else None for k in kept]
    assert label.classes == tuple(f"class {number}" for number in range(12))
    assert {reject.name for reject in pack.rejects} == {f"p{number:05}.png" for number in missing} | {"outside.png"}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("processes", [0, 2])
@pytest.mark.parametrize("bad", [set(), {0}, {59}, {0, 1, 2, 13, 14, 30, 58, 59}, set(range(5, 40))])
def test_good_pictures_stay_in_order_and_bad_ones_are_named(tmp_path: Path, processes: int, bad: set[int]) -> None:
    seen: list[tuple[int, int]] = []
    source = Made(60, dict.fromkeys(bad, "bad"))
    pack = build(source, SPEC, tmp_path, lambda done, total: seen.append((done, total)), processes)
    check(pack, 60, bad)
    assert seen[0] == (0, 60)
    assert seen[-1] == (60, 60)
    assert seen == sorted(seen)
    assert not any(path.name.endswith(".partial") for path in (tmp_path / "packs").iterdir())


@pytest.mark.usefixtures("small_chunks")
def test_a_file_that_kills_or_hangs_a_worker_is_refused_and_an_innocent_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HANG_SECONDS", 1.0)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    moods = {3: "dies", 20: "dies once", 33: "hangs", 34: "bad", 35: "raises"}
    pack = build(Made(50, moods, scratch), SPEC, tmp_path, workers=2)
    check(pack, 50, {3, 33, 34, 35})
    reasons = {reject.name: reject.reason for reject in pack.rejects}
    assert reasons["p00003.png"] == "ended the decoding process (SIGSEGV)"
    assert reasons["p00033.png"] == "took longer than 1 s to decode"
    assert "broken archive" in reasons["p00035.png"]


def test_a_pack_is_reused_until_source_or_spec_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(Made(20), SPEC, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Made, "read", None)
        again = build(Made(20), SPEC, tmp_path)
    assert again.path == first.path
    check(again, 20, set())
    other = build(Made(20), PackSpec((3, 4), "stretch", 1), tmp_path)
    assert other.path != first.path
    assert other.pixels.shape == (20, 3, 4, 1)
    assert other.content == first.content
    assert build(Made(21), SPEC, tmp_path).content != first.content


def test_arrays_are_packed_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "Crew", None)
    pack = build(Arrays(600), SPEC, tmp_path)
    assert np.array_equal(pack.pixels[4], pixels_of(4))
    assert np.array_equal(pack.pixels[5], np.repeat(pixels_of(5)[:, :, :1], 3, axis=2))
    assert pack.hashes[4].tobytes() == hashlib.sha256(pixels_of(4).tobytes()).digest()[:16]


KILLED = """
import sys, os
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_pack import Made, SPEC
from nonesuch.data import packing
packing.CHUNK_ITEMS, packing.SAVE_SECONDS = 7, 0.0
def stop(done, total):
    if done >= int(sys.argv[3]): os.kill(os.getpid(), 9)
packing.build(Made(60, {2: "bad", 25: "bad"}), SPEC, Path(sys.argv[2]), stop, 0)
"""


@pytest.mark.parametrize("moment", [0, 7, 35, 60])
def test_after_a_kill_the_next_call_goes_on(tmp_path: Path, moment: int) -> None:
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path), str(moment)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)
    assert killed.returncode == -9
    seen: list[int] = []
    pack = build(Made(60, {2: "bad", 25: "bad"}), SPEC, tmp_path, lambda done, total: seen.append(done), 1)
    check(pack, 60, {2, 25})
    # The chunk that was being reported when the kill came is logged before it is reported.
    assert seen[0] == moment


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("step", ["close_gaps", "write_index", "_publish"])
def test_an_end_while_finishing_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    source = Made(60, {20: "bad", 41: "bad"})
    owner = packing if step == "_publish" else indexing
    real: Callable[..., None] = getattr(owner, step)

    def half_way(*arguments: object) -> None:
        real(*arguments)
        if step != "_publish":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, half_way)
        if step == "_publish":
            patch.setattr(os, "replace", _interrupted_at_the_last_rename(os.replace))
        with pytest.raises(KeyboardInterrupt):
            build(source, SPEC, tmp_path, workers=0)
    check(build(source, SPEC, tmp_path, workers=0), 60, {20, 41})


def _interrupted_at_the_last_rename(real: Callable[..., None]) -> Callable[..., None]:
    def rename(start: Path, end: Path) -> None:
        if start.suffix == ".partial":
            raise KeyboardInterrupt
        real(start, end)

    return rename


@pytest.mark.usefixtures("small_chunks")
def test_two_at_once_are_both_right(tmp_path: Path) -> None:
    packs: list[Pack] = []
    threads = [threading.Thread(target=lambda: packs.append(build(Made(60), SPEC, tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({pack.path for pack in packs}) == 1
    for pack in packs:
        check(pack, 60, set())


def test_too_small_a_disk_is_seen_before_the_first_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage(tmp_path))(10**9, 10**9, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(MachineError, match=r"packing 5,000 pictures needs 0\.00 GB and 0\.00 GB are free"):
        build(Made(5000), SPEC, tmp_path, workers=0)


@pytest.mark.usefixtures("small_chunks")
def test_a_disk_that_fills_up_is_one_line_and_what_is_done_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.pwrite, [0]

    def full(file: int, data: bytes, offset: int) -> int:
        calls[0] += 1
        if calls[0] > 15:  # three files, five chunks
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(MachineError, match="the disk is full") as caught:
            build(Made(60), SPEC, tmp_path, workers=0)
    assert "\n" not in str(caught.value)
    seen: list[int] = []
    check(build(Made(60), SPEC, tmp_path, lambda done, total: seen.append(done), 0), 60, set())
    assert seen[0] == 35


def test_nothing_usable_shows_the_first_reasons(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        build(Made(9, dict.fromkeys(range(9), "bad")), SPEC, tmp_path)
    words = str(caught.value)
    assert words.startswith("made: none of 10 files is a usable picture; outside.png: a link that leads outside; ")
    assert words.count(".png: ") == 3
    assert "\n" not in words


def test_a_damaged_or_newer_pack_is_named(tmp_path: Path) -> None:
    pack = build(Made(5), SPEC, tmp_path)
    os.truncate(pack.path / "pixels.u8", 100)
    with pytest.raises(DataError, match="damaged"):
        open_pack(pack.path)
    record = json.loads((pack.path / "pack.json").read_text())
    (pack.path / "pack.json").write_text(json.dumps({**record, "schema": 99}))
    with pytest.raises(DataError, match="schema 99"):
        open_pack(pack.path)


def test_a_real_folder(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / "data" / f"c{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").write_bytes(png_of(number))
    (tmp_path / "data" / "c0" / "zz.png").write_bytes(b"junk")
    here = build(open_source(tmp_path / "data"), SPEC, tmp_path / "one", workers=0)
    there = build(open_source(tmp_path / "data"), SPEC, tmp_path / "two", workers=2)
    for pack in (here, there):
        assert pack.columns["label"].classes == ("c0", "c1", "c2")
        assert len(pack.rejects) == 1
        for row, name in enumerate(pack.names):
            assert np.array_equal(pack.pixels[row], pixels_of(int(Path(name).stem)))
    assert here.content == there.content


@pytest.mark.parametrize(("fit", "enlarged"), [("crop", 3), ("pad", 1), ("stretch", 3)])
@pytest.mark.parametrize("processes", [0, 2])
def test_sides_before_fitting_are_kept_and_enlarged_pictures_counted(
    tmp_path: Path, fit: Fit, enlarged: int, processes: int
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    sides = [(4, 4), (8, 8), (4, 20), (6, 5), (6, 6)]
    for number, (height, width) in enumerate(sides):
        Image.fromarray(np.full((height, width, 3), number, np.uint8)).save(folder / f"{number}.png")
    (folder / "0 broken.png").write_bytes(b"no picture")
    pack = build(open_source(folder), PackSpec(6, fit, 3), tmp_path / "cache", workers=processes)
    assert pack.sides.tolist() == [list(pair) for pair in sides]
    # By hand: 4x20 grows to cover 6x6, and shrinks to be shown whole.
    assert pack.enlargement == (
        f"{enlarged} of 5 pictures are smaller than 6x6 and were enlarged, which shows nothing new; "
        f"a typical one of them is {'4x4' if enlarged == 1 else '4x5'}"
    )
    assert build(open_source(folder), PackSpec(4, fit, 3), tmp_path / "cache").enlargement == ""


def test_names_of_a_pack(tmp_path: Path) -> None:
    names = build(Made(30), SPEC, tmp_path).names
    assert names[-1] == "p00029.png"
    assert names[3:5] == ["p00003.png", "p00004.png"]
    with pytest.raises(IndexError):
        names[30]


def test_natural_order() -> None:
    values = ["b", "10", "2", "a10", "A2", "a1", "", "02"]
    assert sorted(values, key=indexing.natural) == ["", "02", "2", "10", "a1", "A2", "a10", "b"]


@pytest.mark.parametrize(
    "wrong", [{"size": 0}, {"size": (3, 5000)}, {"size": (3, 4, 5)}, {"fit": "zoom"}, {"channels": 2}]
)
def test_impossible_specs_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        PackSpec(**wrong)  # type: ignore[arg-type]

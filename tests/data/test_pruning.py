"""Old packs: of one place and form the newest two stay, and what nobody opened for a month goes."""

import json
import os
import time
from pathlib import Path

import pytest

from made_data import folder_of_bars
from nonesuch.data import open as door
from nonesuch.data.open import open_data
from nonesuch.data.pack import open_pack
from nonesuch.data.places import cache_root
from nonesuch.data.pruning import IDLE_SECONDS, prune

MONTH_AND_A_DAY = IDLE_SECONDS + 24 * 3600


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))


def packs() -> set[str]:
    return {path.name for path in (cache_root() / "packs").iterdir() if path.suffix != ".lock"}


def changed(folder: Path, number: int) -> None:
    """One more picture than before, and a later date than the pack before."""
    first = next(folder.rglob("*.png"))
    (first.parent / f"more-{number}.png").write_bytes(first.read_bytes())
    time.sleep(0.01)


def test_a_folder_that_changes_leaves_two_packs_of_each_form(tmp_path: Path) -> None:
    folder, other = folder_of_bars(tmp_path / "bars", 12), folder_of_bars(tmp_path / "other", 12)
    beside = open_data(other, 8).path.name
    made, small = [], []
    for number in range(4):
        made.append(open_data(folder, 8).path.name)
        small.append(open_data(folder, 4).path.name)
        changed(folder, number)
    assert packs() == {beside, *made[-2:], *small[-2:]}
    assert {path.stem for path in (cache_root() / "packs").glob("*.lock")} <= packs()


def test_pixels_that_somebody_reads_are_read_on(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 12)
    first = open_data(folder, 8)
    before = first.pixels.copy()
    for number in range(3):
        changed(folder, number)
        open_data(folder, 8)
    assert not first.path.exists()
    assert (first.pixels == before).all()


def test_what_was_opened_last_stays_not_what_was_made_last(tmp_path: Path) -> None:
    """A folder that is put back as it was finds its pack again, and then that one is the newest."""
    folder = folder_of_bars(tmp_path / "bars", 12)
    first = open_data(folder, 8).path.name
    files = sorted(folder.rglob("*.png"))
    stamps = {path: path.stat() for path in (folder, *folder.iterdir())}
    extra = files[0].parent / "extra.png"
    extra.write_bytes(files[0].read_bytes())
    second = open_data(folder, 8).path.name
    extra.unlink()
    for path, status in stamps.items():
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    time.sleep(0.01)
    assert open_data(folder, 8).path.name == first
    changed(folder, 0)
    third = open_data(folder, 8).path.name
    assert packs() == {first, third} != {second, third}


def test_what_nobody_opened_for_a_month_goes_with_packing_that_was_broken_off(tmp_path: Path) -> None:
    folder, other = folder_of_bars(tmp_path / "bars", 12), folder_of_bars(tmp_path / "other", 12)
    old, used = open_data(folder, 8), open_data(other, 8)
    broken = cache_root() / "packs" / ("0" * 32 + ".partial")
    broken.mkdir()
    (broken / "pixels.u8").write_bytes(b"0")
    long_ago = time.time() - MONTH_AND_A_DAY
    for path in (old.path / "pack.json", used.path / "pack.json", broken / "pixels.u8", broken):
        os.utime(path, (long_ago, long_ago))
    assert open_data(other, 8).path == used.path
    assert set(prune(cache_root() / "packs")) == {old.path, broken}
    assert packs() == {used.path.name}


def test_packs_of_before_this_rule_stay_as_long_as_they_are_used(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 12)
    made = []
    for number in range(3):
        pack = open_data(folder, 8)
        head = json.loads((pack.path / "pack.json").read_text())
        del head["where"]
        (pack.path / "pack.json").write_text(json.dumps(head))
        made.append(pack.path.name)
        changed(folder, number)
    assert packs() == set(made)
    assert all(len(open_pack(cache_root() / "packs" / name)) for name in made)
    assert door.packed_before(tmp_path / "bars", 8) is None

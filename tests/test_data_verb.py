"""`nonesuch data`: what it says of tidy and of messy folders, and the sheet it writes."""

import io
import json
import re
import shutil
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from conftest import Call
from made_data import bars, folder_of_bars, messy_folder
from nonesuch.cli import bars as bars_of_work
from nonesuch.cli.bars import packing_bar
from nonesuch.data.open import open_data


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return messy_folder(tmp_path_factory.mktemp("data") / "messy")


def test_a_tidy_folder_needs_few_lines(call: Call, tmp_path: Path) -> None:
    code, out, _ = call("data", folder_of_bars(tmp_path / "bars", 60), "--out", tmp_path / "sheet")
    assert code == 0
    assert "60 pictures, 12x12, colour" in out
    assert "sides    12x12, all of them\nrejects  none\ncopies   none found\nlabel: 4 classes\n" in out
    with Image.open(tmp_path / "sheet" / "contact-sheet.png") as sheet:
        assert sheet.width > 12 * 16


def test_a_pack_keeps_its_sheet_and_another_place_gets_a_new_one(call: Call, tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars", 60)
    call("data", data)
    kept = open_data(data).path / "contact-sheet.png"
    drawn = kept.read_bytes()
    kept.write_bytes(b"as it was")
    call("data", data)
    assert kept.read_bytes() == b"as it was"
    for _ in range(2):
        call("data", data, "--out", tmp_path / "sheet")
        assert (tmp_path / "sheet" / "contact-sheet.png").read_bytes() == drawn
        (tmp_path / "sheet" / "contact-sheet.png").write_bytes(b"older")
    kept.unlink()
    call("data", data)
    assert kept.read_bytes() == drawn


def test_an_npz_and_the_same_folder_give_the_same_pictures(call: Call, tmp_path: Path) -> None:
    pictures, targets = bars(60)
    np.savez(tmp_path / "bars.npz", images=pictures, labels=targets)
    code, out, _ = call("data", tmp_path / "bars.npz")
    assert code == 0
    assert "60 pictures, 12x12, colour" in out
    assert "sides    12x12, all of them" in out


def test_sizes_and_what_is_done_to_them(call: Call, messy: Path) -> None:
    """Counted again here, from the files as Pillow opens them."""
    out = call("data", messy)[1]
    pack = open_data(messy)
    sides = []
    for name in pack.names:
        with Image.open(messy / name) as picture:
            sides.append((picture.height, picture.width))
    area = [height * width for height, width in sides]
    (smallest, largest) = (sides[place] for place in (int(np.argmin(area)), int(np.argmax(area))))
    assert f"sides    {smallest[0]}x{smallest[1]} to {largest[0]}x{largest[1]}, typically 96x96\n" in out
    assert f"96x96 ({sides.count((96, 96))})" in out
    enlarged = sum(min(pair) < 64 for pair in sides)
    assert f"fitting  {enlarged} enlarged, up to {64 / min(map(min, sides)):.2g} times" in out
    assert f"{sum(min(pair) > 64 for pair in sides)} shrunk, typically to 67% of their sides" in out
    assert f"{sum(height != width for height, width in sides)} cropped, typically by 25%" in out
    assert "padded" in call("data", messy, "--fit", "pad")[1]
    assert "distorted" in call("data", messy, "--fit", "stretch")[1]


def test_everything_broken_is_counted_once_with_its_reason(call: Call, messy: Path) -> None:
    out = call("data", messy)[1]
    rejects = open_data(messy).rejects
    assert f"rejects  {len(rejects)}, listed in" in out
    block = out.split("rejects  ")[1].split("copies   ")[0]
    counts = [int(count) for count in re.findall(r"^ +(\d+) (?:x|for)", block, re.MULTILINE)]
    assert sum(counts) == len(rejects) >= 15
    assert "an empty file, such as " in block
    assert "image file is truncated (N bytes not processed)" in block


def test_copies_are_named_and_found_once(call: Call, messy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = call("data", messy)[1]
    assert re.search(r"copies   6 groups of identical files \(0 across .*\), 6 pairs that look the same", first)
    assert re.search(r"the same file: (.*/)(.*), \1copy of \2\n", first)
    assert re.search(r"look the same, in different splits: (.*/)(.*)\..*, \1again \2\.jpg\n", first)
    kept = open_data(messy).path / "copies.json"
    assert len(json.loads(kept.read_text())["near"]) == 6
    monkeypatch.setattr("nonesuch.data.duplicates.find", lambda *_: pytest.fail("looked for twice"))
    assert call("data", messy)[1] == first
    monkeypatch.undo()
    kept.write_text("{}")  # damaged: looked for again
    assert call("data", messy)[1] == first


def test_balance_has_shares_and_says_what_a_split_lacks(call: Call, tmp_path: Path, messy: Path) -> None:
    assert re.search(
        r"label: 3 classes\n  cats +\d+ +80%  █{30}\n  Dogs & cats +\d+ +10%  ████\n", call("data", messy)[1]
    )
    folder = folder_of_bars(tmp_path / "bars", 40)
    for file in sorted((folder / "up").iterdir())[1:]:
        file.unlink()
    assert re.search(r"not in (val|test): .*up", call("data", folder)[1])
    for name in ("down", "left", "right"):
        shutil.rmtree(folder / name)
    assert "one class: train ae, vae and gan can use it" in call("data", folder)[1]


def test_columns_without_repeats_are_not_listed_by_value(call: Call) -> None:
    out = call("data", "emoji")[1]
    assert "  name: another one for each picture\n" in out
    assert "  category: People & Body 383, " in out


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_shown_only_to_people_and_only_when_there_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with packing_bar() as tell:
        assert tell is None
    screen = _Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with packing_bar("counting sheep") as tell:
        pass
    assert screen.getvalue() == ""
    monkeypatch.setattr(bars_of_work, "_bar", mock := Mock(wraps=bars_of_work._bar))
    with packing_bar("counting sheep") as tell:
        assert tell is not None
        tell(1, 3)
        tell(3, 3)
    assert "counting sheep" in screen.getvalue()
    assert "3/3" in screen.getvalue()
    assert mock.call_count == 1

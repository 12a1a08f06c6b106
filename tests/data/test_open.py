"""The front door: names and paths, sizes and channels judged by the pictures."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made_data import folder_of_bars
from nonesuch.data import open as door
from nonesuch.data.open import _judged, open_data
from nonesuch.data.sources import open_source
from nonesuch.errors import DataError


def _pictures(root: Path, *sizes: tuple[int, int], grey: bool = False) -> Path:
    rng = np.random.default_rng(0)
    (root / "a").mkdir(parents=True)
    for index, (height, width) in enumerate(sizes):
        shape = (height, width) if grey else (height, width, 3)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(root / "a" / f"{index}.png")
    return root


def test_pictures_of_one_small_size_keep_it(tmp_path: Path) -> None:
    assert open_data(_pictures(tmp_path / "p", (20, 30), (20, 30))).spec.shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("sizes", "expected"), [([(20, 33), (40, 31)], 24), ([(300, 400), (300, 400)], 64), ([(17, 9)], (17, 9))]
)
def test_others_become_squares_of_a_usual_size(tmp_path: Path, sizes: list[tuple[int, int]], expected: object) -> None:
    shape = expected if isinstance(expected, tuple) else (expected, expected)
    assert open_data(_pictures(tmp_path / "p", *sizes)).spec.shape[:2] == shape


def test_grey_pictures_stay_grey_unless_asked(tmp_path: Path) -> None:
    root = _pictures(tmp_path / "p", (8, 8), (8, 8), grey=True)
    assert open_data(root).spec.channels == 1
    assert open_data(root, channels=3).spec.channels == 3


def test_what_was_judged_is_kept_and_judged_again_when_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))
    root = folder_of_bars(tmp_path / "bars", 8)
    first = open_data(root)
    note = next((tmp_path / "cache" / "judged").iterdir())
    note.write_text("{")
    assert open_data(root).fingerprint == first.fingerprint
    monkeypatch.setattr(door, "_shapes", lambda source: pytest.fail("judged twice"))
    assert open_data(root).fingerprint == first.fingerprint


def test_pixelfolk_is_enlarged_exactly() -> None:
    small, large = open_data("pixelfolk"), open_data("pixelfolk", size=32)
    assert np.array_equal(large.pixels[:50], small.pixels[:50].repeat(2, 1).repeat(2, 2))


@pytest.mark.parametrize("name", ["pixelfolks", "MNIST"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(DataError, match="pixelfolk, emoji, mnist"):
        open_data(name)


def test_a_size_means_the_same_as_a_number_and_as_a_pair() -> None:
    """A recipe keeps the pair: what it reopens must be what was planned."""
    one, pair = open_data("pixelfolk", 32), open_data("pixelfolk", (32, 32))
    assert one.content == pair.content
    assert one.fingerprint == pair.fingerprint


def test_two_threads_that_judge_the_same_source_do_not_hinder_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page asks for two pictures of a set at once: both write down its size before either has put it in place."""
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))
    source = open_source(folder_of_bars(tmp_path / "bars"))
    both, real = threading.Barrier(2, timeout=20), Path.replace

    def together(self: Path, target: Path) -> Path:
        both.wait()
        return real(self, target)

    monkeypatch.setattr(Path, "replace", together)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(_judged, [source, source])
    assert first == second

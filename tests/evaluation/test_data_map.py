"""The map of raw data: its pixels against distances by hand, its features kept and refused when they do not fit."""

from pathlib import Path

import numpy as np
import pytest

from made_data import folder_of_bars
from nonesuch.data.open import open_data
from nonesuch.errors import DataError, RecipeError
from nonesuch.evaluation import data_map as maps
from nonesuch.evaluation.copies import COPIES, copies, kept_copies


def test_neighbours_by_pixels_are_those_found_by_hand(tmp_path: Path) -> None:
    pack = open_data(folder_of_bars(tmp_path / "bars", 60))
    rows, apart = maps.near(pack, 7, "pixels", count=5)
    gaps = (pack.pixels.astype(float) - pack.pixels[7]).reshape(60, -1)
    by_hand = np.sqrt((gaps**2).mean(1))
    by_hand[7] = np.inf
    assert rows.tolist() == np.argsort(by_hand, kind="stable")[:5].tolist()
    np.testing.assert_allclose(apart, np.sort(by_hand)[:5], rtol=1e-6)


def test_a_map_of_pixels_spreads_over_the_set(tmp_path: Path) -> None:
    pack = open_data(folder_of_bars(tmp_path / "bars", 60))
    found = maps.data_map(pack, "pixels", most=10)
    assert (len(found.rows), found.rows[0], found.rows[-1]) == (10, 0, 59)
    assert found.atlas.places.shape == (10, 2)
    for wrong in ({"most": 2}, {"by": "smell"}):
        with pytest.raises(RecipeError):
            maps.data_map(pack, **wrong)  # type: ignore[arg-type]


def test_features_are_kept_and_made_again_when_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonesuch.features.IMAGES", 256)
    pack = open_data(folder_of_bars(tmp_path / "bars", 60, seed=5))
    with pytest.raises(DataError, match="make the map first"):
        maps.near(pack, 0, "features", "label")
    told: list[str] = []
    maps.data_map(pack, "features", label="label", say=lambda _done, _total, words: told.append(words))
    assert told[0].startswith("learning")
    values = maps.kept_features(pack, "label")
    assert values is not None
    assert maps.kept_features(pack, "") is None
    rows, apart = maps.near(pack, 0, "features", "label", 4)
    np.testing.assert_allclose(apart, np.linalg.norm(values[rows] - values[0], axis=1), rtol=1e-5)
    assert 0 not in rows
    (file,) = pack.path.glob("compared-*.npy")
    file.write_bytes(file.read_bytes()[:100])
    assert maps.kept_features(pack, "label") is None


def test_copies_are_looked_for_once(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 40, seed=6)
    (folder / "up" / "again.png").write_bytes((folder / "up" / "0003.png").read_bytes())
    pack = open_data(folder)
    assert kept_copies(pack) is None
    found = copies(pack, np.zeros(len(pack), np.uint8))
    assert found.exact == (("up/0003.png", "up/again.png"),)
    assert kept_copies(pack) == found
    (pack.path / COPIES).write_text("{")
    assert kept_copies(pack) is None

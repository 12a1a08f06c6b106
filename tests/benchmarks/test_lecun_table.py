"""The nearest-neighbour row of LeCun's table, against scikit-learn and a case by hand; the rows' recipes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def table() -> ModuleType:
    """The script, loaded by its path with its own folder importable, as python does when it runs it."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("benchmarks_lecun_table", FOLDER / "lecun_table.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def test_neighbours_vote_as_scikit_learn_has_it(table: ModuleType) -> None:
    generator = torch.Generator().manual_seed(3)
    train, test = (torch.randn(count, 20, generator=generator) * 40 + 100 for count in (700, 1_201))
    # Two classes and three neighbours: there is always a majority.
    classes = torch.randint(0, 2, (700,), generator=generator)
    oracle = KNeighborsClassifier(3, algorithm="brute").fit(train.numpy(), classes.numpy())
    assert table.vote(train, classes, test).tolist() == oracle.predict(test.numpy()).tolist()


def test_the_nearest_wins_a_draw_and_no_majority(table: ModuleType) -> None:
    train = torch.tensor([[0.0], [2.0], [3.0], [10.0], [11.0], [12.0]])
    classes = torch.tensor([2, 0, 1, 1, 0, 0])
    test = torch.tensor([[0.5], [2.9], [9.0]])
    assert table.vote(train, classes, test).tolist() == [2, 1, 0]


def test_every_row_has_a_published_figure_and_settings_the_recipe_accepts(
    table: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _digits(tmp_path)
    monkeypatch.setattr(table, "DIGITS", 90)
    for name, net in table.NETS.items():
        recipe = table.recipe_of(net, str(folder), quick=True)
        assert recipe.budget.images == 90 * net.quick
        assert recipe.data.val_share == 0
        assert (recipe.train.augment.resamples, bool(recipe.train.augment.shift)) == (net.distorted, net.distorted)
        assert name in table.ROWS


def test_a_row_is_trained_and_measured_on_the_digits_held_out(
    table: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _digits(tmp_path)
    monkeypatch.setattr(table, "DIGITS", 6_000)
    for name in ("linear", table.KNN):
        row = table.measured(name, str(folder), quick=True, scratch=tmp_path)
        assert row.low <= row.error <= row.high
        assert row.error == 0  # every class is a picture of its own


def _digits(folder: Path) -> Path:
    """Idx files of ten classes, each one bright row, with a little noise: 90 for training, 20 for the test."""
    generator = torch.Generator().manual_seed(5)
    for stem, count in (("train", 90), ("t10k", 20)):
        classes = torch.arange(count) % 10
        pictures = torch.randint(0, 30, (count, 28, 28), generator=generator, dtype=torch.uint8)
        pictures[torch.arange(count), classes * 2 + 3] = 255
        head = b"\x00\x00\x08"
        sizes = count.to_bytes(4) + (28).to_bytes(4) + (28).to_bytes(4)
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(head + b"\x03" + sizes + pictures.numpy().tobytes())
        labels = classes.to(torch.uint8).numpy().tobytes()
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(head + b"\x01" + count.to_bytes(4) + labels)
    return folder

"""The measuring net: what it learns keeps classes apart, and what lies beside the pack is used again bit for bit."""

from pathlib import Path

import numpy as np
import pytest
import torch

from made_data import bars
from nonesuch import features
from nonesuch.errors import DataError, DivergedError
from nonesuch.features import Extractor, extractor, features_of, turn
from nonesuch.training.classify import Labelled
from nonesuch.training.phase import Loss

ROWS = np.arange(150)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 4000)


def _labelled(folder: Path, rows: np.ndarray = ROWS) -> Extractor:
    pictures, targets = bars(200)
    return extractor(pictures, rows, targets.astype(np.int64), 4, folder, 1)


def _forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(features, "_train", refuse)


def _nearest_mean(found: np.ndarray, targets: np.ndarray) -> float:
    """Share of the last 50 pictures whose class has the nearest mean over the first 150."""
    means = np.stack([found[:150][targets[:150] == c].mean(0) for c in range(4)])
    answers = ((found[150:, None] - means) ** 2).sum(2).argmin(1)
    return float((answers == targets[150:]).mean())


def test_classes_are_apart_in_its_features(tmp_path: Path) -> None:
    pictures, targets = bars(200)
    made = _labelled(tmp_path)
    found = features_of(made, pictures)
    assert (found.shape, found.dtype) == ((200, 64), np.float64)
    assert np.isfinite(found).all()
    assert made.name == "classes-64"
    assert len(made.hash) == 12
    assert not made.net.training
    assert _nearest_mean(found, targets) == 1  # chance is 0.25


def test_without_labels_it_learns_turns(tmp_path: Path) -> None:
    """Bars all on the left side: which way they were turned can be told from the bar, and those it then tells apart."""
    pictures, targets = bars(200)
    left = pictures[targets == 1]
    made = extractor(left, np.arange(40), None, 0, tmp_path, 1)
    assert made.name == "turns-64"
    batch = torch.from_numpy(left[40:]).permute(0, 3, 1, 2)
    with torch.inference_mode():
        for kind in range(4):
            answers = made.net(turn(batch, kind) / 127.5 - 1).argmax(1)
            assert (answers == kind).all()
    assert _nearest_mean(features_of(made, pictures), targets) > 0.9


def test_one_class_is_as_no_labels(tmp_path: Path) -> None:
    pictures, targets = bars(40)
    one = extractor(pictures, np.arange(40), np.zeros_like(targets), 1, tmp_path, 1)
    none = extractor(pictures, np.arange(40), None, 0, tmp_path, 1)
    assert one.hash == none.hash


@pytest.mark.parametrize("shape", [(3, 5), (4, 4)])
def test_turns_keep_the_shape_and_are_numpys(shape: tuple[int, int]) -> None:
    picture = np.arange(2 * shape[0] * shape[1]).reshape(1, 2, *shape)
    found = [turn(torch.from_numpy(picture), kind).numpy() for kind in range(4)]
    flipped = [picture, picture[..., ::-1], picture[..., ::-1, :], picture[..., ::-1, ::-1]]
    expected = flipped if shape == (3, 5) else [np.rot90(picture, kind, (2, 3)) for kind in range(4)]
    for ours, theirs in zip(found, expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_a_second_call_reads_the_same_net_and_does_not_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, _ = bars(60, seed=4)
    first = _labelled(tmp_path)
    _forbid_training(monkeypatch)
    second = _labelled(tmp_path)
    assert (first.name, first.hash) == (second.name, second.hash)
    assert np.array_equal(features_of(first, pictures), features_of(second, pictures))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_the_same_pictures_elsewhere_give_the_same_bits(tmp_path: Path) -> None:
    """And neither the caller's random state nor its thread count is touched, or matters."""
    folders = [tmp_path / "one", tmp_path / "two"]
    made = []
    for seed, folder in enumerate(folders):
        folder.mkdir()
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        made.append(_labelled(folder))
        assert torch.equal(before, torch.get_rng_state())
    assert made[0].hash == made[1].hash
    assert torch.get_num_threads() == 1


def test_other_rows_or_labels_are_another_net(tmp_path: Path) -> None:
    pictures, targets = bars(200)
    other_rows = _labelled(tmp_path, np.arange(50, 200))
    other_labels = extractor(pictures, ROWS, (targets.astype(np.int64) + 1) % 4, 4, tmp_path, 1)
    assert len({_labelled(tmp_path).hash, other_rows.hash, other_labels.hash}) == 3


@pytest.mark.parametrize("harm", ["cut", "flip", "sum", "no json", "list", "link"])
def test_a_damaged_file_is_made_again(harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 256)
    first = _labelled(tmp_path)
    tensors, head = next(tmp_path.glob("*.safetensors")), next(tmp_path.glob("*.json"))
    whole = tensors.read_bytes()
    match harm:
        case "cut":
            tensors.write_bytes(whole[:-7])
        case "flip":
            tensors.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "sum":
            head.write_text(head.read_text().replace('"sha256": "', '"sha256": "0'))
        case "no json":
            head.unlink()
        case "list":
            head.write_text("[]")
        case "link":
            aside = tmp_path / "aside"
            tensors.rename(aside)
            tensors.symlink_to(aside)
    again = _labelled(tmp_path)
    assert again.hash == first.hash
    assert tensors.read_bytes() == whole
    assert not tensors.is_symlink()
    _forbid_training(monkeypatch)
    assert _labelled(tmp_path).hash == first.hash


@pytest.mark.parametrize("shape", [(64, 64, 3), (100, 30, 4), (1, 1, 1), (9, 70, 1)])
def test_any_shape_of_picture(shape: tuple[int, int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 128)
    pictures = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    made = extractor(pictures, np.arange(12), None, 0, tmp_path, 1)
    assert features_of(made, pictures).shape == (12, 64)
    assert features_of(made, pictures[:0]).shape == (0, 64)


def test_chunks_do_not_change_the_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, _ = bars(50)
    made = _labelled(tmp_path)
    whole = features_of(made, pictures)
    monkeypatch.setattr(features, "_CHUNK", 7)
    # float32 sums of another order in the matrix products of another size
    np.testing.assert_allclose(features_of(made, pictures), whole, rtol=1e-4, atol=1e-5)


def test_the_features_come_before_the_last_layer(tmp_path: Path) -> None:
    pictures, _ = bars(30)
    made = _labelled(tmp_path)
    head = made.net[-1]
    assert isinstance(head, torch.nn.Linear)
    with torch.inference_mode():
        logits = made.net(torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1).numpy()
    ours = features_of(made, pictures) @ head.weight.detach().double().numpy().T + head.bias.detach().double().numpy()
    np.testing.assert_allclose(ours, logits, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_done_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _labelled(tmp_path)
    with pytest.raises(ValueError, match=r"\(N, 12, 12, 3\)"):
        features_of(made, bars(4, size=13)[0])
    with pytest.raises(DataError, match="no pictures"):
        extractor(bars(4)[0], np.arange(0), None, 0, tmp_path, 1)

    def broken(self: features.Turned, batch: Labelled) -> Loss:
        return Loss(self._net(batch.images).sum() * torch.nan, {})

    monkeypatch.setattr(features.Turned, "_loss", broken)
    with pytest.raises(DivergedError, match="could not be trained"):
        extractor(bars(40)[0], np.arange(40), None, 0, tmp_path, 1)
    assert len(list(tmp_path.iterdir())) == 2  # only the first net

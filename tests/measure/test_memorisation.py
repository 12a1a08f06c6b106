"""Looking for copies: a slow search, copies and near-copies put there by hand, fresh pictures from one source."""

import json

import numpy as np
import pytest

from nonesuch.errors import DataError
from nonesuch.measure import memorisation as memory
from nonesuch.measure.memorisation import memorisation, nearest, neighbours_picture


def _made(count: int, seed: int, size: int = 8, channels: int = 1) -> np.ndarray:
    """Smooth pictures: sums of two waves."""
    rng = np.random.default_rng(seed)
    grid = np.arange(size) / size
    phase = rng.uniform(0, 2 * np.pi, (count, 2, channels, 1, 1))
    waves = np.sin(2 * np.pi * grid[:, None] + phase[:, 0]) + np.sin(2 * np.pi * grid + phase[:, 1])
    return (127.5 + 60 * waves).astype(np.uint8).transpose(0, 2, 3, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_nearest_by_a_slow_search(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CHUNK_NUMBERS", 1500)  # several chunks, the last one short
    rng = np.random.default_rng(0)
    samples, train = (rng.integers(0, 256, (n, 5, 7, channels), dtype=np.uint8) for n in (23, 61))
    rows, distances = nearest(samples, train)
    for sample, row, found in zip(samples, rows, distances, strict=True):
        apart = [float(np.sqrt((((sample.astype(int) - other.astype(int)) / 127.5) ** 2).sum())) for other in train]
        assert row == int(np.argmin(apart))
        assert found == pytest.approx(min(apart), rel=1e-6)  # pixels are float32


@pytest.mark.parametrize("size", [8, 40, 45])
def test_copies_have_ratio_zero_and_are_named(size: int) -> None:
    train, test = _made(200, 0, size), _made(100, 1, size)
    chosen = np.random.default_rng(2).permutation(200)[:60]
    report = memorisation(train[chosen], train, test)
    assert (report.ratio, report.median, report.near_share) == (0.0, 0.0, 1.0)
    assert np.array_equal(report.nearest, chosen)
    assert (report.distances == 0).all()
    assert (report.n, report.held_out, report.training) == (60, 100, 200)


def test_fresh_pictures_have_ratio_about_one() -> None:
    report = memorisation(_made(1500, 3), _made(1000, 0), _made(1500, 1))
    assert report.ratio == pytest.approx(1, abs=0.1)
    # 1 % expected; six standard errors of a share of 1,500, quantile and share both being drawn
    assert report.near_share < 0.01 + 6 * (2 * 0.01 / 1500) ** 0.5


def test_some_copies_among_fresh_pictures_show_in_the_share() -> None:
    # three channels: six free phases, so that fresh pictures are farther off than the noise put on the copies
    train = _made(500, 0, channels=3)
    noisy = train[:30].astype(int) + np.random.default_rng(5).integers(-1, 2, train[:30].shape)
    samples = np.concatenate([_made(70, 3, channels=3), noisy.clip(0, 255).astype(np.uint8)])
    report = memorisation(samples, train, _made(300, 1, channels=3))
    assert 0.28 < report.near_share < 0.36
    assert np.array_equal(report.nearest[70:], np.arange(30))
    listed = json.loads(json.dumps(report.to_json(), allow_nan=False))["nearest"]
    assert len(listed) == 64
    assert {entry["sample"] for entry in listed[:25]} <= set(range(70, 100))
    assert [entry["distance"] for entry in listed] == sorted(report.distances)[:64]


def test_large_pictures_are_compared_as_means_over_blocks() -> None:
    """64 pixels become 32: a blank and a chequerboard of single pixels have the same means."""
    board = np.indices((64, 64)).sum(0) % 2 * 254
    train = np.stack([np.full((64, 64), 127), np.zeros((64, 64))]).astype(np.uint8)[..., None]
    rows, distances = nearest(board.astype(np.uint8)[None, :, :, None], train)
    assert rows.tolist() == [0]
    assert distances[0] == pytest.approx(0, abs=1e-5)


def test_the_last_pixels_of_a_side_count_when_blocks_do_not_divide_it() -> None:
    """45 pixels in blocks of 2: the pictures differ in the last column alone."""
    train = np.zeros((2, 45, 45, 1), np.uint8)
    train[1, :, -1] = 255
    rows, distances = nearest(train[1:], train)
    assert (rows.tolist(), distances.tolist()) == ([1], [0.0])


def test_held_out_pictures_that_are_training_pictures_give_no_ratio() -> None:
    train = _made(50, 0)
    report = memorisation(_made(20, 1), train, train)
    assert report.ratio is None
    assert "copy_ratio" not in report.figures()
    assert report.to_json()["ratio"] is None


def test_of_many_the_first_samples_and_a_spread_of_held_out_pictures_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MOST", 10)
    train = _made(40, 0)
    # sorted held-out pictures: the first half copies, the second half fresh
    report = memorisation(train, train, np.concatenate([train, _made(40, 1)]))
    assert (report.n, report.held_out) == (10, 10)
    assert report.held_out_median > 0
    assert report.figures() == {"copy_ratio": 0.0, "copy_share": 1.0}


def test_the_picture_has_samples_above_their_neighbours() -> None:
    samples, neighbours = _made(3, 0, size=24), _made(3, 1, size=24)
    sheet = neighbours_picture(samples, neighbours)
    # cells of 48 pixels and gaps of 2
    assert sheet.shape == (2 + 2 * 50, 2 + 3 * 50, 3)
    for column in range(3):
        left = 2 + column * 50
        assert np.array_equal(sheet[2:50:2, left : left + 48 : 2, :1], samples[column])
        assert np.array_equal(sheet[52:100:2, left : left + 48 : 2, :1], neighbours[column])


def test_what_cannot_be_compared_is_refused() -> None:
    good = _made(5, 0)
    with pytest.raises(DataError, match="no held-out pictures"):
        memorisation(good, good, good[:0])
    with pytest.raises(ValueError, match="one shape"):
        memorisation(good, _made(5, 0, size=9), good)

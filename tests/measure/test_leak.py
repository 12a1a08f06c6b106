"""The leak test on pictures that really went through the augmentation, and on some that only look suspicious."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from nonesuch.data.shipped import PixelfolkSource
from nonesuch.errors import DataError
from nonesuch.measure.leak import LEAST_DISTANCE, LEAST_SHARE, Group, leak
from nonesuch.pixels import Picture, to_pixels, to_signed
from nonesuch.training.diffaugment import augment_both

ALL: tuple[Group, ...] = ("colour", "translation", "cutout")


def _clouds(count: int, seed: int, side: int = 24, channels: int = 3) -> Picture:
    """Smooth random pictures: each a 6x6 field, enlarged, with a brightness of its own."""
    rng = np.random.default_rng(seed)
    field = rng.normal(0, 60, (count, 6, 6, channels)) + rng.normal(110, 15, (count, 1, 1, 1))
    return field.clip(0, 255).astype(np.uint8).repeat(side // 6, axis=1).repeat(side // 6, axis=2)


def _faces(first: int, count: int) -> Picture:
    source = PixelfolkSource()
    return np.stack([source.read(str(face)) for face in range(first, first + count)])


def _augmented(pictures: Picture, group: Group, share: float, noise: float = 0.05) -> Picture:
    """As a generator would draw a share of them augmented: not to the exact byte."""
    count = round(share * len(pictures))
    draws = torch.Generator().manual_seed(1)
    images = to_signed(torch.from_numpy(pictures[:count]).permute(0, 3, 1, 2))
    images = augment_both(images, (group,), draws)
    images = images + noise * torch.randn(images.shape, generator=draws)
    changed = to_pixels(images).permute(0, 2, 3, 1).numpy()
    return np.concatenate([changed, pictures[count:]])


@pytest.mark.parametrize("group", ALL)
@pytest.mark.parametrize("pictures", ["clouds", "faces"])
def test_augmented_samples_leak_their_own_group_alone(group: Group, pictures: str) -> None:
    if pictures == "clouds":
        samples, train = _clouds(400, 1), _clouds(600, 2)
    else:
        samples, train = _faces(0, 400), _faces(400, 600)
    report = leak(_augmented(samples, group, share=1.0), train, ALL)
    leaking = {trace.group for trace in report.traces if trace.leaks}
    # A rectangle takes colour away from what is left of the picture, and a border some: colour may notice as well.
    assert group in leaking <= {group, "colour"}
    assert report.share > 0.3
    assert "generated pictures: " in report.sentence


@pytest.mark.parametrize(("group", "share"), [("colour", 0.5), ("translation", 0.1), ("cutout", 0.1)])
def test_a_part_of_the_samples_suffices(group: Group, share: float) -> None:
    report = leak(_augmented(_clouds(500, 1), group, share), _clouds(500, 2), [group])
    assert report.traces[0].leaks
    assert report.share == report.traces[0].excess <= share


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [20, 500])
def test_fresh_pictures_do_not_leak(seed: int, count: int) -> None:
    report = leak(_clouds(count, seed), _clouds(600, 100 + seed), ALL)
    assert not any(trace.leaks for trace in report.traces)
    assert report.share == 0
    assert report.sentence == f"No trace of colour or translation or cutout in {count} generated pictures."


def test_fresh_faces_and_a_collapsed_generator_do_not_leak() -> None:
    train = _faces(400, 600)
    one = np.repeat(_faces(3, 1), 300, axis=0)  # one face again and again: bad, but no augmentation
    blurred = (_faces(0, 400).astype(np.float32) * 0.9 + 10).astype(np.uint8)  # a generator a little off
    for samples in (_faces(0, 400), one, blurred):
        assert leak(samples, train, ["translation", "cutout"]).share == 0
    for samples in (_faces(0, 400), blurred):
        assert leak(samples, train, ["colour"]).share == 0


def test_grey_that_is_in_the_data_is_no_leak() -> None:
    """The same marks in training pictures and samples alike: half of the pictures have a grey frame and box."""
    samples, train = _clouds(400, 1), _clouds(400, 2)
    for pictures in (samples, train):
        pictures[::2, :, 0] = 128
        pictures[::2, 4:16, 4:16] = 128
    report = leak(samples, train, ["translation", "cutout"])
    assert [trace.samples for trace in report.traces] == pytest.approx([0.5, 0.5], abs=0.02)
    assert report.share == 0
    assert leak(samples, _clouds(400, 2), ["translation", "cutout"]).share == pytest.approx(0.5, abs=0.02)


def test_marks_by_hand() -> None:
    """24x24: the window is 9x9, of which 73 pixels must be grey; a border needs 22 of 24."""
    train = np.zeros((200, 24, 24, 1), np.uint8)

    def found(group: Group, rows: slice, columns: slice, value: int = 128) -> bool:
        pictures = train.copy()
        pictures[:, rows, columns] = value
        return leak(pictures, train, [group]).traces[0].samples == 1

    assert found("cutout", slice(3, 12), slice(15, 24))
    assert found("cutout", slice(3, 12), slice(15, 24), 143)
    assert not found("cutout", slice(3, 12), slice(15, 24), 144)
    assert not found("cutout", slice(3, 11), slice(0, 24))
    train[:, :5, :5] = 128  # grey elsewhere neither adds to a window nor takes away
    assert found("cutout", slice(10, 19), slice(15, 24))
    assert not found("cutout", slice(10, 18), slice(15, 24))
    assert found("translation", slice(23, 24), slice(2, 24))
    assert not found("translation", slice(23, 24), slice(3, 24))
    assert not found("translation", slice(1, 23), slice(1, 23))


def test_the_distance_is_smirnovs() -> None:
    samples, train = _clouds(150, 1, channels=1), _clouds(220, 2, channels=1)
    samples = _augmented(samples, "colour", 0.3)
    values = [pictures.mean(axis=(1, 2, 3)) for pictures in (samples, train)]
    away = [np.abs(value - np.median(values[1])) for value in values]
    theirs = ks_2samp(away[0], away[1], alternative="less", method="asymp")  # F_samples below F_train
    trace = leak(samples, train, ["colour"]).traces[0]
    assert trace.excess == pytest.approx(float(theirs.statistic), abs=1e-12)
    assert trace.excess == pytest.approx(trace.samples - trace.training)
    # n = 150, m = 220: sqrt(ln 200 / 2 * (1/150 + 1/220)) = 0.1724
    assert trace.threshold == pytest.approx(0.1724, abs=1e-4)


def test_thresholds_grow_as_samples_shrink() -> None:
    few, many = (leak(_clouds(count, 1), _clouds(count, 2), ALL).traces for count in (40, 2000))
    assert all(small.threshold > large.threshold for small, large in zip(few, many, strict=True))
    assert [trace.threshold for trace in many] == [LEAST_DISTANCE, LEAST_SHARE, LEAST_SHARE]


def test_alpha_is_not_looked_at_and_order_is_kept() -> None:
    clouds, other = _clouds(100, 1), _clouds(100, 2)
    half = np.full((100, 24, 24, 1), 128, np.uint8)
    report = leak(np.concatenate([clouds, half], -1), np.concatenate([other, half], -1), ["cutout", "colour"])
    assert report.traces == leak(clouds, other, ["cutout", "colour"]).traces
    assert report.to_json()["share"] == 0
    assert leak(clouds, other, []).sentence == "No augmentation was on, so none can leak."


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(DataError, match="0 generated"):
        leak(_clouds(0, 1), _clouds(5, 2), ALL)
    with pytest.raises(ValueError, match="one size"):
        leak(_clouds(5, 1), _clouds(5, 2, side=12), ALL)

"""Batched augmentation against a slow per-picture oracle, and its promises about type, memory and randomness."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from nonesuch.data import augment as module
from nonesuch.data.augment import AugmentSpec, augment
from oracles.augmenting import mirrored_and_shifted, warped

SHAPES = [(5, 1, 28, 28), (6, 3, 9, 14), (4, 4, 16, 7)]


def pictures(shape: tuple[int, int, int, int], seed: int = 0) -> torch.Tensor:
    count, channels, height, width = shape
    pixels = np.random.default_rng(seed).integers(0, 256, (count, height, width, channels), dtype=np.uint8)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def possible_views(picture: np.ndarray, shift: int, edge: str, mirrors: tuple[bool, ...]) -> list[bytes]:
    amounts = range(-shift, shift + 1)
    return [
        np.ascontiguousarray(mirrored_and_shifted(picture, mirror, down, right, shift, edge)).tobytes()
        for mirror in mirrors
        for down in amounts
        for right in amounts
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("edge", ["reflect", "zero"])
@pytest.mark.parametrize("shift", [0, 1, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_mirror_and_shift_give_views_of_the_oracle(
    shape: tuple[int, int, int, int], edge: str, shift: int, flip: bool
) -> None:
    pixels = pictures(shape)
    spec = AugmentSpec(flip=flip, shift=shift, edge=edge)
    for seed in range(5):
        out = augment(spec, pixels, generator(seed), torch.zeros(shape[0], dtype=torch.int64))
        assert out.dtype == torch.uint8
        assert out.shape == pixels.shape
        assert out.is_contiguous(memory_format=torch.channels_last)
        for before, after in zip(pixels, out, strict=True):
            views = possible_views(before.permute(1, 2, 0).numpy(), shift, edge, (False, True) if flip else (False,))
            assert np.ascontiguousarray(after.permute(1, 2, 0).numpy()).tobytes() in views


def test_every_view_is_equally_likely() -> None:
    picture = pictures((1, 1, 5, 5))
    batch = picture.expand(9000, 1, 5, 5).contiguous(memory_format=torch.channels_last)
    out = augment(AugmentSpec(flip=True, shift=1), batch, generator(), torch.zeros(9000, dtype=torch.int64))
    views = possible_views(picture[0].permute(1, 2, 0).numpy(), 1, "reflect", (False, True))
    counts = np.zeros(18)
    for after in out:
        counts[views.index(after.permute(1, 2, 0).numpy().tobytes())] += 1
    # 500 expected in each of 18 cells, deviation 21.7: five of them.
    assert (np.abs(counts - 500) < 109).all()


def test_alternating_mirrors_exactly_the_odd_turns() -> None:
    pixels = pictures((6, 3, 9, 14))
    turns = torch.tensor([0, 1, 2, 3, 8, 9])
    out = augment(AugmentSpec(flip="alternating"), pixels, generator(), turns)
    for before, after, turn in zip(pixels, out, turns.tolist(), strict=True):
        assert torch.equal(after, before.flip(-1) if turn % 2 else before)


@pytest.mark.parametrize("edge", ["reflect", "zero"])
@pytest.mark.parametrize("shape", SHAPES)
def test_affine_equals_scipy(shape: tuple[int, int, int, int], edge: str) -> None:
    pixels = pictures(shape)
    spec = AugmentSpec(rotate=30, scale=0.3, shear=0.2, edge=edge)
    out = augment(spec, pixels, generator(3), torch.zeros(shape[0], dtype=torch.int64))
    assert out.dtype == torch.float32
    assert out.is_contiguous(memory_format=torch.channels_last)
    drawn = (torch.rand(shape[0], 4, generator=generator(3)) * 2 - 1).double().numpy()
    for before, after, (turn, zoom, across, along) in zip(pixels, out, drawn, strict=True):
        expected = warped(
            before.permute(1, 2, 0).numpy(),
            math.radians(30 * turn),
            math.exp(math.log1p(0.3) * zoom),
            0.2 * across,
            0.2 * along,
            edge,
        )
        # float32 places are off by 1e-6 of a picture, and a step between neighbours is up to 255
        np.testing.assert_allclose(after.permute(1, 2, 0).numpy(), expected, atol=0.05)


def test_elastic_moves_pixels_by_the_stated_root_mean_square_and_smoothly() -> None:
    spec = AugmentSpec(elastic=1.4, elastic_sigma=4)
    images = torch.zeros(400, 1, 28, 20)
    field = module._elastic_field(images, spec, generator()) * torch.tensor([20 / 2, 28 / 2])
    assert float(field.square().mean().sqrt()) == pytest.approx(1.4, rel=0.05)
    assert float(field.mean()) == pytest.approx(0.0, abs=0.1)
    # A Gaussian blur of sigma s correlates neighbours at distance d by exp(-d^2 / 4 s^2), here exp(-1/4) at d = s.
    inner = field[:, 8:20, 4:16]
    correlation = float((inner[:, :-4] * inner[:, 4:]).mean() / inner.square().mean())
    assert correlation == pytest.approx(math.exp(-0.25), abs=0.05)


def test_elastic_leaves_a_flat_picture_flat() -> None:
    flat = torch.full((3, 1, 16, 16), 90, dtype=torch.uint8)
    out = augment(AugmentSpec(elastic=2), flat, generator(), torch.zeros(3, dtype=torch.int64))
    torch.testing.assert_close(out, torch.full((3, 1, 16, 16), 90.0))


@pytest.mark.parametrize("resampled", [False, True])
def test_erase_covers_one_square_with_the_nets_zero(resampled: bool) -> None:
    pixels = torch.full((300, 3, 16, 20), 7, dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    spec = AugmentSpec(erase=16 / 320, elastic=1.0 if resampled else 0.0)
    out = augment(spec, pixels, generator(), torch.zeros(300, dtype=torch.int64))
    covered = out > 100
    assert set(out[covered].tolist()) == ({127.5} if resampled else {128})
    assert (covered == covered[:, :1]).all()
    areas = covered[:, 0].sum((1, 2))
    assert int(areas.max()) == 16
    assert int(areas.min()) >= 4
    for square in covered[:, 0]:
        rows, columns = square.any(1).nonzero()[:, 0], square.any(0).nonzero()[:, 0]
        assert square[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_the_generator_decides_all_and_the_input_stays() -> None:
    pixels = pictures((8, 3, 12, 12))
    before = pixels.clone()
    spec = AugmentSpec(flip=True, shift=2, rotate=10, elastic=1, erase=0.1)
    zeros = torch.zeros(8, dtype=torch.int64)
    first, again = (augment(spec, pixels, generator(5), zeros) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, augment(spec, pixels, generator(6), zeros))
    assert torch.equal(pixels, before)
    assert 0 <= float(first.min()) <= float(first.max()) <= 255


def test_nothing_asked_changes_nothing() -> None:
    pixels = pictures((3, 3, 8, 8))
    assert torch.equal(augment(AugmentSpec(), pixels, generator(), torch.zeros(3, dtype=torch.int64)), pixels)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValidationError):
        AugmentSpec(shift=-1)
    with pytest.raises(ValidationError):
        AugmentSpec.model_validate({"flop": True})
    with pytest.raises(ValueError, match="shift of 8"):
        augment(AugmentSpec(shift=8), pictures((2, 1, 8, 9)), generator(), torch.zeros(2, dtype=torch.int64))

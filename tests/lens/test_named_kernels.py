"""Kernels by name and by formula: on even pictures, by hand, against scipy, and under their own wave."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from nonesuch.errors import NetError
from nonesuch.lens.named_kernels import PRESETS, gabor, gaussian, preset
from nonesuch.lens.sliding import apply


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_on_an_even_picture(name: str) -> None:
    """What a kernel makes of one grey: its sum over its scale, by hand 1 for those that keep brightness, else 0."""
    found = float(apply(preset(name), torch.full((1, 1, 41, 41), 100.0))[0, 0, 20, 20])
    keeps = {"identity", "blur", "sharpen", "emboss", "gaussian"}
    assert found == pytest.approx(100.0 if name in keeps else 0.0, abs=1e-3)


def test_outline_by_hand() -> None:
    image = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]])[None, None]
    assert float(apply(preset("outline"), image)[0, 0, 1, 1]) == 8 * 5 - (1 + 2 + 3 + 4 + 6 + 7 + 8 + 10)


def test_gaussian_is_scipys() -> None:
    spot = np.zeros((21, 21))
    spot[10, 10] = 1
    wanted = ndimage.gaussian_filter(spot, 1.5, truncate=5 / 1.5, mode="constant")[5:16, 5:16]
    np.testing.assert_allclose(gaussian(1.5, 11).weights.numpy(), wanted, atol=1e-7)


def test_a_gabor_answers_to_its_own_wave() -> None:
    wave = torch.cos(torch.arange(64) * 2 * np.pi / 8).expand(64, 64)[None, None]
    along = apply(gabor(8.0), wave).abs().max()
    across = apply(gabor(8.0, degrees=90), wave).abs()[..., 20:40, 20:40].max()
    assert float(along) > 20 * float(across)


def test_what_is_no_name_or_sigma() -> None:
    with pytest.raises(NetError, match="above 0"):
        gaussian(0)
    with pytest.raises(NetError, match="the names are identity, blur, sharpen"):
        preset("glow")

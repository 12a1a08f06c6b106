"""Missing pixels against a dense linear system written out pixel by pixel, and its laws."""

import itertools

import pytest
import torch
from torch import Tensor

from nonesuch.lens.imputation import NOISE, impute


def _images(count: int = 3, height: int = 5, width: int = 7) -> Tensor:
    return torch.rand(count, 2, height, width, generator=torch.Generator().manual_seed(2)) * 2 - 1


def _slow(image: Tensor, missing: Tensor) -> Tensor:
    """(H, W): each missing pixel is the mean of its neighbours in the picture, weights 1/6 beside and 1/12 across."""
    height, width = image.shape
    holes = [tuple(place) for place in missing.nonzero().tolist()]
    matrix, right = torch.zeros(len(holes), len(holes)).double(), torch.zeros(len(holes)).double()
    for at, (row, column) in enumerate(holes):
        for down, across in itertools.product((-1, 0, 1), repeat=2):
            y, x = row + down, column + across
            if (down, across) == (0, 0) or not (0 <= y < height and 0 <= x < width):
                continue
            weight = 1 / 12 if down and across else 1 / 6
            matrix[at, at] += weight
            if bool(missing[y, x]):
                matrix[at, holes.index((y, x))] -= weight
            else:
                right[at] += weight * float(image[y, x])
    filled = image.double().clone()
    filled[missing] = torch.linalg.solve(matrix, right)
    return filled.float()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_the_system_is_solved(share: float) -> None:
    images = _images()
    missing = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(3)) < share
    missing[:, 2, 3] = False  # one pixel is always known
    found = impute(images, missing, None)
    for picture, channel in itertools.product(range(3), range(2)):
        expected = _slow(images[picture, channel], missing[picture])
        torch.testing.assert_close(found[picture, channel], expected, rtol=0, atol=2e-3)
        assert torch.equal(found[picture, channel][~missing[picture]], images[picture, channel][~missing[picture]])


def test_laws() -> None:
    images = _images()
    nothing = torch.zeros(3, 5, 7, dtype=torch.bool)
    assert torch.equal(impute(images, nothing, None), images)
    assert torch.equal(impute(images, ~nothing, None), torch.zeros_like(images))
    some = nothing.clone()
    some[:, 1:4, 2:6] = True
    plain = torch.full_like(images, 0.3)  # what is even stays even
    torch.testing.assert_close(impute(plain, some, None), plain, rtol=0, atol=1e-3)
    filled = impute(images, some, None)
    assert float(filled.max()) <= float(images.max()) + 1e-3  # harmonic: no new extremes
    assert float(filled.min()) >= float(images.min()) - 1e-3


def test_noise_is_added_to_missing_pixels_only_and_comes_from_the_draws() -> None:
    images = torch.zeros(1, 1, 60, 60)
    missing = torch.zeros(1, 60, 60, dtype=torch.bool)
    missing[:, :, :30] = True
    found = impute(images, missing, torch.Generator().manual_seed(0))
    assert float(found[:, :, :, 30:].abs().max()) == 0
    assert float(found[:, :, :, :30].std()) == pytest.approx(NOISE, rel=0.05)
    assert torch.equal(found, impute(images, missing, torch.Generator().manual_seed(0)))


def test_large_holes_are_filled_too() -> None:
    """A ramp is harmonic: hidden but for its left and right ends, and the border rows, it comes back."""
    ramp = torch.linspace(-1, 1, 64).expand(1, 1, 64, 64)
    missing = torch.zeros(1, 64, 64, dtype=torch.bool)
    missing[:, 1:-1, 1:-1] = True
    torch.testing.assert_close(impute(ramp, missing, None), ramp, rtol=0, atol=0.01)

"""Learnt coordinates: unit noise in them has the mean and the covariance of the pictures they were learnt from."""

import pytest
import torch
from torch import Tensor

from nonesuch.errors import NetError
from nonesuch.lens.basis import Basis, Components, Waves, components, learnt, waves


def _images(count: int, channels: int = 3, height: int = 6, width: int = 8) -> Tensor:
    """Smooth, coloured noise around an uneven mean."""
    draws = torch.Generator().manual_seed(count)
    raw = torch.randn(count, channels, height + 2, width + 2, generator=draws)
    smooth = torch.nn.functional.avg_pool2d(raw, 3, 1)
    mixing = torch.tensor([[0.5, 0.0, 0.0], [0.4, 0.1, 0.0], [0.3, 0.1, 0.2]])[:channels, :channels]
    return torch.einsum("cd,bdhw->bchw", mixing, smooth) + torch.linspace(-0.5, 0.5, width)


def _columns(basis: Basis) -> Tensor:
    """A of picture = mean + A w, (numbers, n), one column a coordinate."""
    count = torch.Size(basis.shape).numel()
    return (basis.pictures(torch.eye(count).view(count, *basis.shape)) - basis.mean).flatten(1).T.double()


@pytest.mark.parametrize(("count", "channels"), [(300, 3), (300, 1), (20, 3)])
def test_components_have_the_whole_covariance(count: int, channels: int) -> None:
    images = _images(count, channels)
    basis = components(images)
    torch.testing.assert_close(basis.mean, images.mean(0))
    matrix = _columns(basis)
    torch.testing.assert_close(matrix @ matrix.T, torch.cov(images.flatten(1).T.double()), rtol=0, atol=2e-4)
    assert len(basis.axes) <= count - 1
    across = matrix.T @ matrix
    assert float((across - across.diag().diag()).abs().max()) < 1e-4
    assert bool((across.diag().diff() <= 1e-6).all())  # the widest first


@pytest.mark.parametrize("width", [8, 7])
@pytest.mark.parametrize("channels", [3, 1])
def test_waves_have_the_covariance_of_pixels_and_of_neighbours(width: int, channels: int) -> None:
    """Over all places, wrapped round: as the pictures' own, in each pair of channels, for pixels of the same colour."""
    images = _images(4000, channels, 6, width)
    matrix = _columns(waves(images)).view(channels, 6, width, -1)
    centred = (images - images.mean(0)).double()
    mine = torch.einsum("chwn,dhwn->cd", matrix, matrix) / (6 * width)
    real = torch.einsum("bchw,bdhw->cd", centred, centred) / (len(images) * 6 * width)
    torch.testing.assert_close(mine, real, rtol=0.02, atol=5e-4)
    first = torch.einsum("hwn,hwn->", matrix[0], matrix[0].roll(1, 1)) / (6 * width)
    second = float((centred[:, 0] * centred[:, 0].roll(1, 2)).mean())
    assert float(first) == pytest.approx(second, rel=0.05, abs=1e-3)


def test_the_basis_goes_by_the_size_of_the_pictures() -> None:
    assert isinstance(learnt(_images(20)), Components)
    assert isinstance(learnt(_images(20), "waves"), Waves)
    large = torch.rand(3, 3, 40, 40)
    assert isinstance(learnt(large), Waves)
    with pytest.raises(NetError, match="found 4,800: take waves"):
        learnt(large, "components")
    with pytest.raises(NetError, match="made of components or waves; found 'pixels'"):
        learnt(large, "pixels")


def test_pixels_that_never_change_stay() -> None:
    images = _images(50)
    images[:, :, 0] = -1.0
    basis = components(images)
    assert torch.equal(basis.axes[:, :, 0].abs() < 1e-6, torch.ones(len(basis.axes), 3, 8, dtype=torch.bool))
    flat = torch.zeros(5, 1, 4, 4)
    assert components(flat).pictures(torch.zeros(2, 0)).shape == (2, 1, 4, 4)
    assert bool(waves(flat).pictures(torch.ones(1, *waves(flat).shape)).abs().max() < 1e-3)

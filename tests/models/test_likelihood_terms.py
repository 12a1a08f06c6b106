"""Likelihoods against scipy's distributions, and the KL term against torch's."""

import numpy as np
import pytest
import torch
from scipy import stats

from nonesuch.models.likelihood import kl, log_likelihood


def _pictures() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (3, 2, 4, 5)) / 127.5 - 1).double()
    images[0, 0, 0, :2] = torch.tensor([-1.0, 1.0])
    return images, torch.from_numpy(rng.normal(size=(3, 2, 4, 5))) * 0.5


@pytest.mark.parametrize("log_noise", [-1.5, 0.0])
def test_gaussian_is_scipys_density(log_noise: float) -> None:
    images, decoded = _pictures()
    wanted = stats.norm.logpdf(images, decoded, np.exp(log_noise)).sum((1, 2, 3))
    found = log_likelihood("gaussian", images, decoded, torch.tensor(log_noise))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("log_noise", [-1.5, -1.0])
def test_logistic_is_scipys_mass_of_each_level(log_noise: float) -> None:
    images, decoded = _pictures()
    scale, half = np.exp(log_noise), 1 / 255
    upper = np.where(images >= 1 - half, np.inf, images + half)
    lower = np.where(images <= -1 + half, -np.inf, images - half)
    mass = stats.logistic.cdf(upper, decoded, scale) - stats.logistic.cdf(lower, decoded, scale)
    found = log_likelihood("logistic", images, decoded, torch.tensor(log_noise))
    np.testing.assert_allclose(found, np.log(mass).sum((1, 2, 3)), rtol=1e-4)


def test_the_256_levels_have_probability_one() -> None:
    levels = (torch.arange(256) / 127.5 - 1).view(256, 1, 1, 1)
    found = log_likelihood("logistic", levels, torch.full_like(levels, 0.3), torch.tensor(-1.0))
    assert float(found.double().exp().sum()) == pytest.approx(1, abs=1e-4)


def test_bernoulli_is_scipys() -> None:
    images, decoded = _pictures()
    binary = torch.where(images > 0, 1.0, -1.0)
    wanted = stats.bernoulli.logpmf((binary > 0).int(), torch.sigmoid(decoded)).sum((1, 2, 3))
    np.testing.assert_allclose(log_likelihood("bernoulli", binary, decoded, torch.tensor(0.0)), wanted, rtol=1e-5)


def test_kl_is_torchs() -> None:
    mean, log_variance = torch.randn(2, 4, 3)
    normal = torch.distributions.Normal
    wanted = torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0.0, 1.0))
    torch.testing.assert_close(kl(mean, log_variance), wanted)


def test_the_noise_has_a_floor() -> None:
    images = torch.zeros(1, 1, 8, 8)
    least, lower = (log_likelihood("gaussian", images, images, torch.tensor(n)) for n in (-6.0, -60.0))
    assert torch.equal(least, lower)

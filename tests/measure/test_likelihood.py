"""The importance-weighted bound against a net whose log p(x) is known, and against a loop over single codes."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from nonesuch.errors import RunError
from nonesuch.measure import likelihood
from nonesuch.models import catalog
from nonesuch.models.autoencoder import Autoencoder, AutoencoderConfig

SIDE, LATENT, LOG_NOISE = 8, 2, -0.7


class _Linear(Autoencoder):
    """x = W z + b + noise: p(x) is N(b, W W^T + s^2 I), and p(z|x) a Gaussian in closed form. `worse` widens q."""

    def __init__(self, worse: float) -> None:
        super().__init__(AutoencoderConfig(latent=LATENT, widths=(2,), hidden=2), (1, SIDE, SIDE))
        rng = torch.Generator().manual_seed(0)
        self.matrix = torch.randn(SIDE * SIDE, LATENT, generator=rng) * 0.15
        # orthogonal columns: the posterior's dimensions are then independent, as the encoder's are
        self.matrix[:, 1] -= (
            self.matrix[:, 0] * (self.matrix[:, 0] @ self.matrix[:, 1]) / self.matrix[:, 0].square().sum()
        )
        self.offset = torch.randn(SIDE * SIDE, generator=rng) * 0.1
        self.log_noise = nn.Parameter(torch.tensor(LOG_NOISE))
        self.worse = worse

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        noise = math.exp(2 * LOG_NOISE)
        precision = 1 + self.matrix.square().sum(0) / noise
        mean = (images.flatten(1) - self.offset) @ self.matrix / noise / precision
        return mean, (self.worse / precision).log().expand_as(mean)

    def decode(self, z: Tensor) -> Tensor:
        return (z @ self.matrix.T + self.offset).view(-1, 1, SIDE, SIDE)


def _pictures(count: int = 20) -> Tensor:
    return torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) * 0.5


def _exact(net: _Linear, images: Tensor) -> np.ndarray:
    covariance = net.matrix @ net.matrix.T + math.exp(2 * LOG_NOISE) * torch.eye(SIDE * SIDE)
    return stats.multivariate_normal.logpdf(images.flatten(1).double(), net.offset.double(), covariance.double())


def test_with_the_true_posterior_every_bound_is_exact() -> None:
    net, images = _Linear(1.0), _pictures()
    found = likelihood.importance_weighted(net, images, "gaussian", (1, 7), torch.Generator().manual_seed(2))
    np.testing.assert_allclose(found, np.stack([_exact(net, images)] * 2, 1), atol=2e-3)


def test_with_a_worse_one_it_rises_to_the_truth_from_below() -> None:
    net, images = _Linear(3.0), _pictures(600)
    bounds = likelihood.importance_weighted(net, images, "gaussian", (1, 10, 400), torch.Generator().manual_seed(2))
    means = _exact(net, images).mean() - bounds.mean(0)
    assert means[0] > means[1] > means[2]
    # the expected gap of one sample is KL(q || p) of two dimensions with three times the variance
    assert means[0] == pytest.approx(2 * 0.5 * (3 - 1 - math.log(3)), abs=0.25)
    assert abs(means[2]) < 0.01


def test_chunks_do_not_change_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow loop, one picture and one code at a time, over the same random numbers."""
    monkeypatch.setattr(likelihood, "_DECODED", 1)
    monkeypatch.setattr(likelihood, "_PICTURES", 1)
    net, images = _Linear(2.0), _pictures(3)
    found = likelihood.importance_weighted(net, images, "gaussian", (1, 4), torch.Generator().manual_seed(5))
    rng = torch.Generator().manual_seed(5)
    for row, image in enumerate(images):
        mean, log_variance = net.encode(image[None])
        assert log_variance is not None
        weights = []
        for _ in range(4):
            z = mean + (log_variance / 2).exp() * torch.randn(1, 1, LATENT, generator=rng)[0]
            drawn = stats.norm.logpdf(image[0], net.decode(z)[0, 0].detach(), math.exp(LOG_NOISE)).sum()
            prior = stats.norm.logpdf(z.detach()).sum()
            code = stats.norm.logpdf(z.detach(), mean.detach(), (log_variance / 2).exp().detach()).sum()
            weights.append(drawn + prior - code)
        assert found[row] == pytest.approx([weights[0], np.logaddexp.reduce(weights) - math.log(4)], rel=1e-4)


def test_a_report_has_interval_convergence_and_dead_dimensions() -> None:
    net, images = _Linear(1.0), _pictures()
    report = likelihood.measure(net, images, "gaussian", 60, seed=0)
    assert report.samples == (1, 10, 50, 60)
    assert report.interval.low < report.nats[-1] < report.interval.high
    assert report.dead == 0
    assert min(report.kl_per_dimension) > likelihood.DEAD_NATS
    # log2 of the number of grey levels a value could be, from the density: by hand
    assert report.bits_per_value == pytest.approx((math.log(127.5) - report.nats[-1] / 64) / math.log(2))
    assert set(report.figures()) == {"log_likelihood", "elbo", "dead", "bits_per_value"}


def test_an_autoencoder_gives_no_probability() -> None:
    net = catalog.build("autoencoder", (1, 8, 8), 0, {"gaussian": False})
    assert isinstance(net, Autoencoder)
    with pytest.raises(RunError, match="a point and gives no probability"):
        likelihood.measure(net.eval(), _pictures(), "gaussian", 5, seed=0)

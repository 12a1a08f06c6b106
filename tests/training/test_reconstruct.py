"""The objective of AE and VAE: terms by hand, draws that repeat, binary pixels, refusals."""

import numpy as np
import pytest
import torch
from torch import nn

from nonesuch.data.augment import AugmentSpec
from nonesuch.data.batches import Batches
from nonesuch.errors import RecipeError
from nonesuch.models import catalog
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.likelihood import kl, log_likelihood
from nonesuch.training import optimizers
from nonesuch.training.optimizers import OptimizerSettings
from nonesuch.training.perceptual import unlikeness, unlikeness_to
from nonesuch.training.reconstruct import Reconstruct, ReconstructSettings, binarised


def _objective(
    gaussian: bool = True, grey: bool = True, judge: nn.Sequential | None = None, **settings: object
) -> Reconstruct:
    torch.manual_seed(0)
    net = catalog.build("autoencoder", (1, 8, 8), 0, {"latent": 3, "widths": [4], "hidden": 8, "gaussian": gaussian})
    assert isinstance(net, Autoencoder)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), np.uint8)
    pixels = pixels if grey else np.where(pixels > 127, np.uint8(255), np.uint8(0))
    batches = Batches(pixels, None, np.arange(20), 6, seed=1)
    built = optimizers.build([net], OptimizerSettings(name="adam"))
    chosen = ReconstructSettings(**settings)  # type: ignore[arg-type]
    return Reconstruct(net, built, batches, AugmentSpec(), 1, torch.device("cpu"), chosen, judge=judge)


def _terms(objective: Reconstruct, images_seen: int = 0) -> tuple[float, float, float]:
    """The loss, and its two parts from the net itself."""
    batch = objective.prepare(images_seen)
    net = objective.averaged
    assert isinstance(net, Autoencoder)
    net.eval()
    coded = net(batch.images, batch.noise)
    drawn = log_likelihood("gaussian", batch.images, coded.decoded[0], net.log_noise).mean()
    nats = kl(coded.mean, coded.log_variance).sum(1).mean() if coded.log_variance is not None else torch.zeros(())
    return float(objective.phases[0].loss(batch).total.detach()), float(drawn.detach()), float(nats.detach())


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_the_loss_is_the_negative_bound(beta: float) -> None:
    loss, drawn, nats = _terms(_objective(beta=beta))
    assert loss == pytest.approx(-drawn + beta * nats, rel=1e-5)
    assert nats > 0


def test_an_autoencoder_pays_no_prior() -> None:
    loss, drawn, _ = _terms(_objective(gaussian=False))
    assert loss == pytest.approx(-drawn, rel=1e-5)


def _judge() -> nn.Sequential:
    torch.manual_seed(3)
    layers = nn.Conv2d(1, 3, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv2d(3, 2, 3, 2), nn.ReLU(), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(18, 4), nn.ReLU()).requires_grad_(False)


def test_unlikeness_is_its_definition() -> None:
    net, images, drawn = _judge(), torch.randn(2, 1, 8, 8), torch.randn(2, 1, 8, 8, requires_grad=True)
    found = unlikeness(net, images, drawn)
    for picture in range(2):
        wanted = 0.0
        for stop in (2, 4):
            first, second = net[:stop](images)[picture], net[:stop](drawn.detach())[picture]
            for y in range(first.shape[1]):
                for x in range(first.shape[2]):
                    a, b = first[:, y, x], second[:, y, x]
                    gap = a / max(float(a.norm()), 1e-12) - b / max(float(b.norm()), 1e-12)
                    wanted += float(gap.square().sum()) / (first.shape[1] * first.shape[2])
        assert float(found[picture].detach()) == pytest.approx(wanted, rel=1e-5)
    assert torch.equal(unlikeness(net, images, images), torch.zeros(2))
    found.sum().backward()
    assert float(drawn.grad.abs().sum()) > 0  # type: ignore[union-attr]
    again = drawn.detach().requires_grad_()
    to_them = unlikeness_to(net, images)(again)
    torch.testing.assert_close(to_them, found)
    to_them.sum().backward()
    torch.testing.assert_close(again.grad, drawn.grad)


def test_a_perceptual_term_is_added_and_leaves_the_judge_alone() -> None:
    judge = _judge()
    plain, _, _ = _terms(_objective())
    objective = _objective(judge=judge, perceptual=7.0)
    batch = objective.prepare(0)
    objective.averaged.eval()
    loss = objective.phases[0].loss(batch)
    assert float(loss.total.detach()) == pytest.approx(plain + 7 * float(loss.figures["unlikeness"]), rel=1e-5)
    loss.total.backward()
    assert all(weight.grad is None for weight in judge.parameters())


@pytest.mark.parametrize("beside", [{"importance_samples": 5}, {"likelihood": "bernoulli"}])
def test_a_perceptual_term_takes_no_other_bound(beside: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="perceptual compares two pictures"):
        ReconstructSettings(perceptual=1.0, **beside)  # type: ignore[arg-type]


def test_the_prior_warms_up_over_so_many_images() -> None:
    objective = _objective(kl_warm_up_images=24)
    for images_seen, share in ((0, 0.0), (6, 0.25), (24, 1.0), (60, 1.0)):
        loss, drawn, nats = _terms(objective, images_seen)
        assert loss == pytest.approx(-drawn + share * nats, rel=1e-5)


def test_free_bits_cost_the_same_however_little_a_dimension_says() -> None:
    loss, drawn, nats = _terms(_objective(free_bits=50.0))
    assert nats < 150
    assert loss == pytest.approx(-drawn + 3 * 50, rel=1e-5)


def test_a_step_is_a_function_of_its_position() -> None:
    one, other = _objective(binarise=True), _objective(binarise=True)
    other.prepare(6)
    first, again = one.prepare(12), other.prepare(12)
    assert torch.equal(first.noise, again.noise)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.noise, one.prepare(18).noise)


def test_binary_pixels_are_white_as_often_as_they_are_bright() -> None:
    images = torch.tensor([-1.0, -0.5, 0.0, 1.0])[:, None].expand(-1, 20_000)
    drawn = binarised(images, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    shares = (drawn > 0).float().mean(1)
    torch.testing.assert_close(shares, torch.tensor([0.0, 0.25, 0.5, 1.0]), atol=0.012, rtol=0)


def test_a_bernoulli_refuses_grey_pixels_and_takes_binary_ones() -> None:
    with pytest.raises(RecipeError, match=r"objective\.binarise=true"):
        _objective(likelihood="bernoulli").prepare(0)
    objective = _objective(grey=False, likelihood="bernoulli")
    figures = objective.phases[0].loss(objective.prepare(0)).figures
    assert float(figures["log_likelihood"]) == pytest.approx(-64 * np.log(2), rel=0.2)
    assert "noise" not in figures


@pytest.mark.parametrize("codes", [2, 5])
def test_several_codes_give_the_importance_weighted_bound(codes: int) -> None:
    """Burda et al. 2016, eq. 8, by torch's own distributions."""
    objective = _objective(importance_samples=codes)
    batch = objective.prepare(0)
    net = objective.averaged
    assert isinstance(net, Autoencoder)
    net.eval()
    with torch.no_grad():
        mean, log_variance = net.encode(batch.images)
        assert log_variance is not None
        code = torch.distributions.Normal(mean.double(), (log_variance.double() / 2).exp())
        z = mean.double() + (log_variance.double() / 2).exp() * batch.noise.double()
        prior = torch.distributions.Normal(torch.zeros_like(z), 1.0)
        pixels = torch.stack([net.decode(each.float()) for each in z]).double()
        noise = torch.distributions.Normal(pixels, net.log_noise.double().exp())
        logs = noise.log_prob(batch.images.double()).sum((2, 3, 4))
        logs = logs + prior.log_prob(z).sum(2) - code.log_prob(z).sum(2)
        wanted = -(logs.logsumexp(0) - np.log(codes)).mean()
        found = objective.phases[0].loss(batch).total
    assert batch.noise.shape == (codes, 6, 3)
    assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_more_codes_give_a_higher_bound() -> None:
    def bound(codes: int) -> float:
        objective = _objective(importance_samples=codes) if codes > 1 else _objective()
        objective.averaged.eval()
        with torch.no_grad():
            return float(np.mean([float(objective.phases[0].loss(objective.prepare(6 * i)).total) for i in range(20)]))

    assert bound(50) < bound(5) < bound(1)


@pytest.mark.parametrize("bend", [{"beta": 2.0}, {"free_bits": 0.1}])
def test_weighted_codes_and_a_bent_prior_are_refused(bend: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="importance_samples"):
        ReconstructSettings(importance_samples=5, **bend)  # type: ignore[arg-type]

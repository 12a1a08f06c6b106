"""Inversion: a linear generator, whose answer is known in closed form, and the laws of the descent."""

import pytest
import torch
from torch import Tensor

from nonesuch.latent.invert import Prior, refine

LATENT, SHAPE = 3, (2, 2, 3)


@pytest.fixture
def linear() -> tuple[Tensor, Tensor]:
    """Weights (12, 3) and offsets (12,) of a generator x = W z + b."""
    draws = torch.Generator().manual_seed(0)
    return torch.randn(12, LATENT, generator=draws), torch.randn(12, generator=draws)


def test_a_linear_generator_is_inverted_by_ridge_regression(linear: tuple[Tensor, Tensor]) -> None:
    """mean (Wz + b - x)^2 + pull mean ((z - m) / s)^2 is least where its gradient, linear in z, is 0."""
    weights, offset = linear
    target = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))
    prior = Prior(torch.tensor([0.5, -1.0, 0.0]), torch.tensor([2.0, 1.0, 0.5]))
    found = refine(
        lambda z: (z @ weights.T + offset).view(-1, *SHAPE), target, torch.zeros(2, 2, LATENT), None, prior,
        steps=1500, rate=0.1, pull=0.3,
    )  # fmt: skip
    pull = 0.3 / LATENT / prior.spread.square()
    left = weights.T @ weights / 12 + torch.diag(pull)
    right = (target.flatten(1) - offset) @ weights / 12 + pull * prior.middle
    torch.testing.assert_close(found.z, torch.linalg.solve(left, right.T).T, atol=1e-3, rtol=1e-3)


def wavy(z: Tensor) -> Tensor:
    """Many places look nearly alike: where a way ends depends on its start."""
    return (3 * z).sin().sum(1).view(-1, 1, 1, 1).expand(-1, 1, 2, 2) + 0.1 * z.mean(1).view(-1, 1, 1, 1)


def test_the_best_of_all_starts_and_steps_is_kept() -> None:
    starts = torch.tensor([[[0.1, 0.2], [4.0, -3.0]], [[2.0, 2.0], [-0.5, 0.4]]])
    targets = torch.tensor([1.5, -0.7]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    # a rate so large that it overshoots: the last step is not the best
    found = refine(wavy, targets, starts, None, Prior.normal(2), steps=20, rate=0.8, pull=0.05)
    assert found.losses.shape == (21, 2, 2)
    assert found.path.shape == (21, 2, 2)
    for row in range(2):
        assert float(found.losses[:, row].min()) == float(found.losses[:, row, found.chosen[row]].min())
        own = (wavy(found.z[row : row + 1]) - targets[row]).square().mean() + 0.05 * found.z[row].square().mean()
        torch.testing.assert_close(own, found.losses[:, row].min())
        assert torch.equal(found.path[0, row], starts[row, found.chosen[row]])
    assert int(found.losses[:, 0, found.chosen[0]].argmin()) != 20
    # the 0th of each alone would have been worse for one of them
    assert found.chosen.tolist() != [0, 0]


def test_a_way_is_the_same_alone_and_in_company_and_every_time() -> None:
    starts = torch.randn(3, 2, 2, generator=torch.Generator().manual_seed(2))
    targets = torch.rand(3, 1, 2, 2, generator=torch.Generator().manual_seed(3))
    together = refine(wavy, targets, starts, None, Prior.normal(2), steps=10)
    again = refine(wavy, targets, starts, None, Prior.normal(2), steps=10)
    alone = refine(wavy, targets[1:2], starts[1:2], None, Prior.normal(2), steps=10)
    assert torch.equal(together.z, again.z)
    torch.testing.assert_close(together.z[1:2], alone.z)
    torch.testing.assert_close(together.losses[:, 1:2], alone.losses)


def test_what_looks_alike_counts_with_its_weight() -> None:
    """A distance that wants z = 2, where the pixels want z = 0: with the weight goes the answer."""

    def draw(z: Tensor) -> Tensor:
        return z.view(-1, 1, 1, 1)

    def unlike(drawn: Tensor) -> Tensor:
        return (drawn - 2).flatten(1).square().mean(1)

    for weight, answer in ((0.0, 0.0), (1.0, 1.0), (3.0, 1.5)):
        found = refine(
            draw, torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1), unlike, Prior.normal(1), 400, 0.1, weight, pull=0.0
        )
        assert float(found.z) == pytest.approx(answer, abs=1e-3)

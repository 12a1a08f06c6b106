"""Directions against what was planted, against scikit-learn's PCA, and by hand."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from nonesuch.errors import RecipeError
from nonesuch.latent.directions import (
    combined,
    from_activations,
    from_weights,
    logistic,
    mean_difference,
    moved,
    principal,
    random,
)


def draws(count: int, latent: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, latent, generator=torch.Generator().manual_seed(seed))


def test_principal_directions_are_those_of_scikit_learn() -> None:
    codes = draws(400, 5) * torch.tensor([3.0, 0.1, 2.0, 1.0, 0.5]) + 7
    oracle = PCA(3).fit(codes.double().numpy())
    for number, found in enumerate(principal(codes, 3)):
        assert abs(float(found.vector.double() @ torch.from_numpy(oracle.components_[number]))) == pytest.approx(
            1, abs=1e-6
        )
        assert found.share == pytest.approx(oracle.explained_variance_ratio_[number], rel=1e-6)
        assert found.sigma == pytest.approx(math.sqrt(oracle.explained_variance_[number]), rel=1e-5)


def test_weights_give_what_the_layer_lengthens_most() -> None:
    """By hand: a layer that stretches two axes by 3 and 2, seen through a rotation of its outputs."""
    turn, _ = torch.linalg.qr(draws(6, 6, seed=1))
    weight = turn[:, :4] @ torch.diag(torch.tensor([1.0, 3.0, 0.5, 2.0]))
    first, second = from_weights(weight, draws(2000, 4), 2)
    torch.testing.assert_close(first.vector, torch.tensor([0.0, 1, 0, 0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(second.vector, torch.tensor([0.0, 0, 0, 1]), atol=1e-6, rtol=0)
    assert first.share == pytest.approx(9 / 14.25, rel=1e-6)
    assert first.sigma == pytest.approx(1, abs=0.05)


def test_activations_lead_back_to_the_codes_behind_them() -> None:
    """The layer only listens to one mixture of the code, so its first component is that mixture."""
    codes, heard = draws(500, 6), torch.tensor([1.0, 0, 2, 0, 0, -2]) / 3
    activations = (codes @ heard)[:, None] * draws(1, 9, seed=2) + 0.01 * draws(500, 9, seed=3)
    (found,) = from_activations(codes, activations, 1)
    assert abs(float(found.vector @ heard)) > 0.999
    assert found.share is not None
    assert found.share > 0.99


def test_random_directions_are_at_right_angles_and_repeat() -> None:
    codes = draws(50, 7)
    found = torch.stack([each.vector for each in random(codes, 7, seed=3)])
    torch.testing.assert_close(found @ found.T, torch.eye(7), atol=1e-6, rtol=0)
    again = torch.stack([each.vector for each in random(codes, 7, seed=3)])
    torch.testing.assert_close(again, found, atol=0, rtol=0)
    assert not torch.equal(random(codes, 7, seed=4)[0].vector, found[0])


def test_the_difference_of_means_by_hand() -> None:
    codes = torch.tensor([[0.0, 0], [2, 0], [0, 4], [2, 4]])
    found = mean_difference(codes, np.array([False, False, True, True]), "up")
    torch.testing.assert_close(found.vector, torch.tensor([0.0, 1]))
    assert found.sigma == pytest.approx(float(codes[:, 1].std()))


def test_logistic_parts_what_hangs_together() -> None:
    """Hats go with the first dimension alone, but hats and hidden hair (the second) come together.

    The difference of means points at both; given the first dimension, the second says nothing more.
    """
    codes = draws(6000, 3)
    codes[:, 1] = 0.8 * codes[:, 0] + 0.6 * codes[:, 1]
    has = (codes[:, 0] > 0.5).numpy()
    together, parted = mean_difference(codes, has, "hat"), logistic(codes, has, "hat")
    assert float(together.vector[1]) > 0.5
    assert float(parted.vector[0]) > 0.99


def test_an_unused_dimension_takes_no_part() -> None:
    codes = draws(3000, 3) * torch.tensor([1.0, 1.0, 1e-3])
    has = (codes[:, 0] > 0).numpy() & (codes[:, 2] > -1e-3).numpy()
    found = logistic(codes, has, "seen")
    assert abs(float(found.vector[2])) < 0.01
    assert float(found.vector[0]) > 0.99


def test_one_step_is_one_sigma() -> None:
    codes = draws(100, 4) * 5
    direction = principal(codes, 1)[0]
    gone = moved(codes, direction, 2.0) - codes
    torch.testing.assert_close(gone.norm(dim=1), torch.full((100,), 2 * direction.sigma), rtol=1e-4, atol=0)


def test_arithmetic_by_hand() -> None:
    plus, minus, start = torch.tensor([[2.0, 0], [4, 0]]), torch.tensor([[1.0, 1]]), torch.tensor([[0.0, 5]])
    torch.testing.assert_close(combined(plus, minus, start), torch.tensor([2.0, 4]))


@pytest.mark.parametrize("has", [np.zeros(10, bool), np.ones(10, bool)])
def test_a_label_that_all_have_or_none_is_refused(has: np.ndarray) -> None:
    for method in (mean_difference, logistic):
        with pytest.raises(RecipeError, match="with and without"):
            method(draws(10, 3), has, "hat")


def test_more_directions_than_there_are_is_refused() -> None:
    with pytest.raises(RecipeError, match="1 to 3"):
        principal(draws(10, 3), 4)
    with pytest.raises(RecipeError, match="1 to 3"):
        from_weights(torch.eye(3), draws(10, 3), 0)
    with pytest.raises(RecipeError, match="1 to 2"):
        from_activations(draws(10, 3), draws(10, 2), 3)

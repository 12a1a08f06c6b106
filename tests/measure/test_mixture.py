"""The mixture of codes: fitted on clouds that are known, and drawn from as it says."""

import numpy as np
import pytest
from scipy import stats

from nonesuch.measure import mixture
from nonesuch.measure.mixture import Mixture


def clouds(count: int) -> np.ndarray:
    """Two clouds in the plane, the second twice as frequent and stretched."""
    draws = np.random.default_rng(0)
    second = np.arange(count) % 3 > 0
    codes = draws.standard_normal((count, 2)) * np.where(second[:, None], [3.0, 0.5], [0.3, 0.3])
    return (codes + np.where(second[:, None], [8.0, 0.0], [-8.0, 1.0])).astype(np.float32)


def test_two_clouds_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture, "COMPONENTS", 2)
    found = mixture.fit(clouds(3000), seed=0)
    order = np.argsort(found.means[:, 0])
    np.testing.assert_allclose(found.weights[order], [1 / 3, 2 / 3], atol=0.01)
    np.testing.assert_allclose(found.means[order], [[-8, 1], [8, 0]], atol=0.2)
    covariances = found.factors @ found.factors.transpose(0, 2, 1)
    np.testing.assert_allclose(covariances[order[1]], [[9, 0], [0, 0.25]], atol=0.5)
    assert found.codes == 3000


@pytest.mark.parametrize(("count", "components"), [(12, 1), (40, 4), (1000, 10)])
def test_few_codes_have_few_components(count: int, components: int) -> None:
    assert len(mixture.fit(clouds(count), seed=0).weights) == components


def test_what_is_drawn_is_distributed_as_fitted() -> None:
    """Placed normals of a known mixture against its own cumulative distribution, by Kolmogorov and Smirnov."""
    known = Mixture(np.array([0.25, 0.75]), np.array([[-3.0], [2.0]]), np.array([[[0.5]], [[2.0]]]), 0)
    draws = np.random.default_rng(1).standard_normal((2, 4000)).astype(np.float32)
    z = known.place(draws[0][:, None], draws[1])[:, 0]

    def below(x: np.ndarray) -> np.ndarray:
        return 0.25 * stats.norm.cdf(x, -3, 0.5) + 0.75 * stats.norm.cdf(x, 2, 2)

    assert stats.kstest(z, below).pvalue > 0.01


def test_a_dimension_that_is_not_used_stays_where_it_is() -> None:
    codes = np.concatenate([clouds(400), np.full((400, 1), 7.0, np.float32)], axis=1)
    found = mixture.fit(codes, seed=0)
    z = found.place(np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32), np.zeros(50, np.float32))
    assert np.isfinite(z).all()
    np.testing.assert_allclose(z[:, 2], 7.0, atol=0.3)


def test_the_extremes_choose_the_outer_components() -> None:
    known = Mixture(np.full(3, 1 / 3), np.arange(3.0)[:, None], np.zeros((3, 1, 1)), 0)
    choice = np.array([-6.3, 0.0, 6.3], np.float32)
    np.testing.assert_array_equal(known.place(np.zeros((3, 1), np.float32), choice)[:, 0], [0, 1, 2])

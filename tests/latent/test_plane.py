"""The plane of principal components against numpy's singular values, and its laws: there and back, what is lost."""

import numpy as np
import pytest

from nonesuch.latent.plane import principal

STRETCH = np.array([5.0, 0.5, 3.0, 1.0, 0.2])


def _codes(count: int = 400) -> np.ndarray:
    """A cloud stretched along known directions, turned by a random rotation."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    return rng.normal(size=(count, 5)) * STRETCH @ turn + 3.0


def test_axes_are_the_singular_vectors_and_shares_their_squares() -> None:
    codes = _codes()
    _, values, rows = np.linalg.svd(codes - codes.mean(0), full_matrices=False)
    found = principal(codes)
    np.testing.assert_allclose(np.abs(found.axes @ rows[:2].T), np.eye(2), atol=1e-8)
    np.testing.assert_allclose(found.shares, values[:2] ** 2 / (values**2).sum(), rtol=1e-8)
    largest = np.abs(found.axes).argmax(1)
    assert (found.axes[np.arange(2), largest] > 0).all()


def test_a_place_becomes_a_code_and_the_same_place_again() -> None:
    plane = principal(_codes())
    places = np.array([[0.0, 0.0], [2.0, -1.0], [-4.0, 3.0]])
    np.testing.assert_allclose(plane.places(plane.codes(places)), places, atol=1e-10)
    np.testing.assert_allclose(plane.codes([[0.0, 0.0]])[0], _codes().mean(0))


def test_a_gaussian_seen_on_the_plane_is_its_projected_draws() -> None:
    plane = principal(_codes())
    variances = np.array([[0.1, 4.0, 1.0, 0.5, 2.0]])
    draws = np.random.default_rng(1).normal(size=(200_000, 5)) * np.sqrt(variances)
    np.testing.assert_allclose(plane.covariances(variances)[0], np.cov(draws @ plane.axes.T, rowvar=False), atol=0.03)


def test_two_dimensions_keep_their_own_axes_and_one_has_no_second() -> None:
    flat = principal(_codes()[:, :2])
    assert flat.axes.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    np.testing.assert_allclose(flat.shares.sum(), 1)
    line = principal(_codes()[:, :1])
    np.testing.assert_allclose(line.axes, [[1.0], [0.0]])
    np.testing.assert_allclose(line.shares, [1.0, 0.0])


@pytest.mark.parametrize("codes", [np.zeros((5, 4)), np.zeros((5, 2))])
def test_codes_that_are_all_the_same_are_no_division_by_zero(codes: np.ndarray) -> None:
    found = principal(codes)
    assert np.isfinite(found.axes).all()
    assert found.shares.tolist() == [0.0, 0.0]

"""Ties between latent spaces: known ones are found again; the drawn code is the most probable one of its place."""

import numpy as np
import pytest

from nonesuch.errors import DataError
from nonesuch.latent.pad import axes, explained, tie
from nonesuch.latent.plane import principal

RNG = np.random.default_rng(0)
SPREAD = np.array([3.0, 1.0, 0.5, 2.0])
WEIGHTS = np.array([[0.5, 0.1], [-0.2, 1.0], [0.3, 0.3], [0.0, -0.4]])
CODES = RNG.normal(size=(2000, 4)) * SPREAD + 1.0
PLACES = CODES @ WEIGHTS + [0.3, -0.2]


def test_a_linear_tie_lands_where_it_was_asked() -> None:
    found = tie(CODES, PLACES)
    assert found.fit == pytest.approx(1, abs=1e-4)
    asked = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 0.5]])
    np.testing.assert_allclose(found.codes(asked) @ WEIGHTS + [0.3, -0.2], asked, atol=0.02)


def test_noise_lowers_the_fit_and_does_not_pull_places_to_the_middle() -> None:
    noisy = PLACES + RNG.normal(size=PLACES.shape) * PLACES.std(0)
    found = tie(CODES, noisy)
    assert found.fit == pytest.approx(0.5, abs=0.06)
    asked = np.array([[2.0, 2.0], [-2.0, 1.0]])
    np.testing.assert_allclose(found.codes(asked) @ WEIGHTS + [0.3, -0.2], asked, atol=0.25)


def test_no_code_of_that_place_is_more_probable() -> None:
    found = tie(CODES, PLACES)
    code = found.codes([[2.0, -1.0]])[0]
    mean, inverse = CODES.mean(0), np.linalg.inv(np.cov(CODES, rowvar=False))
    free = np.linalg.svd(WEIGHTS.T)[2][2:]  # directions that leave the place as it is

    def surprise(z: np.ndarray) -> float:
        return float((z - mean) @ inverse @ (z - mean))

    for step in (*free, *-free):
        assert surprise(code) < surprise(code + 0.3 * step)


def test_through_a_code_that_code_is_drawn_at_its_own_place() -> None:
    found = tie(CODES, PLACES)
    moved = found.through(CODES[7])
    here = CODES[7:8] @ moved.weights + moved.bias
    np.testing.assert_allclose(here, PLACES[7:8], atol=0.02)
    np.testing.assert_allclose(moved.codes(here), CODES[7:8], atol=1e-9)
    np.testing.assert_allclose(moved.codes([[1.0, 2.0]]) @ moved.weights + moved.bias, [[1.0, 2.0]], atol=1e-9)


def test_the_pads_own_net_is_drawn_on_its_plane_in_standard_deviations() -> None:
    common = axes(principal(CODES), CODES)
    own = common.own()
    asked = np.array([[0.0, 0.0], [1.0, 0.0], [-2.0, 1.5]])
    np.testing.assert_allclose(common.places(own.codes(asked)), asked, atol=1e-9)
    np.testing.assert_allclose(common.places(CODES).std(0), 1)
    np.testing.assert_allclose(CODES @ own.weights + own.bias, common.places(CODES), atol=1e-9)
    assert own.fit == 1


def test_explained_by_hand_and_too_few_pairs() -> None:
    truth = np.array([[0.0, 0.0], [2.0, 0.0]])
    assert explained(truth, truth) == 1
    assert explained(truth, [[1.0, 0.0], [1.0, 0.0]]) == 0
    assert explained(truth, [[0.5, 0.0], [1.5, 0.0]]) == pytest.approx(0.75)
    with pytest.raises(DataError, match="at least 8 pictures; found 7"):
        tie(CODES[:7], PLACES[:7])

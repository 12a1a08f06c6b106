"""Frames and cells by hand, and maps by their laws."""

import numpy as np
import pytest

from nonesuch.errors import RecipeError
from nonesuch.latent.atlas import Frame, cells, lay_out

FRAME = Frame(left=-2, right=2, bottom=0, top=4)


def test_centres_run_from_the_upper_left_to_the_lower_right() -> None:
    assert FRAME.centres(2).tolist() == [[-1, 3], [1, 3], [-1, 1], [1, 1]]
    assert FRAME.unit([[-2, 4], [2, 0], [0, 2]]).tolist() == [[0, 0], [1, 1], [0.5, 0.5]]


def test_a_frame_reaches_around_nearly_all_and_a_far_code_does_not_make_it_small() -> None:
    places = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    places[0] = 100.0
    found = Frame.around(places)
    assert -1.05 < found.left < -0.95
    assert 0.95 < found.top < 1.05
    assert all(np.isfinite([*Frame.around(np.zeros((3, 2))).centres(2).ravel()]))


def test_covariances_in_shares_are_those_of_places_in_shares() -> None:
    covariance = np.array([[2.0, 0.7], [0.7, 1.0]])
    draws = np.random.default_rng(0).multivariate_normal([0, 2], covariance, 200_000)
    np.testing.assert_allclose(
        FRAME.unit_covariances(covariance[None])[0], np.cov(FRAME.unit(draws), rowvar=False), atol=2e-3
    )


def test_a_cell_has_the_mean_the_count_and_the_most_typical_of_its_codes() -> None:
    places = np.array([[-1.5, 3.5], [-0.5, 2.5], [-1.0, 3.0], [1.0, 1.0], [9.0, 9.0]])
    codes = np.array([[0.0, 0, 0], [4.0, 0, 0], [2.5, 0, 0], [7.0, 7, 7], [1.0, 1, 1]])
    found = cells(FRAME, places, codes, grid=2)
    assert found.count.tolist() == [3, 0, 0, 1]
    np.testing.assert_allclose(found.mean, [[6.5 / 3, 0, 0], [0, 0, 0], [0, 0, 0], [7, 7, 7]])
    assert found.typical.tolist() == [2, -1, -1, 3]


def test_pca_has_a_way_back_and_says_its_shares_and_tsne_has_none() -> None:
    codes = np.random.default_rng(0).normal(size=(60, 4)) * [9, 3, 0.1, 0.1]
    found = lay_out(codes)
    assert found.plane is not None
    np.testing.assert_allclose(found.places, found.plane.places(codes))
    first, second = found.plane.shares
    assert found.words == f"PCA: {first:.0%} of the variance across, {second:.0%} up"
    assert lay_out(codes[:, :2]).words == "its own two axes"
    assert lay_out(codes, "tsne").plane is None


def test_an_unknown_way_of_mapping_is_said() -> None:
    with pytest.raises(RecipeError, match="a map is made by pca, tsne, umap; found 'bee'"):
        lay_out(np.zeros((9, 3)), "bee")  # type: ignore[arg-type]

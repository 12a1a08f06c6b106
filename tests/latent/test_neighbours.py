"""Neighbours against scikit-learn's."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from nonesuch.latent.neighbours import nearest


def test_neighbours_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    codes, queries = rng.normal(size=(80, 6)), rng.normal(size=(5, 6))
    rows, distances = nearest(queries, codes, 7)
    expected, there = NearestNeighbors(n_neighbors=7).fit(codes).kneighbors(queries)
    np.testing.assert_array_equal(rows, there)
    np.testing.assert_allclose(distances, expected)


def test_of_equals_the_first_comes_first_and_no_more_than_there_are() -> None:
    rows, distances = nearest([[0.0, 0.0]], [[3.0, 4.0], [0.0, 5.0], [0.0, 0.0]], 9)
    assert rows.tolist() == [[2, 0, 1]]
    assert distances.tolist() == [[0.0, 5.0, 5.0]]

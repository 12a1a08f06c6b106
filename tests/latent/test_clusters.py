"""Clusters that are there are found; medoids and agreement by slow second ways."""

from itertools import combinations
from math import log

import numpy as np
import pytest

from nonesuch.errors import DataError, RecipeError
from nonesuch.latent.clusters import GROUPINGS, agreement, cluster, silhouette, typical

CENTRES = np.array([[0.0, 0, 0], [9.0, 0, 0], [0, 9.0, 0], [0, 0, 9.0]])
SIZES = (60, 40, 30, 20)
TRUTH = np.repeat(np.arange(4), SIZES)


def _clouds() -> np.ndarray:
    return CENTRES[TRUTH] + np.random.default_rng(0).normal(size=(len(TRUTH), 3)) * 0.5


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_four_clouds_are_four_clusters_the_largest_first(grouping: str) -> None:
    found = cluster(_clouds(), grouping)  # type: ignore[arg-type]
    known = found.groups >= 0
    assert known.mean() > 0.9
    assert (found.groups[known] == TRUTH[known]).all()
    assert found.sizes.tolist() == np.bincount(found.groups[known]).tolist()
    assert found.noise == (~known).sum()
    assert found.silhouette is not None
    assert found.silhouette > 0.8
    again = cluster(_clouds(), grouping)  # type: ignore[arg-type]
    assert again.groups.tolist() == found.groups.tolist()


@pytest.mark.parametrize("grouping", ["kmeans", "mixture"])
def test_as_many_as_are_asked_for(grouping: str) -> None:
    assert len(cluster(_clouds(), grouping, 3).sizes) == 3  # type: ignore[arg-type]


def test_what_lies_alone_is_noise() -> None:
    codes = np.concatenate([_clouds(), [[50.0, 50, 50], [-40.0, 7, 3]]])
    assert cluster(codes, "hdbscan").groups[-2:].tolist() == [-1, -1]


def test_a_medoid_has_the_least_sum_of_squared_distances() -> None:
    codes = _clouds()
    for number, row in enumerate(typical(codes, TRUTH, 4)):
        members = codes[number == TRUTH]
        sums = ((members[:, None] - members[None]) ** 2).sum((1, 2))
        np.testing.assert_allclose(members[sums.argmin()], codes[row])


def test_a_silhouette_by_hand() -> None:
    """Of 0, 1 and 5, 6: a = 1 for all, b = 5.5 for the outer and 4.5 for the inner ones."""
    groups = np.array([0, 0, 1, 1, -1])
    expected = ((5.5 - 1) / 5.5 + (4.5 - 1) / 4.5) / 2
    assert silhouette([[0.0], [1], [5], [6], [99]], groups) == pytest.approx(expected)
    assert silhouette([[0.0], [1]], np.array([0, 0])) is None


def test_agreement_by_counting_pairs_and_by_entropies() -> None:
    groups = np.array([0, 0, 0, 1, 1, 1, 2, 2, -1, 0])
    classes = np.array([0, 0, 1, 1, 1, 1, 0, 2, 0, -1])
    found = agreement(groups, classes)
    assert found is not None
    ours, theirs = groups[:8], classes[:8]
    assert found.n == 8
    assert found.purity == (2 + 3 + 1) / 8
    pairs = list(combinations(range(8), 2))
    both = sum(ours[a] == ours[b] and theirs[a] == theirs[b] for a, b in pairs)
    one, two = (sum(kinds[a] == kinds[b] for a, b in pairs) for kinds in (ours, theirs))
    by_chance = one * two / len(pairs)
    assert found.rand == pytest.approx((both - by_chance) / ((one + two) / 2 - by_chance))
    assert found.information == pytest.approx(
        _shared(ours, theirs) / ((_shared(ours, ours) + _shared(theirs, theirs)) / 2)
    )
    assert agreement(np.array([-1, 0]), np.array([0, -1])) is None


def _shared(first: np.ndarray, second: np.ndarray) -> float:
    """Mutual information in nats; of a division with itself its entropy."""
    total = 0.0
    for a in set(first.tolist()):
        for b in set(second.tolist()):
            joint = float(((first == a) & (second == b)).mean())
            if joint:
                total += joint * log(joint / (float((first == a).mean()) * float((second == b).mean())))
    return total


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cluster(_clouds(), "bee"), RecipeError, "kmeans, mixture, hdbscan; found 'bee'"),  # type: ignore[arg-type]
        (lambda: cluster(_clouds(), "hdbscan", 3), RecipeError, "finds the number of clusters itself"),
        (lambda: cluster(_clouds(), "kmeans", 1), RecipeError, "150 pictures make 2 to 149 clusters; found 1"),
        (lambda: cluster(_clouds(), "kmeans", seed=-1), RecipeError, "found -1"),
        (lambda: cluster(_clouds()[:9]), DataError, "at least 10 pictures; found 9"),
    ],
)
def test_what_cannot_be_grouped_is_said(call: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        call()  # type: ignore[operator]


def test_codes_that_are_all_the_same_have_no_silhouette() -> None:
    with pytest.warns(UserWarning, match="distinct clusters"):
        found = cluster(np.zeros((20, 3)), "kmeans", 2)
    assert found.silhouette is None
    assert found.sizes.tolist() == [20]

"""Groups in a cloud of codes: k-means, a Gaussian mixture or HDBSCAN, and how well they agree with known labels."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from nonesuch.errors import DataError, RecipeError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Grouping = Literal["kmeans", "mixture", "hdbscan"]

GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
NOISE = -1
FEWEST = 10
"""Codes below which groups mean nothing."""
TRIED = range(2, 13)
"""Numbers of clusters that are tried where none is asked for."""
JUDGED = 2000
"""Codes that a silhouette is the mean over: it compares each with every other."""
STARTS = 4
SMALLEST_SHARE = 0.01
"""Of all codes, that a group of HDBSCAN has at least."""
LEAST_VARIANCE = 1e-4
"""Added to each covariance of a mixture, as a share of the codes' mean variance: an unused dimension is singular."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """groups (N,): each code's cluster, 0 the largest, -1 for HDBSCAN's noise. sizes (K,). typical (K,): see `typical`.

    silhouette: from -1 to 1, high where clusters are compact and apart (Rousseeuw 1987); noise does not count. None
    for fewer than two clusters.
    """

    grouping: Grouping
    groups: Ints
    sizes: Ints
    typical: Ints
    silhouette: float | None

    @property
    def noise(self) -> int:
        """Codes that belong to no cluster."""
        return int((self.groups == NOISE).sum())


@dataclass(frozen=True)
class Agreement:
    """Of clusters with known classes, over `n` codes that have both.

    purity: share of codes whose class is the most frequent one of their cluster; it grows with the number of clusters.
    rand: the adjusted Rand index (Hubert and Arabie 1985), 0 by chance and 1 for the same division.
    information: normalised mutual information, 0 to 1.
    """

    n: int
    purity: float
    rand: float
    information: float


def cluster(codes: npt.ArrayLike, grouping: Grouping = "kmeans", count: int | None = None, seed: int = 0) -> Clusters:
    """Groups of codes (N, latent). count: how many; without it that of 2 to 12 with the highest silhouette.

    HDBSCAN (Campello, Moulavi and Sander 2013) finds the number itself, and leaves out what lies in no dense region.
    The same seed gives the same groups. Raises RecipeError for an unknown grouping, a count that is not to be had or
    a wrong seed, DataError for fewer than 10 codes.
    """
    points = np.asarray(codes, np.float64)
    _check(points, grouping, count, seed)
    if grouping == "hdbscan":
        found = _hdbscan(points)
        return _numbered(points, grouping, found, silhouette(points, found, seed))
    divide = {"kmeans": _kmeans, "mixture": _mixture}[grouping]
    tried = TRIED if count is None else (count,)
    divisions = [divide(points, number, seed) for number in tried if number < len(points)]
    scores = [silhouette(points, groups, seed) for groups in divisions]
    best = max(range(len(scores)), key=lambda at: -2.0 if (score := scores[at]) is None else score)
    return _numbered(points, grouping, divisions[best], scores[best])


def silhouette(codes: npt.ArrayLike, groups: Ints, seed: int = 0) -> float | None:
    """The mean silhouette of up to 2,000 codes (N, latent) that are no noise; None for fewer than two clusters."""
    from sklearn.metrics import silhouette_score

    kept = np.flatnonzero(groups != NOISE)
    if len(kept) > JUDGED:
        kept = np.random.default_rng(seed).choice(kept, JUDGED, replace=False)
    kinds = len(np.unique(groups[kept]))
    if not 2 <= kinds < len(kept):
        return None
    return float(silhouette_score(np.asarray(codes)[kept], groups[kept]))


def agreement(groups: Ints, classes: Ints) -> Agreement | None:
    """How far clusters (N,) are classes (N,); -1 in either is left out. None where nothing is left."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    kept = (groups != NOISE) & (classes >= 0)
    ours, theirs = groups[kept], classes[kept]
    if not len(ours):
        return None
    table = np.zeros((ours.max() + 1, theirs.max() + 1), np.int64)
    np.add.at(table, (ours, theirs), 1)
    return Agreement(
        n=len(ours),
        purity=float(table.max(1).sum() / len(ours)),
        rand=float(adjusted_rand_score(theirs, ours)),
        information=float(normalized_mutual_info_score(theirs, ours)),
    )


def typical(codes: npt.ArrayLike, groups: Ints, count: int) -> Ints:
    """The medoid of each cluster (count,): the row of the code with the least sum of squared distances to the others.

    That is the code nearest to the cluster's mean, as the sum is n |x - mean|^2 and a constant.
    """
    points = np.asarray(codes, np.float64)
    rows = [np.flatnonzero(groups == number) for number in range(count)]
    nearest = [((points[each] - points[each].mean(0)) ** 2).sum(1).argmin() for each in rows]
    return np.array([each[at] for each, at in zip(rows, nearest, strict=True)], np.int64)


def _check(points: Floats, grouping: str, count: int | None, seed: int) -> None:
    if grouping not in GROUPINGS:
        raise RecipeError(f"clusters are found by {', '.join(GROUPINGS)}; found {grouping!r}")
    if not 0 <= seed < 2**32:
        raise RecipeError(f"the seed of clusters is a whole number from 0 to 2^32 - 1; found {seed}")
    if len(points) < FEWEST:
        raise DataError(f"clusters need at least {FEWEST} pictures; found {len(points)}")
    if count is not None and grouping == "hdbscan":
        raise RecipeError("hdbscan finds the number of clusters itself; take kmeans or mixture for a number of yours")
    if count is not None and not 1 < count < len(points):
        raise RecipeError(f"{len(points)} pictures make 2 to {len(points) - 1} clusters; found {count}")


def _numbered(points: Floats, grouping: Grouping, groups: Ints, score: float | None) -> Clusters:
    """Clusters by size, the largest first: their numbers then do not hang on the order of the data."""
    kinds, sizes = np.unique(groups[groups != NOISE], return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    ranked = np.full(len(groups), NOISE, np.int64)
    for rank, kind in enumerate(kinds[order]):
        ranked[groups == kind] = rank
    return Clusters(grouping, ranked, sizes[order], typical(points, ranked, len(kinds)), score)


def _kmeans(points: Floats, count: int, seed: int) -> Ints:
    from sklearn.cluster import KMeans

    found: Ints = KMeans(count, n_init=STARTS, random_state=seed).fit(points).labels_.astype(np.int64)
    return found


def _mixture(points: Floats, count: int, seed: int) -> Ints:
    """Full covariances, from k-means."""
    from sklearn.mixture import GaussianMixture

    floor = LEAST_VARIANCE * float(points.var(0).mean()) + np.finfo(np.float64).tiny
    found: Ints = GaussianMixture(count, reg_covar=floor, random_state=seed).fit_predict(points).astype(np.int64)
    return found


def _hdbscan(points: Floats) -> Ints:
    from sklearn.cluster import HDBSCAN

    smallest = max(5, round(SMALLEST_SHARE * len(points)))
    found: Ints = HDBSCAN(min_cluster_size=smallest, copy=True).fit(points).labels_.astype(np.int64)
    return found

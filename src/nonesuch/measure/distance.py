"""How far made pictures are from real ones: figures on features, each beside its floor, what real pictures reach.

No figure here means anything alone: all of them move with the feature net and with the number of pictures. So a report
names both, and measures training pictures against held-out ones in the same way at the same n: that is the floor, what
a perfect generator would get. Everything is numpy in float64.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from nonesuch.errors import DataError

Array = NDArray[np.float64]

NEIGHBOURS = 5
"""k of precision, recall, density and coverage: what Naeem et al. 2020 use throughout."""
GROUPS = 20
"""Parts left out in turn to find how far a figure would move on other pictures."""
FEWEST = 50
_TILE_NUMBERS = 1 << 22
"""Numbers of a distance matrix held at once: 32 MB, however many pictures there are."""


@dataclass(frozen=True, slots=True)
class Distances:
    """How one set of pictures compares with held-out ones.

    frechet, kernel: 0 when alike, no upper bound; kernel is unbiased, so it may fall a little below 0. Each has its
    standard error. precision, recall, coverage: shares in [0, 1]. density: 0 to well above 1, about 1 when alike.
    """

    frechet: float
    frechet_error: float
    kernel: float
    kernel_error: float
    precision: float
    recall: float
    density: float
    coverage: float

    def to_json(self) -> dict[str, float]:
        """Plain values for strict JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DistanceReport:
    """What `measure` found: `samples` against held-out pictures, and `floor`, training pictures against the same.

    n: pictures of each of the three kinds.   seed: drew them and their groups.   extractor: name and hash of the
    feature net.   dimensions: numbers in one feature.
    """

    n: int
    seed: int
    extractor: str
    dimensions: int
    samples: Distances
    floor: Distances

    def figures(self) -> dict[str, float]:
        """The headline numbers: everything on the samples, and the floor of the two distances."""
        floor = {"frechet_floor": self.floor.frechet, "kernel_floor": self.floor.kernel}
        return {**self.samples.to_json(), **floor, "n": float(self.n)}

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "n": self.n, "seed": self.seed, "extractor": self.extractor, "dimensions": self.dimensions,
            "neighbours": NEIGHBOURS, "groups": GROUPS,
            "samples": self.samples.to_json(), "floor": self.floor.to_json(),
        }  # fmt: skip


def fewest(dimensions: int) -> int:
    """Pictures of each kind below which nothing is measured: twice the feature's dimensions, and 50.

    A covariance of d dimensions has no rank to fill with d pictures or fewer, and the bias of the Frechet distance is
    then larger than what it shall tell.
    """
    return max(FEWEST, 2 * dimensions)


def measure(real_test: Array, real_train: Array, fake: Array, extractor: str, seed: int) -> DistanceReport:
    """Compare generated pictures, and training pictures, with held-out ones, all given as features (N, d).

    Of each kind as many are drawn, without replacement, as the smallest has. Raises DataError for fewer than
    `fewest(d)`, ValueError for features that do not fit together or are not finite.
    """
    sets = [_checked(features) for features in (real_test, real_train, fake)]
    count, dimensions = min(map(len, sets)), sets[0].shape[1]
    if any(features.shape[1] != dimensions for features in sets):
        raise ValueError(f"features of {[features.shape[1] for features in sets]} dimensions cannot be compared")
    if count < fewest(dimensions):
        raise DataError(
            f"distances need at least {fewest(dimensions)} pictures of each kind, found {count}: "
            "add pictures or enlarge the share held out"
        )
    # Folders come sorted by class; a random order makes groups alike, and each set has its own.
    generator = np.random.Generator(np.random.Philox(seed))
    test, train, made = (features[generator.permutation(len(features))[:count]] for features in sets)
    return DistanceReport(count, seed, extractor, dimensions, _compared(test, made), _compared(test, train))


def frechet(real: Array, fake: Array) -> float:
    """Frechet distance of the Gaussians with the two sets' means and covariances; features (N, d), N >= 2 each.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2), Heusel et al. 2017, eq. 6, with covariances over N - 1. The
    root of S1 S2 is taken in this symmetric form, whose eigenvalues are real and not negative.
    """
    centre = real.mean(axis=0)
    return _between_gaussians(_sums(real - centre), _sums(fake - centre))


def kernel_distance(real: Array, fake: Array) -> float:
    """Squared maximum mean discrepancy, unbiased, with the kernel (x.y / d + 1)^3; features (N, d), N >= 2 each.

    Binkowski et al. 2018, eq. 4, over all pairs rather than over subsets. Both sets are first divided by the root mean
    square of `real`: the kernel is not free of scale, and a feature net's is an accident of its training.
    """
    pairs = _Pairs.of(real, fake)
    return pairs.discrepancy()


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """Figures that come from balls around each picture, up to its k-th nearest neighbour of the same set."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(real: Array, fake: Array, k: int = NEIGHBOURS) -> Neighbourhoods:
    """Whether fakes lie among reals and the other way round; features (N, d) of more than k pictures each.

    precision: share of fakes in some real picture's ball; recall: share of reals in some fake's ball (Kynkaanniemi et
    al. 2019, section 2). density: how many real balls hold a fake, over k, averaged; coverage: share of real balls
    that hold a fake (Naeem et al. 2020, section 3). One pass over the N x M distances gives all four.
    """
    real_radii, fake_radii = _radii(real, k), _radii(fake, k)
    precise, recalled = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    covered, held = np.zeros(len(real), bool), 0
    for part in _parts(len(real), len(fake)):
        squares = _squares(real[part], fake)
        inside = squares <= real_radii[part, None]
        precise |= inside.any(axis=0)
        covered[part] = inside.any(axis=1)
        held += int(inside.sum())
        recalled[part] = (squares <= fake_radii).any(axis=1)
    return Neighbourhoods(float(precise.mean()), float(recalled.mean()), held / (k * len(fake)), float(covered.mean()))


def _compared(real: Array, other: Array) -> Distances:
    near, pairs = neighbourhoods(real, other), _Pairs.of(real, other)
    return Distances(
        frechet=frechet(real, other),
        frechet_error=_error(_frechet_without_each(real, other)),
        kernel=pairs.discrepancy(),
        kernel_error=_error([pairs.without(group).discrepancy() for group in range(GROUPS)]),
        precision=near.precision,
        recall=near.recall,
        density=near.density,
        coverage=near.coverage,
    )


def _checked(features: Array) -> Array:
    found = np.asarray(features, np.float64)
    if found.ndim != 2 or not np.isfinite(found).all():
        raise ValueError(f"features are finite numbers of shape (N, d), got {found.shape}")
    return found


def _error(without_each: list[float]) -> float:
    """Standard error by the jackknife over groups (Efron and Tibshirani 1993, eq. 11.5, a group in place of a point).

    Not by the bootstrap: pictures drawn twice look like a narrower set, which pushes both distances up.
    """
    values = np.array(without_each)
    return float(np.sqrt((len(values) - 1) * np.mean((values - values.mean()) ** 2)))


@dataclass(frozen=True, slots=True)
class _Sums:
    """count, sum of x, and sum of x x^T: what mean and covariance need, and what can be subtracted again."""

    count: int
    first: Array
    second: Array

    def __sub__(self, other: "_Sums") -> "_Sums":
        return _Sums(self.count - other.count, self.first - other.first, self.second - other.second)


def _sums(features: Array) -> _Sums:
    return _Sums(len(features), features.sum(axis=0), features.T @ features)


def _between_gaussians(one: _Sums, other: _Sums) -> float:
    """The Frechet distance from sums; rounding must not push it below 0."""
    mean1, mean2 = one.first / one.count, other.first / other.count
    cov1, cov2 = (
        (sums.second - sums.count * np.outer(mean, mean)) / (sums.count - 1)
        for sums, mean in ((one, mean1), (other, mean2))
    )
    values, vectors = np.linalg.eigh(cov1)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov2 @ root).clip(0)).sum()
    difference = mean1 - mean2
    return max(0.0, float(difference @ difference + np.trace(cov1) + np.trace(cov2) - 2 * cross))


def _frechet_without_each(real: Array, other: Array) -> list[float]:
    """The Frechet distance with each group left out of both sets in turn."""
    centre = real.mean(axis=0)
    sets = real - centre, other - centre
    wholes = [_sums(features) for features in sets]
    groups = [[_sums(part) for part in np.array_split(features, GROUPS)] for features in sets]
    return [
        _between_gaussians(wholes[0] - group, wholes[1] - opposite) for group, opposite in zip(*groups, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Sums of the kernel over pairs of pictures, by the groups of the two: (GROUPS, GROUPS) each.

    In `real` and `fake` no picture is paired with itself. `reals`, `fakes`: pictures in each group.
    """

    real: Array
    fake: Array
    cross: Array
    reals: NDArray[np.int64]
    fakes: NDArray[np.int64]

    @staticmethod
    def of(real: Array, fake: Array) -> "_Pairs":
        scale = float(np.sqrt(np.mean(real**2))) or 1.0
        x, y = (np.array_split(features / scale, GROUPS) for features in (real, fake))
        sizes = [np.array([len(part) for part in parts]) for parts in (x, y)]
        return _Pairs(_kernel_sums(x, x), _kernel_sums(y, y), _kernel_sums(x, y), sizes[0], sizes[1])

    def without(self, group: int) -> "_Pairs":
        """The same with one group left out of both sets."""
        real, fake, cross = (
            np.delete(np.delete(sums, group, axis=0), group, axis=1) for sums in (self.real, self.fake, self.cross)
        )
        return _Pairs(real, fake, cross, np.delete(self.reals, group), np.delete(self.fakes, group))

    def discrepancy(self) -> float:
        """Binkowski et al. 2018, eq. 4."""
        m, n = int(self.reals.sum()), int(self.fakes.sum())
        within = self.real.sum() / (m * (m - 1)) + self.fake.sum() / (n * (n - 1))
        return float(within - 2 * self.cross.sum() / (m * n))


def _kernel_sums(x: list[Array], y: list[Array]) -> Array:
    """(x.y / d + 1)^3 summed over the pairs of every two groups; a set with itself leaves out each picture's own."""
    sums = np.zeros((len(x), len(y)))
    for row, one in enumerate(x):
        for column, other in enumerate(y):
            if x is y and column < row:
                sums[row, column] = sums[column, row]
                continue
            base = one @ other.T / one.shape[1] + 1
            kernel = base * base * base
            sums[row, column] = kernel.sum() - (np.trace(kernel) if x is y and row == column else 0.0)
    return sums


def _parts(rows: int, columns: int) -> list[slice]:
    """Slices of the rows of a (rows, columns) matrix, so that no more than a tile of it is held."""
    step = max(1, _TILE_NUMBERS // columns)
    return [slice(start, start + step) for start in range(0, rows, step)]


def _squares(one: Array, other: Array) -> Array:
    """Squared Euclidean distances (N, M)."""
    squares = one @ other.T
    squares *= -2
    squares += np.square(one).sum(axis=1)[:, None]
    squares += np.square(other).sum(axis=1)
    return squares


def _radii(features: Array, k: int) -> Array:
    """Squared distance of each picture to the k-th nearest other of its own set: (N,)."""
    # Each picture is its own nearest, at distance 0.
    parts = [
        np.partition(_squares(features[part], features), k, axis=1)[:, k]
        for part in _parts(len(features), len(features))
    ]
    return np.concatenate(parts)

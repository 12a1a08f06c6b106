"""Bootstrap intervals: how far a figure would move on other pictures drawn from the same source.

Percentile method (Efron 1979; Efron & Tibshirani 1993, section 13.3): draw n of the n examples with replacement,
compute the figure, repeat, cut off the two tails. It speaks of the sample of pictures, not of other training seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""(..., n) resamples -> (...) figures: reduces the last axis."""

RESAMPLES, LEVEL = 1000, 0.95
_DRAWS_AT_ONCE = 1 << 22
"""Examples drawn in one go: keeps the memory near 64 MB however many examples there are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """low <= figure <= high with a confidence of `level`, from `resamples` resamples."""

    low: float
    high: float
    level: float = LEVEL
    resamples: int = RESAMPLES

    def to_json(self) -> dict[str, float | int]:
        """Plain values for strict JSON."""
        return {"low": self.low, "high": self.high, "level": self.level, "resamples": self.resamples}


def mean(resamples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over the last axis."""
    return np.asarray(resamples.mean(axis=-1))


def interval(values: ArrayLike, seed: int, statistic: Statistic = mean) -> Interval:
    """Percentile interval of a statistic of `values`, shape (n,), n >= 1; the same seed gives the same interval."""
    sample = np.asarray(values, np.float64)
    if sample.ndim != 1 or not len(sample):
        raise ValueError(f"a bootstrap needs values of shape (n,) with n >= 1, got {sample.shape}")
    generator = _generator(seed)
    rows = max(1, _DRAWS_AT_ONCE // len(sample))
    figures = [
        statistic(sample[generator.integers(0, len(sample), (min(rows, RESAMPLES - start), len(sample)))])
        for start in range(0, RESAMPLES, rows)
    ]
    return _percentiles(np.concatenate(figures))


def share_interval(hits: int, count: int, seed: int) -> Interval:
    """Percentile interval of the share hits / count, for 0 <= hits <= count, count >= 1.

    Of `count` draws with replacement the number of hits is Binomial(count, hits / count): drawing that number gives the
    same distribution as resampling the examples, without touching them. With hits = 0 or hits = count every resample is
    alike and the interval has no width; it then says nothing of rare errors (3 / count is the usual bound on those).
    """
    if not 0 <= hits <= count or count < 1:
        raise ValueError(f"a share needs 0 <= hits <= count and count >= 1, got {hits} of {count}")
    return _percentiles(_generator(seed).binomial(count, hits / count, RESAMPLES) / count)


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def _percentiles(figures: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))

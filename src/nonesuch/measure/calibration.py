"""Calibration: of the answers a net gives with probability p, is a share p right?

Expected calibration error with equal bins of confidence (Naeini et al. 2015; Guo et al. 2017, equation 3) and the
temperature that would calibrate the net (Guo et al. 2017, section 4.2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0
"""Range in which a temperature is looked for."""
_HALVINGS = 30
"""Of the range's logarithm (6.0): leaves the temperature to a relative error of 6e-9."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with a confidence in (low, high]; the two means are None when there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "low": self.low, "high": self.high, "count": self.count,
            "confidence": self.confidence, "accuracy": self.accuracy,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """error: mean gap between confidence and accuracy over 15 bins, weighted by count, in [0, 1].

    temperature: the T for which softmax(logits / T) has the least cross-entropy on these same examples; above 1 the net
    is too sure of itself. None when no T between 1/20 and 20 is best, as when every answer is right.
    """

    error: float
    temperature: float | None
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "error": self.error,
            "temperature": self.temperature,
            "bins": [part.to_json() for part in self.bins],
        }


def calibrate(log_probabilities: NDArray[np.float64], truths: NDArray[np.int64]) -> Calibration:
    """`log_probabilities`: (N, classes), rows of a log-softmax, N >= 1; `truths`: (N,) class numbers."""
    confidence = np.exp(log_probabilities.max(axis=1))
    hits = log_probabilities.argmax(axis=1) == truths
    edges = np.linspace(0.0, 1.0, BINS + 1)
    # rounding may carry a sure answer just beyond 1
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    confidence_sums = np.bincount(places, weights=confidence, minlength=BINS)
    hit_sums = np.bincount(places, weights=hits, minlength=BINS)
    bins = tuple(
        Bin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            count=int(counts[i]),
            confidence=float(confidence_sums[i] / counts[i]) if counts[i] else None,
            accuracy=float(hit_sums[i] / counts[i]) if counts[i] else None,
        )
        for i in range(BINS)
    )
    error = float(np.abs(confidence_sums - hit_sums).sum() / len(truths))
    return Calibration(error, _temperature(log_probabilities, truths), bins)


def _temperature(log_probabilities: NDArray[np.float64], truths: NDArray[np.int64]) -> float | None:
    """Bisection on the slope of the cross-entropy, which is convex in 1 / T."""
    low, high = np.log(COLDEST), np.log(HOTTEST)
    if _slope(log_probabilities, truths, COLDEST) <= 0 or _slope(log_probabilities, truths, HOTTEST) >= 0:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _slope(log_probabilities, truths, float(np.exp(middle))) > 0:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def _slope(log_probabilities: NDArray[np.float64], truths: NDArray[np.int64], temperature: float) -> float:
    """d cross-entropy / d(1/T) = mean over examples of E_p[score] - score of the truth, p = softmax(score / T)."""
    weights = np.exp((log_probabilities - log_probabilities.max(axis=1, keepdims=True)) / temperature)
    expected = (weights * log_probabilities).sum(axis=1) / weights.sum(axis=1)
    return float((expected - log_probabilities[np.arange(len(truths)), truths]).mean())

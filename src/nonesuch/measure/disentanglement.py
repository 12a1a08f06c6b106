"""Does each dimension of a code stand for one thing? The mutual information gap, where the true factors are known.

    MIG = mean over factors k of  (I(z_a; v_k) - I(z_b; v_k)) / H(v_k),

a and b being the two dimensions of the code that tell most of factor v_k: 1 when every factor is told whole by one
dimension and by no other, 0 when two tell alike (Chen, Li, Grosse, Duvenaud 2018, "Isolating Sources of Disentanglement
in Variational Autoencoders", eq. 6). Codes are the means of q(z|x), each dimension cut into 20 bins of equal width
between its extremes, and entropies are those of the counts, as Locatello et al. 2019, appendix B, have it. Factors are
those of the data: where they hang on each other in it (hair style and hair length), no code can have 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nonesuch.measure.bootstrap import Interval, Statistic, interval

BINS = 20
FEWEST = 100
"""Pictures that a factor needs: with fewer, chance alone makes counts look like information."""

KEPT = 4
"""Dimensions of each factor that a resample counts again."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FactorGap:
    """One factor: its gap, the two dimensions that tell most of it, their shares I / H, and pictures that have it."""

    gap: float
    dimensions: tuple[int, int]
    shares: tuple[float, float]
    n: int


@dataclass(frozen=True)
class DisentanglementReport:
    """mig: the mean gap; its bootstrap interval over pictures, from `seed`; every factor by name.

    The interval lies a little high, as pictures that a resample holds twice look like information.
    """

    n: int
    seed: int
    mig: float
    interval: Interval
    factors: Mapping[str, FactorGap]

    def to_json(self) -> dict[str, object]:
        """Everything, by name."""
        factors = {
            name: {"gap": one.gap, "dimensions": list(one.dimensions), "shares": list(one.shares), "n": one.n}
            for name, one in self.factors.items()
        }
        return {
            "n": self.n, "seed": self.seed, "bins": BINS, "mig": self.mig, "interval": self.interval.to_json(),
            "factors": factors,
        }  # fmt: skip


def measure(codes: npt.NDArray[np.float32], factors: Mapping[str, Ints], seed: int) -> DisentanglementReport:
    """codes (N, latent), latent >= 2; factors: value numbers (N,) by name, -1 where a picture has none.

    A factor counts where two values are known, and 100 pictures. Raises ValueError when none does, or for other shapes.
    """
    if codes.ndim != 2 or codes.shape[1] < 2 or any(values.shape != (len(codes),) for values in factors.values()):
        raise ValueError(f"codes (N, latent >= 2) and factors (N,) are needed, got {codes.shape}")
    told = {name: values for name, values in factors.items() if _usable(values)}
    if not told:
        raise ValueError(f"no factor has two values and {FEWEST} pictures")
    bins = binned(codes)
    found = {name: _gap(bins, values) for name, values in told.items()}
    return DisentanglementReport(
        n=len(codes),
        seed=seed,
        mig=float(np.mean([one.gap for one in found.values()])),
        interval=interval(np.arange(len(codes)), seed, _resampled(bins, list(told.values()))),
        factors=found,
    )


def _resampled(bins: Ints, factors: Sequence[Ints]) -> Statistic:
    """The mean gap of resampled pictures, given as rows (..., n); of each factor the most telling dimensions alone are
    counted again, as another will hardly become the first or second."""
    tables = []
    for values in factors:
        known = values >= 0
        best = np.argsort(-information(bins[known], values[known])[0], kind="stable")[:KEPT]
        places = np.eye(BINS, dtype=np.float32)[bins[:, best]].reshape(len(bins), -1)
        # A picture without a value is a row of zeros, and counts nowhere.
        tables.append((places.T.copy(), np.eye(int(values.max()) + 1, dtype=np.float32)[values] * known[:, None]))

    def mean_gap(resamples: Floats) -> Floats:
        figures = []
        for rows in resamples:
            times = np.bincount(rows.astype(np.int64), minlength=len(bins)).astype(np.float32)[:, None]
            gaps = []
            for places, values in tables:
                joint = (places @ (times * values)).astype(np.float64).reshape(-1, BINS, values.shape[1])
                told, entropy = _information(joint / max(1.0, float(joint[0].sum())))
                # A resample may hold one value only: then there is nothing to tell.
                first, second = np.sort(told)[::-1][:2]
                gaps.append((first - second) / entropy if entropy > 0 else 0.0)
            figures.append(np.mean(gaps))
        return np.array(figures)

    return mean_gap


def binned(codes: npt.NDArray[np.float32]) -> Ints:
    """Each dimension of (N, latent) in 20 bins of equal width from its lowest to its highest value, 0 to 19."""
    low, high = codes.min(0), codes.max(0)
    share = (codes - low) / np.where(high > low, high - low, 1)
    found: Ints = np.minimum((share * BINS).astype(np.int64), BINS - 1)
    return found


def information(bins: Ints, values: Ints) -> tuple[Floats, float]:
    """I(z_j; v) of each dimension j of bins (N, latent) with values (N,), (latent,), and H(v), in nats, from counts."""
    count, latent = bins.shape
    kinds = int(values.max()) + 1
    cells = (np.arange(latent) * BINS + bins) * kinds + values[:, None]
    joint = np.bincount(cells.ravel(), minlength=latent * BINS * kinds).reshape(latent, BINS, kinds)
    return _information(joint / count)


def _information(joint: Floats) -> tuple[Floats, float]:
    """Of shares (latent, bins, values): I = H(z) + H(v) - H(z, v), and H(v)."""
    value = float(_entropy(joint[0].sum(0)))
    return _entropy(joint.sum(2)) + value - _entropy(joint.reshape(len(joint), -1)), value


def _gap(bins: Ints, values: Ints) -> FactorGap:
    known = values >= 0
    told, entropy = information(bins[known], values[known])
    first, second = (int(one) for one in np.argsort(-told, kind="stable")[:2])
    shares = float(told[first] / entropy), float(told[second] / entropy)
    return FactorGap(shares[0] - shares[1], (first, second), shares, int(known.sum()))


def _entropy(shares: Floats) -> Floats:
    """-sum p log p over the last axis, in nats."""
    found: Floats = -np.sum(shares * np.log(np.where(shares > 0, shares, 1)), axis=-1)
    return found


def _usable(values: Sequence[int] | Ints) -> bool:
    known = np.asarray(values)[np.asarray(values) >= 0]
    return len(known) >= FEWEST and len(np.unique(known)) >= 2

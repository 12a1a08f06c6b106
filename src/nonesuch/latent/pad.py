"""One pad for several latent spaces: a place (x, y) on it is the most probable code that each net has there.

The pad's axes belong to one latent space; another one is tied to them by a linear regression of places on codes.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nonesuch.errors import DataError
from nonesuch.latent.plane import AXES, Plane

Floats = npt.NDArray[np.float64]

RIDGE = 1e-3
"""Penalty on the regression's weights, as a share of the codes' mean variance."""
HELD_OUT = 5
"""Every fifth pair is not fitted but judges the fit."""


@dataclass(frozen=True, eq=False)
class Axes:
    """The pad: places in standard deviations of the codes on a plane. centre, scale (2,): of its principal places."""

    plane: Plane
    centre: Floats
    scale: Floats

    def places(self, codes: npt.ArrayLike) -> Floats:
        """Codes (N, latent) of the net whose pad it is to places (N, 2)."""
        found: Floats = (self.plane.places(codes) - self.centre) / self.scale
        return found

    def own(self) -> "Tie":
        """How that net itself is drawn: on the plane."""
        weights = self.plane.axes.T / self.scale
        bias = self.places(np.zeros((1, len(weights))))[0]
        return Tie(self.plane.codes(self.centre[None])[0], self.scale[:, None] * self.plane.axes, weights, bias, 1.0)


@dataclass(frozen=True, eq=False)
class Tie:
    """code = offset (latent,) + place @ matrix (2, latent), and back, place = code @ weights (latent, 2) + bias (2,).

    fit: R^2 of the way back on held-out pairs, 1 at best.
    """

    offset: Floats
    matrix: Floats
    weights: Floats
    bias: Floats
    fit: float

    def codes(self, places: npt.ArrayLike) -> Floats:
        """Places (N, 2) to codes (N, latent)."""
        found: Floats = self.offset + np.asarray(places, np.float64) @ self.matrix
        return found

    def through(self, code: npt.ArrayLike) -> "Tie":
        """The same tie, moved so that a code (latent,) is drawn at its own place: what else it is, all places are."""
        start = np.asarray(code, np.float64)
        return replace(self, offset=start - (start @ self.weights + self.bias) @ self.matrix)


def axes(plane: Plane, codes: npt.ArrayLike) -> Axes:
    """The pad on a plane through codes (N, latent)."""
    places = plane.places(codes)
    return Axes(plane, places.mean(0), np.maximum(places.std(0), 1e-12))


def tie(codes: npt.ArrayLike, places: npt.ArrayLike) -> Tie:
    """Ties a latent space to a pad by pairs of codes (N, latent) and their places (N, 2) on it.

    Places are regressed on codes (ridge). Of all codes that the regression puts at a place, the one is drawn that is
    the most probable under the Gaussian N(m, C) of the codes: m + C A (A' C A)^-1 (place - A' m - b), A the weights.
    Regressing codes on places instead would pull every place towards the middle by the share that is left unexplained.
    Raises DataError for too few pairs.
    """
    known, wanted = np.asarray(codes, np.float64), np.asarray(places, np.float64)
    if len(known) < 4 * AXES:
        raise DataError(f"a pad needs at least {4 * AXES} pictures; found {len(known)}")
    judge = np.arange(len(known)) % HELD_OUT == HELD_OUT - 1
    weights, bias = _ridge(known[~judge], wanted[~judge])
    fit = explained(wanted[judge], known[judge] @ weights + bias)
    weights, bias = _ridge(known, wanted)
    mean, covariance = known.mean(0), np.cov(known, rowvar=False, bias=True).reshape(known.shape[1], -1)
    spread = weights.T @ covariance @ weights
    matrix = np.linalg.pinv(spread, hermitian=True) @ weights.T @ covariance
    return Tie(mean - (mean @ weights + bias) @ matrix, matrix, weights, bias, fit)


def explained(truth: npt.ArrayLike, found: npt.ArrayLike) -> float:
    """R^2: the share of the variance of `truth` (N, 2) that `found` explains, both axes together; below 0 for worse
    than saying the mean each time."""
    wanted, given = np.asarray(truth, np.float64), np.asarray(found, np.float64)
    total = float(((wanted - wanted.mean(0)) ** 2).sum())
    return 1 - float(((wanted - given) ** 2).sum()) / max(total, np.finfo(np.float64).tiny)


def _ridge(codes: Floats, places: Floats) -> tuple[Floats, Floats]:
    """Weights (latent, 2) and bias (2,) of places = codes @ weights + bias (Hoerl and Kennard 1970)."""
    mean, middle = codes.mean(0), places.mean(0)
    centred = codes - mean
    penalty = RIDGE * len(codes) * float(codes.var(0).mean())
    gram = centred.T @ centred + max(penalty, np.finfo(np.float64).tiny) * np.eye(codes.shape[1])
    weights: Floats = np.linalg.solve(gram, centred.T @ (places - middle))
    return weights, middle - mean @ weights

"""The plane through a cloud of codes along which they spread most: codes to places on it, and places back to codes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AXES = 2


@dataclass(frozen=True, eq=False)
class Plane:
    """centre (latent,); axes (2, latent), orthonormal rows, or a row of zeros where the codes have no second direction.

    shares (2,): of the codes' variance along each axis, 0 to 1.
    """

    centre: Floats
    axes: Floats
    shares: Floats

    def places(self, codes: npt.ArrayLike) -> Floats:
        """Codes (N, latent) to the nearest places (N, 2) on the plane."""
        found: Floats = (np.asarray(codes, np.float64) - self.centre) @ self.axes.T
        return found

    def codes(self, places: npt.ArrayLike) -> Floats:
        """Places (N, 2) to codes (N, latent): in all directions but two, what the codes are on average."""
        found: Floats = self.centre + np.asarray(places, np.float64) @ self.axes
        return found

    def covariances(self, variances: npt.ArrayLike) -> Floats:
        """Gaussians of diagonal covariance (N, latent), seen on the plane: A diag(variance) A', (N, 2, 2)."""
        seen: Floats = np.einsum("ai,ni,bi->nab", self.axes, np.asarray(variances, np.float64), self.axes)
        return seen


def principal(codes: npt.ArrayLike) -> Plane:
    """The plane of the first two principal components of codes (N, latent), N >= 2 (Pearson 1901, Hotelling 1933).

    Codes of two dimensions keep their own axes: they are a map already. An axis points to where its largest number is
    positive (scikit-learn sees to that), so that the same codes give the same map.
    """
    from sklearn.decomposition import PCA

    points = np.asarray(codes, np.float64)
    total = max(float(points.var(0).sum()), np.finfo(np.float64).tiny)
    if points.shape[1] == AXES:
        return Plane(np.zeros(AXES), np.eye(AXES), points.var(0) / total)
    kept = min(AXES, *points.shape)
    # Of wide codes it finds the first components only, by seeded random projections (Halko et al. 2011).
    with np.errstate(invalid="ignore"):  # codes that are all the same have no shares
        found = PCA(kept, random_state=0).fit(points)
    rows = found.components_
    axes, shares = np.zeros((AXES, points.shape[1])), np.zeros(AXES)
    axes[:kept], shares[:kept] = rows, (points @ rows.T).var(0) / total
    return Plane(points.mean(0), axes, shares)

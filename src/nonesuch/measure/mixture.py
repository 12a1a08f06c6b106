"""A Gaussian mixture fitted on the codes of pictures: where in latent space an autoencoder's pictures really lie.

The prior N(0, I) is only what a VAE's codes are pulled towards, and nothing pulls an AE's; a mixture drawn from instead
of the prior needs no other training (Ghosh et al. 2020, "From Variational to Deterministic Autoencoders", section 4).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COMPONENTS = 10
CODES_A_DIMENSION = 5
"""Codes that each component needs for every dimension: with fewer its covariance is mostly noise."""
LEAST_VARIANCE = 1e-4
"""Added to every covariance, as a share of the codes' mean variance: an unused dimension must not be singular."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """weights (K,) that sum to 1, means (K, d), factors (K, d, d) lower triangular: covariances are factor @ factor.T.

    `codes`: how many it was fitted on.
    """

    weights: Floats
    means: Floats
    factors: Floats
    codes: int

    def place(self, normals: npt.NDArray[np.float32], choice: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Standard normal numbers (N, d), and one more for each row (N,), which chooses its component, to z (N, d)."""
        share = np.array([0.5 * math.erfc(-float(value) / math.sqrt(2)) for value in choice])
        component = np.minimum(np.searchsorted(np.cumsum(self.weights), share), len(self.weights) - 1)
        z = self.means[component] + np.einsum("nij,nj->ni", self.factors[component], normals.astype(np.float64))
        placed: npt.NDArray[np.float32] = z.astype(np.float32)
        return placed


def fit(codes: npt.NDArray[np.float32], seed: int) -> Mixture:
    """By expectation maximisation from k-means, full covariances, on codes (N, d), N >= 2.

    Ten components, fewer where there are not enough codes for so many.
    """
    # A second to import, and wanted only here.
    from sklearn.mixture import GaussianMixture

    count, dimensions = codes.shape
    components = max(1, min(COMPONENTS, count // (CODES_A_DIMENSION * dimensions)))
    doubles = codes.astype(np.float64)
    floor = LEAST_VARIANCE * float(doubles.var(0).mean()) + np.finfo(np.float64).tiny
    found = GaussianMixture(components, reg_covar=floor, random_state=seed).fit(doubles)
    return Mixture(found.weights_, found.means_, np.linalg.cholesky(found.covariances_), count)

"""Maps that bend: t-SNE and UMAP lay neighbours beside each other. Far distances on them mean nothing.

Neither has a way back from a place to a code; `atlas.Cells` averages the codes that lie there instead.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nonesuch.errors import DataError, MachineError, RecipeError

Floats = npt.NDArray[np.float64]

FEWEST = 8
"""Codes below which there are no neighbourhoods to keep."""
PERPLEXITY = 30.0
MOST_FITTED = 2500
"""Codes that t-SNE moves; its time grows faster than their number. Any more are laid beside their nearest."""
BESIDE = 5
NEIGHBOURS = 15
WIDE = 50
"""Wider codes are first brought to so many principal components, as van der Maaten and Hinton do (with 30)."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """places (N, 2) of N codes. words: how it was made, for a person to read."""

    places: Floats
    words: str


def tsne(codes: npt.ArrayLike, seed: int) -> Embedding:
    """t-SNE (van der Maaten and Hinton 2008; Barnes-Hut, van der Maaten 2014) of codes (N, latent).

    Perplexity 30, or a quarter of the codes where there are few. At most 2,500 codes, chosen by the seed, are fitted;
    each other one is laid at the mean of its five nearest, the nearer the heavier. Starts from principal components.
    Raises DataError for fewer than 8 codes, RecipeError for a seed that scikit-learn does not take.
    """
    from sklearn.manifold import TSNE

    points = _ready(codes, seed)
    count = min(len(points), MOST_FITTED)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(points))[:count])
    perplexity = min(PERPLEXITY, count / 4)
    fitted = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(points[chosen])
    places = np.empty((len(points), 2))
    others = np.setdiff1d(np.arange(len(points)), chosen)
    places[chosen] = fitted
    words = f"t-SNE, perplexity {perplexity:g}"
    if len(others):
        places[others] = _beside(points[others], points[chosen], places[chosen])
        words += f", of {count:,} pictures; the others beside their nearest"
    return Embedding(places, words)


def umap(codes: npt.ArrayLike, seed: int) -> Embedding:
    """UMAP (McInnes, Healy and Melville 2018) of codes (N, latent): 15 neighbours, or a third of the codes.

    Raises MachineError without the extra `maps`, DataError for fewer than 8 codes, RecipeError for such a seed.
    """
    points = _ready(codes, seed)
    try:
        with warnings.catch_warnings():
            # Its own: that TensorFlow, which it can do without, is not there.
            warnings.simplefilter("ignore")
            from umap import UMAP
    except ImportError:
        raise MachineError('umap needs the extra maps: pip install "nonesuch[maps]"; or take pca or tsne') from None
    near = min(NEIGHBOURS, len(points) // 3)
    distances, rows = _nearest(points, points, near)
    with warnings.catch_warnings():
        # Few codes: it says that it takes another start where the spectral one fails; and, given neighbours, that it
        # cannot place new codes on the map. Neither is a concern of ours.
        warnings.simplefilter("ignore")
        # Its own search for neighbours is approximate, and compiled anew by every process for half a minute and more.
        known = (rows.astype(np.int32), distances.astype(np.float32))
        # A seed means one thread, which it would warn of.
        places = UMAP(n_neighbors=near, random_state=seed, n_jobs=1, precomputed_knn=known).fit_transform(points)
    return Embedding(np.asarray(places, np.float64), f"UMAP, {near} neighbours")


def _ready(codes: npt.ArrayLike, seed: int) -> npt.NDArray[np.float32]:
    points = np.asarray(codes, np.float32)
    if len(points) < FEWEST:
        raise DataError(f"a map of neighbours needs at least {FEWEST} pictures; found {len(points)}: take pca")
    if not 0 <= seed < 2**32:
        raise RecipeError(f"the seed of a map is a whole number from 0 to 2^32 - 1; found {seed}")
    if points.shape[1] > WIDE:
        from sklearn.decomposition import PCA

        kept = min(WIDE, len(points))
        points = PCA(kept, random_state=0).fit_transform(points).astype(np.float32)
    return points


def _beside(points: npt.NDArray[np.float32], known: npt.NDArray[np.float32], places: Floats) -> Floats:
    """Where points belong among the known ones, whose places (M, 2) are given."""
    distances, rows = _nearest(points, known, min(BESIDE, len(known)))
    # A code that lies on a known one goes to its place, without a division by zero.
    weights = 1 / np.maximum(distances, 1e-9 * max(float(distances.max()), 1e-30)) ** 2
    found: Floats = np.einsum("nk,nkd->nd", weights / weights.sum(1, keepdims=True), places[rows])
    return found


def _nearest(
    points: npt.NDArray[np.float32], known: npt.NDArray[np.float32], count: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distances (N, count) and rows (N, count) of the known points nearest to each of N, exactly, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    distances, rows = NearestNeighbors(n_neighbors=count).fit(known).kneighbors(points)
    return distances, rows

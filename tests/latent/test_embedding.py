"""Maps that bend keep neighbourhoods, repeat with their seed, and say how they were made."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from nonesuch.errors import DataError, MachineError, RecipeError
from nonesuch.latent import embedding


def _clouds(count: int = 120, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds far apart, and which one each code is of."""
    rng = np.random.default_rng(0)
    kinds = np.arange(count) % 3
    return rng.normal(size=(count, size)) + 12 * rng.normal(size=(3, size))[kinds], kinds


def _apart(places: np.ndarray, kinds: np.ndarray) -> bool:
    """Whether the nearest other place is of the same cloud, for every one."""
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    return bool((kinds[distances.argmin(1)] == kinds).all())


def test_tsne_keeps_neighbours_together_and_repeats_with_its_seed() -> None:
    codes, kinds = _clouds()
    found = embedding.tsne(codes, seed=3)
    assert _apart(found.places, kinds)
    assert trustworthiness(codes, found.places, n_neighbors=5) > 0.9
    assert found.words == "t-SNE, perplexity 30"
    np.testing.assert_array_equal(found.places, embedding.tsne(codes, seed=3).places)


def test_the_perplexity_of_few_codes_is_clamped_and_said() -> None:
    codes, _ = _clouds(24)
    assert embedding.tsne(codes, seed=0).words == "t-SNE, perplexity 6"


def test_codes_beyond_those_fitted_lie_beside_their_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "MOST_FITTED", 60)
    once, kinds = _clouds(90)
    found = embedding.tsne(np.concatenate([once, once]), seed=0)
    assert _apart(found.places[:90], kinds)
    # Twins lie in one place, but where both were fitted.
    assert np.isclose(found.places[:90], found.places[90:], atol=1e-6).all(1).mean() > 0.75
    assert found.words == "t-SNE, perplexity 15, of 60 pictures; the others beside their nearest"


def test_wide_codes_are_first_made_narrower() -> None:
    codes = _clouds(90, size=200)[0].astype(np.float32)
    narrow = PCA(embedding.WIDE, random_state=0).fit_transform(codes)
    np.testing.assert_array_equal(embedding.tsne(codes, seed=0).places, embedding.tsne(narrow, seed=0).places)


def test_umap_is_asked_with_the_seed_and_as_many_neighbours_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one compiles itself for seconds when a process first calls it; `benchmarks/latent.py` runs it."""
    asked: dict[str, Any] = {}

    class Umap:
        def __init__(self, **settings: Any) -> None:
            asked.update(settings)

        def fit_transform(self, codes: np.ndarray) -> np.ndarray:
            return codes[:, :2]

    module = ModuleType("umap")
    module.UMAP = Umap  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "umap", module)
    codes, _ = _clouds(24)
    found = embedding.umap(codes, seed=5)
    rows, distances = asked.pop("precomputed_knn")
    assert asked == {"n_neighbors": 8, "random_state": 5, "n_jobs": 1}
    apart = cdist(codes, codes)
    np.testing.assert_array_equal(rows, apart.argsort(1)[:, :8])
    np.testing.assert_allclose(distances, np.sort(apart, 1)[:, :8], atol=1e-5)
    assert found.words == "UMAP, 8 neighbours"
    np.testing.assert_allclose(found.places, codes[:, :2], rtol=1e-6)


def test_what_cannot_be_mapped_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, _ = _clouds()
    with pytest.raises(DataError, match="at least 8 pictures; found 7: take pca"):
        embedding.tsne(codes[:7], seed=0)
    with pytest.raises(RecipeError, match="found -1"):
        embedding.tsne(codes, seed=-1)
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MachineError, match=r"needs the extra maps: pip install \"nonesuch\[maps\]\"; or take pca"):
        embedding.umap(codes, seed=0)

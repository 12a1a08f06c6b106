"""What the manifest says of a run beside its files."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import nonesuch
from nonesuch.data import builtin
from nonesuch.errors import RunError
from nonesuch.evaluation.autoencoder import load_mixture
from nonesuch.evaluation.run import Run
from nonesuch.exporting.graphs import Graph
from nonesuch.exporting.manifest import (
    DirectionEntry,
    Filters,
    GraphEntry,
    Latent,
    LayerEntry,
    LikelihoodEntry,
    Manifest,
    PictureShape,
    Prior,
)
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.models.likelihood import LEAST_LOG_NOISE
from nonesuch.training.classify import ClassifySettings
from nonesuch.training.reconstruct import ReconstructSettings


def manifest_of(
    run: Run, graphs: Sequence[Graph], entries: Mapping[str, GraphEntry], directions: Sequence[DirectionEntry]
) -> Manifest:
    """Of a run, the graphs that were written for it, and the directions that go with them."""
    data, settings, latent = run.recipe.data, run.recipe.objective, _latent(run)
    height, width = data.size
    parts: dict[str, Any] = {
        "made_by": f"nonesuch {nonesuch.__version__}",
        "kind": run.recipe.kind,
        "net": run.recipe.net.name,
        "data": shown_name(data.source),
        "images_seen": run.images_seen,
        "picture": PictureShape(channels=data.channels, height=height, width=width),
        "fit": data.fit,
        "latent": Latent(size=latent) if latent else None,
        "prior": _prior(run),
        "classes": told(run),
        "likelihood": _likelihood(run),
        "graphs": dict(entries),
        "filters": _filters(graphs),
        "views": settings.test_views if isinstance(settings, ClassifySettings) else None,
        "layers": tuple(
            LayerEntry(output=output, name=name, shape=_maps(graph.outputs[output]))
            for graph in graphs
            for output, name in graph.layers.items()
        ),
        "directions": tuple(directions),
    }
    return Manifest(**parts)


def shown_name(source: str) -> str:
    """The data's own name: of a path its last part without the ending, so that nobody reads where it lay."""
    return source if source in builtin.NAMES else PurePath(source).stem


def told(run: Run) -> tuple[str, ...]:
    """The classes of a classifier, or those that a conditional generator can be told."""
    conditional = isinstance(run.net, Generator) and run.net.classes > 0
    return run.classes if run.recipe.kind == "cnn" or conditional else ()


def _latent(run: Run) -> int:
    return run.net.latent if isinstance(run.net, Generator | Autoencoder) else 0


def _prior(run: Run) -> Prior | None:
    if not isinstance(run.net, Autoencoder):
        return None
    try:
        found = load_mixture(run.folder.path, run.net.latent, run.images_seen)
    except RunError:
        return None
    return Prior(weights=found.weights.tolist(), means=found.means.tolist(), factors=found.factors.tolist())


def _likelihood(run: Run) -> LikelihoodEntry | None:
    settings = run.recipe.objective
    if not isinstance(run.net, Autoencoder) or not isinstance(settings, ReconstructSettings):
        return None
    if not run.net.gaussian or settings.perceptual:
        return None
    noise = max(LEAST_LOG_NOISE, float(run.net.log_noise.detach()))
    return LikelihoodEntry(kind=settings.likelihood, log_noise=noise, binarise=settings.binarise)


def _filters(graphs: Sequence[Graph]) -> Filters | None:
    for graph in graphs:
        if "filters" in graph.fixed:
            weight = graph.fixed["filters"]
            outputs, inputs, height, width = weight.shape
            values = tuple(weight.flatten().tolist())
            return Filters(layer=graph.first, shape=(outputs, inputs, height, width), values=values)
    return None


def _maps(shape: tuple[int, ...]) -> tuple[int, int, int]:
    channels, height, width = shape
    return channels, height, width

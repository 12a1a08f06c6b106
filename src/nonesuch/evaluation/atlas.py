"""The map of a run: its pictures in two dimensions, with labels, clusters, and what the net draws from each place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nonesuch.errors import RecipeError
from nonesuch.evaluation.codes import Split
from nonesuch.evaluation.points import Points, labels, points
from nonesuch.evaluation.run import Run
from nonesuch.latent import clusters as grouping
from nonesuch.latent.atlas import GRID, Atlas, Cells, Method, cells, lay_out
from nonesuch.latent.clusters import Agreement, Clusters, Grouping
from nonesuch.latent.plane import AXES
from nonesuch.measure import codes_chart
from nonesuch.measure.codes_chart import Dots, Tiles
from nonesuch.pixels import Picture

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 10_000
SCHEMA = 1


@dataclass(frozen=True, eq=False)
class RunMap:
    """What `map_of` found. points: N pictures, and n generated ones. atlas: places (N + n, 2), real ones first.

    column, classes (N,), names: the labels. covariances (N, 2, 2): a VAE's Gaussians on the plane, else None.
    cells: of the real pictures; made_cells: of the generated ones. drawn (m, H, W, C), drawn_cells (m,): what the net
    draws from the cells. clusters (N + n,) and how they agree with the labels, where they were asked for.
    """

    points: Points
    atlas: Atlas
    column: str
    classes: Ints
    names: tuple[str, ...]
    covariances: Floats | None
    cells: Cells
    made_cells: Cells
    drawn: Picture
    drawn_cells: Ints
    clusters: Clusters | None
    agreement: Agreement | None

    def sheet(self, title: str) -> Picture:
        """Dots, real pictures in their cells, and drawn ones, side by side: (H, W, 3) uint8."""
        return codes_chart.sheet(title, list(_panels(self)), f"{self.points.space}, {self.atlas.words}")

    def to_json(self) -> dict[str, Any]:
        """The same numbers as plain values for strict JSON; places to five digits."""
        return _record(self)


def map_of(
    run: Run,
    method: Method = "pca",
    column: str | None = None,
    by: Grouping | None = None,
    count: int | None = None,
    split: Split = "train",
    most: int = MOST,
    seed: int = 0,
) -> RunMap:
    """The map of at most `most` pictures spread over a split.

    column: labels, by default the run's classes; of a generator none. by, count: find clusters, so many or as many as
    there seem to be. seed: of tsne, umap and the clusters. Clusters are found in the full space, not on the map.
    Raises RecipeError for an unknown method or too few pictures asked for, DataError for an unknown column or too few
    pictures, MachineError for umap where it is not installed.
    """
    if most < 2:
        raise RecipeError(f"a map shows at least 2 pictures; found {most}")
    found = points(run, split, most)
    generator = run.recipe.kind == "gan"
    name, classes, names = labels(found, "none" if generator and column is None else column)
    values = np.concatenate([found.values, found.made_values])
    atlas = lay_out(values, method, seed)
    real = len(found.rows)
    there = cells(atlas.frame, atlas.places[:real], found.values)
    made_there = cells(atlas.frame, atlas.places[real:], found.made_values)
    drawn, where = _drawn(run, found, atlas, there, made_there)
    covariances = None
    if found.variances is not None and atlas.plane is not None:
        covariances = atlas.plane.covariances(found.variances)
    groups = grouping.cluster(values, by, count, seed) if by is not None else None
    agreed = grouping.agreement(groups.groups[:real], classes) if groups is not None and names else None
    return RunMap(found, atlas, name, classes, names, covariances, there, made_there, drawn, where, groups, agreed)


def _drawn(run: Run, found: Points, atlas: Atlas, there: Cells, made: Cells) -> tuple[Picture, Ints]:
    """What the net draws from the cells of the map, and which cells: none for a classifier."""
    if run.recipe.kind == "gan":
        filled = np.flatnonzero(made.count)
        return found.made[made.typical[filled]], filled
    if run.recipe.kind == "cnn":
        return found.made, np.empty(0, np.int64)
    if atlas.plane is not None:
        codes, filled = atlas.plane.codes(atlas.frame.centres()), np.arange(GRID**2)
    else:
        filled = np.flatnonzero(there.count)
        codes = there.mean[filled]
    return run.drawn_at(torch.from_numpy(codes).float()), filled


def _panels(found: RunMap) -> "list[Dots | Tiles]":
    frame, real, pixels = found.atlas.frame, len(found.points.rows), found.points.data.pack.pixels
    places = frame.unit(found.atlas.places)
    panels: list[Dots | Tiles] = []
    if found.names or not len(found.points.made):
        coloured = f", coloured by {found.column}" if found.names else ""
        spread = None if found.covariances is None else frame.unit_covariances(found.covariances)
        kind = "points" if found.points.variances is None else "Gaussians"
        title = f"{real:,} {kind}{coloured}" + ("; ellipses: one standard deviation" if spread is not None else "")
        panels.append(Dots(title, places[:real], found.classes, found.names, spread))
    if len(found.points.made):
        sides = np.repeat([0, 1], [real, len(found.points.made)])
        panels.append(Dots(f"{real:,} real and as many generated", places, sides, ("real", "generated")))
    if found.clusters is not None:
        panels.append(_clusters_panel(found, places))
    filled = np.flatnonzero(found.cells.count)
    shown = pixels[found.points.rows[found.cells.typical[filled]]]
    panels.append(Tiles("the most typical picture of each cell", shown, filled, GRID, below=frame.words))
    if len(found.drawn):
        panels.append(_drawn_panel(found))
    return panels


def _drawn_panel(found: RunMap) -> Tiles:
    if len(found.points.made):
        title = "the most typical generated one; shaded: only real ones lie here"
    elif found.atlas.plane is not None:
        title = "what is drawn from each place"
        if found.points.values.shape[1] > AXES:
            title += ", the other directions as they are on average"
    else:
        title = "what is drawn from the mean code of each cell"
    there = found.cells.count > 0 if len(found.points.made) else None
    return Tiles(title, found.drawn, found.drawn_cells, GRID, there)


def _clusters_panel(found: RunMap, places: Floats) -> Dots:
    groups = found.clusters
    assert groups is not None
    real, pixels = len(found.points.rows), found.points.data.pack.pixels
    faces = [pixels[found.points.rows[at]] if at < real else found.points.made[at - real] for at in groups.typical]
    score = "" if groups.silhouette is None else f", silhouette {groups.silhouette:.2f}"
    noise = f", {groups.noise:,} in none" if groups.noise else ""
    names = tuple(f"{number}: {size:,}" for number, size in enumerate(groups.sizes.tolist(), 1))
    title = f"{len(groups.sizes)} clusters by {groups.grouping}{score}{noise}, with their medoids"
    return Dots(title, places, groups.groups, names, faces=(groups.typical, np.stack(faces)) if faces else None)


def _record(found: RunMap) -> dict[str, Any]:
    atlas, data, frame = found.atlas, found.points.data, found.atlas.frame
    plane = atlas.plane
    return {
        "schema_version": SCHEMA,
        "method": atlas.method,
        "words": atlas.words,
        "space": found.points.space,
        "names": [data.pack.names[int(row)] for row in found.points.rows],
        "rows": found.points.rows.tolist(),
        "places": _short(atlas.places[: len(found.points.rows)]),
        "made_places": _short(atlas.places[len(found.points.rows) :]),
        "covariances": None if found.covariances is None else _short(found.covariances),
        "labels": {"column": found.column, "classes": list(found.names), "codes": found.classes.tolist()},
        "frame": {"left": frame.left, "right": frame.right, "bottom": frame.bottom, "top": frame.top, "grid": GRID},
        "plane": None
        if plane is None
        else {"centre": plane.centre.tolist(), "axes": plane.axes.tolist(), "shares": plane.shares.tolist()},
        "cells": {"count": found.cells.count.tolist(), "typical": found.cells.typical.tolist()},
        "clusters": _clusters_record(found),
    }


def _clusters_record(found: RunMap) -> dict[str, Any] | None:
    groups, agreed = found.clusters, found.agreement
    if groups is None:
        return None
    against = None
    if agreed is not None:
        against = {
            "column": found.column,
            "n": agreed.n,
            "purity": agreed.purity,
            "adjusted_rand": agreed.rand,
            "normalised_mutual_information": agreed.information,
        }
    return {
        "by": groups.grouping,
        "groups": groups.groups.tolist(),
        "sizes": groups.sizes.tolist(),
        "typical": groups.typical.tolist(),
        "noise": groups.noise,
        "silhouette": groups.silhouette,
        "against": against,
    }


def _short(values: Floats) -> list[Any]:
    """Five significant digits of the largest are enough to draw from, and a third of the bytes."""
    scale = float(np.abs(values).max(initial=0.0)) or 1.0
    rounded: list[Any] = np.round(values, max(0, 4 - int(np.floor(np.log10(scale))))).tolist()
    return rounded

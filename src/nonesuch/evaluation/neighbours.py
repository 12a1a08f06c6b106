"""Which training pictures lie nearest to a picture: for the net itself, and for the measuring net."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nonesuch.assembly import Pictures, reopen
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.points import features_of_rows, hidden, hidden_of_rows
from nonesuch.evaluation.run import Run
from nonesuch.features import features_of
from nonesuch.latent.neighbours import nearest
from nonesuch.measure import neighbours_chart
from nonesuch.pixels import Picture, to_signed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 20_000
"""Training pictures that are searched, spread over all of them."""
MOST_SHOWN = 100


@dataclass(frozen=True, eq=False)
class Near:
    """space: in words, where they are near. rows (K,) of the pack, nearest first, and their distances (K,) there.

    names: of their files. pictures (K, H, W, C) uint8.
    """

    space: str
    rows: Ints
    distances: Floats
    names: tuple[str, ...]
    pictures: Picture


@dataclass(frozen=True, eq=False)
class Neighbours:
    """picture (H, W, C) uint8 as the run sees it. near: its neighbours in each space. searched: training pictures."""

    picture: Picture
    near: tuple[Near, ...]
    searched: int

    def sheet(self, title: str) -> Picture:
        """The picture beside its neighbours, a row a space: (H, W, 3) uint8."""
        rows = {each.space: (each.pictures, each.distances) for each in self.near}
        return neighbours_chart.sheet(f"{title}: nearest of {self.searched:,} training pictures", self.picture, rows)


def neighbours_of(run: Run, what: int | str | Path, count: int = 8) -> Neighbours:
    """Of a picture file, or of what the run draws from a seed.

    In latent space for an AE or VAE, in the last hidden layer for a classifier, and for every run in the features of
    the measuring net. Raises DataError for a file that cannot be read, RunError for a seed of a classifier,
    RecipeError for a count of neighbours that nobody could look at.
    """
    if not 1 <= count <= MOST_SHOWN:
        raise RecipeError(f"1 to {MOST_SHOWN} neighbours can be shown; found {count}")
    kind = run.recipe.kind
    if kind == "cnn" and isinstance(what, int):
        raise RunError(f"{run.folder.path.name} holds a classifier, which draws no seeds; give a picture file")
    picture = _picture(run, what)
    data = reopen(run.recipe.data)
    rows = rows_of(data, "train", MOST)
    asked, known = (
        features_of(data.extractor(run.recipe.machine.threads), picture[None]),
        features_of_rows(run, data, rows),
    )
    spaces = [("features", asked, known)]
    if kind == "cnn":
        given = hidden(run.net, to_signed(torch.from_numpy(picture[None].copy()).permute(0, 3, 1, 2)))
        spaces.insert(0, ("last hidden layer", given.double().numpy(), hidden_of_rows(run.net, data, rows)))
    elif kind != "gan":
        coded = codes(run, "train", MOST)
        spaces.insert(0, ("latent space", run.places([what]).double().numpy(), coded.mean.double().numpy()))
    near = tuple(_near(data, rows, *space, count) for space in spaces)
    return Neighbours(picture, near, len(rows))


def _near(data: Pictures, rows: Ints, space: str, asked: Floats, known: Floats, count: int) -> Near:
    found, distances = nearest(asked, known, count)
    chosen = rows[found[0]]
    names = tuple(data.pack.names[int(row)] for row in chosen)
    return Near(space, chosen, distances[0], names, data.pack.pixels[chosen])


def _picture(run: Run, what: int | str | Path) -> Picture:
    if isinstance(what, int):
        (picture,) = run.sample([what])
        return np.asarray(picture)
    (read,) = run.read([what])
    if isinstance(read, Reject):
        raise DataError(f"{read.name}: {read.reason}")
    return np.asarray(read[1][0].permute(1, 2, 0).contiguous().numpy())

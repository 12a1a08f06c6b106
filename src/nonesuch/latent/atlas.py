"""An atlas: codes laid out in two dimensions, cut into square cells, with what each cell stands for.

As in an activation atlas (Carter et al. 2019) a cell stands for the mean of what lies in it; only the plane of
principal components has a code for every place.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from nonesuch.errors import RecipeError
from nonesuch.latent import embedding
from nonesuch.latent.plane import AXES, Plane, principal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Method = Literal["pca", "tsne", "umap"]

METHODS: tuple[Method, ...] = get_args(Method)
GRID = 20
"""Cells along each side of a map."""
INSIDE = (0.5, 99.5)
"""Percentiles of the places that a map reaches out to: one far code must not make it small."""


@dataclass(frozen=True)
class Frame:
    """What part of the plane a map shows."""

    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def around(cls, places: npt.ArrayLike) -> "Frame":
        """Around nearly all of places (N, 2), with a little room."""
        low, high = np.percentile(np.asarray(places, np.float64), INSIDE, axis=0)
        room = 0.02 * np.maximum(high - low, 1e-6)
        (left, bottom), (right, top) = low - room, high + room
        return cls(float(left), float(right), float(bottom), float(top))

    def unit(self, places: npt.ArrayLike) -> Floats:
        """Places (N, 2) in shares of the frame: (0, 0) is its upper left corner, (1, 1) its lower right one."""
        x, y = np.asarray(places, np.float64).T
        return np.stack([(x - self.left) / (self.right - self.left), (self.top - y) / (self.top - self.bottom)], 1)

    def unit_covariances(self, covariances: npt.ArrayLike) -> Floats:
        """Covariances (N, 2, 2) of places, in the same shares."""
        scale = np.array([1 / (self.right - self.left), 1 / (self.bottom - self.top)])
        found: Floats = np.asarray(covariances, np.float64) * scale[:, None] * scale
        return found

    @property
    def words(self) -> str:
        """How far it reaches."""
        return f"{self.left:.2g} to {self.right:.2g} across, {self.bottom:.2g} to {self.top:.2g} up"

    def centres(self, grid: int = GRID) -> Floats:
        """The middles of grid x grid cells, (grid^2, 2), row by row from the upper left."""
        step = (np.arange(grid) + 0.5) / grid
        across = self.left + step * (self.right - self.left)
        down = self.top - step * (self.top - self.bottom)
        return np.stack([np.tile(across, grid), np.repeat(down, grid)], 1)


@dataclass(frozen=True, eq=False)
class Cells:
    """What lies in the cells of a map. mean (cells, latent): of the codes there, 0 where nothing lies.

    count (cells,): codes in each. typical (cells,): the row of the code nearest to that mean, -1 where nothing lies.
    """

    mean: Floats
    count: Ints
    typical: Ints


@dataclass(frozen=True, eq=False)
class Atlas:
    """places (N, 2) of N codes. plane: the way back from places to codes, None where there is none.

    words: how it was made, for a person to read.
    """

    method: Method
    places: Floats
    plane: Plane | None
    frame: Frame
    words: str


def lay_out(codes: npt.ArrayLike, method: Method = "pca", seed: int = 0) -> Atlas:
    """Codes (N, latent) in two dimensions. `seed` is of tsne and umap; with one thread the same seed is the same map.

    Raises RecipeError for an unknown method and a wrong seed, DataError for too few codes, MachineError for umap where
    it is not installed.
    """
    if method not in METHODS:
        raise RecipeError(f"a map is made by {', '.join(METHODS)}; found {method!r}")
    if method == "pca":
        plane = principal(codes)
        places = plane.places(codes)
        first, second = plane.shares
        words = f"PCA: {first:.0%} of the variance across, {second:.0%} up"
        if np.shape(codes)[1] == AXES:
            words = "its own two axes"
        return Atlas("pca", places, plane, Frame.around(places), words)
    found = {"tsne": embedding.tsne, "umap": embedding.umap}[method](codes, seed)
    return Atlas(method, found.places, None, Frame.around(found.places), found.words)


def cells(frame: Frame, places: npt.ArrayLike, codes: npt.ArrayLike, grid: int = GRID) -> Cells:
    """What of codes (N, latent) at places (N, 2) lies in each of grid x grid cells of a frame."""
    points = np.asarray(codes, np.float64)
    at = np.floor(frame.unit(places) * grid).astype(np.int64)
    inside = np.flatnonzero(((at >= 0) & (at < grid)).all(1))
    cell = at[inside, 1] * grid + at[inside, 0]
    count = np.bincount(cell, minlength=grid**2)
    total = np.zeros((grid**2, points.shape[1]))
    np.add.at(total, cell, points[inside])
    mean = total / np.maximum(count, 1)[:, None]
    typical = np.full(grid**2, -1, np.int64)
    # From far to near: what is written last stays.
    far_first = np.argsort(-((points[inside] - mean[cell]) ** 2).sum(1), kind="stable")
    typical[cell[far_first]] = inside[far_first]
    return Cells(mean, count, typical)

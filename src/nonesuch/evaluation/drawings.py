"""What examining autoencoders and examining generators share: both draw, and both are measured by the same net."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nonesuch import features
from nonesuch.assembly import Pictures
from nonesuch.evaluation.sampling import draw, drawing
from nonesuch.measure import distance
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.mixture import Mixture
from nonesuch.pixels import Picture, grid
from nonesuch.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

MOST = 10_000
"""Pictures of each kind that a report compares: the number that published distances of small sets rest on."""
SHOWN_SIDE = 48
"""Pictures in a sheet are enlarged by whole factors to at most this side."""


@dataclass(frozen=True)
class DrawingExaminer:
    """A net that draws, and the pictures it is measured against. `whole`: all that trains, where that is at hand."""

    net: nn.Module
    engine: "Fabric"
    recipe: Recipe
    data: Pictures
    whole: nn.Module | None = None

    @cached_property
    def extractor(self) -> features.Extractor:
        """The measuring net of this data set: trained on its training pictures once, then kept beside the pack."""
        return self.data.extractor(self.recipe.machine.threads)

    @cached_property
    def _known(self) -> dict[tuple[str, int | None], NDArray[np.float64]]:
        """Features of real pictures, which do not change from look to look."""
        return {}

    def prepare(self) -> None:
        """Train the measuring net now, outside of anybody's time budget, if it is not there yet."""
        if len(self.data.rows["test"]) >= distance.fewest(features.DIMENSIONS):
            _ = self.extractor

    def draw(self, count: int, mixture: Mixture | None = None) -> Picture:
        """What seeds 0 to count - 1 give, uint8 (N, H, W, C)."""
        with torch.inference_mode():
            quick = drawing(self.net, self.recipe.machine.precision)
            return draw(quick, self.recipe, range(count), mixture=mixture)

    def distances(self, split: str, most: int | None, samples: Picture) -> DistanceReport | None:
        """Samples against real pictures of a split, with training pictures as the floor; None where all are too few."""
        counts = [len(rows_of(self.data, name, many)) for name, many in ((split, most), ("train", len(samples)))]
        if min(*counts, len(samples)) < distance.fewest(features.DIMENSIONS):
            return None
        real, floor = self._features(split, most), self._features("train", len(samples))
        made = features.features_of(self.extractor, samples)
        return distance.measure(real, floor, made, f"{self.extractor.name} {self.extractor.hash}", seed=0)

    def _features(self, split: str, most: int | None) -> NDArray[np.float64]:
        if (split, most) not in self._known:
            self._known[split, most] = features.features_of(self.extractor, pictures_of(self.data, split, most))
        return self._known[split, most]


def pictures_of(data: Pictures, split: str, most: int | None) -> Picture:
    """At most so many pictures of a split, uint8 (N, H, W, C)."""
    pictures: Picture = data.pack.pixels[rows_of(data, split, most)]
    return pictures


def rows_of(data: Pictures, split: str, most: int | None) -> NDArray[np.int64]:
    """At most so many rows of a split, spread over all of it: folders come sorted by class."""
    rows = data.rows[split]
    count = len(rows) if most is None else min(most, len(rows))
    return rows[np.arange(count) * len(rows) // max(1, count)]


def sheet(pictures: Picture, columns: int = 8) -> Picture:
    """A grid, small pictures enlarged by a whole factor."""
    return grid(pictures, columns=columns, scale=max(1, SHOWN_SIDE // pictures.shape[1]))

"""Examining a generator: how far its pictures are from held-out ones, and whether it copies its training pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import lightning_fabric
import numpy as np
import torch
from torch import nn

from nonesuch import features
from nonesuch.assembly import Pictures
from nonesuch.evaluation.sampling import draw, drawing
from nonesuch.measure import distance, leak, memorisation
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.leak import LeakReport
from nonesuch.measure.memorisation import MemorisationReport
from nonesuch.pixels import Picture, grid, write_png
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, layout
from nonesuch.runs.store import RunFolder
from nonesuch.training.adversarial import AdversarialSettings

MOST = 10_000
"""Pictures of each kind that a report compares: the number that published distances of small sets rest on."""
PREVIEWED = 64
COPIED = 5_000
"""Training pictures up to which copies are looked for during training too: more are not learnt by heart soon."""
LARGEST_BYTES = 1 << 29
"""Of training pictures that samples are compared with: half a gigabyte, 170,000 of 32x32 in colour."""
SHOWN_NEIGHBOURS = 12
SHOWN_SIDE = 48
"""Pictures in a sheet are enlarged by whole factors to at most this side."""


@dataclass(frozen=True)
class GeneratorReport:
    """Distances with their floor (None where pictures are too few for them), copying (None: not looked for), leaks."""

    distances: DistanceReport | None
    copies: MemorisationReport | None
    leaks: LeakReport

    @property
    def n(self) -> int:
        """Samples that were looked at."""
        return self.distances.n if self.distances else self.leaks.samples

    def figures(self) -> dict[str, float]:
        """The headline numbers of all three, by the names that training advice knows."""
        ratio = self.copies.ratio if self.copies else None
        near = {} if ratio is None else {"memorisation": ratio}
        far = self.distances.figures() if self.distances else {}
        return {**far, **near, "leak": self.leaks.share}


@dataclass(frozen=True)
class GeneratorExaminer:
    """A generator, and the pictures it is measured against."""

    net: nn.Module
    engine: lightning_fabric.Fabric
    recipe: Recipe
    data: Pictures

    @cached_property
    def extractor(self) -> features.Extractor:
        """The measuring net of this data set: trained on its training pictures once, then kept beside the pack."""
        return extractor_of(self.data, self.recipe)

    def prepare(self) -> None:
        """Train the measuring net now, outside of anybody's time budget, if it is not there yet."""
        if len(self.data.rows["test"]) >= distance.fewest(features.DIMENSIONS):
            _ = self.extractor

    def measure(self, split: str, most: int | None = None) -> GeneratorReport:
        """As `report`, on fewer pictures: enough to see whether training still helps."""
        held_out = pictures_of(self.data, split, most)
        few = len(self.data.rows["train"]) <= COPIED
        return self._compare(self.draw(len(held_out)), held_out, LARGEST_BYTES if few else 0)

    def report(self, run: Path, images_seen: int, seconds: float) -> GeneratorReport:
        """The full measurement on the test split; writes report.json, samples and their nearest neighbours."""
        held_out = pictures_of(self.data, "test", MOST)
        samples = self.draw(max(len(held_out), PREVIEWED))
        report = self._compare(samples, held_out, LARGEST_BYTES)
        head = {"kind": "generator", "split": "test", "images_seen": images_seen, "seconds": round(seconds, 3)}
        body = {
            "distances": report.distances.to_json() if report.distances else None,
            "memorisation": report.copies.to_json() if report.copies else None,
            "leak": report.leaks.to_json(),
        }
        RunFolder(run).write_report({**head, "figures": report.figures(), **body})
        atomic.make_folder(run / layout.PICTURES)
        write_png(run / layout.PICTURES / "samples.png", sheet(samples[:PREVIEWED]))
        if report.copies is not None:
            neighbours = self._training(LARGEST_BYTES)[report.copies.nearest[:SHOWN_NEIGHBOURS]]
            shown = memorisation.neighbours_picture(samples[:SHOWN_NEIGHBOURS], neighbours)
            write_png(run / layout.PICTURES / "neighbours.png", shown)
        return report

    def preview(self) -> Picture:
        """What seeds 0 to 63 give just now, eight in a row."""
        return sheet(self.draw(PREVIEWED))

    def draw(self, count: int) -> Picture:
        """What seeds 0 to count - 1 give, uint8 (N, H, W, C)."""
        with torch.inference_mode():
            return draw(drawing(self.net, self.recipe.machine.precision), self.recipe, range(count))

    def _training(self, most_bytes: int) -> Picture:
        """As many training pictures as so many bytes hold."""
        return pictures_of(self.data, "train", most_bytes // self.data.pack.spec.picture_bytes)

    def _compare(self, samples: Picture, held_out: Picture, searched_bytes: int) -> GeneratorReport:
        few = pictures_of(self.data, "train", max(len(samples), PREVIEWED))
        training = self._training(searched_bytes)
        settings = self.recipe.objective
        groups = settings.augment if isinstance(settings, AdversarialSettings) else ()
        return GeneratorReport(
            distances(lambda: self.extractor, held_out, few, samples),
            memorisation.memorisation(samples, training, held_out) if len(training) else None,
            leak.leak(samples, few, groups),
        )


def extractor_of(data: Pictures, recipe: Recipe) -> features.Extractor:
    """The measuring net of a data set, made on the first call and stored with the pack."""
    targets = data.targets if data.classes else None
    return features.extractor(
        data.pack.pixels, data.rows["train"], targets, len(data.classes), data.pack.path, recipe.machine.threads
    )


def distances(
    extractor: Callable[[], features.Extractor], held_out: Picture, training: Picture, samples: Picture
) -> DistanceReport | None:
    """Samples against held-out pictures, with training pictures as the floor; None where there are too few of them."""
    if min(map(len, (held_out, training, samples))) < distance.fewest(features.DIMENSIONS):
        return None
    net = extractor()
    real, floor, fake = (features.features_of(net, pictures) for pictures in (held_out, training, samples))
    return distance.measure(real, floor, fake, f"{net.name} {net.hash}", seed=0)


def pictures_of(data: Pictures, split: str, most: int | None) -> Picture:
    """At most so many pictures of a split, uint8 (N, H, W, C), spread over all of it: folders come sorted by class."""
    rows = data.rows[split]
    count = len(rows) if most is None else min(most, len(rows))
    pictures: Picture = data.pack.pixels[rows[np.arange(count) * len(rows) // max(1, count)]]
    return pictures


def sheet(pictures: Picture, columns: int = 8) -> Picture:
    """A grid, small pictures enlarged by a whole factor."""
    return grid(pictures, columns=columns, scale=max(1, SHOWN_SIDE // pictures.shape[1]))

"""Examining a generator: how far its pictures are from held-out ones, and whether it copies its training pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import lightning_fabric
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch import features
from nonesuch.assembly import Pictures
from nonesuch.evaluation.sampling import draw, drawing
from nonesuch.measure import distance, leak, memorisation
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.leak import LeakReport
from nonesuch.measure.memorisation import MemorisationReport
from nonesuch.models.gan import Adversaries
from nonesuch.pixels import Picture, grid, to_signed, write_png
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, layout
from nonesuch.runs.store import RunFolder
from nonesuch.training.adversarial import AdversarialSettings, judged

MOST = 10_000
"""Pictures of each kind that a report compares: the number that published distances of small sets rest on."""
PREVIEWED = 64
COPIED = 5_000
"""Training pictures up to which copies are looked for during training too: more are not learnt by heart soon."""
LARGEST_BYTES = 1 << 29
"""Of training pictures that samples are compared with: half a gigabyte, 170,000 of 32x32 in colour."""
TELLING = 0.1
"""Logits by which training pictures must be above generated ones, before held-out ones are placed between them."""
SHOWN_NEIGHBOURS = 12
SHOWN_SIDE = 48
"""Pictures in a sheet are enlarged by whole factors to at most this side."""


@dataclass(frozen=True)
class GeneratorReport:
    """Distances with their floor (None where pictures are too few for them), copying (None: not looked for), leaks.

    gap: 0 when the critic judges held-out pictures like training pictures, 1 when like generated ones; None where there
    is no critic at hand, too few pictures, or it cannot tell real from generated anyway (Karras et al. 2020, eq. 1).
    """

    distances: DistanceReport | None
    copies: MemorisationReport | None
    leaks: LeakReport
    gap: float | None = None

    @property
    def n(self) -> int:
        """Samples that were looked at."""
        return self.distances.n if self.distances else self.leaks.samples

    def figures(self) -> dict[str, float]:
        """The headline numbers of all three, by the names that training advice knows."""
        ratio = self.copies.ratio if self.copies else None
        near = {} if ratio is None else {"memorisation": ratio}
        far = self.distances.figures() if self.distances else {}
        heart = {} if self.gap is None else {"gap": self.gap}
        return {**far, **near, **heart, "leak": self.leaks.share}


@dataclass(frozen=True)
class GeneratorExaminer:
    """A generator, and the pictures it is measured against."""

    net: nn.Module
    engine: lightning_fabric.Fabric
    recipe: Recipe
    data: Pictures
    whole: nn.Module | None = None

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
        samples = self.draw(len(held_out))
        found = self._compare(samples, held_out, LARGEST_BYTES if few else 0)
        return replace(found, gap=self._gap(split, most, samples))

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

    def _gap(self, split: str, most: int | None, samples: Picture) -> float | None:
        if not isinstance(self.whole, Adversaries):
            return None
        critic, batch = self.whole.critic, self.recipe.train.batch
        held_out, training = rows_of(self.data, split, most), rows_of(self.data, "train", most)
        if min(len(held_out), len(training), len(samples)) < batch:
            return None
        # Rows come sorted by class, and a batch of one class would be normed by itself.
        mixed = np.random.default_rng(0)
        told = self.whole.classes > 0
        drawn = torch.arange(len(samples)) % self.whole.classes if told else None

        def judge(pictures: Picture, kinds: Tensor | None) -> float:
            images = to_signed(torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2))
            with self.engine.autocast():
                return judged(critic, images.to(self.engine.device), kinds, batch)

        def of_rows(rows: NDArray[np.int64]) -> float:
            rows = mixed.permutation(rows)
            return judge(self.data.pack.pixels[rows], torch.from_numpy(self.data.targets[rows]) if told else None)

        seen, unseen, made = of_rows(training), of_rows(held_out), judge(samples, drawn)
        return (seen - unseen) / (seen - made) if seen - made > TELLING else None

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

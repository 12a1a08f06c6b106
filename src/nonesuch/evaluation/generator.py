"""Examining a generator: how far its pictures are from held-out ones, and whether it copies its training pictures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.evaluation.drawings import MOST, DrawingExaminer, pictures_of, rows_of, sheet
from nonesuch.measure import leak, memorisation
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.leak import LeakReport
from nonesuch.measure.memorisation import MemorisationReport
from nonesuch.models.gan import Adversaries
from nonesuch.pixels import Picture, to_signed, write_png
from nonesuch.runs import atomic, layout
from nonesuch.runs.store import RunFolder
from nonesuch.training.adversarial import AdversarialSettings, judged

PREVIEWED = 64
COPIED = 5_000
"""Training pictures up to which copies are looked for during training too: more are not learnt by heart soon."""
LARGEST_BYTES = 1 << 29
"""Of training pictures that samples are compared with: half a gigabyte, 170,000 of 32x32 in colour."""
TELLING = 0.1
"""Logits by which training pictures must be above generated ones, before held-out ones are placed between them."""
SHOWN_NEIGHBOURS = 12


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


class GeneratorExaminer(DrawingExaminer):
    """A generator, and the pictures it is measured against."""

    def measure(self, split: str, most: int | None = None) -> GeneratorReport:
        """As `report`, on fewer pictures: enough to see whether training still helps."""
        few = len(self.data.rows["train"]) <= COPIED
        samples = self.draw(len(rows_of(self.data, split, most)))
        found = self._compare(split, most, samples, LARGEST_BYTES if few else 0)
        return replace(found, gap=self._gap(split, most, samples))

    def report(self, run: Path, images_seen: int, seconds: float) -> GeneratorReport:
        """The full measurement on the test split; writes report.json, samples and their nearest neighbours."""
        samples = self.draw(max(len(rows_of(self.data, "test", MOST)), PREVIEWED))
        report = self._compare("test", MOST, samples, LARGEST_BYTES)
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

    def _compare(self, split: str, most: int | None, samples: Picture, searched_bytes: int) -> GeneratorReport:
        held_out = pictures_of(self.data, split, most)
        few = pictures_of(self.data, "train", max(len(samples), PREVIEWED))
        training = self._training(searched_bytes)
        settings = self.recipe.objective
        groups = settings.augment if isinstance(settings, AdversarialSettings) else ()
        return GeneratorReport(
            self.distances(split, most, samples),
            memorisation.memorisation(samples, training, held_out) if len(training) else None,
            leak.leak(samples, few, groups),
        )

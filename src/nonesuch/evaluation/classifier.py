"""Examining a classifier: accuracy, confusion, answers right and wrong on pictures it has not seen."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.assembly import Pictures
from nonesuch.evaluation.examiner import evaluating
from nonesuch.measure import charts, labels
from nonesuch.measure.labels import LabelsReport
from nonesuch.pixels import Picture, write_png
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, layout
from nonesuch.runs.store import RunFolder
from nonesuch.training.classify import ClassifySettings, predict

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SHOWN_RIGHT, SHOWN_WRONG = 12, 12


@dataclass(frozen=True)
class ClassifierExaminer:
    """A classifier and the pictures it is measured on."""

    net: nn.Module
    engine: "Fabric"
    recipe: Recipe
    data: Pictures
    whole: nn.Module | None = None

    def prepare(self) -> None:
        """Nothing is needed."""

    def measure(self, split: str, most: int | None = None) -> LabelsReport:
        """Figures on a split, or on its first `most` pictures."""
        pixels, targets = self.data.tensors(split, most)
        logits = logits_of(self.net, self.engine, self.recipe, pixels)
        return labels.measure(logits, targets, self.data.classes, self.recipe.seed)

    def report(self, run: Path, images_seen: int, seconds: float) -> LabelsReport:
        """Measure on the test split; write report.json, the confusion matrix and answers right and wrong."""
        pixels, targets = self.data.tensors("test")
        logits = logits_of(self.net, self.engine, self.recipe, pixels)
        report = labels.measure(logits, targets, self.data.classes, self.recipe.seed)
        head = {"kind": "labels", "split": "test", "images_seen": images_seen, "seconds": round(seconds, 3)}
        RunFolder(run).write_report({**head, "figures": report.figures(), **report.to_json()})
        atomic.make_folder(run / layout.PICTURES)
        write_png(run / layout.PICTURES / "confusion.png", charts.confusion_picture(report))
        write_png(run / layout.PICTURES / "answers.png", answers(pixels, targets, logits, self.data.classes))
        return report

    def preview(self) -> Picture | None:
        """A classifier draws nothing."""
        return None


def logits_of(net: nn.Module, fabric: "Fabric", recipe: Recipe, pixels: Tensor) -> Tensor:
    """Log-probabilities of packed pictures; whether the net is training is left as it was found."""
    assert isinstance(recipe.objective, ClassifySettings)
    with evaluating(net), fabric.autocast():
        return predict(net, pixels, recipe.objective.test_views, device=recipe.machine.device)


def probabilities_of(net: nn.Module, recipe: Recipe, pixels: Tensor) -> Tensor:
    """What the net says of single pictures, (N, classes), in float32 whatever it was trained in.

    In bfloat16 the third digit is noise: a published page and an exported file would seem to be of another net.
    """
    assert isinstance(recipe.objective, ClassifySettings)
    with evaluating(net):
        return predict(net, pixels, recipe.objective.test_views, device=recipe.machine.device).exp()


def answers(pixels: Tensor, targets: Tensor, logits: Tensor, classes: tuple[str, ...]) -> np.ndarray:
    """A picture of right answers, evenly spread, and of the most confident wrong ones."""
    chosen = labels.worst_mistakes(logits, targets, SHOWN_WRONG)
    right = (logits.argmax(1) == targets).nonzero().flatten()
    spread = right[torch.linspace(0, len(right) - 1, min(SHOWN_RIGHT, len(right))).long()] if len(right) else right
    rows = torch.cat([spread, torch.as_tensor(chosen, dtype=torch.int64)])
    best = logits[rows].softmax(1).max(1)
    return charts.answers_picture(
        pixels[rows].permute(0, 2, 3, 1).contiguous().numpy(),
        [classes[int(target)] for target in targets[rows]],
        [classes[int(index)] for index in best.indices],
        best.values.tolist(),
    )

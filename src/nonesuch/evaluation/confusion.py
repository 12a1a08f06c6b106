"""The pictures behind the cells of a confusion matrix: which test picture was answered how, as it was measured."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nonesuch.assembly import engine, reopen
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.classifier import logits_of
from nonesuch.evaluation.run import Run


@dataclass(frozen=True, eq=False)
class Answered:
    """One row of the matrix: the test pictures of one class, (n,) each, and what a classifier says of them.

    places: in the test split. answers: class numbers. sure: the probability of that answer. They are asked as
    `ClassifierExaminer.report` asks, so that their counts are those of report.json.
    """

    classes: tuple[str, ...]
    places: NDArray[np.int64]
    answers: NDArray[np.int64]
    sure: NDArray[np.float32]

    def counts(self) -> NDArray[np.int64]:
        """(classes,): how many of them were answered as each class."""
        return np.bincount(self.answers, minlength=len(self.classes))

    def called(self, answer: int) -> list[tuple[int, float]]:
        """(place, sure) of those that were answered so, the surest first. Raises RecipeError for an unknown class."""
        _check(answer, self.classes)
        rows = np.flatnonzero(self.answers == answer)
        order = rows[np.argsort(-self.sure[rows], kind="stable")]
        return [(int(self.places[row]), float(self.sure[row])) for row in order]


def answered(run: Run, truth: int) -> Answered:
    """Ask a classifier about all test pictures of one class.

    Raises RunError for another kind of run, RecipeError for an unknown class, DataError when the pictures are gone.
    """
    if run.recipe.kind != "cnn":
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}; only a cnn takes one class for another")
    data = reopen(run.recipe.data)
    _check(truth, data.classes)
    rows = data.rows["test"]
    places = np.flatnonzero(data.targets[rows] == truth)
    if not len(places):
        return Answered(data.classes, places, places.copy(), np.zeros(0, np.float32))
    pixels = torch.from_numpy(data.pack.pixels[rows[places]]).permute(0, 3, 1, 2)
    best = logits_of(run.net, engine(run.recipe.machine), run.recipe, pixels).softmax(1).max(1)
    return Answered(data.classes, places, best.indices.cpu().numpy(), best.values.float().cpu().numpy())


def _check(number: int, classes: tuple[str, ...]) -> None:
    if not 0 <= number < len(classes):
        raise RecipeError(f"there are classes 0 to {len(classes) - 1}; found {number}")

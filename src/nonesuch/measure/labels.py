"""How well a classifier names pictures it has not seen: accuracy, per-class figures, calibration, worst mistakes.

Everything is counted with numpy in float64 rather than with torchmetrics: the confusion matrix is one bincount from
which the other figures follow, while importing torchmetrics takes a second and its accumulators are float32. The tests
hold the numbers against scikit-learn's and torchmetrics'.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.errors import DataError, DivergedError
from nonesuch.measure.bootstrap import Interval, share_interval
from nonesuch.measure.calibration import Calibration, calibrate

TOP = 5
TOP_FROM_CLASSES = 10
"""Top-5 accuracy says little when there are fewer classes than this."""
MISTAKES = 64
"""Most mistakes a report lists."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class. precision: of those called so, the share that is; recall: of those that are, the share called so.

    None where the figure is 0 / 0: precision of a class never answered, recall of one without examples, F1 of neither.
    """

    name: str
    support: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "name": self.name, "support": self.support, "answered": self.answered,
            "precision": self.precision, "recall": self.recall, "f1": self.f1,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer: row of the example, its true class, the class answered, the probability given to that."""

    index: int
    truth: int
    answer: int
    confidence: float

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {"index": self.index, "truth": self.truth, "answer": self.answer, "confidence": self.confidence}


@dataclass(frozen=True, slots=True)
class LabelsReport:
    """What `measure` found. All shares are in [0, 1]; `confusion[t][a]` counts examples of class t answered as a.

    accuracy_interval: percentile bootstrap over the examples. top5: None with fewer than 10 classes. cross_entropy:
    mean of -log p(truth), in nats. balanced_accuracy: mean recall of the classes with examples; macro_f1: mean F1 of
    the classes that occur. mistakes: the most confident first, at most 64 of them.
    """

    n: int
    seed: int
    classes: tuple[str, ...]
    accuracy: float
    accuracy_interval: Interval
    balanced_accuracy: float
    macro_f1: float
    top5: float | None
    cross_entropy: float
    calibration: Calibration
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]

    def figures(self) -> dict[str, float]:
        """The headline numbers, those without a value left out."""
        named = {
            "accuracy": self.accuracy, "accuracy_low": self.accuracy_interval.low,
            "accuracy_high": self.accuracy_interval.high, "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1, "top5": self.top5, "cross_entropy": self.cross_entropy,
            "calibration_error": self.calibration.error, "n": float(self.n),
        }  # fmt: skip
        return {name: value for name, value in named.items() if value is not None}

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON: null for 0 / 0, never NaN or infinity."""
        return {
            "n": self.n,
            "seed": self.seed,
            "classes": list(self.classes),
            "accuracy": self.accuracy,
            "accuracy_interval": self.accuracy_interval.to_json(),
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "top5": self.top5,
            "cross_entropy": self.cross_entropy,
            "calibration": self.calibration.to_json(),
            "per_class": [figures.to_json() for figures in self.per_class],
            "confusion": [list(row) for row in self.confusion],
            "mistakes": [mistake.to_json() for mistake in self.mistakes],
        }


def measure(logits: Tensor, targets: Tensor, classes: Sequence[str], seed: int) -> LabelsReport:
    """Figures of a classifier.

    `logits`: (N, classes), any float type, up to a constant per row (so log-probabilities will do). `targets`: (N,)
    class numbers. `seed` draws the bootstrap. Of equal logits the first is the answer. Raises DataError without
    examples, DivergedError when a logit is NaN or infinite, ValueError when the shapes or the targets do not fit.
    """
    scores, truths = _checked(logits, targets, classes)
    answers = scores.argmax(axis=1)
    log_probabilities = _log_softmax(scores)
    hits = answers == truths
    confusion = np.bincount(truths * len(classes) + answers, minlength=len(classes) ** 2).reshape(len(classes), -1)
    per_class = tuple(_class_figures(confusion, index, name) for index, name in enumerate(classes))
    return LabelsReport(
        n=len(truths),
        seed=seed,
        classes=tuple(classes),
        accuracy=float(hits.mean()),
        accuracy_interval=share_interval(int(hits.sum()), len(hits), seed),
        balanced_accuracy=_mean([figures.recall for figures in per_class]),
        macro_f1=_mean([figures.f1 for figures in per_class]),
        top5=_top(scores, truths) if len(classes) >= TOP_FROM_CLASSES else None,
        cross_entropy=float(-log_probabilities[np.arange(len(truths)), truths].mean()),
        calibration=calibrate(log_probabilities, truths),
        per_class=per_class,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        mistakes=_mistakes(log_probabilities, truths, MISTAKES),
    )


def worst_mistakes(logits: Tensor, targets: Tensor, most: int) -> list[int]:
    """Rows of at most `most` wrong answers, those the net was surest of first; (N, classes) and (N,)."""
    scores = logits.detach().cpu().double().numpy()
    return [mistake.index for mistake in _mistakes(_log_softmax(scores), targets.cpu().numpy(), most)]


def _checked(logits: Tensor, targets: Tensor, classes: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if logits.ndim != 2 or targets.shape != logits.shape[:1] or logits.shape[1] != len(classes):
        raise ValueError(
            f"logits (N, classes) and targets (N,) of {len(classes)} classes are needed, "
            f"got {tuple(logits.shape)} and {tuple(targets.shape)}"
        )
    if not len(targets):
        raise DataError("nothing to measure: this split holds no pictures; add pictures or enlarge its share")
    scores: NDArray[np.float64] = logits.detach().cpu().double().numpy()
    truths: NDArray[np.int64] = targets.cpu().long().numpy()
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).any(axis=1).sum())
        raise DivergedError(
            f"the net's answers to {bad} of {len(scores)} pictures are not finite; train with a lower rate"
        )
    if truths.min() < 0 or truths.max() >= len(classes):
        raise ValueError(f"targets lie in [0, {len(classes) - 1}], found {truths.min()} to {truths.max()}")
    return scores, truths


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _class_figures(confusion: NDArray[np.int64], index: int, name: str) -> ClassFigures:
    hits, support, answered = int(confusion[index, index]), int(confusion[index].sum()), int(confusion[:, index].sum())
    return ClassFigures(
        name=name,
        support=support,
        answered=answered,
        precision=hits / answered if answered else None,
        recall=hits / support if support else None,
        f1=2 * hits / (support + answered) if support + answered else None,
    )


def _mean(values: Sequence[float | None]) -> float:
    present = [value for value in values if value is not None]
    return sum(present) / len(present)


def _top(scores: NDArray[np.float64], truths: NDArray[np.int64]) -> float:
    """Share of examples whose class is among the TOP best; equal scores rank by class number, as in argmax."""
    own = scores[np.arange(len(truths)), truths][:, None]
    earlier = np.arange(scores.shape[1]) < truths[:, None]
    ahead = (scores > own) | ((scores == own) & earlier)
    return float((ahead.sum(axis=1) < TOP).mean())


def _mistakes(log_probabilities: NDArray[np.float64], truths: NDArray[np.int64], most: int) -> tuple[Mistake, ...]:
    answers = log_probabilities.argmax(axis=1)
    confidence = np.exp(log_probabilities.max(axis=1))
    wrong = np.flatnonzero(answers != truths)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return tuple(Mistake(int(i), int(truths[i]), int(answers[i]), float(confidence[i])) for i in order)

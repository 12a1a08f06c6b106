"""What a classifier loses without some of its units: on held-out pictures, class by class, and for one picture."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.assembly import engine, reopen
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation.classifier import logits_of, probabilities_of
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.run import Run
from nonesuch.lens.ablation import answers_without, scaled
from nonesuch.measure.bootstrap import Interval, interval
from nonesuch.pixels import to_signed
from nonesuch.training.classify import predict

ASKED = 2000
"""Test pictures that are asked about unless somebody wants more."""


@dataclass(frozen=True, eq=False)
class Effect:
    """Answers to n test pictures, before and after units were scaled.

    accuracy before and after; `lost`: the difference, in [-1, 1], with its interval over the same pictures, in pairs.
    recall_before, recall_after (classes,): share of each class's pictures that is named, NaN for a class without any.
    """

    n: int
    before: float
    after: float
    lost: Interval
    recall_before: tuple[float, ...]
    recall_after: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Ablation(Effect):
    """The effect of scaling `units` of one layer by `factor`."""

    layer: str
    units: tuple[int, ...]
    factor: float


@dataclass(frozen=True)
class UnitLoss:
    """Accuracy that is lost without one unit, with its interval in pairs, and the class that suffers most."""

    unit: int
    lost: float
    interval: Interval
    worst: str
    worst_lost: float


@dataclass(frozen=True)
class Ranking:
    """The units of a layer, those first without which most is lost; accuracy with all of them on n test pictures."""

    layer: str
    n: int
    accuracy: float
    units: tuple[UnitLoss, ...]


def ablate(run: Run, layer: str, units: Sequence[int], factor: float = 0.0, most: int = ASKED) -> Ablation:
    """Scale units of a layer (0 switches them off) and ask again about at most `most` test pictures.

    Raises RunError unless a classifier, NetError for a layer or unit that does not exist, RecipeError for a factor
    that is no number, DataError when the pictures are gone or have changed.
    """
    found = effect(run, [(layer, units, factor)], most)
    return Ablation(**vars(found), layer=layer, units=tuple(units), factor=factor)


def effect(run: Run, switches: Sequence[tuple[str, Sequence[int], float]], most: int = ASKED) -> Effect:
    """Like `ablate`, of several layers at once: (layer, units, factor) each. Raises as `ablate`."""
    pixels, targets = _asked(run, most)
    before = _answers(run, pixels)
    with ExitStack() as stack:
        for layer, units, factor in switches:
            stack.enter_context(switched(run, layer, units, factor))
        after = _answers(run, pixels)
    hits = [(answers == targets).numpy() for answers in (before, after)]
    return Effect(
        n=len(targets),
        before=float(hits[0].mean()),
        after=float(hits[1].mean()),
        lost=interval(hits[0].astype(float) - hits[1], run.recipe.seed),
        recall_before=_recalls(before, targets, len(run.classes)),
        recall_after=_recalls(after, targets, len(run.classes)),
    )


def probabilities(run: Run, file: str | Path, layer: str, units: Sequence[int], factor: float = 0.0) -> Tensor:
    """Of a picture file, before and after: (2, classes). Raises as `ablate`, DataError for what is no picture."""
    _require(run)
    (found,) = run.read([file])
    if isinstance(found, Reject):
        raise DataError(f"{found.name}: {found.reason}")
    before = probabilities_of(run.net, run.recipe, found[1])
    with switched(run, layer, units, factor):
        after = probabilities_of(run.net, run.recipe, found[1])
    return torch.cat([before, after])


def ranking(run: Run, layer: str, most: int = ASKED) -> Ranking:
    """Each unit of a layer switched off alone, on the same pictures. Raises as `ablate`.

    Of pictures one view is asked about, also of a run that averages several.
    """
    pixels, targets = _asked(run, most)
    images = to_signed(pixels).contiguous(memory_format=torch.channels_last)
    with evaluating(run.net), engine(run.recipe.machine).autocast():
        hits = predict(run.net, pixels, device=run.recipe.machine.device).argmax(1) == targets
        without = answers_without(run.net, images.to(run.recipe.machine.device), layer)
    truths = targets.numpy()
    losses = [
        _loss(run, unit, hits.numpy().astype(float) - (answers == targets).numpy(), truths)
        for unit, answers in enumerate(without)
    ]
    return Ranking(layer, len(truths), float(hits.double().mean()), tuple(sorted(losses, key=lambda each: -each.lost)))


def _loss(run: Run, unit: int, lost: NDArray[np.float64], truths: NDArray[np.int64]) -> UnitLoss:
    by_class = {int(each): float(lost[truths == each].mean()) for each in np.unique(truths)}
    worst = max(by_class, key=lambda each: by_class[each])
    return UnitLoss(unit, float(lost.mean()), interval(lost, run.recipe.seed), run.classes[worst], by_class[worst])


def switched(run: Run, layer: str, units: Sequence[int], factor: float) -> AbstractContextManager[None]:
    """Within, these units of the run's own net hand on `factor` times what they found."""
    _require(run)
    if not np.isfinite(factor):
        raise RecipeError(f"units are scaled by a number, 0 switches them off; found {factor}")
    height, width = run.recipe.data.size
    return scaled(run.net, torch.zeros(run.recipe.data.channels, height, width), layer, units, factor)


def _require(run: Run) -> None:
    if run.recipe.kind != "cnn":
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}, which names nothing; take a cnn")


def _asked(run: Run, most: int) -> tuple[Tensor, Tensor]:
    """Test pictures uint8 (n, C, H, W), spread over all of them, and their classes (n,)."""
    _require(run)
    data = reopen(run.recipe.data)
    rows = rows_of(data, "test", most)
    if len(rows) < 1:
        raise DataError("no pictures are held out for testing; add pictures or enlarge data.test_share")
    return torch.from_numpy(data.pack.pixels[rows]).permute(0, 3, 1, 2), torch.from_numpy(data.targets[rows])


def _answers(run: Run, pixels: Tensor) -> Tensor:
    return logits_of(run.net, engine(run.recipe.machine), run.recipe, pixels).argmax(1)


def _recalls(answers: Tensor, targets: Tensor, classes: int) -> tuple[float, ...]:
    return tuple(float((answers[targets == each] == each).double().mean()) for each in range(classes))

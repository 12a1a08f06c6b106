"""A linear net or an MLP beside a CNN on the same test pictures: its templates, and where they fail."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nonesuch.assembly import Pictures, engine, reopen
from nonesuch.errors import DataError, RunError
from nonesuch.evaluation.classifier import logits_of
from nonesuch.evaluation.drawings import MOST, rows_of
from nonesuch.evaluation.run import Run
from nonesuch.lens.templates import averages, templates, unit_pictures
from nonesuch.measure.bootstrap import Interval, share_interval
from nonesuch.pixels import Picture, to_signed

SLOPED = 1000
"""Training pictures over which an MLP's slopes are averaged."""
LARGEST_BYTES = 1 << 29
"""Of the pictures that are looked at at once."""


@dataclass(frozen=True, eq=False)
class Scores:
    """One run on n test pictures: its name, accuracy with interval, and log-probabilities (n, classes)."""

    name: str
    accuracy: float
    interval: Interval
    logits: Tensor

    @property
    def answers(self) -> Tensor:
        """The class answered (n,)."""
        return self.logits.argmax(1)


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What `compare` found.

    pictures (n, H, W, C) uint8 are the test pictures, targets (n,) their classes. templates (classes, C, H, W): in
    logits per unit of a pixel in [-1, 1]. units (units, C, H, W): weights of the first hidden layer, None of a linear
    net. averages (classes, C, H, W) in [-1, 1]: mean training pictures, NaN for a class without any.
    plain: the linear net or MLP. other: the run it is compared with, None where there was none. failures: rows that
    `plain` gets wrong and `other`, if there is one, does not, those it was surest of first.
    """

    classes: tuple[str, ...]
    pictures: Picture
    targets: Tensor
    templates: Tensor
    units: Tensor | None
    averages: Tensor
    plain: Scores
    other: Scores | None
    failures: tuple[int, ...]

    def counts(self) -> tuple[int, int, int, int]:
        """Test pictures that both name rightly, only `plain`, only `other`, and neither."""
        first = self.plain.answers == self.targets
        second = torch.zeros_like(first) if self.other is None else self.other.answers == self.targets
        found = (first & second, first & ~second, ~first & second, ~first & ~second)
        both, only_plain, only_other, neither = (int(each.sum()) for each in found)
        return both, only_plain, only_other, neither


def compare(plain: Run, other: Run | None = None) -> SideBySide:
    """A linear net's or MLP's templates, and its answers to test pictures beside those of another classifier.

    Raises RunError unless both hold classifiers of the same pictures, labels and split; NetError when the first begins
    with anything but a dense layer; DataError when the pictures are gone or have changed.
    """
    for run in (plain, *([] if other is None else [other])):
        if run.recipe.kind != "cnn":
            raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}; templates are those of a classifier")
    if other is not None and other.recipe.data.model_dump(exclude=_FREE) != plain.recipe.data.model_dump(exclude=_FREE):
        raise RunError(
            f"{plain.folder.path.name} and {other.folder.path.name} were trained on other pictures, sizes, labels or "
            "splits; train both on the same data"
        )
    units = unit_pictures(plain.net, _shape(plain))
    data = reopen(plain.recipe.data)
    pixels, targets = _some(data, "test", MOST)
    if not len(targets):
        raise DataError("no pictures are held out for testing; add pictures or enlarge data.test_share")
    training, kinds = _some(data, "train", None)
    sloped = to_signed(training[:: max(1, len(training) // SLOPED)][:SLOPED])
    scores = _scores(plain, pixels, targets)
    beside = None if other is None else _scores(other, pixels, targets)
    return SideBySide(
        classes=plain.classes,
        pictures=pixels.permute(0, 2, 3, 1).contiguous().numpy(),
        targets=targets,
        templates=templates(plain.net, sloped),
        units=units if plain.recipe.net.name != "linear" else None,
        averages=averages(training, kinds, len(plain.classes)) / 127.5 - 1,
        plain=scores,
        other=beside,
        failures=_failures(scores, beside, targets),
    )


_FREE = {"source"}
"""A folder that was moved holds the same pictures."""


def _shape(run: Run) -> tuple[int, int, int]:
    return (run.recipe.data.channels, *run.recipe.data.size)


def _some(data: Pictures, split: str, most: int | None) -> tuple[Tensor, Tensor]:
    """As many pictures of a split as LARGEST_BYTES hold, uint8 (N, C, H, W), and their classes (N,)."""
    held = LARGEST_BYTES // data.pack.spec.picture_bytes
    rows = rows_of(data, split, held if most is None else min(most, held))
    return torch.from_numpy(data.pack.pixels[rows]).permute(0, 3, 1, 2), torch.from_numpy(data.targets[rows])


def _scores(run: Run, pixels: Tensor, targets: Tensor) -> Scores:
    logits = logits_of(run.net, engine(run.recipe.machine), run.recipe, pixels)
    hits = int((logits.argmax(1) == targets).sum())
    interval = share_interval(hits, len(targets), run.recipe.seed)
    return Scores(run.folder.path.name, hits / len(targets), interval, logits)


def _failures(plain: Scores, other: Scores | None, targets: Tensor) -> tuple[int, ...]:
    missed = plain.answers != targets
    if other is not None:
        missed &= other.answers == targets
    rows = missed.nonzero().flatten()
    sure = plain.logits[rows].max(1).values
    return tuple(rows[sure.argsort(descending=True, stable=True)].tolist())

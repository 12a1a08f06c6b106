"""A dozen held-out pictures, always the same, and what a classifier says of them at any moment of its training."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nonesuch.assembly import Pictures, reopen
from nonesuch.errors import RunError
from nonesuch.evaluation.classifier import probabilities_of
from nonesuch.evaluation.run import Run
from nonesuch.pixels import Picture

COUNT = 12


@dataclass(frozen=True, eq=False)
class Watched:
    """The pictures that are watched (N, H, W, C) uint8, and the class of each, int64 (N,).

    rows: which of the pack.    places: which of the split, counted from 0.
    """

    rows: tuple[int, ...]
    places: tuple[int, ...]
    pictures: Picture
    truth: Tensor
    split: Literal["val", "test"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What the net says after so many images: probabilities (N, classes), and right (N,) where its first is true."""

    images_seen: int
    probabilities: Tensor
    right: Tensor


def watched(run: Run, count: int = COUNT, data: Pictures | None = None) -> Watched:
    """Held-out pictures of a classifier's run, of all classes in turn: a function of the data alone.

    From the test split, or where that is empty from validation. Raises RunError for another kind of run.
    """
    if run.recipe.kind != "cnn":
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}; only a cnn names what it sees")
    data = data or reopen(run.recipe.data)
    split: Literal["val", "test"] = "test" if len(data.rows["test"]) else "val"
    rows = torch.from_numpy(data.rows[split])
    targets = torch.from_numpy(data.targets)[rows]
    # The n-th picture of each class in turn, so that the first dozen shows as many classes as there are.
    turns = torch.zeros(len(rows), dtype=torch.int64)
    for kind in range(len(data.classes)):
        turns[targets == kind] = torch.arange(int((targets == kind).sum()))
    chosen = torch.argsort(turns * (len(data.classes) + 1) + targets, stable=True)[:count]
    shown = rows[chosen].numpy()
    return Watched(
        tuple(int(row) for row in shown),
        tuple(chosen.tolist()),
        data.pack.pixels[shown].copy(),
        targets[chosen],
        split,
    )


def answers(past: Run, pictures: Watched) -> Answers:
    """What a run, as it is or as it was at a moment (`evaluation.history.at`), says of the watched pictures."""
    pixels = torch.from_numpy(pictures.pictures).permute(0, 3, 1, 2)
    probabilities = probabilities_of(past.net, past.recipe, pixels)
    return Answers(past.images_seen, probabilities, probabilities.argmax(1) == pictures.truth)

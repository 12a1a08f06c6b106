"""Directions and ways that a person finds by pictures: from two piles of them, and by a classifier as compass.

All of it needs torch, and runs in the thread for nets.
"""

import numpy as np
import torch
from torch import Tensor

from nonesuch.evaluation.compass import towards
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.run import Run
from nonesuch.models.gan import Generator
from nonesuch.studio.walking import code_of, drawer, told, told_class
from nonesuch.studio.wire import latent as wire
from nonesuch.studio.wire.base import Block

SEEN = 1000
"""Codes from which the spread along a direction is told: what a person waits for is no task."""


def parted(run: Run, asked: wire.PilesAsked) -> wire.FoundDirection:
    """The direction between two piles. Raises RunError for a classifier, RecipeError for piles with the same mean."""
    size = drawer(run).latent
    having, lacking = (
        torch.stack([code_of(point, size) for point in points]) for points in (asked.having, asked.lacking)
    )
    return told(Space(run, SEEN).between(having, lacking, asked.name))


def followed(run: Run, guide: Run, asked: wire.CompassAsked) -> wire.CompassWay:
    """The way by a compass. Raises RunError unless the guide is a classifier, RecipeError for a class that it lacks."""
    net = drawer(run)
    start = code_of(asked.start, net.latent)
    way = towards(Space(run), guide, asked.towards, Places(start[None], _class(run, asked.named)), asked.steps)
    steps = torch.linspace(0, len(way.path) - 1, min(asked.shown, len(way.path))).round().long()
    codes = way.path[steps]
    return wire.CompassWay(
        codes=Block.of(np.asarray(codes, np.float32)),
        steps=steps.tolist(),
        pictures=Block.of(run.drawn_at(codes, told_class(run, asked.named))),
        probabilities=way.probabilities.tolist(),
        resized=way.resized,
    )


def _class(run: Run, named: str | None) -> Tensor | None:
    """The class that a conditional generator is told, as `Run.drawn_at` does: the first where none is named."""
    if not isinstance(run.net, Generator) or not run.net.classes:
        return None
    return torch.tensor([run.classes.index(named) if named in run.classes else 0])

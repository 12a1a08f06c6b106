"""Lets the units of a layer dream."""

import numpy as np

from nonesuch.studio.wire.base import Block
from nonesuch.studio.wire.network_tasks import DreamLine, DreamsAsked, DreamsFound
from nonesuch.studio.work.desk import Desk

AT_ONCE = 8
"""Units that are dreamt together; between two such groups a person sees how far it is."""


def do(asked: DreamsAsked, desk: Desk) -> DreamsFound:
    """Dream. Raises RunError for a generator, NetError for an unknown layer or unit, DataError."""
    from nonesuch.evaluation.dreams import Dream, DreamSettings, aims, dreams
    from nonesuch.evaluation.run import Run
    from nonesuch.lens.dream import Aim

    run = Run(desk.places.run(asked.run))
    (whole,) = aims(run, [asked.layer])
    units = tuple(asked.units) or whole.units
    settings = DreamSettings(seed=asked.seed, steps=asked.steps, reach=asked.reach)
    found: list[Dream] = []
    for start in range(0, len(units), AT_ONCE):
        desk.say(start, len(units), "units")
        found += dreams(run, [Aim(asked.layer, units[start : start + AT_ONCE])], settings, limit=4000)
    desk.say(len(units), len(units), "units")
    return DreamsFound(
        run=asked.run,
        layer=asked.layer,
        dreams=[
            DreamLine(unit=unit, name=each.name, value=each.value, best=each.best, mean=each.mean, spread=each.spread)
            for unit, each in zip(units, found, strict=True)
        ],
        pictures=Block.of(np.stack([each.picture for each in found])),
        reals=Block.of(np.stack([each.real for each in found])),
    )

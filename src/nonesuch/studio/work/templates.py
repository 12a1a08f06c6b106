"""Lays what a linear net or an MLP has learnt beside a CNN."""

import numpy as np

from nonesuch.studio.wire.base import Block
from nonesuch.studio.wire.network_tasks import Missed, TemplatesAsked, TemplatesFound
from nonesuch.studio.work.desk import Desk

MOST_UNITS, MOST_MISSED = 100, 24


def do(asked: TemplatesAsked, desk: Desk) -> TemplatesFound:
    """Compare. Raises RunError unless both hold classifiers of the same data, NetError for a net with convolutions."""
    from nonesuch.evaluation.run import Run
    from nonesuch.evaluation.templates import Scores, compare
    from nonesuch.lens.show import signed_pictures
    from nonesuch.pixels import to_pixels

    desk.say(0, 0, "asking both nets about the test pictures")
    runs = [Run(desk.places.run(each)) for each in (asked.run, asked.beside) if each is not None]
    found = compare(*runs)
    shown = list(found.failures[:MOST_MISSED])

    def line(scores: Scores) -> list[float | None]:
        return [scores.accuracy, scores.interval.low, scores.interval.high]

    return TemplatesFound(
        run=asked.run,
        beside=asked.beside,
        classes=list(found.classes),
        templates=Block.of(signed_pictures(found.templates)),
        averages=Block.of(to_pixels(found.averages.nan_to_num()).permute(0, 2, 3, 1).contiguous().numpy()),
        units=None if found.units is None else Block.of(signed_pictures(found.units[:MOST_UNITS])),
        plain=line(found.plain),
        other=None if found.other is None else line(found.other),
        counts=list(found.counts()),
        missed=[
            Missed(
                truth=int(found.targets[row]),
                plain=int(found.plain.answers[row]),
                beside=None if found.other is None else int(found.other.answers[row]),
            )
            for row in shown
        ],
        missed_pictures=Block.of(np.ascontiguousarray(found.pictures[shown])),
    )

"""Switches each unit of a layer off alone, over held-out pictures."""

from nonesuch.studio.wire.network_tasks import RankingAsked, RankingFound, UnitLine
from nonesuch.studio.work.desk import Desk


def do(asked: RankingAsked, desk: Desk) -> RankingFound:
    """Rank. Raises RunError unless a classifier, NetError for an unknown layer, DataError."""
    from nonesuch.evaluation.ablation import ranking
    from nonesuch.evaluation.run import Run

    desk.say(0, 0, "switching units off, one by one")
    found = ranking(Run(desk.places.run(asked.run)), asked.layer, asked.most)
    return RankingFound(
        run=asked.run,
        layer=found.layer,
        n=found.n,
        accuracy=found.accuracy,
        units=[
            UnitLine(
                unit=each.unit,
                lost=each.lost,
                low=each.interval.low,
                high=each.interval.high,
                worst=each.worst,
                worst_lost=each.worst_lost,
            )
            for each in found.units
        ],
    )

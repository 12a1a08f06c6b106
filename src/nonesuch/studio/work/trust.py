"""Measures how far each kind of heat map is to be trusted, over held-out pictures."""

from typing import TYPE_CHECKING

from nonesuch.studio.wire.network_tasks import StandingLine, TrustAsked, TrustFound
from nonesuch.studio.work.desk import Desk

if TYPE_CHECKING:
    from torch import Tensor


def do(asked: TrustAsked, desk: Desk) -> TrustFound:
    """Measure. Raises RunError unless a classifier, DataError."""
    from nonesuch.evaluation.run import Run
    from nonesuch.evaluation.trust import trust

    desk.say(0, 0, "taking pixels away in the order of each map")
    found = trust(Run(desk.places.run(asked.run)), asked.count)

    def curves(several: "dict[str, Tensor]") -> dict[str, list[float | None]]:
        return {name: values.tolist() for name, values in several.items()}

    return TrustFound(
        run=asked.run,
        pictures=found.pictures,
        standings=[
            StandingLine(
                method=each.method,
                deletion=each.deletion,
                insertion=each.insertion,
                gap=each.gap,
                low=None if each.interval is None else each.interval.low,
                high=None if each.interval is None else each.interval.high,
            )
            for each in found.standings
        ],
        shares=list(found.shares),
        most=curves(found.most),
        least=curves(found.least),
    )

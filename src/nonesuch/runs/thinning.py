"""A run's log for a chart: of its many steps some, evenly chosen; everything else whole; and where the log ends."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nonesuch.runs.events_log import event_of
from nonesuch.runs.layout import EVENTS
from nonesuch.runs.reading import open_inside

MOST_BYTES = 64 << 20
MOST_OTHERS = 4000
# Quotes inside a text are escaped in JSON, so that this is found only where it is the event's own kind.
_STEP = re.compile(rb'"kind": ?"stepped"')


@dataclass(frozen=True, slots=True)
class Thinned:
    """Events in their order. `lines`: how many the log holds; `end`: the byte behind the last, to follow it from."""

    events: list[dict[str, object]]
    lines: int
    end: int


def thinned(run: Path, points: int) -> Thinned:
    """At most `points` steps (2 at least, the first and the last among them) and all other events of the log.

    Lines are looked at as bytes and only the chosen ones parsed, so that a long log costs little. Of a log over 64 MiB
    its end is read. Raises RunError when events.jsonl is no plain file.
    """
    try:
        file = open_inside(run, EVENTS)
    except FileNotFoundError:
        return Thinned([], 0, 0)
    with os.fdopen(file, "rb") as log:
        size = os.fstat(file).st_size
        start = max(0, size - MOST_BYTES)
        log.seek(start)
        data = log.read(MOST_BYTES)
    whole = data.rfind(b"\n") + 1
    lines = data[:whole].split(b"\n")[1 if start else 0 : -1]
    steps = [place for place, line in enumerate(lines) if _STEP.search(line)]
    others = sorted(set(range(len(lines))).difference(steps))
    chosen = sorted([*_spread(steps, max(2, points)), *_spread(others, MOST_OTHERS)])
    return Thinned([event_of(lines[place]) for place in chosen], len(lines), start + whole)


def _spread(places: Sequence[int], most: int) -> list[int]:
    """At most `most` of the places, evenly spread, the first and the last among them."""
    if len(places) <= most:
        return list(places)
    return [places[round(step * (len(places) - 1) / (most - 1))] for step in range(most)]

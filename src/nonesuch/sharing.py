"""Threads beside other programs: a training takes no more than the processors that others leave free.

Torch's threads wait for each other after every parallel piece of a step. Where one of them shares its processor with
another program, each of these waits lasts until the scheduler gives it a turn, some milliseconds, and the step of a
small GAN has thousands of pieces (LOG, two trainings at once). Fewer threads with nobody to wait for are quicker.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from nonesuch.machine import usable_processors

STAT = Path("/proc/stat")
FIRST_WINDOW_SECONDS, WINDOW_SECONDS = 0.5, 5.0
"""Between two looks; what others take is their mean over this time."""
CALM_WINDOWS = 2
"""More threads again only after so many looks that all allow it, as programs that stop often go on."""
SLACK = 0.25
"""What others may take of a processor before a thread there is better left out (LOG, who shares a processor)."""


@dataclass(frozen=True)
class Reading:
    """Seconds: the clock's, those that usable processors have worked, at low priority too, and our part of both."""

    clock: float
    busy: float
    humble: float
    own: float


def reading() -> Reading | None:
    """The system's counters as they are now; None where /proc/stat tells nothing, as on macOS and Windows."""
    names = {f"cpu{number}" for number in usable_processors()}
    busy = humble = 0
    try:
        for line in STAT.read_text().splitlines():
            name, *fields = line.split() or [""]
            if name in names:
                user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, fields)
                busy, humble = busy + user + system + irq + softirq + steal, humble + nice
    except (OSError, ValueError):
        return None
    tick = 1 / os.sysconf("SC_CLK_TCK")
    return Reading(time.monotonic(), busy * tick, humble * tick, time.process_time())


def others_share(before: Reading, now: Reading) -> float:
    """How many processors other programs kept busy between two readings.

    Those of low priority give way at once and do not count, unless this one has low priority itself.
    """
    worked = now.busy - before.busy + (now.humble - before.humble if os.nice(0) > 0 else 0.0)
    return max(0.0, worked - (now.own - before.own)) / (now.clock - before.clock)


class Share:
    """How many threads, of `most`, to compute with now; begins with all of them."""

    def __init__(self, most: int) -> None:
        self.most = self.threads = most
        self._window, self._calm = FIRST_WINDOW_SECONDS, 0
        self._before = reading()

    def look(self) -> str | None:
        """Look at what others took, if it is time to: words if the number of threads is another now."""
        if self._before is None or time.monotonic() - self._before.clock < self._window:
            return None
        before, now = self._before, reading()
        if now is None:
            return None
        self._before, self._window, others = now, WINDOW_SECONDS, others_share(before, now)
        processors = len(usable_processors())
        threads = max(1, min(self.most, int(processors - others + SLACK)))
        self._calm = self._calm + 1 if threads > self.threads else 0
        if threads == self.threads or 0 < self._calm < CALM_WINDOWS:
            return None
        self.threads, self._calm = threads, 0
        return f"other programs keep {others:.1f} of {processors} processors busy: {threads} of {self.most} threads now"

"""The contender's side of a benchmark: work when told to, say how much was done in how many seconds.

Stdin brings a number of seconds a line; stdout carries one JSON line a turn. What a library prints goes to stderr.
Between turns the process waits inside `step`, so that contenders never run at the same time.
"""

import json
import os
import resource
import sys
import time


class Turns:
    """Call `step` after each training step; it returns when the next one may begin, and leaves when nobody asks."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._begun = False
        self._amount = 0.0
        self._asked = 0.0
        self._since = 0.0

    def step(self, amount: float) -> None:
        """Report a finished step of `amount` images (or GFLOP); may block, may raise SystemExit."""
        now = time.perf_counter()
        if not self._begun:
            self._begun = True
            self._say(kind="first_step", seconds=time.time() - float(os.environ["BENCHMARK_STARTED"]))
            self._wait()
            return
        self._amount += amount
        if now - self._since >= self._asked:
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
            self._say(kind="turn", amount=self._amount, seconds=now - self._since, peak_mb=peak_mb)
            self._wait()

    def _say(self, **fields: object) -> None:
        self._answers.write(json.dumps(fields) + "\n")

    def _wait(self) -> None:
        line = sys.stdin.readline()
        if not line:
            raise SystemExit(0)
        self._asked = float(line)
        self._amount = 0.0
        self._since = time.perf_counter()

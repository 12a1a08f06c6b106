"""A trainer without a net, for the studio's tests: it holds the lock, writes a step now and then, obeys SIGTERM.

python -m tiny_job RUN_FOLDER
"""

import signal
import sys
import time
from pathlib import Path

from nonesuch.runs.events_log import EventLog
from nonesuch.runs.lock import TrainerLock

LONGEST_SECONDS = 120.0


def main(run: Path) -> None:
    """Write a step every 20 ms until asked to stop."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    deadline = time.monotonic() + LONGEST_SECONDS
    with TrainerLock(run), EventLog(run) as log:
        images = 0
        while not asked and time.monotonic() < deadline:
            images += 64
            log.append(
                {
                    "kind": "stepped", "images_seen": images, "seconds": images / 640, "figures": {"loss": 1.0},
                    "learning_rate": 0.1, "fraction": 0.1, "epoch": 0.1,
                }
            )  # fmt: skip
            time.sleep(0.02)
        log.append({"kind": "stopped", "images_seen": images, "seconds": images / 640, "reason": "asked to"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""`python -m nonesuch.studio.trainer RUN`: trains the recipe that lies in a run folder, for whoever started it.

It outlives the server: it is steered by control.jsonl, tells what it does in events.jsonl, and what it says besides
goes to trainer.log. Starting it again goes on. SIGTERM saves and leaves.
"""

import os
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from nonesuch.errors import NonesuchError
from nonesuch.runs import atomic, layout
from nonesuch.runs.store import RunFolder
from nonesuch.signals import EXIT_CODES, heard

MOST_LOG_BYTES = 1 << 20
"""A trainer.log that has grown beyond is begun anew."""
YIELDING = 5
"""Niceness: who looks at a net in the browser does not wait for the one that learns."""


def main(words: list[str]) -> int:
    """The exit code: 0 when the run is finished or was stopped by a wish, 2 for an error, 128 + n after a signal."""
    if len(words) != 1:
        print("usage: python -m nonesuch.studio.trainer RUN_FOLDER", file=sys.stderr)
        return 2
    folder = RunFolder(Path(words[0]))
    parent = os.dup(2)  # who started it hears the last word too
    try:
        _say_into(folder.path)
        return _train(folder)
    except NonesuchError as error:
        _say(said := f"{type(error).__name__}: {error}")
    except Exception as error:
        _say(f"unexpected:\n{traceback.format_exc()}")
        said = f"unexpected {type(error).__name__}; see {layout.TRAINER_LOG} in the run's folder"
    with suppress(OSError):
        os.write(parent, f"{said}\n".encode(errors="replace"))
    return 2


def _train(folder: RunFolder) -> int:
    with heard() as signalled:
        # Torch takes its time: a signal that comes meanwhile is heard, and obeyed after the start.
        from nonesuch.recipe import from_record
        from nonesuch.session import fit
        from nonesuch.training.events import Noted, Snapshotted, Started, Stepped, Stopped
        from nonesuch.training.wishes import Stop

        code = 0
        recipe = from_record(folder.recipe())
        for event in fit(recipe, folder.path, lambda: [Stop(reason=name)] if (name := signalled()) else []):
            if isinstance(event, Started):
                os.nice(YIELDING)  # not before: somebody waits for the first step
            if isinstance(event, Stopped):
                code = EXIT_CODES.get(event.reason, 0)
            if not isinstance(event, Stepped | Snapshotted):
                words = event.message if isinstance(event, Noted) else ""
                _say(f"{event.kind} at {event.images_seen:,} images {words}".rstrip())
    return code


def _say_into(run: Path) -> None:
    """Let all that this process and torch print go to the run's trainer.log. Raises RunError, MachineError."""
    log = atomic.open_to_append(run / layout.TRAINER_LOG)
    if os.fstat(log).st_size > MOST_LOG_BYTES:
        os.ftruncate(log, 0)
    sys.stdout.flush()
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


def _say(words: str) -> None:
    print(f"{datetime.now():%Y-%m-%d %H:%M:%S} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

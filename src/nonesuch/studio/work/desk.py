"""What long work is given beside its question: where things are, a place for files, an ear for how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonesuch.runs import atomic
from nonesuch.runs.events_log import EventLog
from nonesuch.studio.places import Places
from nonesuch.studio.wire.base import Wire
from nonesuch.studio.wire.tasks import Ended, Progressed

TASK, PROGRESS, RESULT, FILES = "task.json", "progress.jsonl", "result.json", "files"
EVERY_SECONDS = 0.1


class Desk:
    """One task at work; only in its own process."""

    def __init__(self, folder: Path, places: Places) -> None:
        self.places = places
        self._files = folder / FILES
        self._log = EventLog(folder, name=PROGRESS)
        self._said, self._words = 0.0, ""

    def say(self, done: int, total: int, words: str = "") -> None:
        """Tell how far the work is: call it as often as you like, ten times a second and new words are written down."""
        now = time.monotonic()
        if done >= total > 0 or words != self._words or now - self._said > EVERY_SECONDS:
            self._said, self._words = now, words
            self._log.append(Progressed(done=done, total=total, words=words).model_dump())

    def packing(self, after: str) -> Callable[[int, int], None]:
        """An ear for pictures that are packed before the work itself, which is called `after`."""

        def tell(done: int, total: int) -> None:
            self.say(done, total, "pictures packed")
            if done >= total:
                self.say(0, 0, after)

        return tell

    def end(self, ended: Ended) -> None:
        """The last word."""
        self._log.append(ended.model_dump())

    def write(self, name: str, data: bytes) -> None:
        """Keep a file for the person: `name` is plain, and ends with .png, .gif, .mp4, .json or .acf."""
        atomic.make_folder(self._files)
        atomic.write_bytes(self._files / name, data)


@dataclass(frozen=True)
class Work:
    """A kind of long work: what it is asked, and who does it."""

    asked: type[Wire]
    do: Callable[[Any, Desk], Wire]

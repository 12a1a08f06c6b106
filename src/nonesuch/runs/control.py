"""control.jsonl: what people wish of a training that runs, one wish a line, appended by anybody, heard by its trainer.

Writers take turns by a lock on the file, and begin a new line where a killed one left half a line. The trainer keeps
the place up to which it has heard in its snapshots, so that every wish counts once.
"""

import errno
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from nonesuch.runs.atomic import explain, open_to_append
from nonesuch.runs.layout import CONTROL, shown
from nonesuch.runs.reading import open_inside, parse_object
from nonesuch.training.wishes import Resume, Wish, parse

LONGEST_LINE = 4096
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that is no wish, and why."""

    reason: str


def ask(run: Path, wish: Wish) -> int:
    """Write one wish down; returns the file's length behind it. Whoever trains in `run` hears it after its step.

    Raises RunError when control.jsonl is no plain file or there is no such run, MachineError when the disk refuses.
    """
    path = run / CONTROL
    file = open_to_append(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        line = b"\n" * torn + wish.model_dump_json(exclude_none=True).encode() + b"\n"
        if os.write(file, line) < len(line):
            os.ftruncate(file, size)
            raise OSError(errno.ENOSPC, "short write")
        return size + len(line)
    except OSError as error:
        raise explain(error, path) from None
    finally:
        os.close(file)


def begin(run: Path) -> None:
    """Say that somebody starts this run now: a pause or stop that nobody heard does not hold any more."""
    if (run / CONTROL).exists():
        ask(run, Resume())


class Control:
    """The reading end: the wishes behind byte `offset`, each once."""

    def __init__(self, run: Path, offset: int = 0) -> None:
        self._run, self.offset = run, offset

    def new(self) -> list[Wish | Unclear]:
        """The wishes in whole lines that were appended since the last call. Raises RunError when it is no plain file.

        A file that is shorter than the place up to which it was read was made anew: it is read from its beginning.
        """
        try:
            size = (self._run / CONTROL).lstat().st_size
        except OSError:
            return []
        if size == self.offset:
            return []
        if size < self.offset:
            self.offset = 0
        file = open_inside(self._run, CONTROL)
        try:
            return self._read(file)
        finally:
            os.close(file)

    def _read(self, file: int) -> list[Wish | Unclear]:
        found: list[Wish | Unclear] = []
        held, place = b"", self.offset
        while chunk := os.pread(file, _CHUNK, place):
            place += len(chunk)
            *lines, held = (held + chunk).split(b"\n")
            found += [_wish(line) for line in lines if line.strip()]
            self.offset = place - len(held)
            # Of a line without end so much is kept that it is known as too long.
            held = held[: LONGEST_LINE + 1]
        return found


def _wish(line: bytes) -> Wish | Unclear:
    try:
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line of more than {LONGEST_LINE} bytes")
        parse_object(line)
        return parse.validate_json(line)
    except ValidationError as error:
        complaint = error.errors()[0]
        where = ".".join(str(part) for part in complaint["loc"][1:])
        return Unclear(shown(f"{where}: {complaint['msg']}" if where else complaint["msg"], 160))
    except ValueError as error:
        return Unclear(shown(error, 160))

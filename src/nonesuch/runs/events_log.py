"""events.jsonl: one event a line, appended by one trainer, read by anyone at any time, also while it grows.

A line is one write, so a reader never sees two half lines mixed; kill -9 can tear the last line only. Opening cuts a
torn line off; resuming cuts back to where the snapshot was taken, so that no event is there twice.
"""

import errno
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from nonesuch.runs.atomic import explain, open_to_append
from nonesuch.runs.layout import EVENTS, shown
from nonesuch.runs.reading import open_inside, parse_object

POLL_SECONDS = 0.15
LONGEST_LINE = 1 << 20
_CHUNK = 1 << 20
_MEMORY = 256


@dataclass(frozen=True, slots=True)
class Record:
    """One complete line: the bytes [start, end) of the file. `start` 0 after other records: the log was cut back.

    A line that is no JSON object becomes {"kind": "corrupt", "reason": ...}. Reading on from `end` gives the rest.
    """

    start: int
    end: int
    event: dict[str, object]


class EventLog:
    """The writing end; only the holder of the run's lock may have it.

    `cut_to`: the offset() kept in the snapshot from which training goes on; None keeps every whole line.
    `name`: of the file, where it is another log than a run's.
    Raises MachineError when the disk refuses, RunError when events.jsonl is no plain file.
    """

    def __init__(self, run: Path, cut_to: int | None = None, name: str = EVENTS) -> None:
        self.path = run / name
        self._file = open_to_append(self.path)
        try:
            self._size = _last_line_end(self._file, cut_to)
            os.ftruncate(self._file, self._size)
            os.fsync(self._file)
        except OSError as error:
            os.close(self._file)
            raise explain(error, self.path) from None

    def append(self, event: Mapping[str, object]) -> int:
        """Add one event; returns the offset behind it. All of the line is in the file afterwards, or nothing.

        Raises ValueError when a number is not finite, text is no Unicode, or the line is longer than 1 MiB;
        TypeError for what JSON does not know; MachineError when the disk refuses.
        """
        text = json.dumps(event, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        line = text.encode("utf-8") + b"\n"
        if len(line) > LONGEST_LINE:
            raise ValueError(f"an event of {len(line):,} bytes; at most {LONGEST_LINE:,} fit a line")
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, "short write")
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise explain(error, self.path) from None
        self._size += written
        return self._size

    def offset(self) -> int:
        """Bytes written so far, brought down to the disk first: a snapshot never points behind the log's end."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise explain(error, self.path) from None
        return self._size

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _last_line_end(file: int, cut_to: int | None) -> int:
    """The end of the last whole line within the first `cut_to` bytes."""
    end = os.fstat(file).st_size
    if cut_to is not None:
        end = max(0, min(end, cut_to))
    while end > 0:
        start = max(0, end - _CHUNK)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def read(run: Path, start: int = 0) -> Iterator[Record]:
    """Every complete line from byte `start`, which must be 0 or some record's `end`. No log: nothing.

    Raises RunError when events.jsonl is no plain file.
    """
    return Reader(run, start).advance()


def follow(run: Path, start: int = 0, stop: Callable[[], bool] = lambda: False) -> Iterator[Record]:
    """Like read, then goes on with what is appended, looking every 0.15 s, until `stop()` is true.

    Starts over from 0 when the log was cut back, also when it has grown past the old place since.
    """
    reader = Reader(run, start)
    while True:
        # Asked before reading: what was written before the stop is still delivered.
        last = stop()
        yield from reader.advance()
        if last:
            return
        time.sleep(POLL_SECONDS)


def last_events(run: Path, most_bytes: int = 16 << 10, name: str = EVENTS) -> Iterator[dict[str, object]]:
    """The events in the last `most_bytes` of the log, newest first, without reading the rest; for listings."""
    try:
        file = open_inside(run, name)
    except FileNotFoundError:
        return
    try:
        start = max(0, os.fstat(file).st_size - most_bytes)
        lines = os.pread(file, most_bytes, start).split(b"\n")
    finally:
        os.close(file)
    # Behind the last newline is a line still being written; before the first one, when cut, half a line.
    yield from map(event_of, reversed(lines[1 if start else 0 : -1]))


class Reader:
    """A place in a log, and the last bytes before it, by which a log that was cut back and grew again is noticed."""

    def __init__(self, run: Path, start: int, name: str = EVENTS) -> None:
        self._run, self._name = run, name
        self._at = start
        self._before: bytes | None = None

    def advance(self) -> Iterator[Record]:
        """The complete lines from here to the present end; the place moves behind them."""
        try:
            file = open_inside(self._run, self._name)
        except FileNotFoundError:
            return
        try:
            self._start_over_if_cut(file)
            yield from self._lines(file)
        finally:
            os.close(file)

    def _start_over_if_cut(self, file: int) -> None:
        before = self._tail(file)
        whole_lines = self._at == 0 or (self._at <= os.fstat(file).st_size and before.endswith(b"\n"))
        if not whole_lines or (self._before is not None and self._before != before):
            self._at = 0
            self._before = None

    def _tail(self, file: int) -> bytes:
        start = max(0, self._at - _MEMORY)
        return os.pread(file, self._at - start, start)

    def _lines(self, file: int) -> Iterator[Record]:
        held = b""
        dropped = 0
        place = self._at
        while chunk := os.pread(file, _CHUNK, place):
            place += len(chunk)
            *lines, held = (held + chunk).split(b"\n")
            for line in lines:
                start, self._at = self._at, self._at + dropped + len(line) + 1
                dropped = 0
                self._before = None
                yield Record(start, self._at, event_of(line))
            # Of an endless line just enough is kept to know it as too long.
            excess = max(0, len(held) - LONGEST_LINE - 1)
            held = held[: len(held) - excess]
            dropped += excess
        self._before = self._tail(file)


def event_of(line: bytes) -> dict[str, object]:
    """The event in a line without its newline; {"kind": "corrupt", "reason": ...} for a line that holds none."""
    try:
        if len(line) > LONGEST_LINE:
            raise ValueError("the line is too long")
        return parse_object(line)
    except ValueError as error:
        return {"kind": "corrupt", "reason": shown(error, 120)}

"""Decoding in worker processes that may die or hang without losing anything.

The workers are plain child interpreters joined by a socket, not multiprocessing pools: nothing is forked (so threads
and torch in the calling process do no harm), the caller's script is not imported again, and torch is never loaded.
Each worker notes the row it is working on in a small shared map. When one dies (a decoder's crash, the out-of-memory
killer) or stands still, the note names the file. A death may be somebody else's fault, so the chunk is tried again
and the file is refused at its second death; a file that stands still for HANG_SECONDS is refused at once.
"""

import contextlib
import gc
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np

from nonesuch.data.decode import Undecodable, decode, fit, from_array
from nonesuch.data.pack import HASH_BYTES, SIDES_BYTES, PackSpec
from nonesuch.data.sources import Source
from nonesuch.errors import MachineError

HANG_SECONDS = 20.0
DEATHS_OF_A_FILE = 2
DEATHS_WHILE_STARTING = 3
WORKER_MEMORY = 3 << 30
IDLE = -1
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from nonesuch.data.workers import serve; serve()"

Rejected = list[tuple[int, str]]
"""(row in the listing, reason) of every refused picture of a chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines of items.jsonl: `count` of them from byte `offset`; the first is row `first`."""

    number: int
    first: int
    count: int
    offset: int


class ChunkWriter:
    """Turns the chunks of a listing into rows of pixels.u8, hashes.u8 and sides.u16, at the place of their row."""

    def __init__(self, source: Source, spec: PackSpec, folder: Path, chunk_size: int) -> None:
        self._source, self._spec = source, spec
        self._size, self._how, self._channels = spec.shape[:2], spec.fit, spec.channels
        self._files = contextlib.ExitStack()
        self._listing = self._files.enter_context((folder / "items.jsonl").open("rb"))
        self._pixels_file = os.open(folder / "pixels.u8", os.O_WRONLY)
        self._hashes_file = os.open(folder / "hashes.u8", os.O_WRONLY)
        self._sides_file = os.open(folder / "sides.u16", os.O_WRONLY)
        self._pixels = np.zeros((chunk_size, *spec.shape), np.uint8)
        self._sides = np.zeros((chunk_size, 2), "<u2")

    def write(self, chunk: Chunk, condemned: dict[int, str], on_row: Callable[[int], None]) -> Rejected:
        """Decode and write one chunk; `condemned` rows are refused unseen. Raises OSError if writing fails."""
        self._listing.seek(chunk.offset)
        digests = bytearray(chunk.count * HASH_BYTES)
        rejected: Rejected = []
        for place in range(chunk.count):
            row = chunk.first + place
            key = json.loads(self._listing.readline())[0]
            if row in condemned:
                rejected.append((row, condemned[row]))
                continue
            on_row(row)
            try:
                digests[place * HASH_BYTES : (place + 1) * HASH_BYTES] = self._one(key, place)
            except Undecodable as error:
                rejected.append((row, error.reason))
            except Exception as error:  # whatever a damaged archive or file raises, it is that picture's end alone
                said = " ".join(f"{type(error).__name__}: {error}".split())
                rejected.append((row, f"cannot be read: {said}"))
        _write_all(self._pixels_file, self._pixels[: chunk.count].data, chunk.first * self._spec.picture_bytes)
        _write_all(self._hashes_file, memoryview(digests), chunk.first * HASH_BYTES)
        _write_all(self._sides_file, self._sides[: chunk.count].data, chunk.first * SIDES_BYTES)
        on_row(IDLE)
        return rejected

    def _one(self, key: str, place: int) -> bytes:
        """Put one picture and its sides at `place` in the chunk and return its content hash."""
        raw = self._source.read(key)
        picture = decode(raw) if isinstance(raw, bytes) else from_array(raw)
        self._sides[place] = picture.shape[:2]
        self._pixels[place] = fit(picture, self._size, self._how, self._channels)
        return hashlib.sha256(raw if isinstance(raw, bytes) else raw.tobytes()).digest()[:HASH_BYTES]

    def close(self) -> None:
        self._files.close()
        os.close(self._pixels_file)
        os.close(self._hashes_file)
        os.close(self._sides_file)


def _write_all(file: int, rows: memoryview, offset: int) -> None:
    """Write through the file, not through a map: a full disk is then an error and not a SIGBUS."""
    view = rows.cast("B")
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _unwatched(_row: int) -> None:
    """In this process nobody waits for the next row."""


def write_chunks_here(
    source: Source, spec: PackSpec, folder: Path, chunks: list[Chunk]
) -> Generator[tuple[Chunk, Rejected], None, None]:
    """The same work in this process, without protection from crashes and hangs."""
    if not chunks:
        return
    writer = ChunkWriter(source, spec, folder, max(chunk.count for chunk in chunks))
    try:
        for chunk in chunks:
            yield chunk, writer.write(chunk, {}, _unwatched)
    finally:
        writer.close()


@dataclass(slots=True)
class _Worker:
    """The parent's side of one child."""

    slot: int
    process: subprocess.Popen[bytes]
    pipe: Connection
    chunk: Chunk | None = None
    row: int = IDLE
    since: float = field(default_factory=time.monotonic)


class Crew:
    """Worker processes for one pack. Use as a context manager: leaving it ends every child.

    folder: the unfinished pack; it already holds the listing and the two data files when `write_chunks` is called.
    """

    def __init__(self, source: Source, spec: PackSpec, folder: Path, size: int) -> None:
        self._source, self._spec, self._folder = source, spec, folder
        self._beats = np.memmap(folder / "beats", np.int64, "w+", shape=(size,))
        self._beats[:] = IDLE
        self._deaths: Counter[int] = Counter()
        self._condemned: dict[int, str] = {}
        self._workers = [self._start(slot) for slot in range(size)]

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            self._end(worker)

    def write_chunks(self, chunks: list[Chunk]) -> Generator[tuple[Chunk, Rejected], None, None]:
        """Yield every chunk with its rejects as it is finished, in any order. Raises MachineError, OSError (disk)."""
        size = max((chunk.count for chunk in chunks), default=0)
        waiting, left = deque(chunks), len(chunks)
        for worker in self._workers:
            self._greet(worker, size)
            self._give(worker, waiting)
        while left:
            ready = set(wait([worker.pipe for worker in self._workers if worker.chunk], timeout=HANG_SECONDS / 20))
            for slot, worker in enumerate(self._workers):
                if worker.chunk is None:
                    continue
                answer = _answer(worker) if worker.pipe in ready else None
                if isinstance(answer, OSError):
                    raise answer
                if isinstance(answer, list):
                    left -= 1
                    yield worker.chunk, answer
                elif worker.pipe in ready or self._stands_still(worker):
                    waiting.appendleft(worker.chunk)
                    worker = self._replace(slot, died=worker.pipe in ready)
                    self._greet(worker, size)
                else:
                    continue
                self._give(worker, waiting)

    def _start(self, slot: int) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs, (self._folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno()), json.dumps(sys.path)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        return _Worker(slot, process, Connection(ours.detach()))

    def _greet(self, worker: _Worker, chunk_size: int) -> None:
        _send(worker, (self._source, self._spec, self._folder, chunk_size, worker.slot, len(self._beats)))

    def _give(self, worker: _Worker, waiting: deque[Chunk]) -> None:
        worker.chunk = waiting.popleft() if waiting else None
        worker.since = time.monotonic()
        if worker.chunk:
            rows = range(worker.chunk.first, worker.chunk.first + worker.chunk.count)
            _send(worker, (worker.chunk, {row: why for row, why in self._condemned.items() if row in rows}))

    def _stands_still(self, worker: _Worker) -> bool:
        row = int(self._beats[worker.slot])
        if row != worker.row:
            worker.row, worker.since = row, time.monotonic()
        return time.monotonic() - worker.since > (HANG_SECONDS if row != IDLE else 3 * HANG_SECONDS)

    def _replace(self, slot: int, died: bool) -> _Worker:
        """Put a fresh worker where one died or hung, and hold the file it was at to account."""
        worker, row = self._workers[slot], int(self._beats[slot])
        self._end(worker)
        self._deaths[row] += 1
        if row == IDLE and self._deaths[row] >= DEATHS_WHILE_STARTING:
            raise MachineError(f"the decoding processes end before they start: {self._last_words()}")
        if row != IDLE and not died:
            self._condemned[row] = f"took longer than {HANG_SECONDS:g} s to decode"
        elif row != IDLE and self._deaths[row] >= DEATHS_OF_A_FILE:
            self._condemned[row] = f"ended the decoding process ({_cause(worker.process.returncode)})"
        self._beats[slot] = IDLE
        self._workers[slot] = self._start(slot)
        return self._workers[slot]

    def _end(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.wait()
        worker.pipe.close()

    def _last_words(self) -> str:
        lines = (self._folder / "workers.log").read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no message")


def _send(worker: _Worker, message: object) -> None:
    """Send; that the worker is dead already is found when its answer is awaited."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        worker.pipe.send(message)


def _answer(worker: _Worker) -> Rejected | OSError | None:
    """What a worker says: its rejects, the disk error that stopped it, or nothing because it is dead."""
    try:
        answer: Rejected | OSError = worker.pipe.recv()
        return answer
    except (EOFError, ConnectionResetError):
        return None


def _cause(returncode: int) -> str:
    return signal.Signals(-returncode).name if returncode < 0 else f"exit code {returncode}"


def serve() -> None:
    """A worker's life: chunks in, rejects out, until the parent hangs up. sys.argv[1] is the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, WORKER_MEMORY)
    gc.freeze()
    pipe = Connection(int(sys.argv[1]))
    try:
        source, spec, folder, chunk_size, slot, size = pipe.recv()
        beats = np.memmap(folder / "beats", np.int64, "r+", shape=(size,))
        writer = ChunkWriter(source, spec, folder, chunk_size)
        while True:
            chunk, condemned = pipe.recv()
            try:
                pipe.send(writer.write(chunk, condemned, lambda row: beats.__setitem__(slot, row)))
            except OSError as error:
                pipe.send(OSError(error.errno, str(error.strerror)))
    except (EOFError, ConnectionResetError):
        return


def _limit(kind: int, most: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (least, hard))

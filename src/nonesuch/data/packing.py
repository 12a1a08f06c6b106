"""Making a pack: list the source, decode in chunks, close the gaps, write the index, publish by one rename.

Everything happens in `<cache>/packs/<fingerprint>.partial/` under a file lock. Memory does not grow with the folder:
the listing, the labels and the rejects are streamed through files. Finished chunks are logged, after their pixels are
safely on disk, so a second call after a kill or a power cut goes on where the first one stopped.
"""

import contextlib
import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from nonesuch.data import indexing
from nonesuch.data.items import Reject
from nonesuch.data.pack import HASH_BYTES, SIDES_BYTES, Pack, PackSpec, is_pack, open_pack, place
from nonesuch.data.pruning import prune
from nonesuch.data.sources import Source
from nonesuch.data.workers import Chunk, Crew, Rejected, write_chunks_here
from nonesuch.errors import DataError, MachineError

CHUNK_ITEMS = 256
CHUNK_BYTES = 16 << 20
SMALL_JOB = 500
ROW_FILES = ("pixels.u8", "hashes.u8", "sides.u16")
SAVE_SECONDS = 1.0
INDEX_BYTES_PER_PICTURE = 400
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)

Progress = Callable[[int, int], None]


def build(
    source: Source,
    spec: PackSpec,
    cache: Path,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Pack:
    """The pack of a source: the one in the cache if nothing changed since, else a new one.

    progress: called as (pictures done, pictures in all) after every chunk.
    workers: decoding processes. None takes one for each processor, but decodes in this process if the source
    gives arrays or has fewer than SMALL_JOB files: faster then, though a file that crashes the decoder ends this
    process too. The next call finds the unfinished folder, uses workers, and refuses that file. 0 = in this process.
    Raises DataError if no picture is usable, MachineError if the disk is too small, full or not writable.
    """
    final = place(source.fingerprint(), spec, cache)
    if is_pack(final):
        return open_pack(final)
    from filelock import FileLock  # only here: it imports asyncio, and reuse has to be instant

    with _disk_errors(cache):
        final.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(final.parent / f"{final.name}.lock"):
            if not is_pack(final):
                _build(source, spec, final, progress or _silent, workers)
                prune(final.parent)
    return open_pack(final)


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""


@contextlib.contextmanager
def _disk_errors(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise MachineError(
                f"{cache}: the disk is full; free some space and call again, what is done is kept"
            ) from error
        if error.errno in NOT_WRITABLE:
            raise MachineError(
                f"{cache}: not writable ({error.strerror}); set NONESUCH_CACHE to a folder of yours"
            ) from error
        raise


def _build(source: Source, spec: PackSpec, final: Path, progress: Progress, workers: int | None) -> None:
    partial = final.with_suffix(".partial")
    resumed = partial.exists()
    partial.mkdir(exist_ok=True)
    shutil.rmtree(final, ignore_errors=True)
    with contextlib.ExitStack() as stack:
        crew: Crew | None = None

        def staff() -> None:
            nonlocal crew
            if crew is None and (count := _crew_size(source, workers)):
                crew = stack.enter_context(Crew(source, spec, partial, count))

        if workers or resumed:
            staff()
        listing = _listing(source, spec, partial, on_many=staff)
        rejected = _decode(source, spec, partial, listing, crew, progress)
    if listing.count == len(rejected):
        shutil.rmtree(partial)
        raise DataError(_nothing_usable(source, listing, rejected))
    _forget_moved(partial, listing, rejected)
    indexing.close_gaps(partial / "pixels.u8", spec.picture_bytes, listing.count, rejected)
    indexing.close_gaps(partial / "hashes.u8", HASH_BYTES, listing.count, rejected)
    indexing.close_gaps(partial / "sides.u16", SIDES_BYTES, listing.count, rejected)
    indexing.write_index(partial, final.name, source, spec, listing.count, rejected, listing.refused)
    _publish(partial, final)


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the source offers. chunks: in order; refused: what was dismissed while listing."""

    count: int
    chunks: list[Chunk]
    refused: list[Reject]


def _listing(source: Source, spec: PackSpec, partial: Path, on_many: Callable[[], None]) -> _Listing:
    """Stream the items to items.jsonl, or take the finished list of an interrupted call."""
    head = partial / "listing.json"
    if not head.exists():
        size = max(1, min(CHUNK_ITEMS, CHUNK_BYTES // spec.picture_bytes))
        starts, count, offset = [], 0, 0
        with (partial / "items.jsonl").open("wb") as lines:
            for item in source.items():
                if count % size == 0:
                    starts.append(offset)
                row = (item.key, item.name, item.split, item.label, dict(item.columns))
                offset += lines.write(json.dumps(row).encode() + b"\n")
                count += 1
                if count == SMALL_JOB:
                    on_many()
            _sync(lines)
        refused = [[reject.name, reject.reason] for reject in source.refused]
        record = {"count": count, "size": size, "starts": starts, "refused": refused}
        _write_text(head, json.dumps(record))
    record = json.loads(head.read_text())
    count, size = record["count"], record["size"]
    chunks = [
        Chunk(number, number * size, min(size, count - number * size), offset)
        for number, offset in enumerate(record["starts"])
    ]
    return _Listing(count, chunks, [Reject(*pair) for pair in record["refused"]])


def _decode(
    source: Source, spec: PackSpec, partial: Path, listing: _Listing, crew: Crew | None, progress: Progress
) -> dict[int, str]:
    """Write all chunks that the log does not name, and return the reasons of all refused rows."""
    finished = _read_log(partial / "done.log")
    _check_space(partial, spec, listing.count)
    pending = [chunk for chunk in listing.chunks if chunk.number not in finished]
    done = listing.count - sum(chunk.count for chunk in pending)
    rejected = {row: reason for rows in finished.values() for row, reason in rows}
    progress(done, listing.count)
    results = crew.write_chunks(pending) if crew else write_chunks_here(source, spec, partial, pending)
    with _Log(partial) as log, contextlib.closing(results):
        for chunk, rows in results:
            log.add(chunk, rows)
            rejected.update(rows)
            done += chunk.count
            progress(done, listing.count)
    return dict(sorted(rejected.items()))


class _Log:
    """done.log: one JSON line a finished chunk, written only after that chunk's bytes were forced to disk."""

    def __init__(self, partial: Path) -> None:
        with contextlib.ExitStack() as files:
            self._data = [files.enter_context((partial / name).open("ab")) for name in ROW_FILES]
            self._log = files.enter_context((partial / "done.log").open("ab"))
            self._files = files.pop_all()
        self._unsaved: list[bytes] = []
        self._saved = time.monotonic()
        self._log.write(b"\n")  # ends a line that a kill may have cut

    def __enter__(self) -> "_Log":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # Where something else is on its way out already, a disk that is full as well has nothing to add.
            with contextlib.suppress(*([] if kind is None else [OSError])):
                self._save()
        finally:
            self._files.close()

    def add(self, chunk: Chunk, rows: Rejected) -> None:
        self._unsaved.append(json.dumps([chunk.number, rows]).encode() + b"\n")
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self._save()

    def _save(self) -> None:
        for file in self._data:
            _sync(file)
        self._log.writelines(self._unsaved)
        _sync(self._log)
        self._unsaved, self._saved = [], time.monotonic()


def _read_log(path: Path) -> dict[int, Rejected]:
    """The finished chunks; a last line cut by a kill is no finished chunk."""
    for name in (path.name, *ROW_FILES):
        path.with_name(name).touch()
    finished: dict[int, Rejected] = {}
    for line in path.read_bytes().split(b"\n"):
        with contextlib.suppress(ValueError):
            number, rows = json.loads(line)
            finished[number] = [(row, reason) for row, reason in rows]
    return finished


def _forget_moved(partial: Path, listing: _Listing, rejected: dict[int, str]) -> None:
    """Closing the gaps spoils the places of the rows it moves: a kill in the midst has to cost those chunks again."""
    first = next(iter(rejected), listing.count)
    kept = [json.dumps([chunk.number, []]) for chunk in listing.chunks if chunk.first + chunk.count <= first]
    if rejected:
        _write_text(partial / "done.log", "".join(line + "\n" for line in kept))


def _crew_size(source: Source, workers: int | None) -> int:
    if workers is not None:
        return workers
    # Classes of the caller's own script cannot be found again by another interpreter.
    if type(source).__module__ == "__main__" or _gives_arrays(source):
        return 0
    return max(1, len(os.sched_getaffinity(0)))


def _gives_arrays(source: Source) -> bool:
    """Raw arrays need no decoding, so handing them to other processes would only cost time."""
    first = next(iter(source.items()), None)
    with contextlib.suppress(Exception):
        return first is not None and isinstance(source.read(first.key), np.ndarray)
    return False


def _check_space(partial: Path, spec: PackSpec, count: int) -> None:
    """Before the first picture: is there room for all of them?"""
    need = count * (spec.picture_bytes + INDEX_BYTES_PER_PICTURE)
    have = shutil.disk_usage(partial).free + sum(file.stat().st_blocks * 512 for file in partial.iterdir())
    if need > have:
        raise MachineError(
            f"{partial.parent}: packing {count:,} pictures needs {need / 1e9:.2f} GB and {have / 1e9:.2f} GB are free;"
            " free some space, choose a smaller size, or set NONESUCH_CACHE to another disk"
        )


def _nothing_usable(source: Source, listing: _Listing, rejected: dict[int, str]) -> str:
    if not listing.count and not listing.refused:
        return f"{source.name}: no pictures found; expected files such as .png or .jpg, in sub-folders named by label"
    reasons = [f"{reject.name}: {reject.reason}" for reject in listing.refused[:3]]
    names = (item.name for item in source.items())
    reasons += [f"{name}: {reason}" for name, reason in zip(names, list(rejected.values())[:3], strict=False)]
    total = listing.count + len(listing.refused)
    return f"{source.name}: none of {total} files is a usable picture; {'; '.join(reasons[:3])}"


def _publish(partial: Path, final: Path) -> None:
    """Make everything durable, then visible at once."""
    for name in ("items.jsonl", "listing.json", "done.log", "beats", "workers.log"):
        (partial / name).unlink(missing_ok=True)
    for path in partial.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    partial.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _write_text(path: Path, text: str) -> None:
    """Atomic, so that a file of this name is always whole."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        file.write(text)
        _sync(file)
    beside.replace(path)


def _sync(file: IO[bytes] | IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())

"""The last steps of a pack: closing the gaps that refused pictures left, and writing the index beside the pixels."""

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nonesuch.data.items import Reject, Source, printable
from nonesuch.data.pack import NO_SPLIT, SCHEMA, SPLIT_CODES, PackSpec

MOVE_BYTES = 8 << 20


def close_gaps(path: Path, row_bytes: int, count: int, rejected: Mapping[int, str]) -> None:
    """Move the rows of a file of `count` rows down over the rejected ones (ascending), keeping their order."""
    gaps = [*rejected, count]
    with path.open("r+b") as file:
        for shift, (gap, following) in enumerate(pairwise(gaps), start=1):
            for start in range((gap + 1) * row_bytes, following * row_bytes, MOVE_BYTES):
                file.seek(start)
                block = file.read(min(MOVE_BYTES, following * row_bytes - start))
                file.seek(start - shift * row_bytes)
                file.write(block)
        file.truncate((count - len(rejected)) * row_bytes)


def write_index(
    partial: Path,
    name: str,
    source: Source,
    spec: PackSpec,
    count: int,
    rejected: Mapping[int, str],
    refused: list[Reject],
) -> None:
    """Write names, given splits, columns, rejects and pack.json. Nothing is held in memory but the classes."""
    with ExitStack() as files:
        index = _Index(partial, files)
        for reject in refused:
            index.refuse(reject.name, reject.reason)
        with (partial / "items.jsonl").open("rb") as items:
            for row, line in enumerate(items):
                _, item, split, label, columns = json.loads(line)
                if row in rejected:
                    index.refuse(item, rejected[row])
                else:
                    index.add(item, split, columns if label is None else {"label": label, **columns})
    record = {
        "schema": SCHEMA,
        "fingerprint": name,
        "content": _digest(partial / "hashes.u8"),
        "source": source.name,
        "where": printable(source.where),
        "spec": spec.to_json(),
        "pictures": count - len(rejected),
        "rejects": len(refused) + len(rejected),
        "columns": [{"name": key, "classes": column.finish(index.count)} for key, column in index.columns.items()],
        "versions": {"python": platform.python_version(), "numpy": version("numpy"), "pillow": version("pillow")},
    }
    (partial / "pack.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


class _Index:
    """The open index files of one pack."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._folder, self._files = folder, files
        self._text = files.enter_context((folder / "names.utf8").open("wb"))
        self._ends = files.enter_context((folder / "names.end.i64").open("wb"))
        self._split = files.enter_context((folder / "split.u8").open("wb"))
        self._rejects = files.enter_context((folder / "rejects.jsonl").open("w", encoding="utf-8"))
        self._end = 0
        self.count = 0
        self.columns: dict[str, _ColumnFile] = {}

    def refuse(self, name: str, reason: str) -> None:
        self._rejects.write(json.dumps({"name": name, "reason": reason}) + "\n")

    def add(self, name: str, split: str | None, labels: Mapping[str, str]) -> None:
        self._end += self._text.write(name.encode("utf-8", "replace"))
        self._ends.write(self._end.to_bytes(8, "little"))
        self._split.write(bytes([NO_SPLIT if split is None else SPLIT_CODES[split]]))
        for key, value in labels.items():
            if key not in self.columns:
                path = self._folder / f"column.{len(self.columns)}.i32"
                self.columns[key] = _ColumnFile(path, self._files.enter_context(path.open("wb")))
            self.columns[key].put(self.count, value)
        self.count += 1


class _ColumnFile:
    """One column: codes by first appearance while streaming, in natural order of the classes at the end."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._codes: dict[str, int] = {}
        self._rows = 0

    def put(self, row: int, value: str) -> None:
        self._file.write(_MISSING * (row - self._rows))
        self._file.write(self._codes.setdefault(value, len(self._codes)).to_bytes(4, "little"))
        self._rows = row + 1

    def finish(self, count: int) -> list[str]:
        """Fill up to `count` rows, renumber by sorted class, return the classes. The file is closed by now."""
        with self._path.open("ab") as file:
            file.write(_MISSING * (count - self._rows))
        classes = sorted(self._codes, key=natural)
        renumber = np.empty(len(classes) + 1, "<i4")
        renumber[[self._codes[value] for value in classes]] = np.arange(len(classes))
        renumber[-1] = -1
        with self._path.open("r+b") as file:
            for start, block in _blocks(file):
                file.seek(start)
                file.write(renumber[np.frombuffer(block, "<i4")].tobytes())
        return classes


_MISSING = (-1).to_bytes(4, "little", signed=True)


def natural(text: str) -> tuple[tuple[int | str, ...], str]:
    """A sort key in which "2" comes before "10"; upper and lower case stand together."""
    parts: list[int | str] = []
    for place, part in enumerate(re.split(r"([0-9]+)", text)):
        number = part.lstrip("0")
        parts += [len(number), number] if place % 2 else [part.casefold()]
    return tuple(parts), text


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of a file in turn; the caller may write in between."""
    start = 0
    while block := file.read(MOVE_BYTES):
        yield start, block
        start += len(block)
        file.seek(start)

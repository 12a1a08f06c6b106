"""A zip archive of pictures, read where it lies: nothing is ever unpacked to disk.

The archive's directory is read by the standard library; the entries by the few lines here, which hold every entry to
the size and checksum it claims. So limits bound what is really unpacked, whatever the headers say.
"""

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

from nonesuch.data.items import (
    MAX_FILE_BYTES,
    Item,
    Reject,
    Source,
    Undecodable,
    is_bomb,
    is_ignored,
    is_side_file,
    kind_of_node,
    printable,
)
from nonesuch.data.labels import SPLITS, TABLES, arrange
from nonesuch.errors import DataError

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1


class _Entry(NamedTuple):
    offset: int
    packed: int
    size: int
    checksum: int
    deflated: bool


@final
class ZipSource(Source):
    """A zip archive laid out like a folder of pictures (see labels.py). Keys are the paths of the entries.

    If everything lies in one top folder, that folder is taken as the root, unless it is called train, val or test:
    so the zip of a folder lists as the folder itself. Entries that are links or devices, encrypted, named to lead
    outside, given twice, or that unpack to more than 100 times their size are refused, each with its reason.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser().absolute()
        self.name, self.where = printable(self._path.stem), str(self._path)
        self.refused: list[Reject] = []
        self._entries: dict[str, _Entry] = {}
        self._items: list[Item] | None = None
        self._file: int | None = None

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self._path}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["path"])

    def items(self) -> Iterator[Item]:
        return iter(self._listed())

    def fingerprint(self) -> str:
        status = self._path.stat()
        return hashlib.sha256(f"zip 1\0{status.st_size}\0{status.st_mtime_ns}".encode()).hexdigest()

    def read(self, key: str) -> bytes:
        if not self._entries:
            self._entries = self._directory([])
        entry = self._entries.get(key)
        if entry is None:
            raise Undecodable("no entry of the archive")
        try:
            return self._unpack(entry)
        except (OSError, zlib.error) as error:
            raise Undecodable(f"damaged in the archive: {error}") from None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _unpack(self, entry: _Entry) -> bytes:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        head = os.pread(self._file, _LOCAL_HEADER.size, entry.offset)
        if len(head) < _LOCAL_HEADER.size or not head.startswith(b"PK\3\4"):
            raise Undecodable("damaged in the archive: its header is not there")
        _, name_length, extra_length = _LOCAL_HEADER.unpack(head)
        data = os.pread(self._file, entry.packed, entry.offset + _LOCAL_HEADER.size + name_length + extra_length)
        if entry.deflated:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, entry.size + 1)
        if len(data) != entry.size or zlib.crc32(data) != entry.checksum:
            raise Undecodable("damaged in the archive: size or checksum does not match")
        return data

    def _listed(self) -> list[Item]:
        if self._items is None:
            refused: list[Reject] = []
            self._entries = self._directory(refused)
            top = _common_top(self._entries)
            keys = {path[len(top) :]: path for path in self._entries}
            pictures = {path: key for path, key in keys.items() if not is_side_file(path)}
            tables = [path for path in keys if path.rpartition("/")[2] in TABLES]
            items = arrange(pictures, tables, lambda path: self._table(path, keys[path]), refused)
            self.refused[:] = sorted(refused, key=lambda reject: reject.name)
            self._items = items
        return self._items

    def _table(self, path: str, key: str) -> bytes:
        try:
            return self._unpack(self._entries[key])
        except (Undecodable, OSError, zlib.error) as error:
            raise DataError(f"{self.name}.zip: {printable(path)} cannot be read: {error}") from None

    def _directory(self, refused: list[Reject]) -> dict[str, _Entry]:
        """Every acceptable entry by its path."""
        try:
            with zipfile.ZipFile(self._path) as archive:
                listed = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error, OSError) as error:
            said = printable(str(error)) or type(error).__name__
            raise DataError(f"{printable(self._path.name)} cannot be opened as a zip archive: {said}") from None
        entries: dict[str, _Entry] = {}
        for info in listed:
            parts = info.filename.replace("\\", "/").split("/")
            if not parts[-1] or any(is_ignored(part) for part in parts if part not in ("", ".", "..")):
                continue
            path = "/".join(part for part in parts if part not in ("", "."))
            reason = "given twice in the archive" if path in entries else _objection(info, parts)
            if reason:
                refused.append(Reject(printable(info.filename), reason))
                continue
            deflated = info.compress_type == zipfile.ZIP_DEFLATED
            entries[path] = _Entry(info.header_offset, info.compress_size, info.file_size, info.CRC, deflated)
        return entries


def _objection(info: zipfile.ZipInfo, parts: list[str]) -> str | None:
    """Why an entry is refused, or None."""
    mode = info.external_attr >> 16
    if ".." in parts or not parts[0] or parts[0].endswith(":"):
        return "its name leads outside the archive"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return f"{kind_of_node(mode)}, not a file"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"packed by method {info.compress_type}, not by deflate"
    if max(info.file_size, info.compress_size) > MAX_FILE_BYTES:
        return f"{info.file_size >> 20} MB: more than {MAX_FILE_BYTES >> 20} MB"
    if is_bomb(info.file_size, info.compress_size):
        return f"unpacks to {info.file_size // max(1, info.compress_size)} times its size"
    return None


def _common_top(paths: dict[str, _Entry]) -> str:
    """The one top folder of everything, with its slash, or ""."""
    tops = {path.partition("/")[0] for path in paths}
    top = tops.pop() if len(tops) == 1 else ""
    return f"{top}/" if top and top.lower() not in SPLITS and top not in paths else ""

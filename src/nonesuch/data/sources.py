"""A folder of pictures, and the door to every source that is a path: folder, zip archive, idx files, npz arrays."""

import errno
import hashlib
import os
import stat
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import final

from nonesuch.data.archive import ZipSource
from nonesuch.data.arrays import IdxSource, NpzSource, holds_idx, is_idx
from nonesuch.data.items import (
    MAX_FILE_BYTES,
    Item,
    Reject,
    Source,
    Undecodable,
    is_ignored,
    is_side_file,
    kind_of_node,
    printable,
)
from nonesuch.data.labels import TABLES, arrange
from nonesuch.errors import DataError

__all__ = ["FolderSource", "IdxSource", "Item", "NpzSource", "Source", "ZipSource", "open_source"]

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_WORKS = "a folder of pictures, a .zip of one, idx files or an .npz works"


def open_source(where: str | Path) -> Source:
    """The source at a path. Raises DataError for what is missing or is no collection of pictures."""
    path = Path(where).expanduser()
    shown = printable(str(where))
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise DataError(f"{shown}: {'no such folder or file' if missing else error}; {_WORKS}") from None
    if stat.S_ISDIR(mode):
        return IdxSource(path) if holds_idx(path) else FolderSource(path)
    if not stat.S_ISREG(mode):
        raise DataError(f"{shown} is {kind_of_node(mode)}; {_WORKS}")
    if is_idx(path):
        return IdxSource(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return NpzSource(path)
    if suffix == ".zip":
        return ZipSource(path)
    if suffix in _PICTURES:
        raise DataError(f"{shown} is a single picture; give the folder that holds it, with all the others")
    raise DataError(f"{shown}: a {suffix or 'nameless'} file is no source of pictures; {_WORKS}")


@final
class FolderSource(Source):
    """All pictures below a folder, labelled by their sub-folders or by a table (see labels.py). Keys are paths.

    Nothing outside the folder is ever read: links that lead outside are refused, as are pipes, sockets and devices,
    without being opened. A link to a file inside is read like a file, once; a link to a folder only if that folder
    is not reached otherwise, so loops end.
    """

    def __init__(self, folder: str | Path) -> None:
        self._root = self.where = os.path.realpath(Path(folder).expanduser())
        self.name = printable(self._root.rpartition("/")[2]) or "pictures"
        self.refused: list[Reject] = []
        self._items: list[Item] | None = None
        self._walk: _Walk | None = None

    def __getstate__(self) -> dict[str, str]:
        return {"root": self._root}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__init__(state["root"])

    def items(self) -> Iterator[Item]:
        if self._items is None:
            walk = self._walked()
            tables = {path for path in walk.paths if path.endswith(TABLES) and path.rpartition("/")[2] in TABLES}
            paths = {path: path for path in walk.paths if path not in tables}
            refused = list(walk.refused)
            self._items = arrange(paths, tables, self._read_table, refused)
            self.refused[:] = sorted(refused, key=lambda reject: reject.name)
        return iter(self._items)

    def fingerprint(self) -> str:
        return self._walked().digest()

    def read(self, key: str) -> bytes:
        """The file's bytes, at most 256 MB of them."""
        if key.startswith("/") or ".." in key.split("/"):
            raise Undecodable("leads outside the folder")
        path = f"{self._root}/{key}"
        try:
            # Not blocking, because a file may have become a pipe since it was listed.
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise Undecodable(f"cannot be read: {error.strerror}") from None
            return self._read_link(path)
        except ValueError:
            raise Undecodable("no possible file name") from None
        return _read_open(file)

    def _read_link(self, path: str) -> bytes:
        target = os.path.realpath(path)
        if not target.startswith(self._root + "/"):
            raise Undecodable("a link that leads outside the folder")
        try:
            return _read_open(os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError as error:
            raise Undecodable(f"a link that cannot be read: {error.strerror}") from None

    def _walked(self) -> "_Walk":
        if self._walk is None:
            self._walk = _Walk(self._root)
            self._walk.run()
            self.refused[:] = self._walk.refused
        return self._walk

    def _read_table(self, path: str) -> bytes:
        try:
            return self.read(path)
        except Undecodable as error:
            raise DataError(f"{printable(path)} {error.reason}") from None


def _read_open(file: int) -> bytes:
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Undecodable(f"{kind_of_node(status.st_mode)}, not a file")
        if status.st_size > MAX_FILE_BYTES:
            raise Undecodable(f"{status.st_size >> 20} MB: more than {MAX_FILE_BYTES >> 20} MB")
        data = os.read(file, status.st_size + 1)
        while len(data) < status.st_size and (more := os.read(file, status.st_size - len(data))):
            data += more
        return data
    except OSError as error:
        raise Undecodable(f"cannot be read: {error.strerror}") from None
    finally:
        os.close(file)


class _Walk:
    """One pass over a folder: the paths of its regular files with their sizes and times, and what is refused."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.paths: list[str] = []
        self.refused: list[Reject] = []
        self._sizes, self._times = array("q"), array("q")
        self._links: list[str] = []
        self._folders: set[tuple[int, int]] = set()
        self._targets: set[str] = set()

    def run(self) -> None:
        self._descend("")
        while self._links:
            # Links come last and in order, so that what is real is reached by its own path, whatever the disk's order.
            links, self._links = sorted(self._links), []
            for path in links:
                self._follow(path)

    def digest(self) -> str:
        order = sorted(range(len(self.paths)), key=self.paths.__getitem__)
        names = [self.paths[place] for place in order]
        names += sorted(f"{reject.name}\n{reject.reason}" for reject in self.refused)
        numbers = array("q", [self._sizes[place] for place in order] + [self._times[place] for place in order])
        digest = hashlib.sha256(b"folder 1\0" + "\0".join(names).encode("utf-8", "surrogateescape"))
        digest.update(numbers.tobytes())
        return digest.hexdigest()

    def _refuse(self, path: str, reason: str) -> None:
        self.refused.append(Reject(printable(path), reason))

    def _descend(self, folder: str) -> None:
        """List everything below `folder` ("" or "a/b/") that is no link."""
        waiting = [folder]
        while waiting:
            prefix = waiting.pop()
            try:
                status = Path(self._root, prefix).stat()
                self._folders.add((status.st_dev, status.st_ino))
                with os.scandir(f"{self._root}/{prefix}") as entries:
                    self._sort_out(prefix, entries, waiting)
            except OSError as error:
                self._refuse(prefix.rstrip("/") or ".", f"a folder that cannot be listed: {error.strerror}")

    def _sort_out(self, prefix: str, entries: Iterator["os.DirEntry[str]"], waiting: list[str]) -> None:
        for entry in entries:
            name = entry.name
            if is_ignored(name):
                continue
            path = prefix + name
            if entry.is_file(follow_symlinks=False):
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    self._refuse(path, f"cannot be read: {error.strerror}")
                    continue
                self._add(path, status)
            elif entry.is_symlink():
                self._links.append(path)
            elif not entry.is_dir(follow_symlinks=False):
                self._refuse(path, f"{kind_of_node(os.lstat(entry.path).st_mode)}, not a file")
            elif name.lower().endswith(_PICTURES):
                self._refuse(path, "a folder with the name of a picture")
            else:
                waiting.append(path + "/")

    def _add(self, path: str, status: os.stat_result) -> None:
        if is_side_file(path) and path.rpartition("/")[2] not in TABLES:
            return
        self.paths.append(path)
        self._sizes.append(status.st_size)
        self._times.append(status.st_mtime_ns)

    def _follow(self, path: str) -> None:
        target = os.path.realpath(f"{self._root}/{path}")
        if target != self._root and not target.startswith(self._root + "/"):
            self._refuse(path, "a link that leads outside the folder")
            return
        try:
            status = Path(target).stat()
        except OSError:
            self._refuse(path, "a link that leads nowhere")
            return
        if stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self._folders:
                self._refuse(path, "a link to a folder that is read anyway")
            else:
                self._descend(path + "/")
        elif not stat.S_ISREG(status.st_mode):
            self._refuse(path, f"a link to {kind_of_node(status.st_mode)}, not to a file")
        elif target in self._targets:
            self._refuse(path, "a second link to a file that is read already")
        else:
            self._targets.add(target)
            self._add(path, status)

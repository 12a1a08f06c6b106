"""Folders and files that are given to others: the old one or the whole new one, never a part, for all to read."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from nonesuch.runs import atomic

MARGIN_BYTES = 1 << 20
_AT_FDCWD, _EXCHANGE = -100, 2
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def write_folder(files: Mapping[str, bytes], where: Path, complete: Callable[[Path], None] | None = None) -> None:
    """Make the folder `where`, or replace it, by these files, names with slashes. Raises MachineError.

    complete: called with the new folder before it takes its place, to put more into it; may raise OSError.
    """
    beside = atomic.temporary(where.absolute())
    try:
        where.absolute().parent.mkdir(parents=True, exist_ok=True)
        atomic.require_space(where.absolute().parent, sum(map(len, files.values())) + MARGIN_BYTES)
        beside.mkdir(0o755)
        for name, data in files.items():
            _write(beside.joinpath(*PurePosixPath(name).parts), data)
        if complete is not None:
            complete(beside)
        for folder in [beside, *(path for path in beside.rglob("*") if path.is_dir() and not path.is_symlink())]:
            atomic.sync_folder(folder)
        _swap(beside, where)
        atomic.sync_folder(where.absolute().parent)
    except OSError as error:
        raise atomic.explain(error, where) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_file(data: bytes, where: Path) -> None:
    """Make the file `where`, or replace it. Raises MachineError."""
    beside = atomic.temporary(where.absolute())
    try:
        where.absolute().parent.mkdir(parents=True, exist_ok=True)
        _write(beside, data)
        beside.replace(where)
        atomic.sync_folder(where.absolute().parent)
    except OSError as error:
        raise atomic.explain(error, where) from None
    finally:
        with suppress(OSError):
            beside.unlink()


def _swap(new: Path, where: Path) -> None:
    """`new` takes the place of `where`; what was there is gone, or in the other's place to be removed."""
    if not where.exists():
        new.rename(where)
    elif not _exchanged(new, where):
        aside = atomic.temporary(where.absolute())
        where.rename(aside)
        try:
            new.rename(where)
        except OSError:
            aside.rename(where)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step, where the system can: then there is no moment without one."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other.absolute()), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _write(path: Path, data: bytes) -> None:
    """A file that does not exist yet, readable by everybody: a web server is somebody else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())

"""A change on disk is old or new, never between: write beside, fsync, rename, fsync the folder.

Failures of the disk become MachineError, one line that names the cause; what was there before stays as it was.
"""

import errno
import json
import os
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from nonesuch.errors import MachineError, RunError
from nonesuch.runs.layout import TEMPORARY, shown

_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file would be larger than this process may write; raise its limit (ulimit -f)",
    errno.EROFS: "the disk is read-only; choose another folder",
    errno.EACCES: "writing there is not allowed; check owner and mode, or choose another folder",
    errno.EPERM: "writing there is not allowed; check owner and mode, or choose another folder",
    errno.EIO: "the disk reports an error; check the disk",
}


def explain(error: OSError, path: Path) -> MachineError:
    """What the operating system said about writing `path`, as one line that says what to do."""
    cause = _CAUSES.get(error.errno or 0, error.strerror or type(error).__name__)
    return MachineError(f"cannot write {shown(path)}: {cause}")


def dumps(value: object) -> bytes:
    """Strict JSON in UTF-8: ValueError on NaN, Infinity and lone surrogates, TypeError on what JSON does not know."""
    return (json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def write_json(path: Path, value: object) -> None:
    """Replace `path` by `value` as strict JSON. Raises MachineError; ValueError or TypeError with nothing written."""
    write_bytes(path, dumps(value))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, surviving kill -9 and a power cut at any moment. Raises MachineError."""
    beside = temporary(path)
    try:
        write_new(beside, data)
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise explain(error, path) from None
    finally:
        _discard(beside)


def temporary(path: Path) -> Path:
    """An unused name beside `path` that every reader ignores."""
    return path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}"[:250])


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet, readable by its owner alone, down to the disk. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


def open_to_append(path: Path) -> int:
    """A descriptor of a plain file, made when it is missing, that is read anywhere and written at its end only.

    Raises RunError when something else lies there or there is no folder, MachineError.
    """
    try:
        return open_plain(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    except FileNotFoundError:
        raise RunError(f"no run folder {shown(path.parent)}") from None


def open_plain(path: Path, flags: int) -> int:
    """A descriptor of a plain file of a run folder. Raises RunError for anything else that lies there, MachineError;
    FileNotFoundError is the caller's to explain."""
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RunError(f"{shown(path)} is a link; a run folder holds its own files") from None
        raise explain(error, path) from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RunError(f"{shown(path)} is not a plain file; remove it")
    return file


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` down to the disk. Raises OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    except OSError as error:
        # Some network disks cannot sync a folder; they make renames durable by themselves.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(file)


def make_folder(folder: Path) -> None:
    """Make `folder` (its parent exists) for its owner alone, unless it is there. RunError when a link or file is."""
    try:
        folder.mkdir(0o700)
        sync_folder(folder.parent)
    except FileExistsError:
        if folder.is_symlink() or not folder.is_dir():
            raise RunError(f"{shown(folder)} should be a folder but is a link or a file; remove it") from None
    except OSError as error:
        raise explain(error, folder) from None


def make_folders(folder: Path) -> None:
    """Make `folder`, for its owner alone, and what is missing above it; all of it durable. Raises OSError."""
    for place in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        place.mkdir(0o700 if place == folder else 0o777, exist_ok=True)
        sync_folder(place.parent)


def remove_folder(folder: Path) -> None:
    """Remove a folder so that nobody ever sees half of it: renamed out of sight first. Links are not followed."""
    try:
        aside = temporary(folder)
        folder.rename(aside)
        if aside.is_symlink() or not aside.is_dir():
            aside.unlink()
        else:
            shutil.rmtree(aside)
    except OSError as error:
        raise explain(error, folder) from None


def sweep(folder: Path) -> None:
    """Remove what interrupted writers left directly in `folder`. Only for the process that holds the run's lock."""
    for entry in _entries(folder):
        if not entry.name.startswith(TEMPORARY):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            _discard(Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [] if folder.is_symlink() else list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def free_space(folder: Path) -> int:
    """Bytes that this user can still write where `folder` is, or would be made."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    disk = os.statvfs(there)
    return disk.f_bavail * disk.f_frsize


def require_space(folder: Path, needed: int) -> None:
    """Raises MachineError unless `needed` bytes are left where `folder` is."""
    free = free_space(folder)
    if free < needed:
        raise MachineError(
            f"not enough room in {shown(folder)}: {_megabytes(needed)} needed, {_megabytes(free)} free; "
            "free some space or choose another folder"
        )


def check_space(folder: Path, needed: int) -> None:
    """Raises MachineError unless `folder` (which exists) can be written and has `needed` bytes left."""
    require_space(folder, needed)
    path = temporary(folder / "probe")
    try:
        write_new(path, b"nonesuch")
    except OSError as error:
        raise explain(error, folder) from None
    finally:
        _discard(path)


def _discard(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"

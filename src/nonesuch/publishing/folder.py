"""Puts a site's files where a person wants them: the old site or the whole new one, never a part.

What lies in the folder and is not the site's (a .git, a CNAME, a robots.txt) is carried over. A folder that holds
anything but a site of ours is refused.
"""

import ctypes
import errno
import json
import os
import shutil
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from nonesuch.errors import RunError
from nonesuch.runs import atomic
from nonesuch.runs.layout import shown

ABOUT = "about.json"
MADE_BY = "nonesuch"
_MOST_ABOUT_BYTES = 4 << 20
_AT_FDCWD, _EXCHANGE = -100, 2
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def check_folder(where: Path) -> None:
    """Raises RunError unless a site can be written there: nothing yet, an empty folder, or an earlier site."""
    if where.is_symlink():
        raise RunError(f"{shown(where)} is a link; name the folder itself")
    if not where.exists():
        return
    if not where.is_dir():
        raise RunError(f"{shown(where)} is no folder; name one for the site, or use --single-file for one .html file")
    try:
        filled = any(where.iterdir())
    except OSError as error:
        raise atomic.explain(error, where) from None
    if filled and own_files(where) is None:
        raise RunError(f"{shown(where)} holds something that nonesuch did not publish; name a new or empty folder")


def check_file(where: Path) -> None:
    """Raises RunError unless a single file can be written there: nothing yet, or an earlier page of ours."""
    if where.is_symlink() or where.is_dir():
        raise RunError(f"{shown(where)} is a {'link' if where.is_symlink() else 'folder'}; name an .html file")
    if where.suffix.lower() not in (".html", ".htm"):
        raise RunError(
            f"a single file is an .html file; found {shown(where.name, 80)}: name it {shown(where.name, 80)}.html"
        )
    if where.exists() and b'name="generator" content="nonesuch"' not in _head(where):
        raise RunError(f"{shown(where)} is a page that nonesuch did not publish; choose another name")


def write_folder(files: Mapping[str, bytes], where: Path) -> None:
    """Replace the site at `where` by these files, names with slashes. Raises RunError and MachineError."""
    check_folder(where)
    beside = atomic.temporary(where.absolute())
    try:
        where.absolute().parent.mkdir(parents=True, exist_ok=True)
        _require_space(where, files)
        beside.mkdir(0o755)
        for name, data in files.items():
            _write(beside.joinpath(*PurePosixPath(name).parts), data)
        _carry_over(where, beside, files)
        for folder in [beside, *(path for path in beside.rglob("*") if path.is_dir() and not path.is_symlink())]:
            atomic.sync_folder(folder)
        _swap(beside, where)
        atomic.sync_folder(where.absolute().parent)
    except OSError as error:
        raise atomic.explain(error, where) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_file(data: bytes, where: Path) -> None:
    """Replace the single file at `where`, readable by everybody as a page should be. Raises RunError, MachineError."""
    check_file(where)
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


def own_files(where: Path) -> dict[str, str] | None:
    """Names of the files that nonesuch published there, with their SHA-256; None where it is no site of ours."""
    about = where / ABOUT
    try:
        if not stat.S_ISREG(about.lstat().st_mode) or about.lstat().st_size > _MOST_ABOUT_BYTES:
            return None
        found = json.loads(about.read_bytes())
        if not str(found["made_by"]).startswith(f"{MADE_BY} "):
            return None
        return {str(name): str(each["sha256"]) for name, each in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _carry_over(old: Path, new: Path, files: Mapping[str, bytes]) -> None:
    """Copy what is not ours from the old folder to the new one, links as links."""
    ours = {*(own_files(old) or ()), *files, ABOUT}
    for folder, folders, names in os.walk(old):
        place = Path(folder).relative_to(old)
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in [*names, *linked]:
            if (place / name).as_posix() in ours:
                continue
            target = new / place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(target):
                shutil.copy2(Path(folder) / name, target, follow_symlinks=False)


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
    """Swap two folders in one step, where the system can: then there is no moment without a site."""
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


def _require_space(where: Path, files: Mapping[str, bytes]) -> None:
    atomic.require_space(where.absolute().parent, sum(map(len, files.values())) + (1 << 20))


def _head(where: Path) -> bytes:
    try:
        with where.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise atomic.explain(error, where) from None

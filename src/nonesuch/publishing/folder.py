"""Puts a site's files where a person wants them: the old site or the whole new one, never a part.

What lies in the folder and is not the site's (a .git, a CNAME, a robots.txt) is carried over. A folder that holds
anything but a site of ours is refused.
"""

import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from nonesuch.errors import RunError
from nonesuch.runs import atomic, whole
from nonesuch.runs.layout import shown

ABOUT = "about.json"
TOP = "site/"
"""Where a site's files lie within its zip archive."""
MADE_BY = "nonesuch"
_MOST_ABOUT_BYTES = 4 << 20


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
    whole.write_folder(files, where, lambda new: _carry_over(where, new, files))


def write_file(data: bytes, where: Path) -> None:
    """Replace the single file at `where`. Raises RunError, MachineError."""
    check_file(where)
    whole.write_file(data, where)


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


def _head(where: Path) -> bytes:
    try:
        with where.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise atomic.explain(error, where) from None

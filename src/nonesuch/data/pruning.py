"""Packs that nobody will open again: of one place and form only the newest two are kept, of all others those in use.

A folder that changes is packed anew each time, as a fingerprint names a pack by dates of files; what was there before
would lie in the cache for ever. Two stay, as a page may still show the one before. Who has a pack mapped reads on.
"""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

KEPT = 2
"""Packs of one place and form."""
IDLE_SECONDS = 30 * 24 * 3600
"""A pack that nobody opened for so long goes, and so does packing that was broken off then."""

Form = tuple[str, str]


def touch(pack: Path) -> None:
    """Note that a pack has been opened; a cache that cannot be written forgets nothing anyway."""
    with contextlib.suppress(OSError):
        os.utime(pack / "pack.json")


def prune(packs: Path, now: float | None = None) -> list[Path]:
    """Take away what is not to be kept of the folder `packs`; returns what went. Called once a pack has been made."""
    now = time.time() if now is None else now
    newest_first = sorted(_times(packs).items(), key=lambda each: -each[1])
    seen: dict[Form, int] = {}
    gone = []
    for path, opened in newest_first:
        form = _form(path)
        if form is not None:
            seen[form] = seen.get(form, 0) + 1
        if now - opened > IDLE_SECONDS or (form is not None and seen[form] > KEPT):
            _remove(path)
            gone.append(path)
    return gone


def _times(packs: Path) -> dict[Path, float]:
    """Finished packs with the time of their last opening, unfinished ones with that of their last change."""
    found = {}
    for path in packs.iterdir():
        with contextlib.suppress(OSError):
            if path.suffix == ".partial":
                found[path] = max(each.stat().st_mtime for each in (path, *path.iterdir()))
            elif path.is_dir():
                found[path] = (path / "pack.json").stat().st_mtime
    return found


def _form(pack: Path) -> Form | None:
    """Which pictures it is of, and how they were made alike; None for those that do not lie in a place that changes."""
    try:
        head = json.loads((pack / "pack.json").read_text(encoding="utf-8"))
        return (str(head["where"]), json.dumps(head["spec"], sort_keys=True)) if head["where"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        # Its head first: what is left of a pack without one is no pack.
        (path / "pack.json").unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.with_suffix(".lock").unlink(missing_ok=True)

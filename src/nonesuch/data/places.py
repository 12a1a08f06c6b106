"""Where data may lie on this machine: the cache and the folders of NONESUCH_DATA; and whether it may be fetched."""

import os
from pathlib import Path


def cache_root() -> Path:
    """The folder for everything that can be made or fetched again: NONESUCH_CACHE, or ~/.cache/nonesuch.

    It need not exist yet.
    """
    named = os.environ.get("NONESUCH_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "nonesuch"


def data_folders() -> list[Path]:
    """The folders of NONESUCH_DATA (separated as in PATH) in their order; those that do not exist are kept."""
    named = os.environ.get("NONESUCH_DATA", "")
    return [Path(folder).expanduser() for folder in named.split(os.pathsep) if folder]


def download_folder(name: str) -> Path:
    """Where the files of the named set are put, by a download or by hand."""
    return cache_root() / "downloads" / name


def offline() -> bool:
    """Whether NONESUCH_OFFLINE forbids this process to fetch anything; the studio sets it for itself."""
    return os.environ.get("NONESUCH_OFFLINE", "") not in ("", "0")

"""Reads files of a run folder that may come from a stranger: no link, no device, no giant, no Infinity gets through."""

import errno
import json
import math
import os
import stat
from pathlib import Path

from nonesuch.errors import RunError
from nonesuch.runs.layout import shown

MOST_JSON_BYTES = 32 << 20


def open_inside(folder: Path, name: str) -> int:
    """A descriptor, for reading, of the plain file `name` ("a/b/c") under `folder`; the caller closes it.

    No part of `name` may be a link: a run folder holds its own files. Raises FileNotFoundError when there is none
    and RunError for anything that is not a plain file or cannot be opened.
    """
    *parents, last = name.split("/")
    where = folder / name
    here = _open(folder, os.O_RDONLY | os.O_DIRECTORY, where, None)
    try:
        for part in parents:
            deeper = _open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, where, here)
            os.close(here)
            here = deeper
        found = _open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, where, here)
    finally:
        os.close(here)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise RunError(f"{shown(where)} is not a plain file; remove it")
    return found


def _open(part: str | Path, flags: int, where: Path, parent: int | None) -> int:
    try:
        if isinstance(part, str) and part in ("", ".", ".."):
            raise RunError(f"{shown(where)} leads out of its run folder")
        return os.open(part, flags | os.O_CLOEXEC, dir_fd=parent)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise RunError(f"{shown(where)} is a link, or lies behind one; a run folder holds its own files") from None
        raise RunError(f"{shown(where)} cannot be read: {error.strerror}") from None
    except ValueError:
        raise RunError(f"{shown(where)} is no file name") from None


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """The whole content of the plain file `name` under `folder`; RunError when it is longer than `most` bytes."""
    where = folder / name
    try:
        with os.fdopen(open_inside(folder, name), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise RunError(f"{shown(where)} is too long: {size:,} bytes, at most {most:,} expected")
            return file.read(most)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError(f"{shown(where)} cannot be read: {error.strerror}") from None


def read_json(folder: Path, name: str) -> dict[str, object]:
    """The JSON object in `name` under `folder`. Raises FileNotFoundError, or RunError when it is anything else."""
    try:
        return parse_object(read_bytes(folder, name, MOST_JSON_BYTES))
    except ValueError as error:
        raise RunError(f"{shown(folder / name)} is damaged: {shown(error, 120)}") from None


def parse_object(data: bytes) -> dict[str, object]:
    """Strict JSON: UTF-8, one object, finite numbers only. Raises ValueError."""
    try:
        value = _STRICT.decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large")
    return number


_STRICT = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)

"""Uploads: a person's bytes go to a child process that decodes them, and come back as a PNG of our own making."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from nonesuch.errors import DataError
from nonesuch.runs import atomic
from nonesuch.runs.layout import TEMPORARY
from nonesuch.studio import decoder
from nonesuch.studio.errors import BusyError, MissingError
from nonesuch.studio.places import Places

if TYPE_CHECKING:
    from nonesuch.pixels import Picture

PATIENCE_SECONDS = 30.0
MOST_CHILDREN = 2
MOST_AT_ONCE = 16
"""Uploads; each may take 64 MiB of the disk until it is decoded."""
MOST_KEPT = 500
"""Uploads; beyond, the one that was used longest ago goes."""


class Decoding:
    """Turns uploads into PNGs of our own, a few at a time."""

    def __init__(self) -> None:
        self._child = asyncio.Semaphore(MOST_CHILDREN)
        self._under_way = 0

    async def keep(self, places: Places, pieces: AsyncIterator[bytes]) -> tuple[str, "Picture"]:
        """Decode the bytes and keep the picture; returns its id and pixels (H, W, C).

        Raises DataError for what is no picture, BusyError, MachineError when the disk refuses.
        """
        if self._under_way >= MOST_AT_ONCE:
            raise BusyError("many pictures are being read; try again in a moment")
        folder = uploads(places)
        self._under_way += 1
        raw, made = (folder / f"{TEMPORARY}{secrets.token_hex(8)}" for _ in range(2))
        try:
            atomic.make_folders(folder)
            name = await _stored(raw, pieces)
            kept = folder / f"{name}.png"
            if not kept.exists():
                async with self._child:
                    await _decoded_by_child(raw, made)
                made.replace(kept)
                _prune(folder)
            return f"upload:{name}", await asyncio.to_thread(upload, places, name)
        except OSError as error:
            raise atomic.explain(error, folder) from None
        finally:
            self._under_way -= 1
            for path in (raw, made):
                with contextlib.suppress(OSError):
                    path.unlink()


async def _stored(path: Path, pieces: AsyncIterator[bytes]) -> str:
    """Write the pieces as they come; returns 32 hex digits of their sha256."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        async for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()[:32]


async def _decoded_by_child(raw: Path, made: Path) -> None:
    with raw.open("rb") as given, made.open("xb") as taken:
        child = await asyncio.create_subprocess_exec(
            # -P: the folder we were started in is no place to import from.
            *(sys.executable, "-P", "-m", decoder.__name__),
            stdin=given,
            stdout=taken,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, said = await child.communicate()
    except TimeoutError:
        raise DataError(f"this picture took longer than {PATIENCE_SECONDS:g} s to read; save it again as PNG") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        words = said.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1] if words and child.returncode == decoder.REFUSED else "reading it needs too much"
        raise DataError(f"this is no picture that can be used: {reason}; give a PNG, JPEG, WebP, GIF, BMP or TIFF")


def uploads(places: Places) -> Path:
    """Where uploads are kept."""
    return places.cache / "pictures"


def upload(places: Places, name: str) -> "Picture":
    """An upload again. We wrote the file ourselves, so it is read without a child."""
    from nonesuch.data.decode import decode

    path = uploads(places) / f"{name}.png"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingError("this upload is no longer kept; give the picture again") from None
    with contextlib.suppress(OSError):
        os.utime(path)
    return decode(data)


def _prune(folder: Path) -> None:
    kept = sorted(folder.glob("[0-9a-f]*.png"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-MOST_KEPT]:
        path.unlink(missing_ok=True)

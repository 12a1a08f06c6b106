"""A person's own data sets: folders under the data root, edited by name, filled by uploads that are encoded anew.

Why anew: the sender's bytes may carry the place and time of a photo, a second file behind the first, or whatever a
decoder stumbles over. What is stored is pixels that a guarded child has decoded, as a PNG of our making, with a name
made from its content. The price is some disk; no side longer than 2048 pixels is kept.
"""

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from nonesuch.data.album import Album, new_album
from nonesuch.data.items import printable
from nonesuch.errors import DataError, MachineError
from nonesuch.runs.layout import shown
from nonesuch.studio.errors import BusyError, MissingError
from nonesuch.studio.places import Places, is_data_id
from nonesuch.studio.wire import album as wire

if TYPE_CHECKING:
    from nonesuch.studio.studio import Studio

MOST_PICTURES = 50_000
MOST_WAITING = 32
LEAST_FREE_BYTES = 500 << 20
OLD_SECONDS = 24 * 3600


def album_of(places: Places, data_id: str) -> Album:
    """A data set that can be changed. Raises MissingError, DataError for one that is not the person's own."""
    source = places.source(data_id)
    if data_id in places.given or source != places.data / data_id:
        raise DataError(f"{shown(data_id, 80)} is not yours to change here: make a copy of it, and change that")
    return Album(places.data / data_id)


def detail(places: Places, data_id: str) -> wire.AlbumDetail:
    """A data set as folders. Raises MissingError; other data sets say why they are none."""
    try:
        album = album_of(places, data_id)
        objection = album.objection()
    except DataError as error:
        return wire.AlbumDetail(data=data_id, objection=str(error), classes=[], removed=0)
    off = album.off()
    counts = {name: album.count_of(name) for name in album.classes() if printable(name) == name}
    classes = [wire.AlbumClass(name=name, count=count, off=name in off) for name, count in counts.items()]
    return wire.AlbumDetail(data=data_id, objection=objection, classes=classes, removed=album.removed())


def make(places: Places, name: str) -> str:
    """Make an empty data set; returns its id. Raises DataError."""
    taken = places.data_sets()
    if name.strip().casefold() in {known.casefold() for known in taken}:
        raise DataError(f"there is a data set {name.strip()!r} already; choose another name")
    album = new_album(places.data, name)
    assert is_data_id(album.root.name)
    return album.root.name


def edit(places: Places, data_id: str, asked: wire.Edit) -> None:
    """Do one edit. Raises MissingError, DataError."""
    album = album_of(places, data_id)
    match asked:
        case wire.AddClass():
            album.add_class(asked.name)
        case wire.RenameClass():
            album.rename_class(asked.name, asked.to)
        case wire.RemoveClass():
            album.remove_class(asked.name)
        case wire.SwitchClass():
            album.switch(asked.name, asked.off)
        case wire.MovePictures():
            album.move(_names(asked.pack, asked.rows), asked.to)
        case wire.RemovePictures():
            album.remove(_names(asked.pack, asked.rows))
        case wire.PutPicturesBack():
            album.put_back()


def _names(pack_id: str, rows: list[int]) -> list[str]:
    """Rows of a pack as names; which files they are the album looks up itself, in its own folder only."""
    from nonesuch.data.pack import is_pack, open_pack
    from nonesuch.data.places import cache_root

    folder = cache_root() / "packs" / pack_id
    if not is_pack(folder):
        raise MissingError("these pictures have changed since you looked; look again")
    names = open_pack(folder).names
    if any(row >= len(names) for row in rows):
        raise MissingError(f"there are {len(names):,} pictures here, counted from 0")
    return [names[row] for row in dict.fromkeys(rows)]


class Intake:
    """Takes pictures and archives in; one for each server."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(4)
        self._waiting = 0

    async def picture(self, studio: "Studio", data_id: str, label: str, pieces: AsyncIterator[bytes]) -> wire.Kept:
        """Decode one picture in a guarded child and put it into a class. Raises DataError, MissingError, BusyError."""
        if self._waiting >= MOST_WAITING:
            raise BusyError("many pictures are being read; try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                album = await asyncio.to_thread(_ready, studio.places, data_id, label)
                data = b"".join([piece async for piece in pieces])
                return await asyncio.to_thread(_put, studio, album, label, data)
        finally:
            self._waiting -= 1

    async def archive(self, studio: "Studio", data_id: str, pieces: AsyncIterator[bytes]) -> str:
        """Keep a zip until a task has read it; returns its id. Raises DataError, MissingError, MachineError."""
        await asyncio.to_thread(_ready, studio.places, data_id, None)
        folder = archives(studio.places)
        folder.mkdir(0o700, parents=True, exist_ok=True)
        _forget_old(folder)
        name = secrets.token_hex(16)
        path = folder / f"{name}.zip"
        try:
            with path.open("xb") as file:
                async for piece in pieces:
                    file.write(piece)
            with path.open("rb") as file:
                if file.read(4) not in (b"PK\3\4", b"PK\5\6"):
                    raise DataError("this is no zip archive; give a .zip, or drop the pictures themselves")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name


def archives(places: Places) -> Path:
    """Where archives wait."""
    return places.cache / "archives"


def _ready(places: Places, data_id: str, label: str | None) -> Album:
    """The album, if there is room in it and on the disk, and it has the class."""
    album = album_of(places, data_id)
    if objection := album.objection():
        raise DataError(f"{shown(data_id, 80)} cannot be changed here: {objection}")
    if label is not None and label not in album.classes():
        raise MissingError(f"there is no class {shown(label, 80)!r}")
    check_room(album)
    return album


def check_room(album: Album) -> None:
    """Raises DataError when a data set is full, MachineError when the disk nearly is."""
    if album.count() >= MOST_PICTURES:
        raise DataError(
            f"a data set takes {MOST_PICTURES:,} pictures here; for more, give the folder: nonesuch studio FOLDER"
        )
    if shutil.disk_usage(album.root).free < LEAST_FREE_BYTES:
        raise MachineError("less than 500 MB are free on this disk; free some space")


def _put(studio: "Studio", album: Album, label: str, data: bytes) -> wire.Kept:
    with studio.decoders.one() as decoder:
        png = decoder.png(data)
    _, new = album.put(label, png)
    return wire.Kept(label=label, new=new)


def _forget_old(folder: Path) -> None:
    """Archives whose task never came, or was ended."""
    for path in folder.iterdir():
        if re.fullmatch(r"[0-9a-f]{32}\.zip", path.name) and path.stat().st_mtime < time.time() - OLD_SECONDS:
            path.unlink(missing_ok=True)

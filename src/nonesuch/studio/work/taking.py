"""What importing and copying share: pictures from somewhere, decoded by a guarded child, put into an album."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonesuch.data.album import Album
from nonesuch.data.items import Reject, Undecodable
from nonesuch.errors import DataError
from nonesuch.studio.decoders import GuardedDecoder
from nonesuch.studio.wire.data import RejectLine
from nonesuch.studio.wire.data_tasks import TakenDone
from nonesuch.studio.work.desk import Desk

MOST_TOLD = 200
CHECKED_EVERY = 200


@dataclass(frozen=True)
class Picture:
    """name: for a person. label: the class it goes into. read: its bytes or pixels; raises Undecodable."""

    name: str
    label: str
    read: Callable[[], bytes | NDArray[Any]]


def take(
    data_id: str, album: Album, pictures: Iterable[Picture], total: int, refused: Sequence[Reject], desk: Desk
) -> TakenDone:
    """Put them in, class by class; what cannot be read is named with its reason, and the others go on.

    Raises DataError when there are too many, MachineError when the disk is nearly full.
    """
    from nonesuch.studio.albums import MOST_PICTURES, check_room

    if total > MOST_PICTURES:
        raise DataError(f"{total:,} pictures are too many: a data set takes {MOST_PICTURES:,} here")
    added = known = 0
    rejects = list(refused)
    labels: dict[str, str] = {}
    decoder = GuardedDecoder()
    try:
        for done, picture in enumerate(pictures):
            if done % CHECKED_EVERY == 0:
                check_room(album)
            desk.say(done, total, "pictures")
            try:
                # Decoded first: a class that would hold nothing is not made.
                png = _png(decoder, picture)
                label = labels.get(picture.label) or labels.setdefault(picture.label, _class(album, picture.label))
                new = album.put(label, png)[1]
            except Undecodable as error:
                rejects.append(Reject(picture.name, error.reason))
            except DataError as error:
                rejects.append(Reject(picture.name, str(error)))
            else:
                added, known = added + new, known + (not new)
    finally:
        decoder.close()
    desk.say(total, total, "pictures")
    told = [RejectLine(name=each.name, reason=each.reason) for each in rejects[:MOST_TOLD]]
    return TakenDone(data=data_id, added=added, known=known, refused=len(rejects), refusals=told)


def _class(album: Album, label: str) -> str:
    """The class of this name, large and small letters being one; made when there is none. Raises DataError."""
    for name in album.classes():
        if name.casefold() == label.strip().casefold():
            return name
    return album.add_class(label)


def _png(decoder: GuardedDecoder, picture: Picture) -> bytes:
    from nonesuch.data.decode import from_array
    from nonesuch.pixels import png_bytes

    raw = picture.read()
    return png_bytes(np.ascontiguousarray(from_array(raw))) if isinstance(raw, np.ndarray) else decoder.png(raw)

"""Copies a data set, or so many pictures of each class, into a new one of the person's own, which can be changed."""

from collections import Counter
from collections.abc import Iterator

from nonesuch.data.items import Item
from nonesuch.studio.wire.data_tasks import CopyingAsked, TakenDone
from nonesuch.studio.work.desk import Desk
from nonesuch.studio.work.taking import Picture, take

UNLABELLED = "pictures"


def do(asked: CopyingAsked, desk: Desk) -> TakenDone:
    """Raises DataError when the data set cannot be read; what has been copied by then stays."""
    from nonesuch.data.open import source_of
    from nonesuch.studio.albums import album_of

    source = source_of(desk.places.source(asked.data))
    try:
        album = album_of(desk.places, asked.name.strip())
        chosen, counts = [], Counter[str]()
        for item in source.items():
            label = _label(item, asked.column)
            if counts[label] < asked.most:
                counts[label] += 1
                chosen.append((item, label))

        def pictures() -> Iterator[Picture]:
            for item, label in chosen:
                yield Picture(item.name, label, lambda key=item.key: source.read(key))  # type: ignore[misc]

        return take(album.root.name, album, pictures(), len(chosen), [], desk)
    finally:
        source.close()


def _label(item: Item, column: str) -> str:
    found = item.label if column == "label" else item.columns.get(column)
    return found or UNLABELLED

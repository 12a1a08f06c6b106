"""Puts the pictures of an archive into a data set of the person's own: read where they lie, and encoded anew."""

from collections.abc import Iterator

from nonesuch.errors import DataError
from nonesuch.studio.wire.data_tasks import ImportingAsked, TakenDone
from nonesuch.studio.work.desk import Desk
from nonesuch.studio.work.taking import Picture, take


def do(asked: ImportingAsked, desk: Desk) -> TakenDone:
    """Raises DataError when the archive cannot be read or holds too much; what is in by then stays."""
    from nonesuch.data.archive import ZipSource
    from nonesuch.studio.albums import album_of, archives

    path = archives(desk.places) / f"{asked.archive}.zip"
    if not path.is_file():
        raise DataError("the archive is no longer kept; give it again")
    source = ZipSource(path)
    try:
        album = album_of(desk.places, asked.data)
        items = list(source.items())

        def pictures() -> Iterator[Picture]:
            for item in items:
                yield Picture(item.name, item.label or asked.label, lambda key=item.key: source.read(key))  # type: ignore[misc]

        return take(asked.data, album, pictures(), len(items), source.refused, desk)
    finally:
        source.close()
        path.unlink(missing_ok=True)

"""Pictures by their ids: uploads, rows of data sets and of runs, drawn seeds; as pixels and as PNG."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from nonesuch.errors import RecipeError
from nonesuch.studio.decoding import upload
from nonesuch.studio.errors import MissingError, UnpackedError
from nonesuch.studio.places import Places
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.base import MOST_WHOLE, parts_of

if TYPE_CHECKING:
    from nonesuch.evaluation.run import Run
    from nonesuch.pixels import Picture


def needs_net(picture: str) -> bool:
    """Whether finding these pixels wants torch, and so the thread for nets."""
    return parts_of(picture)[0] in ("run", "seed")


def pixels_of(studio: Studio, picture: str) -> "Picture":
    """The pixels (H, W, C) of a PictureId, C = 1, 3 or 4. Raises MissingError, DataError, RunError, RecipeError.

    Call it in a thread: within `studio.compute` when needs_net(picture).
    """
    return pixels_in(studio.places, picture, studio.opened)


def pixels_in(places: Places, picture: str, opened: Callable[[str], "Run"]) -> "Picture":
    """The same without a studio, for long work in a process of its own; `opened` gives the run of a seed's picture."""
    kind, *rest = parts_of(picture)
    if kind == "upload":
        return upload(places, rest[0])
    if kind == "data":
        return _of_data(places, rest[0], int(rest[1]))
    if kind == "run":
        return _of_run(places, rest[0], rest[1], int(rest[2]))
    return _of_seed(opened, rest[0], int(rest[1]))


def png_of(studio: Studio, picture: str) -> bytes:
    """Like pixels_of, as a PNG."""
    from nonesuch.pixels import png_bytes

    return png_bytes(pixels_of(studio, picture))


def _of_data(places: Places, data_id: str, row: int) -> "Picture":
    from nonesuch.data.builtin import SHIPPED
    from nonesuch.data.open import open_data, packed_before

    where = places.source(data_id)
    # What is shipped with nonesuch is arrays of our own, made alike in a moment; anything else a task has to decode.
    pack = open_data(where) if where in SHIPPED else packed_before(where)
    if pack is None:
        raise UnpackedError(f"the pictures of {data_id} have not been brought to one size yet: open them in Data")
    _check(row, len(pack))
    found: Picture = pack.pixels[row]
    return found


def _of_run(places: Places, run_id: str, split: str, row: int) -> "Picture":
    from nonesuch.assembly import reopen
    from nonesuch.recipe import from_record

    data = reopen(from_record(places.run(run_id).recipe()).data)
    _check(row, len(data.rows[split]))
    found: Picture = data.pack.pixels[data.rows[split][row]]
    return found


def _of_seed(opened: Callable[[str], "Run"], run_id: str, seed: int) -> "Picture":
    if seed > MOST_WHOLE:
        raise RecipeError(f"a seed is a whole number below 2^53; found {seed}")
    drawn: Picture = opened(run_id).sample([seed])[0]
    return drawn


def _check(row: int, count: int) -> None:
    if row >= count:
        raise MissingError(f"there are {count:,} pictures here, counted from 0; found {row}")

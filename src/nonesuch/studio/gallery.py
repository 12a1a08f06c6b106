"""Looks at a packed data set: what is in it, page by page, copies, one picture at a size, and its neighbours."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nonesuch.data import inspection, split
from nonesuch.data.album import off_classes
from nonesuch.data.items import Undecodable
from nonesuch.data.pack import Column, Pack
from nonesuch.errors import DataError, RecipeError
from nonesuch.pixels import Picture, to_rgb
from nonesuch.studio.errors import MissingError, UnpackedError
from nonesuch.studio.places import Places
from nonesuch.studio.studio import Studio
from nonesuch.studio.views import View
from nonesuch.studio.wire import data as wire
from nonesuch.studio.wire.base import Block

THUMBNAIL = 96
"""Pixels of the longer side on a contact sheet: larger pictures are shrunk for it."""
LARGEST_SHOWN = 384
MOST_GROUPS = 60
MOST_OF_GROUP = 8

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """A pack under a view. codes (N,): everyone's class, -1 for none; names of the classes."""

    pack: Pack
    column: Column | None
    codes: NDArray[np.int32]
    names: tuple[str, ...]
    assigned: NDArray[np.uint8]

    def line(self, row: int) -> wire.PictureLine:
        """One picture in words."""
        part = inspection.SPLITS[int(self.assigned[row])]
        return wire.PictureLine(row=row, name=self.pack.names[row], code=int(self.codes[row]), split=part)  # type: ignore[arg-type]

    def check(self, row: int) -> None:
        """Raises MissingError for a row that there is not."""
        if row >= len(self.pack):
            raise MissingError(f"there are {len(self.pack):,} pictures here, counted from 0; found {row}")


def look(places: Places, data_id: str, view: View) -> Look:
    """The pack of a data set. Raises MissingError, DataError, UnpackedError when no task has packed it yet."""
    from nonesuch.data.open import packed_before

    pack = packed_before(places.source(data_id), view.size, view.channels, view.fit)
    if pack is None:
        raise UnpackedError("these pictures have not been brought to one size yet")
    assigned = split.assign(pack.hashes, pack.given_split, view.val, view.test)
    column = pack.columns.get(view.label)
    if column is None:
        return Look(pack, None, np.full(len(pack), -1, np.int32), (), assigned)
    return Look(pack, column, column.codes, column.classes, assigned)


def listed(places: Places) -> wire.DataList:
    """Every data set."""
    from nonesuch.data.builtin import NAMES
    from nonesuch.studio.albums import MOST_PICTURES
    from nonesuch.studio.body import most_bytes

    lines = []
    for name in places.data_sets():
        if name in places.given:
            lines.append(
                wire.DataLine(id=name, kind="given", about="given on the command line", pictures=None, missing="")
            )
        elif name in NAMES:
            entry = NAMES[name]
            lines.append(
                wire.DataLine(id=name, kind="named", about=entry.about, pictures=entry.pictures, missing=_missing(name))
            )
        else:
            lines.append(wire.DataLine(id=name, kind="own", about="your own", pictures=None, missing=""))
    return wire.DataList(
        sets=lines,
        most_pictures=MOST_PICTURES,
        most_picture_bytes=most_bytes("/api/uploads/pictures"),
        most_archive_bytes=most_bytes("/api/uploads/archives"),
    )


def _missing(name: str) -> str:
    """Why a named set cannot be opened here. The studio never fetches: where fetching is allowed nobody looks."""
    from nonesuch.data.open import source_of
    from nonesuch.data.places import offline

    try:
        if offline():
            source_of(name).close()
    except DataError as error:
        return str(error)
    return ""


def detail(places: Places, data_id: str, view: View) -> wire.DataLook:
    """What is in it; nothing is known before it has been packed."""
    try:
        return wire.DataLook(detail=_detail(places, data_id, view, look(places, data_id, view)))
    except UnpackedError:
        return wire.DataLook(detail=None)


def _detail(places: Places, data_id: str, view: View, found: Look) -> wire.DataDetail:
    pack, source = found.pack, places.source(data_id)
    off = off_classes(source) if isinstance(source, Path) and view.label == "label" else ()
    named = [] if found.column is None else [inspection.balance(view.label, found.column, found.assigned, off)]
    height, width, channels = pack.spec.shape
    train, val, test = (int(count) for count in np.bincount(found.assigned, minlength=3))
    sides, fitted = inspection.sides(pack), inspection.fitted(pack)
    return wire.DataDetail(
        data=data_id,
        pack=pack.fingerprint,
        pictures=len(pack),
        height=height,
        width=width,
        channels=channels,
        fit=pack.spec.fit,
        column=view.label if found.column is not None else "",
        columns=list(pack.columns),
        classes=[wire.ClassCount(**{name: getattr(line, name) for name in wire.ClassCount.model_fields})
                 for each in named for line in each.classes],
        unlabelled=sum(each.unlabelled for each in named),
        split=[train, val, test],
        absent={name: names for each in named for name, names in each.absent().items()},
        sides=wire.SidesFound(
            smallest=list(sides.smallest), largest=list(sides.largest), typical=list(sides.typical),
            often=[list(each) for each in sides.often], kinds=sides.kinds,
        ),
        fitted=wire.FittedLine(**{name: getattr(fitted, name) for name in wire.FittedLine.model_fields}),
        enlargement=pack.enlargement,
        rejects=len(pack.rejects),
        refusals=[
            wire.RefusalLine(reason=each.reason, count=each.count, example=each.example)
            for each in inspection.refusals(pack.rejects)[:20]
        ],
    )  # fmt: skip


def page(places: Places, data_id: str, view: View, code: int | None, start: int, count: int) -> wire.PicturePage:
    """Some pictures of a class (-1: of none), or of all."""
    found = look(places, data_id, view)
    rows = np.arange(len(found.pack)) if code is None else np.flatnonzero(found.codes == code)
    shown = rows[start : start + count]
    lines = [found.line(int(row)) for row in shown]
    return wire.PicturePage(start=start, total=len(rows), lines=lines, pixels=thumbnails(found.pack, shown))


def rejects(places: Places, data_id: str, view: View, start: int, count: int) -> wire.RejectPage:
    """Some of the refused files."""
    found = look(places, data_id, view).pack.rejects
    lines = [wire.RejectLine(name=each.name, reason=each.reason) for each in found[start : start + count]]
    return wire.RejectPage(start=start, total=len(found), lines=lines)


def copies(places: Places, data_id: str, view: View) -> wire.Copies:
    """Duplicates, those across the split first: they make a test look better than it is."""
    from nonesuch.evaluation import copies as kept

    found = look(places, data_id, view)
    default = split.assign(found.pack.hashes, found.pack.given_split)
    report = kept.copies(found.pack, default)
    groups: list[tuple[tuple[str, ...], float | None, bool]] = []
    groups += [(names, None, names in report.across_exact) for names in report.exact]
    groups += [((pair.first, pair.second), pair.difference, pair in report.across_near) for pair in report.near]
    groups = sorted(groups, key=lambda group: not group[2])[:MOST_GROUPS]
    wanted = {name for names, _, _ in groups for name in names[:MOST_OF_GROUP]}
    rows = {name: row for row, name in enumerate(found.pack.names[:]) if name in wanted} if wanted else {}
    told = [
        wire.CopyGroup(
            lines=[found.line(rows[name]) for name in names[:MOST_OF_GROUP]], difference=difference, across=across
        )
        for names, difference, across in groups
    ]
    shown = np.array([line.row for group in told for line in group.lines], np.int64)
    across_count = len(report.across_exact) + len(report.across_near)
    return wire.Copies(
        words=report.words(),
        exact=len(report.exact),
        near=len(report.near),
        across=across_count,
        groups=told,
        pixels=thumbnails(found.pack, shown),
    )


def fits(studio: Studio, data_id: str, view: View, row: int) -> wire.Fits:
    """A picture as it is in its source, and the three ways to bring it to the size of the pack."""
    from nonesuch.data.fitting import ways

    found = look(studio.places, data_id, view)
    found.check(row)
    pack, name = found.pack, found.pack.names[row]
    picture = _original(studio, data_id, name)
    height, width = (int(side) for side in pack.sides[row])
    lines = [
        wire.WayLine(how=way.how, pixels=Block.of(to_rgb(way.picture)), scale=way.scale, cost=way.cost)
        for way in ways(picture, pack.spec.shape[:2], pack.spec.channels)
    ]
    return wire.Fits(
        name=name, height=height, width=width, original=Block.of(_shrunk(picture, LARGEST_SHOWN)), ways=lines
    )


def augmented(places: Places, data_id: str, asked: wire.AugmentAsked) -> wire.Augmented:
    """What training would show of one picture. Needs torch."""
    from nonesuch.data.augment import AugmentSpec, variants

    found = look(places, data_id, View(asked.size, asked.channels, asked.fit, ""))
    found.check(asked.row)
    spec = AugmentSpec(**{name: getattr(asked, name) for name in AugmentSpec.model_fields})
    picture = found.pack.pixels[asked.row]
    try:
        shown = variants(spec, picture, asked.count, asked.seed)
    except ValueError as error:
        raise RecipeError(f"these pictures cannot be changed so: {error}") from None
    return wire.Augmented(original=Block.of(to_rgb(picture)), pixels=Block.of(to_rgb(shown)))


def near(places: Places, data_id: str, view: View, row: int, by: wire.By, count: int) -> wire.Near:
    """The pictures nearest to one."""
    from nonesuch.evaluation.data_map import column_for
    from nonesuch.evaluation.data_map import near as nearest

    found = look(places, data_id, view)
    found.check(row)
    rows, distances = nearest(found.pack, row, by, column_for(found.pack, view.label), count)
    lines = [
        wire.NearLine(line=found.line(int(each)), distance=float(distance))
        for each, distance in zip(rows, distances, strict=True)
    ]
    pixels = thumbnails(found.pack, np.concatenate([[row], rows]).astype(np.int64))
    return wire.Near(asked=found.line(row), lines=lines, pixels=pixels)


def thumbnails(pack: Pack, rows: Ints) -> Block:
    """Pictures for a contact sheet, (n, H, W, 3)."""
    height, width, _ = pack.spec.shape
    if max(height, width) <= THUMBNAIL:
        return Block.of(np.ascontiguousarray(to_rgb(pack.pixels[rows])))
    shown = [_shrunk(pack.pixels[row], THUMBNAIL) for row in rows]
    return Block.of(np.stack(shown) if shown else np.zeros((0, 1, 1, 3), np.uint8))


def _shrunk(picture: Picture, most: int) -> Picture:
    """In colour, its longer side at most so long."""
    from nonesuch.data.decode import fit

    coloured = to_rgb(picture)
    height, width, _ = coloured.shape
    scale = min(1.0, most / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return np.ascontiguousarray(fit(coloured, size, "stretch", 3))


def _original(studio: Studio, data_id: str, name: str) -> Picture:
    """A picture as its source has it; what is a file is decoded by a guarded child. Raises DataError."""
    from nonesuch.data.decode import decode, from_array
    from nonesuch.data.open import source_of

    source = source_of(studio.places.source(data_id))
    try:
        key = next((item.key for item in source.items() if item.name == name), None)
        if key is None:
            raise MissingError("this picture is no longer there; look again")
        raw = source.read(key)
        if isinstance(raw, bytes):
            with studio.decoders.one() as decoder:
                return decode(decoder.png(raw))
        return from_array(raw)
    except Undecodable as error:
        raise DataError(f"this picture cannot be read: {error.reason}") from None
    finally:
        source.close()

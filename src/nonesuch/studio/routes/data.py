"""The room Data: data sets, what is in one, its pictures page by page; a person's own to fill and change."""

from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Path, Query, Request

from nonesuch.studio import albums
from nonesuch.studio.routes.pictures import RAW
from nonesuch.studio.routes.room import Here, room
from nonesuch.studio.views import View
from nonesuch.studio.wire import album
from nonesuch.studio.wire import data as wire
from nonesuch.studio.wire.base import DataId, Line
from nonesuch.studio.wire.data_tasks import CopyingAsked, ImportingAsked, MappingAsked
from nonesuch.studio.wire.tasks import TaskLine

router = room("data")

DataPath = Annotated[DataId, Path(description="a data set's id")]
Start = Annotated[int, Query(ge=0, lt=10**12)]
Count = Annotated[int, Query(ge=1, le=120)]
Row = Annotated[int, Query(ge=0, lt=10**12, description="a picture's row in the pack")]
Code = Annotated[int | None, Query(ge=-1, lt=10**6, description="a class by its number; -1: of none; left out: all")]
Share = Annotated[float, Query(ge=0, lt=1, allow_inf_nan=False)]
Into = Annotated[album.ClassName, Query(description="the class it goes into")]


def _view(
    size: Annotated[wire.Side | None, Query(description="pixels of each side; left out: as the pictures are")] = None,
    channels: Annotated[int | None, Query(ge=1, le=4)] = None,
    fit: wire.Fit = "crop",
    label: Annotated[Line, Query(description="the column that holds the classes")] = "label",
    val: Share = 0.1,
    test: Share = 0.1,
) -> View:
    from nonesuch.data.settings import known_channels

    return View(size, known_channels(channels), fit, label, val, test)


Seen = Annotated[View, Depends(_view)]


@router.get("/data")
def list_data(studio: Here) -> wire.DataList:
    """Every data set there is, and how much can be given to one's own."""
    from nonesuch.studio import gallery

    return gallery.listed(studio.places)


@router.post("/data", status_code=201)
def make_data(studio: Here, asked: album.NewData) -> album.AlbumDetail:
    """Make an empty data set of one's own: a folder under the data root, for the command line too."""
    return albums.detail(studio.places, albums.make(studio.places, asked.name))


@router.get("/data/{data_id}")
def read_data(studio: Here, data_id: DataPath, view: Seen) -> wire.DataLook:
    """What is in a data set: sizes, classes, split, refusals; null until a task has packed it."""
    from nonesuch.studio import gallery

    return gallery.detail(studio.places, data_id, view)


@router.get("/data/{data_id}/album")
def read_album(studio: Here, data_id: DataPath) -> album.AlbumDetail:
    """A data set as folders, whether it is packed or not, and whether it can be changed."""
    return albums.detail(studio.places, data_id)


@router.post("/data/{data_id}/edits")
def edit_data(studio: Here, data_id: DataPath, asked: album.Edit) -> album.AlbumDetail:
    """Change one's own data set: classes and pictures. Nothing is deleted: what is taken out lies in .removed/."""
    albums.edit(studio.places, data_id, asked)
    return albums.detail(studio.places, data_id)


@router.get("/data/{data_id}/pictures")
def read_pictures(
    studio: Here, data_id: DataPath, view: Seen, code: Code = None, start: Start = 0, count: Count = 60
) -> wire.PicturePage:
    """A page of the contact sheet."""
    from nonesuch.studio import gallery

    return gallery.page(studio.places, data_id, view, code, start, count)


@router.get("/data/{data_id}/rejects")
def read_rejects(studio: Here, data_id: DataPath, view: Seen, start: Start = 0, count: Count = 60) -> wire.RejectPage:
    """A page of the files that were refused, each with its reason."""
    from nonesuch.studio import gallery

    return gallery.rejects(studio.places, data_id, view, start, count)


@router.get("/data/{data_id}/copies")
def read_copies(studio: Here, data_id: DataPath, view: Seen) -> wire.Copies:
    """Pictures that are there twice, exactly or nearly; those on both sides of the split first."""
    from nonesuch.studio import gallery

    return gallery.copies(studio.places, data_id, view)


@router.get("/data/{data_id}/fits")
def read_fits(studio: Here, data_id: DataPath, view: Seen, row: Row) -> wire.Fits:
    """One picture cropped, padded and stretched to the size of the view, side by side."""
    from nonesuch.studio import gallery

    return gallery.fits(studio, data_id, view, row)


@router.post("/data/{data_id}/augmented")
async def show_augmented(studio: Here, request: Request, data_id: DataPath, asked: wire.AugmentAsked) -> wire.Augmented:
    """What training would show of one picture."""
    from nonesuch.studio import gallery

    return await studio.compute(lambda: gallery.augmented(studio.places, data_id, asked), request)


@router.get("/data/{data_id}/neighbours")
async def read_neighbours(
    studio: Here,
    request: Request,
    data_id: DataPath,
    view: Seen,
    row: Row,
    by: wire.By = "features",
    count: Annotated[int, Query(ge=1, le=48)] = 12,
) -> wire.Near:
    """The pictures nearest to one, by what the measuring net sees (once a map has been made) or by pixels."""
    from nonesuch.studio import gallery

    return await studio.compute(lambda: gallery.near(studio.places, data_id, view, row, by, count), request)


@router.post("/uploads/pictures/{data_id}", status_code=201, openapi_extra={"requestBody": RAW})
async def add_to_class(studio: Here, request: Request, data_id: DataPath, label: Into) -> album.Kept:
    """Put a picture, its bytes as they are, into a class. It is decoded in a guarded child and stored anew as PNG."""
    return await studio.intake.picture(studio, data_id, label, request.stream())


@router.post("/uploads/archives/{data_id}", status_code=202, openapi_extra={"requestBody": RAW})
async def add_archive(studio: Here, request: Request, data_id: DataPath, label: Into = "pictures") -> TaskLine:
    """Give a zip: a task puts its pictures, read where they lie, into the classes named by its folders."""
    archive = await studio.intake.archive(studio, data_id, request.stream())

    def begin() -> TaskLine:
        return studio.tasks.start("importing", ImportingAsked(data=data_id, archive=archive, label=label))

    return await anyio.to_thread.run_sync(begin)


@router.post("/work/mapping", status_code=202)
def start_mapping(studio: Here, asked: MappingAsked) -> TaskLine:
    """Lay a data set out as a map."""
    studio.places.source(asked.data)
    return studio.tasks.start("mapping", asked)


@router.post("/work/copying", status_code=202)
def start_copying(studio: Here, asked: CopyingAsked) -> TaskLine:
    """Copy a data set, or some pictures of each class, into a new one of one's own."""
    studio.places.source(asked.data)
    albums.make(studio.places, asked.name)
    return studio.tasks.start("copying", asked)

"""The room Latent: places drawn, directions kept, clouds, the use of a code; long work on them begins here too."""

from typing import Annotated

from fastapi import Query, Request

from nonesuch.studio.routes.room import PNG, Here, Png, RunPath, room
from nonesuch.studio.wire.base import Line
from nonesuch.studio.wire.latent import (
    Cloud,
    CloudAsked,
    Code,
    CodeUse,
    CompassAsked,
    CompassWay,
    Directions,
    DirectionsAsked,
    EncodeAsked,
    FilmAsked,
    FoundDirection,
    InversionAsked,
    LikelihoodAsked,
    PadAsked,
    PictureAsked,
    PilesAsked,
    Point,
    Sheet,
    SheetAsked,
    Space,
)
from nonesuch.studio.wire.tasks import TaskLine

router = room("latent")

Column = Annotated[Line | None, Query(description="labels; none: the run's classes, or the first column there is")]
Name = Annotated[Line, Query(min_length=1, description="a kept direction's name")]
Most = Annotated[int, Query(ge=2, le=2000, description="pictures to show at most")]


@router.get("/runs/{run_id}/latent")
async def read_space(studio: Here, request: Request, run_id: RunPath) -> Space:
    """A run's latent space: its size, its classes, its kept directions, what can be asked of it."""

    def look() -> Space:
        from nonesuch.studio import walking

        return walking.space(studio.opened(run_id))

    return await studio.compute(look, request)


@router.post("/runs/{run_id}/place", response_class=Png, responses=PNG)
async def draw_place(studio: Here, request: Request, run_id: RunPath, asked: PictureAsked) -> Png:
    """The picture at one place of latent space: a mix of seeds and codes, plus moves."""

    def draw() -> bytes:
        from nonesuch.studio import walking

        return walking.drawn(studio.opened(run_id), asked)

    return Png(await studio.compute(draw, request))


@router.post("/runs/{run_id}/places")
async def draw_places(studio: Here, request: Request, run_id: RunPath, asked: SheetAsked) -> Sheet:
    """The pictures at several places of latent space."""

    def draw() -> Sheet:
        from nonesuch.studio import walking

        return walking.drawn_sheet(studio.opened(run_id), asked)

    return await studio.compute(draw, request)


@router.post("/runs/{run_id}/code")
async def read_code(studio: Here, request: Request, run_id: RunPath, asked: Point) -> Code:
    """The numbers of one place: what can be copied as text, and pasted again."""

    def resolve() -> Code:
        from nonesuch.studio import walking

        return walking.resolved(studio.opened(run_id), asked)

    return await studio.compute(resolve, request)


@router.post("/runs/{run_id}/encode")
async def encode_picture(studio: Here, request: Request, run_id: RunPath, asked: EncodeAsked) -> Code:
    """Where an autoencoder's own encoder puts a picture."""

    def encode() -> Code:
        from nonesuch.studio import walking

        return walking.encoded(studio, studio.opened(run_id), asked.picture)

    return await studio.compute(encode, request)


@router.get("/runs/{run_id}/cloud")
async def read_cloud(
    studio: Here, request: Request, run_id: RunPath, column: Column = None, most: Most = 1000
) -> Cloud:
    """An autoencoder's codes of its training pictures on their principal plane, with a VAE's Gaussians."""

    def lay() -> Cloud:
        from nonesuch.studio import walking

        return walking.own_cloud(studio.opened(run_id), column, most)

    return await studio.compute(lay, request)


@router.get("/runs/{run_id}/use")
async def read_use(studio: Here, request: Request, run_id: RunPath) -> CodeUse:
    """What each dimension of a VAE's code says of pictures, in nats."""

    def measure() -> CodeUse:
        from nonesuch.studio import walking

        return walking.use(studio.opened(run_id))

    return await studio.compute(measure, request)


@router.post("/runs/{run_id}/directions")
async def keep_direction(studio: Here, request: Request, run_id: RunPath, found: FoundDirection) -> Directions:
    """Keep a direction in the run's folder under a name; the command line and other pages know it too."""

    def keep() -> Directions:
        from nonesuch.studio import walking

        return walking.keep(studio.opened(run_id), found)

    return await studio.compute(keep, request)


@router.delete("/runs/{run_id}/directions")
async def forget_direction(studio: Here, request: Request, run_id: RunPath, name: Name) -> Directions:
    """Take a kept direction out of the run's folder."""

    def forget() -> Directions:
        from nonesuch.studio import walking

        return walking.forget(studio.opened(run_id), name)

    return await studio.compute(forget, request)


@router.post("/runs/{run_id}/piles")
async def part_piles(studio: Here, request: Request, run_id: RunPath, asked: PilesAsked) -> FoundDirection:
    """The direction from one pile of places to another; it is not kept by this."""

    def part() -> FoundDirection:
        from nonesuch.studio import finding

        return finding.parted(studio.opened(run_id), asked)

    return await studio.compute(part, request)


@router.post("/runs/{run_id}/compass")
async def follow_compass(studio: Here, request: Request, run_id: RunPath, asked: CompassAsked) -> CompassWay:
    """From a place to where another run, a classifier, is surest that it sees a class."""
    studio.run(asked.guide)

    def follow() -> CompassWay:
        from nonesuch.studio import finding

        return finding.followed(studio.opened(run_id), studio.opened(asked.guide), asked)

    return await studio.compute(follow, request)


@router.post("/work/directions", status_code=202)
def start_directions(studio: Here, asked: DirectionsAsked) -> TaskLine:
    """Find directions by one of six methods."""
    studio.run(asked.run)
    return studio.tasks.start("directions", asked)


@router.post("/work/inversion", status_code=202)
def start_inversion(studio: Here, asked: InversionAsked) -> TaskLine:
    """Find a picture in latent space; the first time for a GAN its encoder is trained."""
    studio.run(asked.run)
    return studio.tasks.start("inversion", asked)


@router.post("/work/likelihood", status_code=202)
def start_likelihood(studio: Here, asked: LikelihoodAsked) -> TaskLine:
    """How probable a VAE finds a picture, among its training pictures."""
    studio.run(asked.run)
    return studio.tasks.start("likelihood", asked)


@router.post("/work/film", status_code=202)
def start_film(studio: Here, asked: FilmAsked) -> TaskLine:
    """A film through key frames."""
    studio.run(asked.run)
    return studio.tasks.start("film", asked)


@router.post("/work/pad", status_code=202)
def start_pad(studio: Here, asked: PadAsked) -> TaskLine:
    """Tie several nets of the same pictures to one pad."""
    for run_id in asked.runs:
        studio.run(run_id)
    return studio.tasks.start("pad", asked)


@router.post("/work/cloud", status_code=202)
def start_cloud(studio: Here, asked: CloudAsked) -> TaskLine:
    """Lay pictures out by t-SNE or UMAP, or real and drawn ones of a generator beside each other."""
    studio.run(asked.run)
    return studio.tasks.start("cloud", asked)

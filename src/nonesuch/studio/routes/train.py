"""The room Train: the form, long work on a plan, wishes while it runs, and looks at its net at any moment."""

from typing import Annotated, Literal

import anyio.to_thread
from fastapi import Path, Query, Request

from nonesuch.runs import control
from nonesuch.studio import recounting
from nonesuch.studio.routes.room import Here, RunPath, room
from nonesuch.studio.wire.base import Line
from nonesuch.studio.wire.runs import RunLine
from nonesuch.studio.wire.tasks import TaskLine
from nonesuch.studio.wire.train import Answers, DrawnFrame, Game, Kind, Plan, Spelled, TrainForm, Wish

router = room("train")

Moment = Annotated[int | None, Query(ge=0, lt=10**12, description="images seen, of a frame; none: the run as it is")]
Count = Annotated[int, Query(ge=1, le=16)]
KindPath = Annotated[Kind, Path(description="what is to be trained")]


@router.get("/train/form/{kind}")
async def read_form(studio: Here, request: Request, kind: KindPath, net: Line | None = None) -> TrainForm:
    """What a person may decide of a training of this kind: data, net, settings with their limits and a line of help."""
    data = list(await anyio.to_thread.run_sync(studio.places.data_sets))

    def show() -> TrainForm:
        from nonesuch.studio import watching

        return watching.shown_form(kind, net, data)

    return await studio.compute(show, request)


@router.post("/work/expecting", status_code=202)
def start_expecting(studio: Here, plan: Plan) -> TaskLine:
    """Find out what to expect of a plan: the pictures are packed where they are not, then a few steps are tried."""
    studio.places.source(plan.data)
    return studio.tasks.start("expecting", plan)


@router.post("/work/beginning", status_code=202)
def start_beginning(studio: Here, plan: Plan) -> TaskLine:
    """Make a run of a plan, after the pictures have been packed; its id is the result, `start` then trains it."""
    studio.places.source(plan.data)
    studio.jobs.check_room()
    return studio.tasks.start("beginning", plan)


@router.post("/runs/{run_id}/wishes", status_code=202)
def wish(studio: Here, run_id: RunPath, wished: Wish) -> RunLine:
    """Wish something of a training that runs: it is heard after its next step, and the stream says what came of it."""
    run = studio.run(run_id)
    control.ask(run.path, wished)
    return recounting.line(run.summary(), studio.jobs.is_alive(run))


@router.get("/runs/{run_id}/answers")
async def read_answers(studio: Here, request: Request, run_id: RunPath, moment: Moment = None) -> Answers:
    """What a classifier says of a dozen held-out pictures, always the same ones."""

    def ask() -> Answers:
        from nonesuch.studio import watching

        return watching.answered(studio, run_id, moment)

    return await studio.compute(ask, request)


@router.get("/runs/{run_id}/frame")
async def read_frame(studio: Here, request: Request, run_id: RunPath, moment: Moment = None) -> DrawnFrame:
    """What a net that draws makes of fixed seeds, and an autoencoder of the same real pictures."""

    def draw() -> DrawnFrame:
        from nonesuch.studio import watching

        return watching.framed(studio, run_id, moment)

    return await studio.compute(draw, request)


@router.get("/runs/{run_id}/game")
async def read_game(studio: Here, request: Request, run_id: RunPath, count: Count = 8, moment: Moment = None) -> Game:
    """A GAN's made and real pictures before its critic: scores, and where each pixel should go."""

    def judge() -> Game:
        from nonesuch.studio import watching

        return watching.played(studio, run_id, count, moment)

    return await studio.compute(judge, request)


@router.get("/runs/{run_id}/step")
async def spell_step(
    studio: Here,
    request: Request,
    run_id: RunPath,
    phase: Literal["critic", "generator"] | None = None,
    count: Count = 8,
) -> Spelled:
    """The next step of a GAN as numbered stages; the run itself does not move."""

    def spell() -> Spelled:
        from nonesuch.studio import watching

        return watching.spelled(studio, run_id, phase, count)

    return await studio.compute(spell, request)

"""The room Network: a net's layers, all they give for a picture, a unit unfolded, reasons, switches, confusions."""

from typing import Annotated, TypeVar

from fastapi import Path, Query, Request

from nonesuch.errors import RunError
from nonesuch.studio import recounting
from nonesuch.studio.repeating import repeated
from nonesuch.studio.routes.room import Here, RunPath, room
from nonesuch.studio.routes.tasks import TaskPath
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire import network as wire
from nonesuch.studio.wire import network_tasks as tasks
from nonesuch.studio.wire.base import Wire
from nonesuch.studio.wire.tasks import TaskLine

router = room("network")

Number = Annotated[int, Path(ge=0, lt=100_000, description="a class, counted from 0")]
Most = Annotated[int, Query(ge=1, le=500, description="pictures to give at most")]
Found = TypeVar("Found", bound=Wire)


@router.get("/runs/{run_id}/anatomy")
async def read_anatomy(
    studio: Here, request: Request, run_id: RunPath, side: wire.SideName | None = None
) -> wire.Anatomy:
    """The layers of a run's net with shapes and parameters, and pictures to show it."""

    def read() -> wire.Anatomy:
        from nonesuch.studio import dissecting

        return dissecting.anatomy(studio, run_id, side)

    return await studio.compute(read, request)


@router.post("/runs/{run_id}/inside")
async def look_inside(studio: Here, request: Request, run_id: RunPath, asked: wire.Asked) -> wire.Inside:
    """What every layer gives for a picture or a seed, and what comes out; with units switched, if wished."""

    def look() -> wire.Inside:
        from nonesuch.studio import dissecting

        return dissecting.inside(studio, run_id, asked)

    return await studio.compute(look, request)


@router.post("/runs/{run_id}/unfold")
async def unfold_unit(studio: Here, request: Request, run_id: RunPath, asked: wire.UnfoldAsked) -> wire.UnitUnfolded:
    """One unit: the maps it looks at, its kernels, what each of them adds, its bias, the result."""

    def unfold() -> wire.UnitUnfolded:
        from nonesuch.studio import dissecting

        return dissecting.unfold(studio, run_id, asked)

    return await studio.compute(unfold, request)


@router.post("/runs/{run_id}/reason")
async def find_reason(studio: Here, request: Request, run_id: RunPath, asked: wire.ReasonAsked) -> wire.Reason:
    """Where in a picture a classifier's reasons for a class lie."""

    def find() -> wire.Reason:
        from nonesuch.studio import dissecting

        return dissecting.reason(studio, run_id, asked)

    return await studio.compute(find, request)


@router.post("/runs/{run_id}/effect")
async def try_switches(studio: Here, request: Request, run_id: RunPath, asked: wire.EffectAsked) -> wire.Effect:
    """What switched units do to the accuracy on held-out pictures."""

    def ask() -> wire.Effect:
        from nonesuch.studio import dissecting

        return dissecting.effect(studio, run_id, asked)

    return await studio.compute(ask, request)


@router.get("/runs/{run_id}/confusion")
def read_confusion(studio: Here, run_id: RunPath) -> wire.Confusion:
    """The confusion matrix of the run's own measurement."""
    return recounting.confusion(studio.run(run_id))


@router.get("/runs/{run_id}/confusion/{truth}/{answer}")
async def read_cell(
    studio: Here, request: Request, run_id: RunPath, truth: Number, answer: Number, most: Most = 60
) -> wire.Cell:
    """The pictures behind a cell: of class `truth`, answered as `answer`."""

    def read() -> wire.Cell:
        from nonesuch.studio import dissecting

        return dissecting.cell(studio, run_id, truth, answer, most)

    return await studio.compute(read, request)


@router.post("/work/crops", status_code=202)
def start_crops(studio: Here, asked: tasks.CropsAsked) -> TaskLine:
    """Look for the pictures that excite a layer's units most; the same question again gives the same task."""
    return repeated(studio, "crops", asked)


@router.post("/work/dreams", status_code=202)
def start_dreams(studio: Here, asked: tasks.DreamsAsked) -> TaskLine:
    """Let units dream."""
    return repeated(studio, "dreams", asked)


@router.post("/work/templates", status_code=202)
def start_templates(studio: Here, asked: tasks.TemplatesAsked) -> TaskLine:
    """Lay a linear net's or an MLP's templates beside a CNN."""
    if asked.beside is not None:
        studio.run(asked.beside)
    return repeated(studio, "templates", asked)


@router.post("/work/ranking", status_code=202)
def start_ranking(studio: Here, asked: tasks.RankingAsked) -> TaskLine:
    """Switch each unit of a layer off alone, and see what is lost."""
    return repeated(studio, "ranking", asked)


@router.post("/work/trust", status_code=202)
def start_trust(studio: Here, asked: tasks.TrustAsked) -> TaskLine:
    """Measure which kind of heat map is to be trusted for this net."""
    return repeated(studio, "trust", asked)


@router.get("/work/crops/{task_id}")
def read_crops(studio: Here, task_id: TaskPath) -> tasks.CropsFound:
    """What came of a search for crops."""
    return _result(studio, task_id, tasks.CropsFound)


@router.get("/work/dreams/{task_id}")
def read_dreams(studio: Here, task_id: TaskPath) -> tasks.DreamsFound:
    """What was dreamt."""
    return _result(studio, task_id, tasks.DreamsFound)


@router.get("/work/templates/{task_id}")
def read_templates(studio: Here, task_id: TaskPath) -> tasks.TemplatesFound:
    """What came of the comparison."""
    return _result(studio, task_id, tasks.TemplatesFound)


@router.get("/work/ranking/{task_id}")
def read_ranking(studio: Here, task_id: TaskPath) -> tasks.RankingFound:
    """Which units are needed."""
    return _result(studio, task_id, tasks.RankingFound)


@router.get("/work/trust/{task_id}")
def read_trust(studio: Here, task_id: TaskPath) -> tasks.TrustFound:
    """Which map is to be trusted."""
    return _result(studio, task_id, tasks.TrustFound)


def _result(studio: Studio, task_id: str, kind: type[Found]) -> Found:
    found = studio.tasks.detail(task_id)
    if found.result is None or f"{found.task.work.capitalize()}Found" != kind.__name__:
        raise RunError(f"{task_id} is {found.task.state}, and has none of these results")
    return kind.model_validate(found.result)

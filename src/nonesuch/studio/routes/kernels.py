"""The room Kernels: kernels by name, filters that a run has learnt, one put back, and a lesson."""

from typing import Annotated

from fastapi import Path, Query, Request

from nonesuch.studio.routes.room import Here, RunPath, room
from nonesuch.studio.wire.base import PictureId
from nonesuch.studio.wire.kernels import FilterAsked, FilterPut, KernelList, LearntFilters, LessonAsked
from nonesuch.studio.wire.tasks import TaskLine

router = room("kernels")

Seen = Annotated[PictureId | None, Query(description="a picture to show the filters' maps of")]
Number = Annotated[int, Path(ge=0, lt=10**6, description="which filter, counted from 0")]


@router.get("/kernels")
async def list_kernels(studio: Here, request: Request) -> KernelList:
    """Every kernel that has a name, with its weights and what it does; and the words of a chain."""

    def show() -> KernelList:
        from nonesuch.studio import kernels

        return kernels.named()

    return await studio.compute(show, request)


@router.get("/runs/{run_id}/filters")
async def read_filters(studio: Here, request: Request, run_id: RunPath, picture: Seen = None) -> LearntFilters:
    """The filters of a run's first convolution, and what each makes of a picture."""

    def show() -> LearntFilters:
        from nonesuch.studio import kernels

        return kernels.learnt(studio, run_id, picture)

    return await studio.compute(show, request)


@router.post("/runs/{run_id}/filters/{number}")
async def put_filter(studio: Here, request: Request, run_id: RunPath, number: Number, asked: FilterAsked) -> FilterPut:
    """What a classifier would say of a picture with another filter in this place; the run itself stays as it is."""

    def put() -> FilterPut:
        from nonesuch.studio import kernels

        return kernels.put_back(studio, run_id, number, asked)

    return await studio.compute(put, request)


@router.post("/work/lesson", status_code=202)
def start_lesson(studio: Here, asked: LessonAsked) -> TaskLine:
    """Let random kernels learn what a chain does to a picture: begun here, looked after under /api/tasks."""
    return studio.tasks.start("lesson", asked)

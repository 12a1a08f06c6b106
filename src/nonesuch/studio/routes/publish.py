"""The room Publish: what is known before a page is made, making one, looking at it."""

from fastapi import Request

from nonesuch.errors import RunError
from nonesuch.studio.gate import is_loopback
from nonesuch.studio.previews import other_name
from nonesuch.studio.routes.room import Here, RunPath, room
from nonesuch.studio.routes.tasks import TaskPath
from nonesuch.studio.wire.publish import ARCHIVE, Previewed, PublishingAsked, PublishingPlan
from nonesuch.studio.wire.tasks import TaskLine

router = room("publish")


@router.get("/runs/{run_id}/publishing")
async def plan_page(studio: Here, request: Request, run_id: RunPath) -> PublishingPlan:
    """What a page of this run would say if a person said nothing, how large it is, what the check says."""

    def look() -> PublishingPlan:
        from nonesuch.studio import presenting

        return presenting.plan(studio.opened(run_id))

    return await studio.compute(look, request)


@router.post("/work/publishing", status_code=202)
def start_publishing(studio: Here, asked: PublishingAsked) -> TaskLine:
    """Make a page: a folder as an archive, and one file."""
    studio.run(asked.run)
    return studio.tasks.start("publishing", asked)


@router.post("/tasks/{task_id}/preview")
def preview_page(studio: Here, request: Request, task_id: TaskPath) -> Previewed:
    """Serve what was made on a port of its own, until another page is looked at or the studio ends."""
    if not is_loopback(studio.address.host):
        raise RunError("a page is shown on the machine that made it; download it, and open it with `nonesuch preview`")
    archive = studio.tasks.file(task_id, ARCHIVE)
    return Previewed(address=studio.previews.open(archive, other_name(request.headers["host"])))

"""Training: begin it or go on with it, and stop it."""

from nonesuch.studio import recounting
from nonesuch.studio.routes.room import Here, RunPath, room
from nonesuch.studio.wire.runs import RunLine

router = room("train")


@router.post("/runs/{run_id}/start", status_code=202)
def start_run(studio: Here, run_id: RunPath) -> RunLine:
    """Train a run that has a recipe, from its newest snapshot or from the start; it goes on when the studio ends."""
    run = studio.run(run_id)
    studio.jobs.start(run)
    return recounting.line(run.summary(), studio.jobs.is_alive(run))


@router.post("/runs/{run_id}/stop", status_code=202)
def stop_run(studio: Here, run_id: RunPath) -> RunLine:
    """Ask its trainer to save and end; the stream says when it has."""
    run = studio.run(run_id)
    studio.jobs.stop(run)
    return recounting.line(run.summary(), studio.jobs.is_alive(run))

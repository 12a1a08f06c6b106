"""Runs: which there are, one of them in full, its log, previews and pictures."""

from typing import Annotated

from fastapi import Path, Query

from nonesuch.runs import layout
from nonesuch.runs.thinning import thinned
from nonesuch.studio import recounting
from nonesuch.studio.routes.room import PNG, Here, Png, RunPath, room
from nonesuch.studio.wire.base import FileName
from nonesuch.studio.wire.runs import RunDetail, RunEvents, RunList

router = room("runs")

Moment = Annotated[int, Path(ge=0, lt=10**12, description="images seen")]
Points = Annotated[int, Query(ge=2, le=20_000, description="steps to give at most")]


@router.get("/runs")
def list_runs(studio: Here) -> RunList:
    """Every run, with its state and last figures."""
    starting = set(studio.jobs.alive())
    return RunList(runs=[recounting.line(summary, summary.id in starting) for summary in studio.runs.list()])


@router.get("/runs/{run_id}")
def read_run(studio: Here, run_id: RunPath) -> RunDetail:
    """One run in full."""
    run = studio.run(run_id)
    return recounting.detail(run, studio.jobs.is_alive(run))


@router.delete("/runs/{run_id}", status_code=204)
def delete_run(studio: Here, run_id: RunPath) -> None:
    """Delete a run for good; one that is being trained is refused."""
    studio.run(run_id)
    studio.runs.delete(run_id)


@router.get("/runs/{run_id}/events")
def read_run_events(studio: Here, run_id: RunPath, points: Points = 1000) -> RunEvents:
    """The run's log for a chart."""
    return recounting.log(thinned(studio.run(run_id).path, points))


@router.get("/runs/{run_id}/previews/{images_seen}", response_class=Png, responses=PNG)
def read_preview(studio: Here, run_id: RunPath, images_seen: Moment) -> Png:
    """What the net drew after so many images."""
    return Png(recounting.file(studio.run(run_id), f"{layout.PREVIEWS}/{layout.images_name(images_seen)}.png"))


@router.get("/runs/{run_id}/pictures/{name}", response_class=Png, responses=PNG)
def read_run_picture(studio: Here, run_id: RunPath, name: FileName) -> Png:
    """A picture that was made with the run's report or by a verb: its names are in the run."""
    return Png(recounting.file(studio.run(run_id), f"{layout.PICTURES}/{name}"))

"""Long work: which there is, how far it is, what came of it; begin it, end it, forget it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Response

from nonesuch.studio.routes.room import Here, room
from nonesuch.studio.wire.base import FileName, TaskId
from nonesuch.studio.wire.data import PackingAsked
from nonesuch.studio.wire.tasks import TaskDetail, TaskLine, TaskList

router = room("tasks")

TaskPath = Annotated[TaskId, Path(description="a task's id")]
TYPES: Mapping[str, str] = {"png": "image/png", "gif": "image/gif", "mp4": "video/mp4", "json": "application/json"}
"""What a browser may show; anything else it is given to keep."""
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/tasks")
def list_tasks(studio: Here) -> TaskList:
    """Every task that is kept."""
    return TaskList(tasks=studio.tasks.known())


@router.post("/work/packing", status_code=202)
def start_packing(studio: Here, asked: PackingAsked) -> TaskLine:
    """Pack a data set: begun here, looked after under /api/tasks."""
    studio.places.source(asked.data)
    return studio.tasks.start("packing", asked)


@router.get("/tasks/{task_id}")
def read_task(studio: Here, task_id: TaskPath) -> TaskDetail:
    """One task in full."""
    return studio.tasks.detail(task_id)


@router.post("/tasks/{task_id}/cancel")
def cancel_task(studio: Here, task_id: TaskPath) -> TaskLine:
    """End it; harmless when it has ended already."""
    return studio.tasks.cancel(task_id)


@router.delete("/tasks/{task_id}", status_code=204)
def delete_task(studio: Here, task_id: TaskPath) -> None:
    """Forget it and its files; one that is under way is refused."""
    studio.tasks.delete(task_id)


@router.get("/tasks/{task_id}/files/{name}", response_class=Response, responses=FILE)
def read_task_file(studio: Here, task_id: TaskPath, name: FileName) -> Response:
    """A file that came of it."""
    kind = TYPES.get(name.rpartition(".")[2])
    keep = {} if kind else {"content-disposition": f'attachment; filename="{name}"'}
    return Response(studio.tasks.file(task_id, name), media_type=kind or "application/octet-stream", headers=keep)

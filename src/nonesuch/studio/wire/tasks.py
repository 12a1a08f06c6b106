"""What is said of long work: its state, its progress, what came of it."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from nonesuch.studio.wire.base import FileName, Line, TaskId, Whole, Wire

TaskState = Literal["running", "done", "failed", "cancelled", "lost"]
"""lost: its process was killed before it could say anything."""


class Progressed(Wire):
    """So much of the work is done; `total` 0 where nobody knows."""

    kind: Literal["progressed"] = "progressed"
    done: Whole
    total: Whole
    words: str = ""


class Ended(Wire):
    """The work has ended; `message` says why, where it failed."""

    kind: Literal["ended"] = "ended"
    state: TaskState
    message: str = ""


TaskEvent = Annotated[Progressed | Ended, Field(discriminator="kind")]


class TaskLine(Wire):
    """One task in a list."""

    id: TaskId
    work: Line
    state: TaskState
    done: Whole
    total: Whole
    words: str


class TaskList(Wire):
    """All tasks that are kept, oldest first."""

    tasks: list[TaskLine]


class TaskDetail(Wire):
    """One task: what was asked, what came of it, and its files under `/api/tasks/{id}/files/`."""

    task: TaskLine
    asked: dict[str, JsonValue]
    result: dict[str, JsonValue] | None
    files: list[FileName]

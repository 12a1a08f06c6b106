"""What is said of runs: a line in a list, one run in full, its log for a chart."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from nonesuch.runs.store import RunState
from nonesuch.studio.wire.base import Figure, RunId, Whole, Wire
from nonesuch.training.events import Event


class RecipeSummary(Wire):
    """What a person wants to know of a recipe at a glance; `images` or `minutes` is the budget."""

    net: str
    objective: str
    source: str
    height: int
    width: int
    channels: int
    classes: list[str]
    batch: int
    seed: int
    images: int | None
    minutes: Figure


class RunLine(Wire):
    """One run in a list. `recipe` is null and `problem` says why where the run is damaged."""

    id: RunId
    kind: str
    data: str
    state: RunState
    images_seen: Whole
    figures: dict[str, Figure]
    problem: str
    recipe: RecipeSummary | None


class RunList(Wire):
    """All runs, oldest first."""

    runs: list[RunLine]


class RunDetail(Wire):
    """One run: its line, recipe.json and report.json as they are, and which files it has.

    previews, snapshots, history: images seen of each.      pictures: names under `/api/runs/{id}/pictures/`.
    """

    run: RunLine
    recipe: dict[str, JsonValue]
    report: dict[str, JsonValue] | None
    previews: list[Whole]
    snapshots: list[Whole]
    history: list[Whole]
    pictures: list[str]


class Corrupt(Wire):
    """A line of a log that holds no event."""

    kind: Literal["corrupt"] = "corrupt"
    reason: str


LoggedEvent = Annotated[Event | Corrupt, Field(union_mode="left_to_right")]


class RunEvents(Wire):
    """A run's log: some of its steps, and everything else. `end` is where `/api/events` goes on after it."""

    events: list[LoggedEvent]
    lines: Whole
    end: Whole

"""What training tells the world: frozen, typed, one JSON line each (contracts/events.schema.json)."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator


class _Event(BaseModel):
    """What every event carries. Figures that are not finite never reach JSON: a diverged loss is its own event."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    images_seen: int = Field(ge=0, description="training pictures shown to the net so far, repeats counted")
    seconds: float = Field(ge=0, description="training time so far, over all sittings of the run")

    @field_validator("seconds", "figures", "value", "learning_rate", "rates", "slow", check_fields=False)
    @classmethod
    def _finite(cls, value: float | dict[str, float]) -> float | dict[str, float]:
        numbers = value.values() if isinstance(value, dict) else (value,)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"an event cannot carry {value}: say Diverged instead")
        return value


class Started(_Event):
    """Training begins or goes on after a pause."""

    kind: Literal["started"] = "started"
    run: str
    resumed: bool


class Stepped(_Event):
    """One step is done: every phase that was due has moved its parameters once."""

    kind: Literal["stepped"] = "stepped"
    figures: dict[str, float] = Field(description="loss and other figures of this batch, by name")
    learning_rate: float
    fraction: float = Field(ge=0, le=1, description="share of the budget that is used up")
    epoch: float = Field(ge=0, description="images_seen divided by the number of training pictures")


class Previewed(_Event):
    """A picture of the state of training was stored, beside the event log."""

    kind: Literal["previewed"] = "previewed"
    file: str


class Snapshotted(_Event):
    """Weights, averages and optimizer state are safe on disk."""

    kind: Literal["snapshotted"] = "snapshotted"
    folder: str


class Measured(_Event):
    """Figures on held-out pictures."""

    kind: Literal["measured"] = "measured"
    figures: dict[str, float]
    split: Literal["val", "test"]
    n: int


class Noted(_Event):
    """Something a person should know, in words; `signal` names the rule that spoke."""

    kind: Literal["noted"] = "noted"
    signal: str
    message: str


class Diverged(_Event):
    """The loss, or a weight, stopped being a finite number. The step that did it was not kept."""

    kind: Literal["diverged"] = "diverged"
    phase: str
    message: str


class Stopped(_Event):
    """Training was asked to stop; everything up to here is saved, and the same command goes on."""

    kind: Literal["stopped"] = "stopped"
    reason: str


class Paused(_Event):
    """Training waits on a person's wish. What it has learnt is saved; the run's lock is kept."""

    kind: Literal["paused"] = "paused"


class Resumed(_Event):
    """Training goes on after it was paused."""

    kind: Literal["resumed"] = "resumed"


class Steered(_Event):
    """A wish has changed how training goes on from here; `message` says what, for a person."""

    kind: Literal["steered"] = "steered"
    message: str
    phase: str | None = Field(None, description="the one phase that moves in the next step")
    rates: dict[str, float] = Field({}, description="factor on the scheduled rate, by phase; not named: 1")
    slow: float = Field(0.0, ge=0, description="seconds waited after every step")


class Failed(_Event):
    """The sitting ended in an error; its snapshots are unharmed."""

    kind: Literal["failed"] = "failed"
    error: str = Field(description="the error's class")
    message: str


class Finished(_Event):
    """The budget is used up and the last figures are in."""

    kind: Literal["finished"] = "finished"
    run: str
    figures: dict[str, float]


Event = Annotated[
    Started
    | Stepped
    | Previewed
    | Snapshotted
    | Measured
    | Noted
    | Diverged
    | Paused
    | Resumed
    | Steered
    | Stopped
    | Failed
    | Finished,
    Field(discriminator="kind"),
]

parse: TypeAdapter[Event] = TypeAdapter(Event)

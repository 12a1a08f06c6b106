"""What training tells the world: frozen, typed, one JSON line each (contracts/events.schema.json)."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator


class _Event(BaseModel):
    """What every event carries. Figures that are not finite never reach JSON: a diverged loss is its own event."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    images_seen: int = Field(ge=0, description="training pictures shown to the net so far, repeats counted")
    seconds: float = Field(ge=0, description="training time so far, over all sittings of the run")

    @field_validator("seconds", "figures", "value", "learning_rate", check_fields=False)
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


class Finished(_Event):
    """The budget is used up and the last figures are in."""

    kind: Literal["finished"] = "finished"
    run: str
    figures: dict[str, float]


Event = Annotated[
    Started | Stepped | Previewed | Snapshotted | Measured | Noted | Diverged | Stopped | Finished,
    Field(discriminator="kind"),
]

parse: TypeAdapter[Event] = TypeAdapter(Event)

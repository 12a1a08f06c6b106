"""What a person may wish of a training that runs: typed, frozen, one JSON line each (contracts/wishes.schema.json)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

if TYPE_CHECKING:
    from nonesuch.training.phase import Phase

MOST_STEPS = 1000
"""That one wish can ask for."""
PhaseName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Pause(_Wish):
    """Save, keep the run's lock and wait."""

    wish: Literal["pause"] = "pause"


class Resume(_Wish):
    """Go on; steps that were wished and not made are dropped."""

    wish: Literal["resume"] = "resume"


class Stop(_Wish):
    """Save and end the sitting; the same command goes on later."""

    wish: Literal["stop"] = "stop"
    reason: str = Field("asked", min_length=1, max_length=40)


class Step(_Wish):
    """Make so many steps and pause: of all phases that are due, or of one phase alone, due or not."""

    wish: Literal["step"] = "step"
    phase: PhaseName | None = Field(None, description='"critic" or "generator" of a GAN; none: those that are due')
    count: int = Field(1, ge=1, le=MOST_STEPS)


class Rate(_Wish):
    """A new learning rate from the next step on, of all phases or of one; the schedule goes on as before."""

    wish: Literal["rate"] = "rate"
    factor: float | None = Field(None, gt=0, le=1e6, description="on the recipe's own rate: 1 is as planned")
    value: float | None = Field(None, gt=0, le=1e6, description="the new peak of the schedule")
    phase: PhaseName | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Rate":
        if (self.factor is None) == (self.value is None):
            raise ValueError("give either factor or value, not both and not neither")
        return self


class Slow(_Wish):
    """Slow motion: wait after every step, with a snapshot to look at; 0 seconds is full speed."""

    wish: Literal["slow"] = "slow"
    seconds: float = Field(ge=0, le=60)


class Save(_Wish):
    """Take a snapshot now, for somebody who wants to look."""

    wish: Literal["save"] = "save"


Wish = Annotated[Pause | Resume | Stop | Step | Rate | Slow | Save, Field(discriminator="wish")]

parse: TypeAdapter[Wish] = TypeAdapter(Wish)

Wishes = Callable[[], Sequence[Wish]]
"""A source of wishes: gives those that are new since the last call."""


def none() -> Sequence[Wish]:
    """The source of somebody who wishes for nothing."""
    return ()


@dataclass
class Steering:
    """What wishes have changed for THE loop, which reads this before each step.

    rates: factors on the scheduled rate, by the name of the phase; a phase that is not named has 1.
    only: the one phase that moves in the next step, due or not; None: all that are due.
    idle: seconds that were waited because somebody wished so; they are not training time.
    """

    rates: dict[str, float] = field(default_factory=dict)
    only: str | None = None
    idle: float = 0.0

    def moves(self, phase: "Phase", step: int) -> bool:
        """Whether a phase takes part in this step."""
        return phase.due(step) if self.only is None else phase.name == self.only

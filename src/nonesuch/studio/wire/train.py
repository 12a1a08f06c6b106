"""What is asked and said in the room Train: the form, the start, wishes, and how a net does at a moment."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from nonesuch.studio.wire.base import Block, DataId, Figure, Line, PictureId, RunId, Seed, Whole, Wire
from nonesuch.training.wishes import Wish

__all__ = ["Answers", "Begun", "DrawnFrame", "Expected", "Game", "Kind", "Plan", "Spelled", "TrainForm", "Wish"]

# The same as in recipe.py and form.py, which import torch; a test holds them equal.
Kind = Literal["cnn", "ae", "vae", "gan"]
SettingType = Literal["whole", "number", "yes_no", "choice", "choices", "wholes"]
SettingName = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_]+){0,3}$", max_length=60)]


class SettingLine(Wire):
    """One setting of a form. least, most, above, below: of a number; fewest, longest: of a list of numbers."""

    name: str
    type: SettingType
    default: JsonValue
    help: str
    advanced: bool
    least: Figure
    most: Figure
    above: bool
    below: bool
    choices: list[JsonValue]
    fewest: Whole
    longest: Whole | None


class NetLine(Wire):
    """A net and one line on it."""

    name: str
    summary: str


class TrainForm(Wire):
    """What a person may decide before a training: data, net, settings. The first net is taken by default."""

    kind: Kind
    net: str
    nets: list[NetLine]
    data: list[str]
    settings: list[SettingLine]


class Plan(Wire):
    """A training that is wished for. Without a budget the net's own; `settings` by the names of the form.

    without: classes to leave out; null: those that are switched off in the data set itself.
    """

    kind: Kind
    data: DataId
    net: Line | None = None
    label: Line | None = None
    without: list[Line] | None = Field(None, max_length=2000)
    size: int | None = Field(None, ge=4, le=1024)
    minutes: float | None = Field(None, gt=0, le=60 * 24 * 30)
    images: int | None = Field(None, gt=0, le=10**12)
    settings: dict[SettingName, JsonValue] = Field({}, max_length=60)

    @model_validator(mode="after")
    def _one_budget(self) -> "Plan":
        if self.minutes is not None and self.images is not None:
            raise ValueError("give either minutes or images, not both")
        return self


class Begun(Wire):
    """The run that was made of a plan: it has a recipe and waits to be started."""

    run: RunId


class Expected(Wire):
    """What to expect of a plan, in words, and in pictures where a budget in minutes lets them be foreseen."""

    words: str
    rate: Figure
    pictures: Whole | None
    epochs: Figure
    parameters: Whole


class AnswerLine(Wire):
    """A held-out picture, its class, and what the net says of it: probabilities in the order of the classes."""

    picture: PictureId
    truth: Whole
    probabilities: list[Figure]
    right: bool


class Answers(Wire):
    """A dozen held-out pictures that stay the same while a classifier learns."""

    images_seen: Whole
    classes: list[str]
    lines: list[AnswerLine]


class DrawnFrame(Wire):
    """A net that draws, at one moment: pictures (N, H, W, C) of fixed seeds, and of an AE real ones drawn again."""

    images_seen: Whole
    seeds: list[Seed]
    samples: Block
    given: Block | None
    redrawn: Block | None


class Judged(Wire):
    """Pictures (N, H, W, C) and what the critic says: its scores, where they are one the probability, and where each
    pixel (N, H, W) would have to go to be taken for real: brighter where above 0."""

    pictures: Block
    scores: list[Figure]
    probabilities: list[Figure] | None
    maps: Block
    rows: list[Whole]


class Game(Wire):
    """Made pictures, of fixed seeds, and real ones, before the critic of the newest snapshot."""

    images_seen: Whole
    made: Judged
    real: Judged


class StageLine(Wire):
    """One numbered stage of one net's half of a step; what is in `tensors` hangs on `name`."""

    number: int
    phase: str
    name: Literal["noise", "generate", "score", "loss", "gradient", "update"]
    caption: str
    tensors: dict[str, Block]
    figures: dict[str, Figure]
    layers: list[str]


class Spelled(Wire):
    """The next step of a GAN, spelled out."""

    images_seen: Whole
    stages: list[StageLine]

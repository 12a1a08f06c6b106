"""What is asked and said in the room Network: layers, what they give for a picture, a unit unfolded, reasons."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nonesuch.studio.wire.base import Block, Figure, PictureId, RunId, Whole, Wire

# The same as in evaluation/inside.py, look.py, unfold.py, which import torch; a test holds them equal.
SideName = Literal["classifier", "encoder", "decoder", "generator", "critic"]
Method = Literal["grad-cam", "gradient", "integrated gradients", "occlusion"]
Rule = Literal["sum", "spread", "max", "distance", "each"]
LayerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,120}$")]
Unit = Annotated[int, Field(ge=0, lt=1 << 24)]


class Switched(Wire):
    """Units of a layer that hand on `factor` times what they found; 0 is off."""

    layer: LayerName
    units: list[Unit] = Field(min_length=1, max_length=4096)
    factor: float = Field(0.0, ge=-10, le=10)


class Asked(Wire):
    """Which side of the net, at which moment, looks at what, with which units switched.

    One of: `picture`, an id (of a side that draws, `seed:RUN:SEED` means the seed itself); `pixels`, a small picture
    (H, W, C) uint8 as a camera gives it many times a second.      told: the class, of a conditional GAN;
    null: the one that the seed is drawn as everywhere else.
    """

    side: SideName | None = None
    moment: Whole | None = None
    picture: PictureId | None = None
    pixels: Block | None = None
    told: int | None = Field(None, ge=0, le=100_000)
    switches: list[Switched] = Field([], max_length=40)

    @model_validator(mode="after")
    def _one_picture(self) -> "Asked":
        if (self.picture is None) == (self.pixels is None):
            raise ValueError("give either picture or pixels")
        return self


class LayerLine(Wire):
    """One layer of `lens.layers`, with what it is in words, and how its parameters are counted.

    units: maps or features that it gives, 0 without any.      maps: whether they are maps of more than one pixel.
    sources: which layers it takes from, as places in this list; -1 is the input.
    """

    name: str
    kind: str
    words: str
    product: str
    units: Whole
    maps: bool
    input_shape: list[Whole]
    output_shape: list[Whole]
    trainable: Whole
    fixed: Whole
    connections: Whole
    multiply_adds: Whole
    receptive_field: list[Whole] | None
    stride: list[Whole] | None
    sources: list[int]


class Anatomy(Wire):
    """A side of a run's net, and what there is to show it.

    sides: which there are.      takes: what is to be given.      shape: (C, H, W) of its input.
    examples: pictures to begin with.      truths: the class of each where that is known.
    moments: images seen at each moment that was kept, the newest last.
    """

    run: RunId
    kind: str
    net: str
    sides: list[SideName]
    side: SideName
    takes: Literal["picture", "seed"]
    gives: Literal["classes", "code", "picture", "score"]
    shape: list[Whole]
    classes: list[str]
    conditional: bool
    layers: list[LayerLine]
    parameters: Whole
    multiply_adds: Whole
    examples: list[PictureId]
    truths: list[int]
    moments: list[Whole]


class Given(Wire):
    """What one layer gave: (units, h, w) as bytes between each unit's low and high, null of one number a unit."""

    name: str
    shape: list[Whole]
    lows: list[Figure]
    highs: list[Figure]
    maps: Block | None


class Inside(Wire):
    """One look: the picture as the net sees it (null of a seed), what each layer gives, and what comes out.

    outcome: probabilities, the numbers of a code, or a score.      logits: of a classifier.      drawn: a picture.
    """

    picture: Block | None
    layers: list[Given]
    outcome: list[Figure]
    logits: list[Figure]
    drawn: Block | None
    images_seen: Whole


class UnfoldAsked(Asked):
    """A look, and a unit of a layer in it."""

    layer: LayerName
    unit: Unit


class UnitUnfolded(Wire):
    """One unit: `lens.unfold.Unfolded` says what each is. `formula`: what an activation does, in signs."""

    layer: str
    kind: str
    unit: Whole
    rule: Rule
    formula: str
    numbers: list[Whole]
    inputs: Block
    weights: Block | None
    parts: Block | None
    bias: Figure
    output: Block
    window: list[Whole]
    stride: list[Whole]
    padding: list[Whole]


class ReasonAsked(Asked):
    """A look, and for which class and how its reasons are to be found. Without `named` the most probable class."""

    method: Method
    named: int | None = Field(None, ge=0, le=100_000)
    layer: LayerName | None = None


class Reason(Wire):
    """Where in the picture the reasons lie, (h, w), and for which class. layer: of Grad-CAM."""

    method: Method
    named: Whole
    layer: str | None
    map: Block


class EffectAsked(Wire):
    """Switches, to be tried on held-out pictures."""

    moment: Whole | None = None
    switches: list[Switched] = Field(min_length=1, max_length=40)
    most: int = Field(300, ge=1, le=2000)


class Effect(Wire):
    """Accuracy on n held-out pictures before and after, what is lost with its interval in pairs, recall by class."""

    n: Whole
    before: Figure
    after: Figure
    lost: Figure
    low: Figure
    high: Figure
    classes: list[str]
    recall_before: list[Figure]
    recall_after: list[Figure]


class Confusion(Wire):
    """The matrix of the run's own measurement: `counts[truth][answer]`; null and a reason where there is none.

    current: whether it was measured on the weights that are looked at.
    """

    classes: list[str]
    counts: list[list[Whole]] | None
    n: Whole
    images_seen: Whole
    accuracy: Figure
    current: bool
    why_none: str


class CellPicture(Wire):
    """A picture behind a cell, and how sure the net was of its answer."""

    picture: PictureId
    sure: Figure


class Cell(Wire):
    """The pictures behind a cell of the matrix, the surest first; `count` of them in all, `counts` as now measured."""

    truth: Whole
    answer: Whole
    count: Whole
    pictures: list[CellPicture]

"""What is asked and said of the long work of the room Network: crops, dreams, templates, needed units, trust."""

from typing import Literal

from pydantic import Field

from nonesuch.studio.wire.base import Block, Figure, PictureId, RunId, Seed, Whole, Wire
from nonesuch.studio.wire.network import LayerName, Unit


class OfRun(Wire):
    """A question about a run as it is now; `moment` is filled in by the studio, so that answers do not outlive it."""

    run: RunId
    moment: Whole = 0


class CropsAsked(OfRun):
    """What excites the units of a layer most, among `limit` pictures of a split."""

    layer: LayerName
    most: int = Field(9, ge=1, le=16)
    split: Literal["train", "val", "test"] = "train"
    limit: int = Field(4000, ge=1, le=200_000)


class CropLine(Wire):
    """One picture: its id, class, the activation, where in the map, and (top, left, bottom, right) of what was seen."""

    picture: PictureId
    label: str
    value: Figure
    place: list[Whole]
    box: list[Whole]


class CropsFound(Wire):
    """Of each unit its pictures, the strongest first, side by side in the task's file u<unit>.png, each as large as
    the run's pictures."""

    run: RunId
    layer: str
    looked: Whole
    field: list[Whole]
    height: Whole
    width: Whole
    units: list[list[CropLine]]


class DreamsAsked(OfRun):
    """Dreams of units of a layer, of all of them without `units`."""

    layer: LayerName
    units: list[Unit] = Field([], max_length=256)
    steps: int = Field(100, ge=1, le=1000)
    reach: float = Field(1.5, gt=0, le=100)
    seed: Seed = 0


class DreamLine(Wire):
    """One dream. value: its activation; best, mean, spread: over the run's own pictures."""

    unit: Whole
    name: str
    value: Figure
    best: Figure
    mean: Figure
    spread: Figure


class DreamsFound(Wire):
    """pictures, reals (N, H, W, C): dreams, and the run's own picture that excites each unit most."""

    run: RunId
    layer: str
    dreams: list[DreamLine]
    pictures: Block
    reals: Block


class TemplatesAsked(OfRun):
    """A linear net or an MLP, and the CNN beside it."""

    beside: RunId | None = None


class Missed(Wire):
    """A test picture that the plain net gets wrong (and the CNN right): its pixels stand in `missed_pictures`."""

    truth: Whole
    plain: Whole
    beside: Whole | None


class TemplatesFound(Wire):
    """templates, averages (classes, H, W, C) as pictures, mid grey is 0; of units (N, H, W, C) or null.

    accuracies with low and high; counts: both right, only the plain net, only the CNN, neither.
    """

    run: RunId
    beside: RunId | None
    classes: list[str]
    templates: Block
    averages: Block
    units: Block | None
    plain: list[Figure]
    other: list[Figure] | None
    counts: list[Whole]
    missed: list[Missed]
    missed_pictures: Block


class RankingAsked(OfRun):
    """Each unit of a layer switched off alone, over held-out pictures."""

    layer: LayerName
    most: int = Field(1000, ge=10, le=20_000)


class UnitLine(Wire):
    """Accuracy that is lost without a unit, its interval, and the class that suffers most."""

    unit: Whole
    lost: Figure
    low: Figure
    high: Figure
    worst: str
    worst_lost: Figure


class RankingFound(Wire):
    """The units of a layer, the most needed first."""

    run: RunId
    layer: str
    n: Whole
    accuracy: Figure
    units: list[UnitLine]


class TrustAsked(OfRun):
    """How far each kind of heat map is to be trusted, over held-out pictures."""

    count: int = Field(100, ge=2, le=2000)


class StandingLine(Wire):
    """Gains over the random order, the larger the better; where the interval holds 0 the map knows nothing."""

    method: str
    deletion: Figure
    insertion: Figure
    gap: Figure
    low: Figure
    high: Figure


class TrustFound(Wire):
    """The most trustworthy first. shares: of the pixels taken away; most, least: mean probability, by method."""

    run: RunId
    pictures: Whole
    standings: list[StandingLine]
    shares: list[Figure]
    most: dict[str, list[Figure]]
    least: dict[str, list[Figure]]

"""A whole experiment as one frozen value: data, net, training, budget, machine. It goes to JSON and back.

`--set key=value` changes any field by its dotted name; good first values are in presets.py.
"""

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from nonesuch.data.augment import AugmentSpec
from nonesuch.errors import RecipeError
from nonesuch.machine import Device, Precision
from nonesuch.training.adversarial import AdversarialSettings
from nonesuch.training.budget import Budget
from nonesuch.training.classify import ClassifySettings
from nonesuch.training.optimizers import OptimizerSettings
from nonesuch.training.reconstruct import ReconstructSettings
from nonesuch.training.schedule import ScheduleName

SCHEMA_VERSION = 1

Kind = Literal["cnn", "ae", "vae", "gan"]
ObjectiveSettings = Annotated[ClassifySettings | ReconstructSettings | AdversarialSettings, Field(discriminator="name")]
OBJECTIVES: Mapping[Kind, str] = {"cnn": "classify", "ae": "reconstruct", "vae": "reconstruct", "gan": "adversarial"}
"""What each kind of run learns by."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataSettings(_Settings):
    """Which pictures, and how they become tensors."""

    source: str
    label: str = Field("label", description="the column that holds the classes; empty: no classes")
    size: tuple[int, int] = Field(description="height and width in pixels")
    channels: Literal[1, 3, 4]
    fit: Literal["crop", "pad", "stretch"] = "crop"
    val_share: float = Field(0.1, ge=0, lt=1, description="share of the pictures that is watched during training")
    test_share: float = Field(0.1, gt=0, lt=1, description="share that is held out for the last measurement")
    classes: tuple[str, ...] = Field((), description="names of the classes, in the order of the net's outputs")
    without: tuple[str, ...] = Field((), description="classes that are left out, by the names of their folders")
    content: str = Field("", description="hash of the pictures' bytes; checked when a run goes on")


class NetSettings(_Settings):
    """A name of the catalogue and its options."""

    name: str
    options: dict[str, JsonValue] = Field(default_factory=dict)


class TrainSettings(_Settings):
    """How the weights move."""

    batch: int = Field(128, ge=1, description="pictures that each step learns from")
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleName = Field("one_cycle", description="how the learning rate climbs and falls over the budget")
    warm_up: float = Field(0.25, ge=0, lt=1, description="share of the budget in which the rate climbs")
    end_rate: float = Field(0.0, ge=0, le=1, description="last rate as a share of the peak")
    ema_half_life: float = Field(0.0, ge=0, description="of the averaged weights, in images; 0 switches averaging off")
    augment: AugmentSpec = AugmentSpec()


class BudgetSettings(_Settings):
    """Images or minutes, exactly one of them."""

    images: int | None = Field(None, gt=0)
    minutes: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_of_them(self) -> "BudgetSettings":
        if (self.images is None) == (self.minutes is None):
            raise ValueError("give either images or minutes, not both and not neither")
        return self

    def budget(self, reserve_seconds: float = 0.0) -> Budget:
        """The limit for the loop; `reserve_seconds` of a time budget are kept back for the last measurement."""
        if self.minutes is None:
            return Budget(images=self.images)
        return Budget(seconds=max(1.0, self.minutes * 60 - reserve_seconds))


class MachineSettings(_Settings):
    """Resolved by the machine probe on the first start; kept when a run goes on, so that its bits repeat."""

    device: Device = "cpu"
    precision: Precision = "32-true"
    channels_last: bool = False
    threads: int = Field(1, ge=1)
    processes: int = Field(1, ge=1)


class Recipe(_Settings):
    """Everything that decides a run's outcome."""

    schema_version: Literal[1] = 1
    kind: Kind = "cnn"
    seed: int = Field(0, ge=0, lt=2**53, description="decides every random number; another seed, another run")
    data: DataSettings
    net: NetSettings
    objective: ObjectiveSettings
    train: TrainSettings
    budget: BudgetSettings
    machine: MachineSettings = MachineSettings()
    snapshot_images: int | None = Field(None, gt=0, description="images between snapshots; none: about one a minute")

    @model_validator(mode="after")
    def _fitting_objective(self) -> "Recipe":
        if self.objective.name != OBJECTIVES[self.kind]:
            raise ValueError(f"kind {self.kind} learns by {OBJECTIVES[self.kind]!r}, not by {self.objective.name!r}")
        return self

    def to_json(self) -> str:
        """The recipe as an indented JSON text."""
        return self.model_dump_json(indent=1)


def from_json(text: str) -> Recipe:
    """The recipe in a JSON text. Raises RecipeError for a newer schema, unknown fields or values out of range."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise RecipeError(f"the recipe is not JSON ({error}); restore recipe.json or start a new run") from None
    return from_record(raw)


def from_record(raw: object) -> Recipe:
    """The recipe in parsed JSON. Raises RecipeError like from_json."""
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise RecipeError(f"the recipe has schema version {version}, this nonesuch reads {SCHEMA_VERSION}: update it")
    try:
        return Recipe.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(first_complaint(error)) from None


def change(recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """The recipe with fields replaced by dotted name: {"train.batch": "64", "net.options.width": "48"}.

    Values are read as JSON where that works ("3", "0.1", "true", "[32, 64]") and as text otherwise.
    Raises RecipeError for a name that does not exist (with the nearest one) or a value that does not fit.
    """
    raw: dict[str, Any] = recipe.model_dump()
    for name, text in settings.items():
        *path, last = name.split(".")
        place = raw
        for step in path:
            place = place[step] if isinstance(place.get(step), dict) else _unknown(name, raw)
        if last not in place and path[-2:] != ["net", "options"]:
            _unknown(name, raw)
        if isinstance(place.get(last), dict):
            raise RecipeError(
                f"{name} is a group of settings: found a value for it; set one of {', '.join(place[last])}"
            )
        place[last] = _value(text)
    try:
        return Recipe.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(first_complaint(error)) from None


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


def _unknown(name: str, raw: Mapping[str, Any]) -> Any:
    names = list(_dotted(raw))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0) or names[:1]
    raise RecipeError(f"no setting is called {name!r}; did you mean {near[0]!r}?")


def _dotted(raw: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, value in raw.items():
        names += _dotted(value, f"{prefix}{name}.") if isinstance(value, dict) and value else [prefix + name]
    return names


def first_complaint(error: ValidationError, group: str = "") -> str:
    """The first complaint of pydantic, as one line. group: where in the recipe the checked settings stand."""
    complaint = error.errors()[0]
    message = complaint["msg"].removeprefix("Value error, ")
    if not complaint["loc"]:
        return message
    where = ".".join(str(part) for part in ([group] if group else []) + list(complaint["loc"]))
    found = complaint["input"]
    shown = f"; found {found!r}" if isinstance(found, str | int | float | bool) else ""
    return f"{where}: {message}{shown}; change it with --set {where}=VALUE"

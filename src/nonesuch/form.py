"""The form of a recipe: which settings a person may change for a kind and net, read off the models that check them.

A new setting with a description in its model is in the form by itself; only which of them come first is said here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types as limits
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from nonesuch.errors import RecipeError
from nonesuch.models import catalog
from nonesuch.models.catalog import NetEntry
from nonesuch.presets import DEFAULT_NET, PRESETS, preset
from nonesuch.recipe import OBJECTIVES, DataSettings, Kind, Recipe

SettingType = Literal["whole", "number", "yes_no", "choice", "choices", "wholes"]

PLAIN = (
    "train.batch",
    "train.optimizer.rate",
    "net.options.latent",
    "net.options.width",
    "net.options.dropout",
    "objective.beta",
    "objective.alternate",
    "objective.turn",
    "objective.loss",
    "train.augment.flip",
    "train.augment.shift",
    "seed",
)
"""What a person meets first, in this order, where a kind and net have it; all else is advanced."""
SETTLED = {"schema_version", "kind", "data", "budget", "machine", "net.name", "net.options.gaussian"}
"""Decided elsewhere: by the choice of data, kind and net, by the budget, by the machine's probe."""
VAE_ONLY = {"objective.beta", "objective.free_bits", "objective.kl_warm_up_images", "objective.importance_samples"}
"""Without meaning where a picture's code is a point."""
SPLITS = ("data.val_share", "data.test_share")
PICTURED = DataSettings(source="", size=(32, 32), channels=3)
PICTURED_COUNT = 10_000
"""Presets differ a little by data: what a form shows before data are chosen."""


@dataclass(frozen=True)
class Setting:
    """One setting: its dotted name as `--set` takes it, its value in the preset, and what it may be.

    type: "whole" and "number" have limits (None: none), where `above` and `below` mean the limit itself is not allowed;
    "choice" is one of `choices`, "choices" any of them, "wholes" a list of `count[0]` to `count[1]` whole numbers
    (None: any number of them). help: one line.
    """

    name: str
    type: SettingType
    default: JsonValue
    help: str
    advanced: bool
    least: float | None = None
    most: float | None = None
    above: bool = False
    below: bool = False
    choices: tuple[JsonValue, ...] = ()
    count: tuple[int, int | None] = (0, None)


def nets(kind: Kind) -> dict[str, str]:
    """The nets of a kind by name, each with one line on it; the one that is taken by default comes first."""
    fitting = [name for name, row in PRESETS.items() if OBJECTIVES[row.kind] == OBJECTIVES[kind]]
    ordered = sorted(fitting, key=lambda name: name != DEFAULT_NET[kind])
    return {name: catalog.NETS[name].summary for name in ordered}


def form(
    kind: Kind, net: str | None = None, data: DataSettings = PICTURED, pictures: int = PICTURED_COUNT
) -> list[Setting]:
    """The settings of a net of this kind for so many training pictures, plain ones first. Raises RecipeError."""
    chosen = net or DEFAULT_NET[kind]
    if data.source == "" and kind == "cnn":
        data = data.model_copy(update={"classes": ("one", "other")})
    recipe = preset(kind, data, chosen, pictures)
    found = {setting.name: setting for setting in _settings(recipe, catalog.NETS[chosen])}
    plain = [found.pop(name) for name in PLAIN if name in found]
    return plain + list(found.values())


def _settings(recipe: Recipe, entry: NetEntry) -> Iterator[Setting]:
    left_out = SETTLED | (VAE_ONLY if recipe.kind == "ae" else set())
    yield from _of(type(recipe), recipe.model_dump(mode="json"), "", left_out, entry, recipe)
    shares = DataSettings.model_fields
    for name in SPLITS:
        field = name.removeprefix("data.")
        yield _setting(name, shares[field], getattr(recipe.data, field))


def _of(
    model: type[BaseModel], values: Mapping[str, Any], prefix: str, left_out: set[str], entry: NetEntry, recipe: Recipe
) -> Iterator[Setting]:
    """The settings of a model and of the models in it, depth first."""
    for key, field in model.model_fields.items():
        name = prefix + key
        if name in left_out or (key == "name" and name != "train.optimizer.name"):
            continue
        inner = _inner(name, field, entry, recipe)
        if inner is None:
            yield _setting(name, field, values[key])
        else:
            defaults = inner().model_dump(mode="json") if name == "net.options" else {}
            yield from _of(inner, defaults | dict(values[key]), f"{name}.", left_out, entry, recipe)


def _inner(name: str, field: FieldInfo, entry: NetEntry, recipe: Recipe) -> type[BaseModel] | None:
    """The model within a field, if it holds one: of a net's options and of an objective the one that was chosen."""
    if name == "net.options":
        return entry.config
    if name == "objective":
        return type(recipe.objective)
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _setting(name: str, field: FieldInfo, default: JsonValue) -> Setting:
    kind, metadata = _bare(field.annotation)
    rules = [*field.metadata, *metadata]
    least = next(
        (r.ge if isinstance(r, limits.Ge) else r.gt for r in rules if isinstance(r, limits.Ge | limits.Gt)), None
    )
    most = next(
        (r.le if isinstance(r, limits.Le) else r.lt for r in rules if isinstance(r, limits.Le | limits.Lt)), None
    )
    shape, choices, count = _shape(name, kind, rules)
    return Setting(
        name,
        shape,
        default,
        field.description or "",
        name not in PLAIN,
        least=None if least is None else float(str(least)),
        most=None if most is None else float(str(most)),
        above=any(isinstance(rule, limits.Gt) for rule in rules),
        below=any(isinstance(rule, limits.Lt) for rule in rules),
        choices=choices,
        count=count,
    )


def _shape(name: str, kind: Any, rules: list[Any]) -> tuple[SettingType, tuple[JsonValue, ...], tuple[int, int | None]]:
    """The type in a form, its choices, and how many numbers a list has."""
    nothing: tuple[JsonValue, ...] = ()
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        if len(parts) == 1:
            return _shape(name, parts[0], rules)
        # bool | Literal["alternating"]: all of it as one choice.
        found = [value for part in parts for value in ((False, True) if part is bool else get_args(part))]
        return "choice", tuple(found), (0, None)
    if get_origin(kind) is Literal:
        return "choice", get_args(kind), (0, None)
    if get_origin(kind) is tuple:
        inner, *others = get_args(kind)
        bare, _ = _bare(inner)
        if get_origin(bare) is Literal:
            return "choices", get_args(bare), (0, None)
        fixed = Ellipsis not in others
        low = next((rule.min_length for rule in rules if isinstance(rule, limits.MinLen)), 1)
        high = next((rule.max_length for rule in rules if isinstance(rule, limits.MaxLen)), None)
        return "wholes", nothing, (1 + len(others),) * 2 if fixed else (low, high)
    simple: Mapping[Any, SettingType] = {bool: "yes_no", int: "whole", float: "number"}
    if kind not in simple:
        raise RecipeError(f"the setting {name} is of a type that no form shows: {kind}")
    return simple[kind], nothing, (0, None)


def _bare(kind: Any) -> tuple[Any, list[Any]]:
    """A type without its annotations, and the rules that those hold."""
    rules: list[Any] = []
    while hasattr(kind, "__metadata__"):
        for note in kind.__metadata__:
            rules += note.metadata if isinstance(note, FieldInfo) else [note]
        kind = get_args(kind)[0]
    return kind, rules

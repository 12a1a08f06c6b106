"""From a recipe to the parts of a run: pictures, net, objective, average, engine."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nonesuch import features, machine
from nonesuch.data import split
from nonesuch.data.batches import Batches
from nonesuch.data.open import open_data
from nonesuch.data.pack import Column, Pack
from nonesuch.errors import DataError
from nonesuch.models import catalog
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fast import Fast, whiten
from nonesuch.models.gan import Adversaries
from nonesuch.pixels import to_signed
from nonesuch.recipe import DataSettings, MachineSettings, Recipe
from nonesuch.training import optimizers
from nonesuch.training.adversarial import Adversarial, AdversarialSettings
from nonesuch.training.classify import Classify, ClassifySettings
from nonesuch.training.ema import Average
from nonesuch.training.loop import Pace
from nonesuch.training.optimizers import OptimizerSettings
from nonesuch.training.phase import Objective
from nonesuch.training.reconstruct import Reconstruct, ReconstructSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FEWEST = 10
"""Training pictures below which a net cannot learn anything that holds for others."""
SPLITS = ("train", "val", "test")
FOLDERS = "label"
"""The column that the folders give."""
WHITENING_PICTURES = 5000


@dataclass(frozen=True)
class Pictures:
    """A pack and its three splits, as row numbers, int64; with a label column, its classes and everyone's class.

    `classes` is empty where there is no such column, and then `targets` are all -1.
    """

    pack: Pack
    classes: tuple[str, ...]
    targets: npt.NDArray[np.int64]
    rows: dict[str, npt.NDArray[np.int64]]

    def tensors(self, name: str, most: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """The first `most` pictures of a split, uint8 (N, C, H, W), and their classes (N,)."""
        rows = self.rows[name][:most]
        pixels = torch.from_numpy(self.pack.pixels[rows]).permute(0, 3, 1, 2)
        return pixels, torch.from_numpy(self.targets[rows])

    def extractor(self, threads: int) -> features.Extractor:
        """The measuring net of these pictures, made on the first call and stored with the pack."""
        targets = self.targets if self.classes else None
        return features.extractor(
            self.pack.pixels, self.rows["train"], targets, len(self.classes), self.pack.path, threads
        )


@dataclass(frozen=True)
class Parts:
    """Everything a sitting needs. `net` holds all that trains; the engine's wrapping of it is inside the objective."""

    data: Pictures
    net: nn.Module
    objective: Objective
    average: Average | None
    engine: "Fabric"
    pace: Pace

    @property
    def best(self) -> nn.Module:
        """The net to show to people: classifier, autoencoder or generator, averaged where that is kept."""
        return self.objective.averaged if self.average is None else self.average.module


def divided(pack: Pack, label: str, val_share: float, test_share: float, without: Collection[str] = ()) -> Pictures:
    """The splits of a pack, and its classes by the column `label`: pictures without a label are then left out.

    Without a column (`label` empty) every picture takes part. without: folders (classes of the column "label") whose
    pictures take no part, whatever the column. Raises DataError for an unknown column or class (naming those there
    are), fewer than two classes, or too few pictures.
    """
    assigned = split.assign(pack.hashes, pack.given_split, val_share, test_share)
    usable = ~_left_out(pack, without)
    classes: tuple[str, ...] = ()
    if not label:
        targets = np.full(len(pack), -1, np.int64)
    else:
        if label not in pack.columns:
            advice = f"name one of them with --label: {', '.join(pack.columns)}"
            if not pack.columns:
                advice = "sort the pictures into one folder a class, or add a labels.csv"
            raise DataError(f"{pack.source}: no label column {label!r}; {advice}")
        classes, targets = _renumbered(pack.columns[label], without if label == FOLDERS else ())
        usable &= targets >= 0
    rows = {name: np.flatnonzero((assigned == code) & usable) for code, name in enumerate(SPLITS)}
    if len(rows["train"]) < FEWEST:
        off = f" with {', '.join(sorted(without))} switched off" if without else ""
        raise DataError(
            f"{pack.source}: {int(usable.sum())} {'labelled ' if label else ''}pictures{off}, {len(rows['train'])} of "
            f"them for training; a net needs at least {FEWEST} for training"
        )
    if label and len(np.unique(targets[rows["train"]])) < 2:
        raise DataError(f"{pack.source}: labels need two classes; found only {classes[0]!r}: add another folder")
    return Pictures(pack, classes, targets, rows)


def _left_out(pack: Pack, without: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which pictures lie in folders that are left out, bool (N,)."""
    if not without:
        return np.zeros(len(pack), bool)
    column = pack.columns.get(FOLDERS)
    known = column.classes if column is not None else ()
    if unknown := sorted(set(without) - set(known)):
        raise DataError(f"{pack.source}: no class {unknown[0]!r} to leave out; there are {', '.join(known) or 'none'}")
    assert column is not None
    return np.isin(column.codes, [code for code, name in enumerate(known) if name in without])


def _renumbered(column: Column, without: Collection[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """The classes that are left, and everyone's number among them, -1 for those of no class."""
    classes = tuple(name for name in column.classes if name not in without)
    numbers = np.full(len(column.classes) + 1, -1, np.int64)
    for code, name in enumerate(column.classes):
        if name in classes:
            numbers[code] = classes.index(name)
    # Code -1 takes the last number, which is -1.
    return classes, numbers[column.codes]


def reopen(settings: DataSettings) -> Pictures:
    """The data of a recipe. Raises DataError when the pictures are not those the recipe was made with."""
    pack = open_data(settings.source, settings.size, settings.channels, settings.fit)
    if settings.content and pack.content != settings.content:
        raise DataError(f"{settings.source}: the pictures have changed since this run began; start a new run for them")
    return divided(pack, settings.label, settings.val_share, settings.test_share, settings.without)


def build_net(recipe: Recipe) -> nn.Module:
    """The recipe's net with fresh weights, drawn from torch's global generator."""
    height, width = recipe.data.size
    shape = (recipe.data.channels, height, width)
    return catalog.build(recipe.net.name, shape, len(recipe.data.classes), recipe.net.options)


def engine(settings: MachineSettings) -> "Fabric":
    """Fabric, for one process or many, in full or mixed precision. With many, this starts the others."""
    # Two seconds to import: only what trains or measures waits for it, not who draws or looks.
    from lightning_fabric import Fabric

    # Which precision is in use is said in nonesuch's own words.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric = Fabric(
        accelerator=settings.device,
        devices=settings.processes,
        strategy="ddp" if settings.processes > 1 else "auto",
        precision=settings.precision,
    )
    if settings.processes > 1:
        fabric.launch()
    return fabric


def assemble(recipe: Recipe, fabric: "Fabric") -> Parts:
    """Build everything; the same recipe gives the same bits. Raises DataError, NetError or RecipeError."""
    torch.set_num_threads(recipe.machine.threads)
    machine.keep_memory()
    data = reopen(recipe.data)
    torch.manual_seed(recipe.seed)
    layout = torch.channels_last if recipe.machine.channels_last else torch.contiguous_format
    net = build_net(recipe).to(memory_format=layout)  # type: ignore[call-overload]
    if isinstance(net, Fast):
        # Spread over all rows: sorted folders begin with thousands of pictures of one class.
        sample = data.rows["train"][:: max(1, len(data.rows["train"]) // WHITENING_PICTURES)]
        whiten(net, to_signed(torch.from_numpy(data.pack.pixels[sample]).permute(0, 3, 1, 2)))
    batches = Batches(
        data.pack.pixels,
        data.targets if data.classes else None,
        data.rows["train"],
        recipe.train.batch,
        recipe.seed,
        fabric.global_rank,
        fabric.world_size,
    )
    objective = LEARNING[recipe.objective.name](recipe, net, batches, fabric, data)
    half_life = recipe.train.ema_half_life
    average = Average(objective.averaged, half_life) if half_life else None
    pace = Pace(
        recipe.budget.budget(),
        recipe.train.batch,
        len(batches),
        recipe.train.schedule,
        recipe.train.warm_up,
        recipe.train.end_rate,
    )
    return Parts(data, net, objective, average, fabric, pace)


def _classify(recipe: Recipe, net: nn.Module, batches: Batches, fabric: "Fabric", _data: Pictures) -> Objective:
    settings = recipe.objective
    assert isinstance(settings, ClassifySettings)
    wrapped, built = _engaged(fabric, net, recipe.train.optimizer, recipe.machine.precision)
    return Classify(net, built, batches, recipe.train.augment, recipe.seed, fabric.device, settings, forward=wrapped)


def _reconstruct(recipe: Recipe, net: nn.Module, batches: Batches, fabric: "Fabric", data: Pictures) -> Objective:
    settings = recipe.objective
    assert isinstance(settings, ReconstructSettings)
    assert isinstance(net, Autoencoder)
    wrapped, built = _engaged(fabric, net, recipe.train.optimizer, recipe.machine.precision)
    judge = None
    if settings.perceptual:
        judge = data.extractor(recipe.machine.threads).net.to(fabric.device).requires_grad_(False)
    return Reconstruct(
        net, built, batches, recipe.train.augment, recipe.seed, fabric.device, settings, forward=wrapped, judge=judge
    )


def _adversarial(recipe: Recipe, net: nn.Module, batches: Batches, fabric: "Fabric", _data: Pictures) -> Objective:
    settings, rates = recipe.objective, recipe.train.optimizer
    assert isinstance(settings, AdversarialSettings)
    assert isinstance(net, Adversaries)
    slower = rates.model_copy(update={"rate": rates.rate * settings.critic_rate})
    critic, critics = _engaged(fabric, net.critic, slower, recipe.machine.precision)
    generator, generators = _engaged(fabric, net.generator, rates, recipe.machine.precision)
    return Adversarial(
        net,
        (critics, generators),
        batches,
        recipe.train.batch,
        recipe.train.augment,
        recipe.seed,
        fabric.device,
        settings,
        forward=(critic, generator),
    )


LEARNING: Mapping[str, Callable[[Recipe, nn.Module, Batches, "Fabric", Pictures], Objective]] = {
    "classify": _classify,
    "reconstruct": _reconstruct,
    "adversarial": _adversarial,
}
"""How each objective is put together; one line a family."""


def _engaged(
    fabric: "Fabric", net: nn.Module, settings: OptimizerSettings, precision: machine.Precision
) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
    """A net as the engine wraps it for training, and its optimizers."""
    wrapped, *built = fabric.setup(net, *optimizers.build([net], settings, half=precision == "bf16-mixed"))
    return wrapped, built

"""From a recipe to the parts of a run: pictures, net, objective, average, engine."""

import logging
from dataclasses import dataclass

import lightning_fabric
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nonesuch import machine
from nonesuch.data import split
from nonesuch.data.batches import Batches
from nonesuch.data.open import open_data
from nonesuch.data.pack import Pack
from nonesuch.errors import DataError
from nonesuch.models import catalog
from nonesuch.models.fast import Fast, whiten
from nonesuch.pixels import to_signed
from nonesuch.recipe import DataSettings, MachineSettings, Recipe
from nonesuch.training import optimizers
from nonesuch.training.classify import Classify
from nonesuch.training.ema import Average
from nonesuch.training.loop import Pace
from nonesuch.training.phase import Objective

FEWEST = 10
"""Training pictures below which a net cannot learn anything that holds for others."""
SPLITS = ("train", "val", "test")
WHITENING_PICTURES = 5000


@dataclass(frozen=True)
class Labelled:
    """A pack with one of its columns as the classes, and its three splits: row numbers, int64."""

    pack: Pack
    classes: tuple[str, ...]
    targets: npt.NDArray[np.int64]
    rows: dict[str, npt.NDArray[np.int64]]

    def tensors(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """All pictures of a split, uint8 (N, C, H, W), and their classes (N,)."""
        rows = self.rows[name]
        pixels = torch.from_numpy(self.pack.pixels[rows]).permute(0, 3, 1, 2)
        return pixels, torch.from_numpy(self.targets[rows])


@dataclass(frozen=True)
class Parts:
    """Everything a sitting needs. `net` is the bare net; the engine's wrapping of it is inside the objective."""

    data: Labelled
    net: nn.Module
    objective: Objective
    average: Average | None
    engine: lightning_fabric.Fabric
    pace: Pace

    @property
    def best(self) -> nn.Module:
        """The net to show to people: the average where there is one."""
        return self.net if self.average is None else self.average.module


def labelled(pack: Pack, label: str, val_share: float, test_share: float) -> Labelled:
    """Classes and splits of a pack; pictures without a label are left out.

    Raises DataError for an unknown column (naming those there are), fewer than two classes, or too few pictures.
    """
    if label not in pack.columns:
        found = ", ".join(pack.columns) or "none"
        raise DataError(
            f"{pack.source}: no label column {label!r}; found: {found}. Sort the pictures into one folder a class"
        )
    column = pack.columns[label]
    targets = column.codes.astype(np.int64)
    assigned = split.assign(pack.hashes, pack.given_split, val_share, test_share)
    rows = {name: np.flatnonzero((assigned == code) & (targets >= 0)) for code, name in enumerate(SPLITS)}
    if len(rows["train"]) < FEWEST:
        found_rows = int((targets >= 0).sum())
        raise DataError(
            f"{pack.source}: {found_rows} labelled pictures, {len(rows['train'])} of them for training; "
            f"a classifier needs at least {FEWEST} for training"
        )
    if len(np.unique(targets[rows["train"]])) < 2:
        raise DataError(
            f"{pack.source}: a classifier needs two classes; found only {column.classes[0]!r}: add another folder"
        )
    return Labelled(pack, column.classes, targets, rows)


def reopen(settings: DataSettings) -> Labelled:
    """The data of a recipe. Raises DataError when the pictures are not those the recipe was made with."""
    pack = open_data(settings.source, settings.size, settings.channels, settings.fit)
    if settings.content and pack.content != settings.content:
        raise DataError(f"{settings.source}: the pictures have changed since this run began; start a new run for them")
    return labelled(pack, settings.label, settings.val_share, settings.test_share)


def build_net(recipe: Recipe) -> nn.Module:
    """The recipe's net with fresh weights, drawn from torch's global generator."""
    height, width = recipe.data.size
    shape = (recipe.data.channels, height, width)
    return catalog.build(recipe.net.name, shape, len(recipe.data.classes), recipe.net.options)


def engine(settings: MachineSettings) -> lightning_fabric.Fabric:
    """Fabric, for one process or many, in full or mixed precision. With many, this starts the others."""
    # Which precision is in use is said in nonesuch's own words.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    fabric = lightning_fabric.Fabric(
        accelerator=settings.device,
        devices=settings.processes,
        strategy="ddp" if settings.processes > 1 else "auto",
        precision=settings.precision,
    )
    if settings.processes > 1:
        fabric.launch()
    return fabric


def assemble(recipe: Recipe, fabric: lightning_fabric.Fabric) -> Parts:
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
    average = Average(net, recipe.train.ema_half_life) if recipe.train.ema_half_life else None
    built = optimizers.build([net], recipe.train.optimizer)
    wrapped, *wrapped_optimizers = fabric.setup(net, *built)
    batches = Batches(
        data.pack.pixels,
        data.targets,
        data.rows["train"],
        recipe.train.batch,
        recipe.seed,
        fabric.global_rank,
        fabric.world_size,
    )
    objective = Classify(
        net,
        wrapped_optimizers,
        batches,
        recipe.train.augment,
        recipe.seed,
        fabric.device,
        recipe.train.label_smoothing,
        forward=wrapped,
    )
    pace = Pace(
        recipe.budget.budget(),
        recipe.train.batch,
        len(batches),
        recipe.train.schedule,
        recipe.train.warm_up,
        recipe.train.end_rate,
    )
    return Parts(data, net, objective, average, fabric, pace)

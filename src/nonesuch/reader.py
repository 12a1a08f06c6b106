"""A classifier of all label columns at once, trained on a data set's own pictures: it reads attributes off new ones."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from pydantic import JsonValue
from torch import Tensor, nn

from nonesuch.assembly import Pictures
from nonesuch.data.batches import Batches
from nonesuch.errors import DataError
from nonesuch.features import measuring_net, on_threads, train
from nonesuch.models.config import Shape
from nonesuch.pixels import Picture, to_signed
from nonesuch.runs import kept
from nonesuch.training import optimizers
from nonesuch.training.classify import Labelled
from nonesuch.training.optimizers import OptimizerSettings
from nonesuch.training.phase import Loss, Objective, Phase

Ints = npt.NDArray[np.int64]

RECIPE = 1
"""Version of the training: a reader of another version is not used."""
SEED, BATCH = 0, 128
CHUNK = 500
MOST_BYTES = 64 << 20


class Reader:
    """`names`: the columns and their values. `accuracy`: of each column, on held-out pictures that have it."""

    def __init__(self, data: Pictures, threads: int) -> None:
        """Trains for well under a minute the first time, and is kept beside the pack.

        Raises DataError without a column of two values, DivergedError, MachineError when the disk does not take it.
        """
        columns = {name: column for name, column in data.pack.columns.items() if len(column.classes) > 1}
        if not columns:
            raise DataError(f"{data.pack.source}: no label column has two values; attributes cannot be read")
        self.names = {name: column.classes for name, column in columns.items()}
        codes = np.stack([column.codes.astype(np.int64) for column in columns.values()], axis=1)
        pixels = data.pack.pixels
        shape = (pixels.shape[3], pixels.shape[1], pixels.shape[2])
        self._widths = [len(values) for values in self.names.values()]
        rows = data.rows["train"]
        made_of = _made_of(shape, self.names, rows, codes)
        name = f"reader-{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]}"
        with torch.random.fork_rng(devices=[]), on_threads(threads):
            torch.manual_seed(SEED)
            self._net = measuring_net(shape, sum(self._widths))
            if kept.load(self._net, data.pack.path, name, made_of, MOST_BYTES) is None:
                built = optimizers.build([self._net], OptimizerSettings())
                batches = Batches(pixels, None, rows, BATCH, SEED)
                train(Reading(self._net, built, batches, codes, self._widths), len(rows))
                kept.save(self._net, data.pack.path, name, made_of)
            self._net.eval()
        held_out = data.rows["test"]
        read, truth = self.read(pixels[held_out]), codes[held_out]
        known = truth >= 0
        right = ((read == truth) & known).sum(0) / np.maximum(1, known.sum(0))
        self.accuracy: list[float] = right.tolist()

    @torch.inference_mode()
    def read(self, pictures: Picture) -> Ints:
        """The most probable value of each column, (N, columns), in pictures uint8 (N, H, W, C)."""
        parts = [np.empty((0, len(self._widths)), np.int64)]
        for start in range(0, len(pictures), CHUNK):
            chunk = torch.from_numpy(np.array(pictures[start : start + CHUNK])).permute(0, 3, 1, 2)
            logits = torch.split(self._net(to_signed(chunk)), self._widths, dim=1)
            parts.append(torch.stack([part.argmax(1) for part in logits], 1).numpy())
        return np.concatenate(parts)


def _made_of(shape: Shape, names: Mapping[str, Sequence[str]], rows: Ints, codes: Ints) -> dict[str, JsonValue]:
    """What a reader learns from; another answer is another reader."""
    learnt = hashlib.sha256(rows.tobytes())
    learnt.update(codes[rows].tobytes())
    columns: dict[str, JsonValue] = {name: list(values) for name, values in names.items()}
    return {"recipe": RECIPE, "shape": list(shape), "columns": columns, "rows_and_codes": learnt.hexdigest()}


class Reading(Objective):
    """The mean over columns of the cross-entropy; where a picture has no value (-1), that column does not count."""

    def __init__(
        self, net: nn.Module, built: Sequence[torch.optim.Optimizer], batches: Batches, codes: Ints, widths: list[int]
    ) -> None:
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._net, self._batches, self._codes, self._widths = net, batches, codes, widths
        self.phases = (Phase("loss", self._loss, built),)

    def prepare(self, images_seen: int) -> Labelled:
        """The batch at this position; targets (B, columns)."""
        batch = self._batches.at(images_seen)
        return Labelled(to_signed(batch.pixels), torch.from_numpy(self._codes[batch.rows]))

    def _loss(self, batch: Labelled) -> Loss:
        logits: Tensor = self._net(batch.images)
        losses = [
            F.cross_entropy(part, batch.targets[:, place], ignore_index=-1)
            for place, part in enumerate(torch.split(logits, self._widths, dim=1))
            if bool((batch.targets[:, place] >= 0).any())
        ]
        return Loss(torch.stack(losses).mean(), {})

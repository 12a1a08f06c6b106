"""Endless, seeded, resumable, sharded batches whose only state is the number of images seen.

The stream of a seed is: the data in a random order, then again in another, and so on. Position p of the stream lies
in epoch p // n at offset p % n. A batch is the next B positions, so it may straddle two epochs, no picture is left
out, and every batch has the same size. Resuming is a jump to a position, and nothing about randomness is saved.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nonesuch.errors import DataError, RecipeError

CACHED_EPOCHS = 2
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """pixels: uint8 (B, C, H, W), memory in channels_last.     targets: int64 (B,), or None without labels.
    rows: int64 array (B,), which pictures of the pack these are.    epochs: int64 (B,), the epoch of each.
    turns: int64 (B,), the epoch plus a fixed random bit of the picture: half of all pictures are even in any epoch,
        and each changes from one epoch to the next ("alternating" flips in augment.py).
    first: stream position of this rank's first picture; random draws hang on it, as ranks must not draw alike."""

    pixels: Tensor
    targets: Tensor | None
    rows: npt.NDArray[np.int64]
    epochs: Tensor
    turns: Tensor
    first: int


class Batches:
    """Batches of some pictures of a pack.

    pixels: uint8 (N, H, W, C), only read where a batch needs it.     targets: int64 (N,) or None.
    indices: which of the N pictures take part.    batch: pictures a step over all ranks together.
    rank, world: this process takes the positions [p + rank B / world, p + (rank + 1) B / world).
    Raises DataError without any picture, RecipeError if the ranks cannot share a batch evenly.
    """

    def __init__(
        self,
        pixels: npt.NDArray[np.uint8],
        targets: npt.NDArray[np.int64] | None,
        indices: npt.NDArray[np.int64],
        batch: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if len(indices) == 0:
            raise DataError("no pictures to train on: every one fell into another split or was refused")
        if batch < 1 or batch % world:
            raise RecipeError(f"batch must be a multiple of the {world} processes and at least 1, found {batch}")
        if not 0 <= rank < world:
            raise RecipeError(f"rank must be 0 to {world - 1}, found {rank}")
        self._pixels = np.asarray(pixels)
        self._targets = targets
        self._indices = np.asarray(indices, np.int64)
        self._batch, self._seed, self._rank, self._world = batch, seed, rank, world
        self._bits = (_words(len(pixels), seed, _WORD) & np.uint64(1)).astype(np.int64)
        self._orders: dict[int, npt.NDArray[np.int64]] = {}

    def __len__(self) -> int:
        """Pictures in one epoch."""
        return len(self._indices)

    def at(self, images_seen: int) -> Batch:
        """This rank's part of the batch that starts at stream position `images_seen`; depends on nothing else."""
        share = self._batch // self._world
        first = images_seen + self._rank * share
        rows, epochs = self._positions(first, share)
        pixels = torch.from_numpy(self._pixels.take(rows, axis=0)).permute(0, 3, 1, 2)
        targets = None if self._targets is None else torch.from_numpy(self._targets.take(rows))
        turns = torch.from_numpy(epochs + self._bits[rows])
        return Batch(pixels, targets, rows, torch.from_numpy(epochs), turns, first)

    def _positions(self, first: int, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The rows and epochs of stream positions [first, first + count)."""
        total = len(self._indices)
        epochs = np.arange(first, first + count, dtype=np.int64) // total
        parts = []
        for epoch in range(int(epochs[0]), int(epochs[-1]) + 1):
            start, end = max(first, epoch * total), min(first + count, (epoch + 1) * total)
            parts.append(self._order(epoch)[start - epoch * total : end - epoch * total])
        return np.concatenate(parts), epochs

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The rows in the order of one epoch, kept for as long as it is among the newest asked for."""
        order = self._orders.pop(epoch, None)
        if order is None:
            order = self._indices[shuffled(len(self._indices), self._seed, epoch)]
        self._orders[epoch] = order
        while len(self._orders) > CACHED_EPOCHS:
            del self._orders[next(iter(self._orders))]
        return order


def shuffled(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """A random order of 0..count-1, the same for ever: int64 (count,).

    Sorting raw Philox words (Salmon et al. 2011) instead of calling `permutation`, since numpy promises to keep the
    words of a bit generator but not the methods of its Generator.
    """
    return np.argsort(_words(count, seed, epoch), kind="stable").astype(np.int64, copy=False)


def _words(count: int, seed: int, stream: int) -> npt.NDArray[np.uint64]:
    words: npt.NDArray[np.uint64]
    words = np.random.Philox(key=np.array([seed & _WORD, stream & _WORD], np.uint64)).random_raw(count)
    return words

"""Whether a generator copies: how near its pictures lie to training pictures, beside how near held-out ones do.

Distance is Euclidean on pixels in [-1, 1], the plainest there is: it finds copies, not copies that were moved or
mirrored. Held-out pictures tell what is near: a generator that copies is nearer to the training set than they are.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.errors import DataError
from nonesuch.pixels import Picture, grid, to_signed

MOST = 2000
"""Samples, and held-out pictures, that are looked at: 50,000 training pictures of 32x32x3 then take half a minute."""
LONGEST_SIDE = 32
"""Larger pictures are compared as means over blocks: what is copied at this size is copied."""
NEAR = 0.01
"""The share of held-out pictures that counts as near."""
LISTED = 64
"""Most suspects a report lists."""
SHOWN_SIDE = 48
_CHUNK_NUMBERS = 1 << 23
"""Pixels held as float32 at once: 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class MemorisationReport:
    """What `memorisation` found.

    n, held_out, training: pictures compared.   median, held_out_median: of the distances to the nearest training
    picture, for samples and for held-out pictures.   ratio: the first over the second: 0 for copies, about 1 for
    pictures as new as the held-out ones, None when most held-out pictures are in the training set themselves.
    near_share: share of samples no farther than the nearest 1 % of held-out pictures; about 0.01 is innocent.
    nearest: int64 (n,), the training picture nearest to each sample.   distances: float64 (n,), how far it is.
    """

    n: int
    held_out: int
    training: int
    median: float
    held_out_median: float
    ratio: float | None
    near_share: float
    nearest: NDArray[np.int64]
    distances: NDArray[np.float64]

    def figures(self) -> dict[str, float]:
        """The headline numbers, those without a value left out."""
        ratio = {} if self.ratio is None else {"copy_ratio": self.ratio}
        return {**ratio, "copy_share": self.near_share}

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON; of the samples, the 64 nearest to a training picture are listed."""
        suspects = np.argsort(self.distances, kind="stable")[:LISTED]
        return {
            "n": self.n,
            "held_out": self.held_out,
            "training": self.training,
            "median": self.median,
            "held_out_median": self.held_out_median,
            "ratio": self.ratio,
            "near_share": self.near_share,
            "nearest": [
                {"sample": int(i), "training": int(self.nearest[i]), "distance": float(self.distances[i])}
                for i in suspects
            ],
        }


def memorisation(samples_u8: Picture, train_u8: Picture, test_u8: Picture) -> MemorisationReport:
    """Look for training pictures among the samples; all uint8 (N, H, W, C) of one shape.

    The first 2,000 samples and 2,000 held-out pictures, spread evenly, are compared with every training picture.
    Raises DataError when one of the sets is empty, ValueError when their shapes differ.
    """
    sets = {"generated": samples_u8, "training": train_u8, "held-out": test_u8}
    if empty := [name for name, pictures in sets.items() if not len(pictures)]:
        raise DataError(f"nothing to compare: there are no {empty[0]} pictures; enlarge their share")
    if len({pictures.shape[1:] for pictures in sets.values()}) > 1:
        raise ValueError(f"pictures of one shape are needed, got {[p.shape for p in sets.values()]}")
    spread = np.arange(min(MOST, len(test_u8))) * len(test_u8) // min(MOST, len(test_u8))
    rows, distances = nearest(samples_u8[:MOST], train_u8)
    _, held_out = nearest(test_u8[spread], train_u8)
    median, usual = float(np.median(distances)), float(np.median(held_out))
    return MemorisationReport(
        n=len(distances),
        held_out=len(held_out),
        training=len(train_u8),
        median=median,
        held_out_median=usual,
        ratio=median / usual if usual else None,
        near_share=float(np.mean(distances <= np.quantile(held_out, NEAR))),
        nearest=rows,
        distances=distances,
    )


def nearest(pictures_u8: Picture, train_u8: Picture) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each picture the row of the nearest training picture and its distance; uint8 (N, H, W, C) and (M, H, W, C).

    The search runs in float32 as |x|^2 - 2 x.y; the winner's distance is computed anew from the difference, so that a
    copy is at 0 exactly. Of training pictures as near as float32 can tell, any may win.
    """
    queries = _vectors(pictures_u8)
    best = torch.full((len(queries),), torch.inf)
    rows = torch.zeros(len(queries), dtype=torch.int64)
    step = max(1, _CHUNK_NUMBERS // max(queries.shape))
    for start in range(0, len(train_u8), step):
        chunk = _vectors(train_u8[start : start + step])
        scores = torch.addmm(chunk.square().sum(1), queries, chunk.T, alpha=-2)
        found, places = scores.min(dim=1)
        better = found < best
        best[better], rows[better] = found[better], places[better] + start
    return rows.numpy(), _distances(queries, train_u8, rows.numpy())


def neighbours_picture(samples: Picture, neighbours: Picture) -> Picture:
    """A sheet of two rows: samples, and below each the training picture nearest to it; (N, H, W, C) uint8 both."""
    scale = max(1, SHOWN_SIDE // samples.shape[1])
    return grid(np.concatenate([samples, neighbours]), columns=len(samples), scale=scale)


def _distances(queries: Tensor, train_u8: Picture, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact distances of each query to one training picture."""
    differences = queries.double() - _vectors(train_u8[rows]).double()
    distances: NDArray[np.float64] = differences.norm(dim=1).numpy()
    return distances


def _vectors(pictures_u8: Picture) -> Tensor:
    """(N, H, W, C) bytes as float32 (N, D) in [-1, 1], at most LONGEST_SIDE pixels a side."""
    _, height, width, channels = pictures_u8.shape
    factor = -(-max(height, width) // LONGEST_SIDE)
    pixels = torch.from_numpy(np.ascontiguousarray(pictures_u8)).permute(0, 3, 1, 2)
    step = max(1, _CHUNK_NUMBERS // (height * width * channels))
    # ceil_mode: a side that the factor does not divide keeps its last pixels, in a smaller block
    parts = [F.avg_pool2d(to_signed(part), factor, ceil_mode=True).flatten(1) for part in torch.split(pixels, step)]
    return torch.cat(parts)

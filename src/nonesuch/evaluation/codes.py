"""Where the pictures of a run's own data lie in its latent space, and which pictures they are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.assembly import Pictures, reopen
from nonesuch.errors import RunError
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import CHUNK, as_trained
from nonesuch.models.autoencoder import Autoencoder

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, eq=False)
class Codes:
    """data: the run's pictures. rows (N,): which of the pack's were coded.

    mean (N, latent) float32: the point, or the middle of the Gaussian; log_variance alike, None for an AE's points.
    """

    data: Pictures
    rows: NDArray[np.int64]
    mean: Tensor
    log_variance: Tensor | None


def codes(run: Run, split: Split = "train", most: int | None = None) -> Codes:
    """Of at most so many pictures spread over a split, in the order of the pack; all of them without `most`.

    Raises RunError for a run without an encoder, DataError when its pictures are gone or have changed.
    """
    if not isinstance(run.net, Autoencoder):
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}, which has no encoder; take an ae or a vae")
    data = reopen(run.recipe.data)
    rows = rows_of(data, split, most)
    parts = []
    with evaluating(run.net):
        # Read in parts: all pictures of a large set as floats would not fit into memory.
        for start in range(0, len(rows), CHUNK):
            images = as_trained(run.recipe, data.pack.pixels[rows[start : start + CHUNK]])
            parts.append(run.net.encode(images))
    spreads = [log_variance for _, log_variance in parts if log_variance is not None]
    return Codes(data, rows, torch.cat([mean for mean, _ in parts]), torch.cat(spreads) if spreads else None)

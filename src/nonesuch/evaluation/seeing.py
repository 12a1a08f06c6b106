"""The part of a run's net that looks at pictures, and the run's own pictures as that part is shown them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch.assembly import Pictures
from nonesuch.errors import RunError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_trained
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.parts import parts
from nonesuch.pixels import to_signed

PIXELS_AT_ONCE, PICTURES_AT_ONCE = 1 << 18, 250
"""Of one batch: its activations then take some hundred MB in the widest nets of the catalogue."""


def eye(run: Run) -> nn.Module:
    """The classifier, or an autoencoder's encoder. Raises RunError for a generator, which looks at no picture."""
    if run.recipe.kind == "gan":
        raise RunError(f"{run.folder.path.name} holds a gan, whose generator looks at no pictures; take a cnn or a vae")
    return parts(run.net, shape(run))[0].net if isinstance(run.net, Autoencoder) else run.net


def shape(run: Run) -> tuple[int, int, int]:
    """(C, H, W) of the run's pictures."""
    return run.recipe.data.channels, *run.recipe.data.size


def batches(run: Run, data: Pictures, rows: NDArray[np.int64]) -> Iterator[Tensor]:
    """These pictures of the pack as the net is shown them, (B, C, H, W) in [-1, 1], without augmentation."""
    height, width = run.recipe.data.size
    step = max(1, min(PICTURES_AT_ONCE, PIXELS_AT_ONCE // (height * width)))
    for start in range(0, len(rows), step):
        pictures = data.pack.pixels[rows[start : start + step]]
        if isinstance(run.net, Autoencoder):
            yield as_trained(run.recipe, pictures)
        else:
            yield to_signed(torch.from_numpy(pictures).permute(0, 3, 1, 2))


def among(data: Pictures, split: str, most: int | None) -> NDArray[np.int64]:
    """Rows of `most` pictures evenly spread over a split, so that sorted sources lose no class; all without `most`."""
    rows = data.rows[split]
    if most is None or most >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]

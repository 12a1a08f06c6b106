"""Pictures that a page has before its net is loaded, and without JavaScript: some seeds, or a net's filters."""

from collections.abc import Sequence

import numpy as np

from nonesuch.errors import NetError, RunError
from nonesuch.evaluation.filters import learnt
from nonesuch.evaluation.run import Run
from nonesuch.pixels import Picture

SEEDS = tuple(range(24))
MOST_FILTERS = 32


def drawn(run: Run, seeds: Sequence[int], mixture: bool) -> Picture:
    """What `nonesuch sample` gives of these seeds, (N, H, W, C) uint8."""
    return run.sample(seeds, mixture=mixture)


def filters(run: Run) -> Picture:
    """A classifier's first filters as pictures (N, k, k, 1 or 3) uint8, 128 for 0; none where it has no such layer.

    What a classifier looks for is its own; an example picture would be somebody's.
    """
    try:
        kernels = learnt(run)[:MOST_FILTERS]
    except (RunError, NetError):
        return np.zeros((0, 1, 1, 1), np.uint8)
    weights = np.stack([kernel.weights.numpy() for kernel in kernels]).transpose(0, 2, 3, 1)
    if weights.shape[3] != 3:
        weights = weights[..., :1]
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    scaled = 128 + 127 * weights / np.maximum(largest, 1e-12)
    found: Picture = np.rint(scaled).astype(np.uint8)
    return found

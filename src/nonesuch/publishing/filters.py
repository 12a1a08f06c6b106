"""A classifier's first filters as pictures: what its page has before its net is loaded, and without JavaScript."""

import numpy as np

from nonesuch.errors import NetError, RunError
from nonesuch.evaluation.filters import learnt
from nonesuch.evaluation.run import Run
from nonesuch.pixels import Picture

MOST_FILTERS = 32


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

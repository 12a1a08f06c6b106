"""Layers as nested loops, written from the papers' formulas: slow, obvious, independent of the fast ones."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def partial_convolution(x: Array, kernels: Array, bias: Array, table: Sequence[Sequence[int]]) -> Array:
    """x (inputs, H, W), kernels (links, k, k) in the table's order: each map sums over the inputs of its row only."""
    size = kernels.shape[-1]
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    out = np.zeros((len(table), height, width))
    link = 0
    for number, row in enumerate(table):
        out[number] = bias[number]
        for source in row:
            for i in range(height):
                for j in range(width):
                    out[number, i, j] += (x[source, i : i + size, j : j + size] * kernels[link]).sum()
            link += 1
    return out


def sub_sampling(x: Array, coefficient: Array, bias: Array, copies: int) -> Array:
    """Sum of each 2x2 field times the output map's coefficient, plus its bias."""
    maps, height, width = x.shape
    out = np.zeros((maps * copies, height // 2, width // 2))
    for number in range(maps * copies):
        for i in range(height // 2):
            for j in range(width // 2):
                field = x[number // copies, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                out[number, i, j] = field.sum() * coefficient[number] + bias[number]
    return out


def squared_distances(x: Array, codes: Array) -> Array:
    """x (B, features) against codes (classes, features)."""
    return np.array([[((row - code) ** 2).sum() for code in codes] for row in x])

"""Taking pixels out of a picture without leaving a mark that a net could read: noisy linear imputation.

A grey or black patch tells a net where something was taken away. Rong, Leemann, Borisov, Kasneci, Kasneci (A Consistent
and Efficient Evaluation Strategy for Attribution Methods, ICML 2022, section 4.2) fill each missing pixel with the
weighted mean of its eight neighbours, missing ones included, and a little noise: one linear system a picture.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

NOISE = 0.02
"""Standard deviation of the noise on [-1, 1]: the paper's 0.01 on [0, 1]."""
_BESIDE, _ACROSS = 1 / 6, 1 / 12
"""Weights of the neighbours that share a side, and of those that share a corner (section 4.2)."""
_PRECISE, _LONGEST = 1e-4, 4
"""Of the solution: the norm of what is left over that of the right side; steps, as a multiple of the sides' sum."""
_TINY = 1e-30
"""What is solved already has nothing left to divide by."""


def impute(images: Tensor, missing: Tensor, draws: torch.Generator | None) -> Tensor:
    """Pictures (B, C, H, W) with the pixels of `missing`, bool (B, H, W), filled in; without `draws` no noise is added.

    At the border the weights of the neighbours there are scale up to 1. A picture without any pixel left becomes 0, mid
    grey. Solved by conjugate gradients, all pictures and channels at once.
    """
    kernel = images.new_tensor([[_ACROSS, _BESIDE, _ACROSS], [_BESIDE, 0.0, _BESIDE], [_ACROSS, _BESIDE, _ACROSS]])
    hole = missing[:, None].to(images.dtype)

    def around(values: Tensor) -> Tensor:
        flat = F.conv2d(values.flatten(0, 1)[:, None], kernel[None, None], padding=1)
        return flat.view_as(values)

    weight = around(torch.ones_like(images))

    def left(values: Tensor) -> Tensor:
        """Weighted self minus neighbours, on missing pixels: symmetric, and positive where any pixel is known."""
        return hole * (weight * values - around(values))

    filled = _solved(left, hole * around(images * (1 - hole)), (images.shape[2] + images.shape[3]) * _LONGEST)
    if draws is not None:
        filled = filled + hole * NOISE * torch.randn(images.shape, generator=draws)
    return images * (1 - hole) + filled


def _solved(apply: Callable[[Tensor], Tensor], right: Tensor, most: int) -> Tensor:
    """x with apply(x) = right (B, C, H, W), by conjugate gradients for each (B, C) at once (Hestenes, Stiefel 1952)."""
    x, rest, way = torch.zeros_like(right), right, right
    size = first = _sum(rest * rest)
    for _ in range(most):
        if bool((size <= _PRECISE**2 * first).all()):
            break
        pulled = apply(way)
        step = size / _sum(way * pulled).clamp(min=_TINY)
        x, rest = x + step * way, rest - step * pulled
        smaller = _sum(rest * rest)
        way, size = rest + smaller / size.clamp(min=_TINY) * way, smaller
    return x


def _sum(values: Tensor) -> Tensor:
    return values.sum((2, 3), keepdim=True)

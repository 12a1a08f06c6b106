"""A plane of seeds: at whole numbers x, y lies seed x + 100 y, and between four neighbours their smooth mix.

The plane is that of the StyleGAN3 visualiser (Karras et al. 2021), which mixes behind its mapping network. A net with
none is trained on N(0, 1) itself, which a plain mean leaves: its spread in the middle of four would be a half. Here the
squares of the weights add up to 1, so that every place of the plane is again a draw of N(0, 1).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from nonesuch import seeds
from nonesuch.errors import RecipeError

ROW = 100
"""Seeds in a row of the plane."""


def corners(x: float, y: float) -> list[tuple[int, float]]:
    """The seeds around a place and their weights, those of weight 0 left out. The squares of the weights add up to 1.

    Each share of the way is smoothed, s^2 (3 - 2 s), so that the picture rests at a seed. Raises RecipeError outside
    of the plane, whose least x and y are 0.
    """
    if not (x >= 0 and y >= 0 and math.isfinite(x + y)) or (math.floor(y) + 2) * ROW + x >= seeds.SEED_LIMIT:
        raise RecipeError(f"the plane of seeds begins at 0, 0 and ends where seeds do; found {x:g}, {y:g}")
    left, top = math.floor(x), math.floor(y)
    across, down = _smooth(x - left), _smooth(y - top)
    shares = [
        (left + ROW * top, (1 - across) * (1 - down)),
        (left + 1 + ROW * top, across * (1 - down)),
        (left + ROW * (top + 1), (1 - across) * down),
        (left + 1 + ROW * (top + 1), across * down),
    ]
    length = math.sqrt(sum(share**2 for _, share in shares))
    return [(seed, share / length) for seed, share in shares if share]


def mixed(x: float, y: float, size: int) -> Tensor:
    """The code (size,), float32, at a place of the plane; at whole numbers it is the seed's own, bit for bit."""
    return weighted((weight, torch.from_numpy(seeds.normal(seed, size))) for seed, weight in corners(x, y))


def weighted(terms: Iterable[tuple[float, Tensor]]) -> Tensor:
    """The sum of weights times codes (latent,), at least one, added up in doubles."""
    parts = [weight * code.double() for weight, code in terms]
    return torch.stack(parts).sum(0).float()


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)

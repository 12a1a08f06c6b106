"""Which saliency map to trust: does the answer fall when what a map points at is taken away, and stay when it is kept?

Pixels are taken away in the map's order and the probability of the class is watched (deletion and insertion, Petsiuk,
Das, Saenko: RISE, BMVC 2018). What is missing is imputed (ROAD, Rong et al. 2022: see `lens/imputation.py`), so that
the holes themselves say little: ROAD's orders "most relevant first" and "least relevant first" are deletion, and
insertion run backwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.lens.imputation import impute
from nonesuch.lens.layers import left_as_found

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of the pixels that are taken away."""
CHANCE = "chance"
"""The name of the random order that all maps are compared with."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Probability of the class, (B, len(SHARES)), as pixels are taken away: the most or the least important first."""

    most: Tensor
    least: Tensor

    @property
    def deletion(self) -> Tensor:
        """Area under `most` (B,), as a mean over the shares from 0 to 0.9, in [0, 1]: small when the map is right."""
        return _area(self.most)

    @property
    def insertion(self) -> Tensor:
        """Area under `least` (B,), likewise: large when what the map points at is enough for the answer."""
        return _area(self.least)

    @property
    def gap(self) -> Tensor:
        """insertion - deletion (B,), in [-1, 1]: 0 is what a map without any knowledge gets on average."""
        return self.insertion - self.deletion


def curves(net: nn.Module, images: Tensor, classes: Tensor, maps: Mapping[str, Tensor], seed: int) -> dict[str, Curves]:
    """Of saliency maps by name, (B, h, w) of any size, for pictures (B, C, H, W) in [-1, 1] and classes (B,).

    A random order comes with them, as "chance". Equal values of a map are taken in random order. The net is left as
    found; the same seed gives the same numbers, whatever other maps are asked for.
    """
    height, width = images.shape[2:]
    every = {**maps, CHANCE: torch.rand(len(images), height, width, generator=torch.Generator().manual_seed(seed))}
    found = {}
    with left_as_found(net), torch.no_grad():
        for name, values in every.items():
            draws = torch.Generator().manual_seed(seed)
            ranks = _ranks(values, (height, width), draws)
            most = [_probability(net, images, classes, ranks < share, draws) for share in SHARES]
            least = [_probability(net, images, classes, ranks >= 1 - share, draws) for share in SHARES]
            found[name] = Curves(torch.stack(most, 1), torch.stack(least, 1))
    return found


def _ranks(values: Tensor, size: tuple[int, int], draws: torch.Generator) -> Tensor:
    """Each pixel's place in the order of the map (B, H, W), in [0, 1): 0 is the most important."""
    sized = F.interpolate(values[:, None].float().cpu(), size, mode="bilinear", align_corners=False).flatten(1)
    shuffled = torch.rand(sized.shape, generator=draws).argsort(1)
    order = shuffled.gather(1, sized.gather(1, shuffled).argsort(dim=1, descending=True, stable=True))
    places = torch.arange(sized.shape[1]).expand_as(order) / sized.shape[1]
    return torch.zeros_like(sized).scatter(1, order, places).view(-1, *size)


def _probability(net: nn.Module, images: Tensor, classes: Tensor, missing: Tensor, draws: torch.Generator) -> Tensor:
    shown = impute(images, missing, draws) if bool(missing.any()) else images
    probability: Tensor = net(shown).softmax(1).gather(1, classes[:, None])[:, 0]
    return probability.cpu()


def _area(heights: Tensor) -> Tensor:
    """By the trapezoidal rule over the shares, divided by their range."""
    return torch.trapezoid(heights, torch.tensor(SHARES), dim=1) / (SHARES[-1] - SHARES[0])

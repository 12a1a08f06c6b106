"""Inversion: which place of latent space draws a given picture? Found by descending on z, from several starts at once.

Minimised for each picture x is

    mean (G(z) - x)^2  +  likeness * unlike(x, G(z))  +  pull * mean ((z - m) / s)^2,

the squared error of the pixels, a distance on a net's features (Abdal, Qin, Wonka 2019, "Image2StyleGAN", eq. 1), and
a pull towards the middle m of where the net was trained, in units of the spread s there: far out a net draws anything
(Zhu, Kraehenbuehl, Shechtman, Efros 2016, section 4, who begin at an encoder's answer as well).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Draw = Callable[[Tensor], Tensor]
"""z (B, latent) to pictures (B, C, H, W) in [-1, 1], with a gradient; row by row, and always of the same B."""
Unlike = Callable[[Tensor], Tensor]
"""Drawn pictures (B, C, H, W) in [-1, 1] to their distances (B,) from the targets, with a gradient; row by row."""

Heard = Callable[[int, int], None]
"""Told how far the work is: so many of so many."""

STEPS, RATE = 200, 0.1
LIKENESS, PULL = 0.02, 0.002
"""Weights, measured on held-out faces (LOG, 2026-11-24)."""
BETAS = (0.9, 0.99)


@dataclass(frozen=True, eq=False)
class Prior:
    """Where the codes of a net lie: middle and spread of each dimension, (latent,) both, spread > 0."""

    middle: Tensor
    spread: Tensor

    @classmethod
    def normal(cls, latent: int) -> "Prior":
        """N(0, 1): what generators and VAEs are trained for."""
        return cls(torch.zeros(latent), torch.ones(latent))


@dataclass(frozen=True, eq=False)
class Refined:
    """What `refine` found for N pictures.

    z (N, latent): the place of the lowest loss on any way, at any step.   chosen (N,): the start that led there.
    losses (steps + 1, N, starts): at the starts and after each step.
    path (steps + 1, N, latent): the chosen way of each picture, from its start.
    """

    z: Tensor
    chosen: Tensor
    losses: Tensor
    path: Tensor


def refine(
    draw: Draw,
    targets: Tensor,
    starts: Tensor,
    unlike: Unlike | None,
    prior: Prior,
    steps: int = STEPS,
    rate: float = RATE,
    likeness: float = LIKENESS,
    pull: float = PULL,
    heard: Heard | None = None,
) -> Refined:
    """Descend from starts (N, S, latent) towards targets (N, C, H, W) in [-1, 1], by Adam with a cosine schedule.

    `draw` is given all N S places at once, picture by picture, and must have no weights that want gradients; `unlike`
    is given what it drew. `rate` is in units of the prior's spread. `heard` is told after every step how many are done.
    A way does not depend on what else is in the batch, and nothing is random: the same starts give the same answer.
    """
    count, ways, latent = starts.shape
    wanted = targets.repeat_interleave(ways, 0)
    # In units of the prior every dimension is as wide as the next, and Adam moves all of them alike.
    place = ((starts.flatten(0, 1) - prior.middle) / prior.spread).detach().requires_grad_()
    adam = torch.optim.Adam([place], lr=rate, betas=BETAS)
    places, losses = [], []
    for step in range(steps + 1):
        found = draw(prior.middle + prior.spread * place)
        loss = (found - wanted).square().mean((1, 2, 3)) + pull * place.square().mean(1)
        if unlike is not None:
            loss = loss + likeness * unlike(found)
        places.append(place.detach().clone())
        losses.append(loss.detach())
        if step == steps:
            break
        adam.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        (place.grad,) = torch.autograd.grad(loss.sum(), place)
        adam.step()
        if heard is not None:
            heard(step + 1, steps)
    heights = torch.stack(losses).view(steps + 1, count, ways)
    walked = (prior.middle + prior.spread * torch.stack(places)).view(steps + 1, count, ways, latent)
    chosen = heights.amin(0).argmin(1)
    rows = torch.arange(count)
    path = walked[:, rows, chosen]
    return Refined(path[heights[:, rows, chosen].argmin(0), rows], chosen, heights, path)

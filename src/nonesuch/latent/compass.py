"""Through latent space by a classifier's compass: always where the net is surer that it sees the wanted thing."""

from collections.abc import Callable

import torch
from torch import Tensor

Score = Callable[[Tensor], Tensor]
"""z (1, latent) to a number (1,) with a gradient, such as a class's logit for the picture drawn at z."""


def follow(score: Score, start: Tensor, steps: int, stride: float, pull: float = 1.0) -> tuple[Tensor, Tensor]:
    """Climb from `start` (latent,) by `steps` steps of length `stride`, each along the slope of the score.

    pull: how far the length of z is brought back to the start's after each step, from 0 (free) to 1 (the way stays on
    the shell where a net was trained; far outside it draws anything). Where the slope is 0 the way rests.
    Returns the way (steps + 1, latent) and the scores along it (steps + 1,). Activation maximisation through a
    generator: Nguyen et al. 2016, "Synthesizing the preferred inputs for neurons", eq. 1.
    """
    z, length = start.detach().clone(), float(start.norm())
    way, scores = [z], []
    for step in range(steps + 1):
        asked = z[None].clone().requires_grad_()
        with torch.enable_grad():
            found = score(asked)
            (slope,) = torch.autograd.grad(found.sum(), asked)
        scores.append(found.detach()[0])
        if step == steps:
            break
        z = z + stride * slope[0] / slope.norm().clamp(min=torch.finfo(slope.dtype).tiny)
        found_length = float(z.norm())
        if found_length > 0:
            z = z * (1 + pull * (length / found_length - 1))
        way.append(z)
    return torch.stack(way), torch.stack(scores)

"""A running average of the weights: what is measured, sampled from and published."""

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of a module's parameters; buffers (batch-norm statistics) are averaged alike.

    The half-life is counted in images, so that it means the same for every batch size:
    decay = 0.5 ** (batch / half_life). It is shortened at the start, min(decay, (1 + k) / (10 + k)) after k updates,
    so that the first, random weights are forgotten at once. Integer buffers are copied.
    """

    def __init__(self, source: nn.Module, half_life_images: float) -> None:
        self.module = copy.deepcopy(source).requires_grad_(False).eval()
        self.half_life_images = half_life_images

    @torch.no_grad()
    def update(self, source: nn.Module, images: int, images_seen: int) -> None:
        """Move towards `source` by one step of `images` pictures; `images_seen` counts them in."""
        updates = images_seen // images
        decay = min(0.5 ** (images / self.half_life_images), (1 + updates) / (10 + updates))
        new, old = source.state_dict(), self.module.state_dict()
        floating = [name for name, tensor in old.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([old[name] for name in floating], [new[name] for name in floating], 1 - decay)
        for name in old.keys() - set(floating):
            old[name].copy_(new[name])

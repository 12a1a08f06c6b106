"""The way back of a generator: a small net that says from a picture which z, and which class, it was drawn from.

The encoder half of models/autoencoder.py with answers of its own. It is trained on what the generator draws
(training/latent_regression.py), as GANs have no encoder.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from nonesuch.models.autoencoder import ACTIVATIONS, halving
from nonesuch.models.config import Shape, require_size

SMALLEST = 8
COARSEST = 4
"""Convolutions halve the picture until its shorter side has at most so many pixels."""
WIDTHS = (64, 128, 256)
"""Maps after each halving; further ones keep the last."""
HIDDEN = 512


class Guess(NamedTuple):
    """z (B, latent), and logits of the classes (B, classes); those are None for a generator without classes."""

    z: Tensor
    classes: Tensor | None


class Inverter(nn.Module):
    """Pictures (B, C, H, W) in [-1, 1] to a Guess."""

    def __init__(self, shape: Shape, latent: int, classes: int) -> None:
        """Raises NetError below 8x8 pixels; any larger size, square or not."""
        super().__init__()
        require_size("the encoder of a generator", shape, SMALLEST)
        self.latent, self.classes = latent, classes
        halvings, side = 0, min(shape[1:])
        while side > COARSEST:
            halvings, side = halvings + 1, (side + 1) // 2
        widths = [WIDTHS[min(step, len(WIDTHS) - 1)] for step in range(halvings)]
        self.encoder, _ = halving(shape, widths, HIDDEN, ACTIVATIONS["leaky"])
        self.answer = nn.Linear(HIDDEN, latent + classes)

    def forward(self, images: Tensor) -> Guess:
        """Both answers, float32."""
        found = self.answer(self.encoder(images)).float()
        z, logits = torch.split(found, [self.latent, self.classes], dim=1)
        return Guess(z, logits if self.classes else None)

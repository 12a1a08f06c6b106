"""Autoencoder and variational autoencoder: one net, and one flag for what a picture becomes in latent space.

A point (AE; Hinton and Salakhutdinov 2006) or a Gaussian around a point (VAE; Kingma and Welling 2014). Built of
strided convolutions down, nearest resize and 3x3 convolutions up: any size, and runs in browsers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from nonesuch.models.blocks import FirstConv, ResizeConv
from nonesuch.models.config import NetConfig, Shape, require_size

SMALLEST = 8
SLOPE = 0.1
FIRST_LOG_NOISE = -1.0
"""Of the learned noise: a standard deviation of 0.37 on [-1, 1], about that of pictures around their mean."""
LOG_VARIANCE_RANGE = 12.0
"""Log variances are kept within +-12 by a soft bound: exp of more overflows the first steps of a large rate."""

Width = Annotated[int, Field(ge=1)]
Activation = Literal["leaky", "silu"]
ACTIVATIONS: Mapping[Activation, Callable[[], nn.Module]] = {"leaky": partial(nn.LeakyReLU, SLOPE), "silu": nn.SiLU}


class AutoencoderConfig(NetConfig):
    """`widths`: maps after each halving of the picture. `hidden`: units of the dense layers around the code.

    `finest`: what the last doubling makes, half as many maps as the first halving did, for one more convolution to draw
    from, or the picture itself, a fifth cheaper. Presets take `picture` and `silu` (LOG, 2026-11-24).
    """

    latent: int = Field(32, ge=1, description="numbers that a picture is squeezed into")
    widths: tuple[Width, ...] = Field(
        (32, 64, 128), min_length=1, max_length=6, description="maps of each convolution; each halves the picture"
    )
    hidden: int = Field(256, ge=1, description="units of the dense layer before and behind the code")
    gaussian: bool = Field(True, description="a Gaussian around a point (VAE), not a point (AE)")
    activation: Activation = Field("leaky", description="what follows each layer: a leaky kink, or a smooth bend")
    finest: Literal["maps", "picture"] = Field(
        "maps", description="what the last doubling makes: maps to draw from once more, or the picture itself"
    )


class Coded(NamedTuple):
    """decoded (K, B, C, H, W), read as [-1, 1] or as logits; mean (B, latent); log_variance alike, None for an AE."""

    decoded: Tensor
    mean: Tensor
    log_variance: Tensor | None


def halving(
    shape: Shape, widths: Sequence[int], hidden: int, activation: Callable[[], nn.Module]
) -> tuple[nn.Sequential, list[tuple[int, int]]]:
    """Strided convolutions, each halving the picture (rounded up), and a dense layer: (B, *shape) to (B, hidden).

    Beside the net: the sizes of the picture and of the maps after each convolution.
    """
    sizes, down = [shape[1:]], list[nn.Module]()
    for before, after in pairwise((shape[0], *widths)):
        conv = FirstConv if before == shape[0] else nn.Conv2d
        down += [conv(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), activation()]
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    flat = widths[-1] * sizes[-1][0] * sizes[-1][1]
    return nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, hidden), activation()), sizes


class Autoencoder(nn.Module):
    """`encode`, `decode`, and both in one call. `log_noise` () is the learned noise of the pictures' likelihood."""

    def __init__(self, config: AutoencoderConfig, shape: Shape) -> None:
        super().__init__()
        self.latent, self.shape, self.gaussian = config.latent, shape, config.gaussian
        maps = [shape[0], *config.widths]
        bend = ACTIVATIONS[config.activation]
        self.encoder, sizes = halving(shape, config.widths, config.hidden, bend)
        self.coarse = (maps[-1], *sizes[-1])
        flat = maps[-1] * sizes[-1][0] * sizes[-1][1]
        self.code = nn.Linear(config.hidden, config.latent * (2 if config.gaussian else 1))
        self.first = nn.Sequential(
            nn.Linear(config.latent, config.hidden), bend(), nn.Linear(config.hidden, flat), bend()
        )
        wide = maps[:0:-1]
        # At the picture's own size a convolution costs most: half the maps there, as in models/gan.py, or none.
        if config.finest == "maps":
            wide.append(max(1, maps[1] // 2))
        up: list[nn.Module] = []
        for step, (before, after) in enumerate(pairwise(wide)):
            up += [ResizeConv(before, after, sizes[-2 - step], bias=False), nn.BatchNorm2d(after), bend()]
        if config.finest == "maps":
            self.decoder = nn.Sequential(*up, nn.Conv2d(wide[-1], shape[0], 3, padding=1))
        else:
            self.decoder = nn.Sequential(*up, ResizeConv(wide[-1], shape[0], sizes[0]))
        self.log_noise = nn.Parameter(torch.tensor(FIRST_LOG_NOISE))

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """(B, C, H, W) in [-1, 1] to the mean and log variance of q(z|x), (B, latent) each; None for an AE's point."""
        codes = self.code(self.encoder(images)).float()
        if not self.gaussian:
            return codes, None
        mean, raw = codes.chunk(2, dim=1)
        return mean, LOG_VARIANCE_RANGE * torch.tanh(raw / LOG_VARIANCE_RANGE)

    def decode(self, z: Tensor) -> Tensor:
        """(B, latent) to pictures (B, C, H, W): means to be read as [-1, 1], or logits of white for a Bernoulli."""
        maps = self.first(z).view(len(z), *self.coarse).contiguous(memory_format=torch.channels_last)
        pictures: Tensor = self.decoder(maps)
        return pictures

    def forward(self, images: Tensor, noise: Tensor) -> Coded:
        """Through the code and back, K codes a picture, noise (K, B, latent).

        z = mean + exp(log_variance / 2) noise (eq. 10); an AE takes z = mean, once.
        """
        mean, log_variance = self.encode(images)
        z = mean[None] if log_variance is None else mean + (log_variance / 2).exp() * noise
        decoded = self.decode(z.flatten(0, 1)).view(*z.shape[:2], *self.shape)
        return Coded(decoded, mean, log_variance)


def autoencoder(config: AutoencoderConfig, shape: Shape, classes: int) -> nn.Module:
    """Raises NetError below 8x8 pixels; any larger size, square or not. Classes play no part."""
    del classes
    require_size("autoencoder", shape, SMALLEST)
    return Autoencoder(config, shape)

"""Generators and critics: the lecture's DCGAN to the letter, and a modern pair made for few minutes on a CPU.

A generator maps z (B, latent), standard normal, to pictures (B, C, H, W) in [-1, 1]. A critic maps pictures to one
logit each (B,), higher for what it takes for real. With classes, both are also told the class of each picture: the
generator by a learned vector added to z's first layer, the critic by projection (Miyato and Koyama 2018, eq. 4).
"""

from itertools import pairwise
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.models.blocks import FirstConv, ResizeConv
from nonesuch.models.config import NetConfig, Shape, require_size

SMALLEST = 8
COARSEST = 4
"""The coarsest maps of every net here have sides of at most 4, as in the DCGAN paper."""
SLOPE = 0.2
CLASSIC_SPREAD = 0.02
"""Standard deviation of the DCGAN paper's first weights (Radford, Metz, Chintala 2016, section 4)."""
CLASS_SPREAD = 0.2
"""Of the generator's first class vectors. At z's own 1, a class decides more than z does and gets one picture only:
Frechet distance 112 against 30 after 100 s on Fashion-MNIST (LOG, 2026-11-24)."""


class ClassicConfig(NetConfig):
    """DCGAN: `width` maps in the finest layer, doubled with every halving of the picture up to `most`."""

    latent: int = Field(100, ge=1, description="random numbers that each picture is made from")
    width: int = Field(64, ge=1, description="maps in the finest layers of both nets")
    most: int = Field(512, ge=1, description="maps in the coarsest layers, at most")


class ModernConfig(NetConfig):
    """Finest layers have `width` maps (the generator's very last: half), doubled with every halving up to `most`.

    `norm` is the generator's.
    """

    latent: int = Field(64, ge=1, description="random numbers that each picture is made from")
    width: int = Field(32, ge=1, description="maps in the generator's finest layers")
    most: int = Field(128, ge=1, description="maps in the coarsest layers, at most")
    norm: Literal["batch", "none"] = Field("batch", description="batch norm in the generator, or none")
    critic_norm: Literal["batch", "none"] = Field("batch", description="batch norm in the critic, or none")
    critic_width: int = Field(32, ge=1, description="maps in the critic's finest layers")


class Adversaries(nn.Module):
    """The two nets of a GAN. `classes` 0 means that neither is told a class."""

    def __init__(self, generator: "Generator", critic: "Critic", classes: int) -> None:
        super().__init__()
        self.generator, self.critic, self.classes = generator, critic, classes

    def forward(self, z: Tensor, targets: Tensor | None = None) -> Tensor:
        """The critic's logits (B,) of what the generator makes of z (B, latent)."""
        logits: Tensor = self.critic(self.generator(z, targets), targets)
        return logits


class Generator(nn.Module):
    """A first layer from z to the coarsest maps, then `body`, which doubles them until they are a picture."""

    def __init__(self, latent: int, coarse: Shape, body: nn.Module, first: nn.Module, classes: int) -> None:
        super().__init__()
        self.latent, self.coarse, self.classes = latent, coarse, classes
        self.first, self.body = first, body
        self.embed = nn.Embedding(classes, latent) if classes else None
        if self.embed is not None:
            nn.init.normal_(self.embed.weight, std=CLASS_SPREAD)

    def forward(self, z: Tensor, targets: Tensor | None = None) -> Tensor:
        """z (B, latent) and, for a conditional net, classes (B,) to pictures (B, C, H, W) in [-1, 1]."""
        if self.embed is not None:
            if targets is None:
                raise NetError("a conditional generator needs the class of each picture; give --class NAME")
            z = z + self.embed(targets)
        maps: Tensor = self.first(z)
        pictures: Tensor = self.body(maps.view(len(z), *self.coarse).contiguous(memory_format=torch.channels_last))
        return pictures


class Critic(nn.Module):
    """`body` to the coarsest maps, flattened to features h; one logit: head(h), with classes plus <class vector, h>."""

    def __init__(self, body: nn.Module, features: int, classes: int) -> None:
        super().__init__()
        self.body, self.classes = body, classes
        self.head = nn.Linear(features, 1)
        self.embed = nn.Embedding(classes, features) if classes else None

    def forward(self, images: Tensor, targets: Tensor | None = None) -> Tensor:
        """Pictures (B, C, H, W) in [-1, 1] to logits (B,), float32."""
        features = self.body(images).permute(0, 2, 3, 1).flatten(1)
        logits: Tensor = self.head(features).float().squeeze(1)
        if self.embed is not None:
            if targets is None:
                raise NetError("a conditional critic needs the class of each picture")
            logits = logits + (self.embed(targets) * features).float().sum(1) / features.shape[1] ** 0.5
        return logits


def classic(config: ClassicConfig, shape: Shape, classes: int) -> nn.Module:
    """DCGAN (Radford, Metz, Chintala 2016): transposed 4x4 convolutions up, strided 4x4 down, batch norm in between.

    Raises NetError unless the picture is a square of 8, 16, 32, 64, 128 or 256 pixels.
    """
    channels, height, width = shape
    if height != width or height not in (8, 16, 32, 64, 128, 256):
        raise NetError(
            f"classic takes squares of 8, 16, 32, 64, 128 or 256 pixels; found {height}x{width}: "
            "pack them with --size 32, or take --net modern"
        )
    halvings = (height // COARSEST).bit_length() - 1
    maps = [min(config.most, config.width * 2**k) for k in range(halvings)]
    up: list[nn.Module] = [nn.BatchNorm2d(maps[-1]), nn.ReLU()]
    for inner, outer in zip(maps[:0:-1], maps[-2::-1], strict=True):
        up += [nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU()]
    up += [nn.ConvTranspose2d(maps[0], channels, 4, 2, 1, bias=False), nn.Tanh()]
    down: list[nn.Module] = [FirstConv(channels, maps[0], 4, 2, 1, bias=False), nn.LeakyReLU(SLOPE)]
    for outer, inner in pairwise(maps):
        down += [nn.Conv2d(outer, inner, 4, 2, 1, bias=False), nn.BatchNorm2d(inner), nn.LeakyReLU(SLOPE)]
    # A 4x4 transposed convolution of a 1x1 map is a dense layer, and so is the critic's last 4x4 convolution.
    features = maps[-1] * COARSEST**2
    first = nn.Linear(config.latent, features, bias=False)
    generator = Generator(config.latent, (maps[-1], COARSEST, COARSEST), nn.Sequential(*up), first, classes)
    nets = Adversaries(generator, Critic(nn.Sequential(*down), features, classes), classes)
    nets.apply(_classic_start)
    return nets


def modern(config: ModernConfig, shape: Shape, classes: int) -> nn.Module:
    """Nearest resize and 3x3 convolutions up, strided 4x4 convolutions down: what a CPU feeds and a browser runs.

    Any size from 8x8, square or not. Raises NetError below.
    """
    require_size("modern", shape, SMALLEST)
    channels, *_ = shape
    sizes = _halvings(shape[1], shape[2])
    maps = [min(config.most, config.width * 2**k) for k in range(len(sizes) - 1)]
    coarse = (maps[-1], *sizes[-1])
    up: list[nn.Module] = [*_norm(config.norm, maps[-1]), nn.LeakyReLU(SLOPE)]
    # At the picture's own size a convolution costs most: half the maps there, measured (LOG, 2026-11-24).
    finest = max(1, maps[0] // 2)
    for step, (inner, outer) in enumerate(pairwise([*maps[::-1], finest])):
        up += [ResizeConv(inner, outer, sizes[-2 - step], bias=config.norm == "none")]
        up += [*_norm(config.norm, outer), nn.LeakyReLU(SLOPE)]
    up += [nn.Conv2d(finest, channels, 3, padding=1), nn.Tanh()]
    ins = [min(config.most, config.critic_width * 2**k) for k in range(len(sizes) - 1)]
    down: list[nn.Module] = [FirstConv(channels, ins[0], 4, 2, 1), nn.LeakyReLU(SLOPE)]
    for outer, inner in pairwise(ins):
        down += [nn.Conv2d(outer, inner, 4, 2, 1), *_norm(config.critic_norm, inner), nn.LeakyReLU(SLOPE)]
    height, width = (side >> len(ins) for side in shape[1:])  # a strided 4x4 convolution halves, rounding down
    first = nn.Linear(config.latent, maps[-1] * sizes[-1][0] * sizes[-1][1])
    generator = Generator(config.latent, coarse, nn.Sequential(*up), first, classes)
    return Adversaries(generator, Critic(nn.Sequential(*down), ins[-1] * height * width, classes), classes)


def _halvings(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes from the picture's own down to sides of at most 4 on the shorter one, each half of the last, rounded up."""
    sizes = [(height, width)]
    while min(sizes[-1]) > COARSEST:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def _norm(kind: Literal["batch", "none"], maps: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(maps)] if kind == "batch" else []


@torch.no_grad()
def _classic_start(module: nn.Module) -> None:
    """Weights N(0, 0.02); batch-norm gains N(1, 0.02), offsets 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        module.weight.normal_(0.0, CLASSIC_SPREAD)
    elif isinstance(module, nn.BatchNorm2d):
        module.weight.normal_(1.0, CLASSIC_SPREAD)

"""A small residual CNN for accuracy per second, after hlb-CIFAR10 (Swan 2023) and airbench (Jordan 2024).

A fixed 2x2 convolution whitens the patches of the training pictures, so that the first gradients are well scaled; three
groups of two 3x3 convolutions each halve the picture; convolutions start as the identity; logits are scaled down.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from nonesuch.models.blocks import Add, Scale
from nonesuch.models.config import NetConfig, Shape, require_size

SMALLEST = 9
"""One row is lost to the whitening and three halvings follow: 9, 8, 4, 2, 1."""

_PATCH = 2
_STATISTICS_MOMENTUM = 0.4
"""Of batch norm's running statistics (0.6 kept): runs of a few epochs cannot wait for a slow average."""
_VARIANCE_FLOOR = 1e-4
"""Added to the variance of a whitened direction, in squared units of [-1, 1]: flat pictures are not blown up."""
_CHUNK = 2**18

Width = Annotated[int, Field(ge=1)]


class FastConfig(NetConfig):
    """Maps of the three groups, and the factor on the logits. (64, 128, 128) costs about 0.3 of the default."""

    widths: tuple[Width, Width, Width] = Field((64, 256, 256), description="maps of the three groups")
    scale: float = Field(1 / 9, gt=0, description="factor on the logits")
    residual: bool = Field(True, description="add each group's input of its second convolution to its output")


class Group(nn.Module):
    """conv-pool-BN-GELU-conv-BN-GELU, with a shortcut around the second half; (B, in, H, W) to (B, out, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, residual: bool) -> None:
        super().__init__()
        self.conv1, self.pool, self.norm1, self.gelu1 = (
            _conv(inputs, outputs),
            nn.MaxPool2d(2),
            _norm(outputs),
            nn.GELU(),
        )
        self.conv2, self.norm2, self.gelu2 = _conv(outputs, outputs), _norm(outputs), nn.GELU()
        self.add = Add() if residual else None

    def forward(self, x: Tensor) -> Tensor:
        """Halves height and width, rounding down."""
        x = self.gelu1(self.norm1(self.pool(self.conv1(x))))
        branch: Tensor = self.gelu2(self.norm2(self.conv2(x)))
        return branch if self.add is None else self.add(branch, x)


class Fast(nn.Module):
    """The net. Call `whiten` once before training; until then the first convolution is random, and stays so."""

    def __init__(self, config: FastConfig, shape: Shape, classes: int) -> None:
        super().__init__()
        directions = shape[0] * _PATCH**2
        self.whitening = nn.Conv2d(shape[0], 2 * directions, _PATCH)
        self.whitening.weight.requires_grad_(False)
        self.gelu = nn.GELU()
        ins = (2 * directions, *config.widths[:2])
        self.groups = nn.Sequential(*(Group(i, o, config.residual) for i, o in zip(ins, config.widths, strict=True)))
        self.pool, self.flatten = nn.AdaptiveMaxPool2d(1), nn.Flatten()
        self.head = nn.Linear(config.widths[-1], classes, bias=False)
        self.scale = Scale(config.scale)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [-1, 1] to logits (B, classes)."""
        # In float32 at least: directions in which patches hardly differ are blown up a hundredfold, and so would be
        # the rounding of bf16.
        with torch.autocast(x.device.type, enabled=False):
            whitened = self.whitening(x.to(torch.promote_types(x.dtype, torch.float32)))
        x = self.groups(self.gelu(whitened))
        logits: Tensor = self.scale(self.head(self.flatten(self.pool(x))))
        return logits


def fast(config: FastConfig, shape: Shape, classes: int) -> nn.Module:
    """Raises NetError below 9x9 pixels; any larger size, square or not, and any number of channels will do."""
    require_size("fast", shape, SMALLEST)
    return Fast(config, shape, classes)


@torch.no_grad()
def whiten(net: Fast, pixels: Tensor) -> None:
    """Set the first convolution from training pictures (N, C, H, W) in [-1, 1]; a few hundred are enough.

    With C = cov of all 2x2 patches = V diag(l) V^T and mean m, the filters are the rows of W = diag(l)^(-1/2) V^T and
    of -W, with biases -Wm and Wm: on these patches every filter has mean 0 and variance 1, and the rows of W are
    uncorrelated. The biases may be trained afterwards, the filters are fixed.
    """
    mean, covariance = _patch_statistics(pixels)
    variances, directions = torch.linalg.eigh(covariance)
    half = (directions / (variances.clamp(min=0) + _VARIANCE_FLOOR).sqrt()).T
    weights = torch.cat([half, -half])
    net.whitening.weight.copy_(weights.view_as(net.whitening.weight))
    assert net.whitening.bias is not None
    net.whitening.bias.copy_(-weights @ mean)


def _patch_statistics(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (4C,) and covariance (4C, 4C) of all 2x2 patches, in float64, a chunk of pictures at a time."""
    size = pixels.shape[1] * _PATCH**2
    total, squares, count = torch.zeros(size).double(), torch.zeros(size, size).double(), 0
    for chunk in torch.split(pixels, max(1, _CHUNK // (pixels.shape[2] * pixels.shape[3]))):
        patches = F.unfold(chunk.cpu().double(), _PATCH).transpose(1, 2).reshape(-1, size)
        total += patches.sum(0)
        squares += patches.T @ patches
        count += len(patches)
    mean = total / count
    return mean, squares / count - torch.outer(mean, mean)


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size and hands its first `inputs` maps through unchanged at the start."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(conv.weight[: min(inputs, outputs)])
    return conv


def _norm(maps: int) -> nn.BatchNorm2d:
    """Batch norm without a trained gain: the next layer's weights can do its work."""
    norm = nn.BatchNorm2d(maps, momentum=_STATISTICS_MOMENTUM)
    norm.weight.requires_grad_(False)
    return norm

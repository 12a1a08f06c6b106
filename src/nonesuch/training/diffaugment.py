"""Differentiable augmentation of what a critic sees, so that it cannot learn a small set of pictures by heart.

Zhao, Liu, Lin, Zhu, Han 2020, "Differentiable Augmentation for Data-Efficient GAN Training" (DiffAugment), section 3.2
and appendix A. Real and generated pictures are changed alike, in both nets' phases; the generator learns through the
change, so all of this has a gradient, and a gradient of that for penalties. For every group the result is linear in
the pictures, but for colour's added brightness.
"""

from collections.abc import Collection
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Group = Literal["colour", "translation", "cutout"]

BRIGHTNESS, SATURATION, CONTRAST = 0.5, 1.0, 0.5
"""Brightness adds up to so much either way in [-1, 1]; the others multiply by 1 plus or minus up to so much."""
SHIFT, CUT = 8, 2
"""Pictures move by up to an 8th of their sides; a rectangle with half their sides is cut out. Both round down."""
FEW, SOME = 1000, 4000
"""Training pictures below which all groups, and two groups, are on by default."""


def groups_for(pictures: int, channels: int) -> tuple[Group, ...]:
    """The groups that are on by default for so many training pictures with so many channels.

    Below 1,000 all three, as the paper has it for its sets of 100 to 400 pictures. Below 4,000 translation and cutout:
    the paper's CIFAR-10 gains most where pictures are few (with 5,000 of them the Frechet distance falls from 40 to 22,
    with 50,000 from 9.6 to 8.7), and random colours blind the critic to what a palette is. Above that none: every group
    can leak into the generated pictures (cutout did in the authors' own model, data-efficient-gans issue 84), and the
    gain no longer pays for it. Grey pictures go without colour: without saturation it is but brightness and contrast,
    which for digits on black are the drawing itself. The numbers 1,000 and 4,000 are our choice.
    """
    if pictures >= SOME:
        return ()
    if pictures >= FEW or channels == 1:
        return ("translation", "cutout")
    return ("colour", "translation", "cutout")


def augment_both(images: Tensor, groups: Collection[Group], generator: torch.Generator) -> Tensor:
    """A batch as the critic shall see it; called for the real and for the generated pictures, which gave it its name.

    images: float (B, C, H, W) in [-1, 1], C = 1 grey, 3 colour or 4 with alpha. Colour may leave that range, as in the
    paper. generator: decides everything, anew for each picture; the groups apply in the order colour, translation,
    cutout. What is moved in or cut out is 0, mid-grey (half transparent, where there is alpha). Returns the same shape,
    type and memory format; `images` itself without groups. Raises ValueError for other channels or unknown groups.
    """
    if unknown := set(groups) - {"colour", "translation", "cutout"}:
        raise ValueError(f"augmentation groups are colour, translation and cutout, found {sorted(unknown)}")
    if "colour" in groups:
        images = _recoloured(images, generator)
    if "translation" in groups:
        images = _translated(images, generator)
    if "cutout" in groups:
        images = _cut(images, generator)
    return images


def _uniform(images: Tensor, reach: float, generator: torch.Generator) -> Tensor:
    """One number for each picture, uniform in [-reach, reach]: (B, 1, 1, 1)."""
    drawn = torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device, dtype=torch.float32)
    return ((drawn * 2 - 1) * reach).to(images)


def _whole(images: Tensor, low: int, high: int, generator: torch.Generator) -> Tensor:
    """One whole number for each picture, uniform in [low, high]: (B,)."""
    drawn = torch.randint(low, high + 1, (len(images),), generator=generator, device=generator.device)
    return drawn.to(images.device)


def _recoloured(images: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness, then saturation about each pixel's grey, then contrast about the picture's mean; alpha stays.

    x + b, then g + s (x - g) with g the mean over colours, then m + c (x - m) with m the mean over all: in one sum,
    c s x + c (1 - s) g + (1 - c) m + b, as neither saturation nor contrast moves m. Grey pictures have g = x.
    """
    channels = images.shape[1]
    if channels not in (1, 3, 4):
        raise ValueError(f"colour changes 1, 3 or 4 channels, found {channels} (shape {tuple(images.shape)})")
    colours = images[:, :3]
    brightness = _uniform(images, BRIGHTNESS, generator)
    saturation = 1 + _uniform(images, SATURATION, generator) if channels > 1 else 1.0
    contrast = 1 + _uniform(images, CONTRAST, generator)
    grey = colours.mean(1, keepdim=True)
    ground = (1 - contrast) * grey.mean((2, 3), keepdim=True) + brightness
    changed = colours * (contrast * saturation) + (grey * (contrast * (1 - saturation)) + ground)
    return changed if channels < 4 else torch.cat([changed, images[:, 3:]], 1)


def _translated(images: Tensor, generator: torch.Generator) -> Tensor:
    height, width = images.shape[2:]
    down = _whole(images, -(height // SHIFT), height // SHIFT, generator)
    right = _whole(images, -(width // SHIFT), width // SHIFT, generator)
    moved: Tensor = _Shift.apply(images, down, right)  # type: ignore[no-untyped-call]
    return moved


def _cut(images: Tensor, generator: torch.Generator) -> Tensor:
    """Centres lie anywhere in the picture, so a rectangle may be cut off by the edge, down to a quarter of it."""
    height, width = images.shape[2:]
    rows = _covered(images, height, generator)
    columns = _covered(images, width, generator)
    kept = ~(rows[:, None, :, None] & columns[:, None, None, :])
    return images * kept.to(images.dtype)


def _covered(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Which rows, or columns, of each picture the rectangle covers: bool (B, side)."""
    size = side // CUT
    start = _whole(images, 0, side - size % 2, generator)[:, None] - size // 2
    place = torch.arange(side, device=images.device)
    return (place >= start) & (place < start + size)


class _Shift(torch.autograd.Function):
    """Each picture moved by whole pixels, zeros moving in: images (B, C, H, W), down and right int64 (B,).

    A shift that fills with zeros has the opposite shift as its transpose, so the gradient is this function again and
    has a gradient itself. Copying whole rows, there and back, takes a quarter of the time that indexing pixels takes.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, down: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(down, right)
        return _shifted(images, down, right)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        down, right = ctx.saved_tensors
        moved: Tensor = _Shift.apply(gradients[0], -down, -right)  # type: ignore[no-untyped-call]
        return moved, None, None


def _shifted(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    count, channels, height, width = images.shape
    most_down, most_right = height // SHIFT, width // SHIFT
    padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, most_right, most_right, most_down, most_down)).contiguous()
    tall, wide = padded.shape[1:3]
    line = torch.arange(height, device=images.device) + (most_down - down)[:, None]
    first = (torch.arange(count, device=images.device)[:, None] * tall + line) * wide + (most_right - right)[:, None]
    # One window of a picture's row beginning at every pixel, over the same memory: only those asked for are copied.
    windows = padded.flatten().as_strided((count * tall * wide - width + 1, width * channels), (channels, 1))
    moved = windows.index_select(0, first.flatten()).view(count, height, width, channels).permute(0, 3, 1, 2)
    return moved if images.is_contiguous(memory_format=torch.channels_last) else moved.contiguous()

"""Batched augmentation for classifiers: the whole batch at once, on the device where it lies.

Mirroring, shifting and erasing stay in uint8 and move bytes without arithmetic. Turning, scaling, shearing and
elastic distortion share one bilinear resampling in float32, which only runs if one of them is asked for.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

NEUTRAL, NEUTRAL_U8 = 127.5, 128
"""What erased pixels become, as float32 and as uint8: 0 for the net, which sees [-1, 1]."""


class AugmentSpec(BaseModel):
    """What may happen to a training picture; every amount is drawn anew for every picture.

    flip: mirror left-right with probability 1/2; "alternating" mirrors each picture in every other epoch instead, so
        that two epochs show each picture in both ways (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds").
    shift: up to so many whole pixels in each direction, uniformly.
    edge: what a shift or distortion brings in from outside: the mirrored picture, or black.
    rotate: up to so many degrees either way.     shear: up to this tangent either way, in x and in y.
    scale: side factor between 1 / (1 + scale) and 1 + scale, uniform in the logarithm.
    elastic: root-mean-square displacement in pixels of a smooth random field; elastic_sigma: its Gaussian's sigma in
        pixels (Simard, Steinkraus, Platt 2003, section 2: sigma 4 and alpha 34 are elastic 1.4 and elastic_sigma 4).
    erase: share of the picture's area covered by one square with its centre anywhere (DeVries, Taylor 2017, Cutout).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: bool | Literal["alternating"] = Field(
        False, description="mirror pictures left-right: by chance, or each in every other epoch"
    )
    shift: int = Field(0, ge=0, le=64, description="shift by up to so many pixels in each direction")
    edge: Literal["reflect", "zero"] = Field(
        "reflect", description="what comes in from outside: the mirror image, or black"
    )
    rotate: float = Field(0.0, ge=0, le=180, description="turn by up to so many degrees either way")
    scale: float = Field(0.0, ge=0, le=4, description="make larger or smaller by up to this share")
    shear: float = Field(0.0, ge=0, le=2, description="slant by up to this tangent either way")
    elastic: float = Field(0.0, ge=0, le=64, description="warp smoothly, by so many pixels on average")
    elastic_sigma: float = Field(4.0, gt=0, le=64, description="how smooth that warp is, in pixels")
    erase: float = Field(0.0, ge=0, lt=1, description="share of a picture that is covered by a grey square")

    @property
    def resamples(self) -> bool:
        """Whether pictures leave the grid of whole pixels, and so leave uint8."""
        return bool(self.rotate or self.scale or self.shear or self.elastic)


def augment(spec: AugmentSpec, pixels_u8: Tensor, generator: torch.Generator, epoch_of_each: Tensor) -> Tensor:
    """A batch as the net shall see it in training; the caller normalises.

    pixels_u8: uint8 (B, C, H, W), best in channels_last; left as it is.   generator: on the same device; decides all.
    epoch_of_each: int64 (B,), `Batch.turns`; "alternating" mirrors the odd ones.
    Returns (B, C, H, W) in channels_last: uint8 unless `spec.resamples`, else float32 in [0, 255].
    Raises ValueError if a reflected shift is not smaller than the picture.
    """
    mirrored = _mirrored(spec, len(pixels_u8), generator, epoch_of_each)
    moved = _moved(pixels_u8, mirrored, spec.shift, spec.edge, generator)
    if spec.resamples:
        moved = _distorted(moved.float(), spec, generator)
    if spec.erase:
        moved = _erased(moved, spec.erase, generator)
    return moved.contiguous(memory_format=torch.channels_last)


def variants(spec: AugmentSpec, picture: npt.NDArray[np.uint8], count: int, seed: int) -> npt.NDArray[np.uint8]:
    """What training would show of one picture, uint8 (H, W, C): `count` of its turns, uint8 (count, H, W, C).

    Grey levels are rounded; the same seed gives the same pictures. Raises ValueError as `augment` does.
    """
    one = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    generator = torch.Generator().manual_seed(seed)
    shown = augment(spec, one.expand(count, -1, -1, -1).contiguous(), generator, torch.arange(count))
    found: npt.NDArray[np.uint8] = shown.float().round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()
    return found


def _mirrored(spec: AugmentSpec, count: int, generator: torch.Generator, epoch_of_each: Tensor) -> Tensor | None:
    """Which pictures are mirrored: bool (B,), or None if none ever is."""
    if not spec.flip:
        return None
    if spec.flip == "alternating":
        return epoch_of_each.to(generator.device) % 2 == 1
    return torch.rand(count, generator=generator, device=generator.device) < 0.5


def _moved(pixels: Tensor, mirrored: Tensor | None, shift: int, edge: str, generator: torch.Generator) -> Tensor:
    """Mirror and shift by copying whole picture rows out of a wider table of both versions of the batch."""
    if mirrored is None and not shift:
        return pixels
    count, _, height, width = pixels.shape
    if edge == "reflect" and shift >= min(height, width):
        raise ValueError(
            f"a reflected shift of {shift} pixels needs a picture larger than that, found {height} x {width}"
        )
    rows = pixels.permute(0, 2, 3, 1)
    flipped = rows.flip(2) if mirrored is not None or (shift and edge == "reflect") else rows
    table = _widened(rows, flipped, shift, edge)
    if mirrored is not None:
        table = torch.cat([table, _widened(flipped, rows, shift, edge)])
    return _cut(table, mirrored, count, height, width, shift, edge, generator).permute(0, 3, 1, 2)


def _widened(rows: Tensor, flipped: Tensor, shift: int, edge: str) -> Tensor:
    """(B, H, W, C) -> (B, H, W + 2 shift, C); `flipped` is its mirror image, whose sides are the reflection."""
    if not shift:
        return rows
    if edge == "zero":
        return F.pad(rows, (0, 0, shift, shift))
    width = rows.shape[2]
    left, right = flipped[:, :, width - 1 - shift : width - 1], flipped[:, :, 1 : 1 + shift]
    wide = rows.new_empty(*rows.shape[:2], width + 2 * shift, rows.shape[3])
    for part, start, end in ((left, 0, shift), (rows, shift, shift + width), (right, shift + width, wide.shape[2])):
        wide[:, :, start:end].flatten(2).copy_(part.flatten(2))
    return wide


def _cut(
    table: Tensor,
    mirrored: Tensor | None,
    count: int,
    height: int,
    width: int,
    shift: int,
    edge: str,
    generator: torch.Generator,
) -> Tensor:
    """Copy each picture's window out of the widened rows: (B, H, W, C)."""
    device, channels, wide = table.device, table.shape[3], table.shape[2]
    picture = torch.arange(count, device=device)
    if mirrored is not None:
        picture = picture + count * mirrored
    down = torch.randint(-shift, shift + 1, (count,), generator=generator, device=device)
    right = torch.randint(0, 2 * shift + 1, (count,), generator=generator, device=device)
    line = torch.arange(height, device=device) + down[:, None]
    inside = (line >= 0) & (line < height)
    line = line.abs()
    line = torch.where(line < height, line, 2 * (height - 1) - line).clamp(min=0)
    start = (picture[:, None] * height + line) * wide + right[:, None]
    # Windows of whole rows over the same memory, one starting at every pixel: a gather then copies W * C bytes a time.
    windows = table.flatten().as_strided((table.numel() // channels - width + 1, width * channels), (channels, 1))
    cut = windows.index_select(0, start.flatten()).view(count, height, width, channels)
    return cut if edge == "reflect" or not shift else cut * inside[:, :, None, None]


def _distorted(images: Tensor, spec: AugmentSpec, generator: torch.Generator) -> Tensor:
    """One bilinear resampling for all that leaves the pixel grid; images float (B, C, H, W)."""
    count, _, height, width = images.shape
    grid = F.affine_grid(_matrices(images, spec, generator), [count, 1, height, width], align_corners=False)
    if spec.elastic:
        grid = grid + _elastic_field(images, spec, generator)
    padding = "reflection" if spec.edge == "reflect" else "zeros"
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _matrices(images: Tensor, spec: AugmentSpec, generator: torch.Generator) -> Tensor:
    """Output to input places, in units of half the picture: rotation @ shear / scale, float (B, 2, 3)."""
    count, _, height, width = images.shape
    drawn = torch.rand(count, 4, generator=generator, device=images.device) * 2 - 1
    angle = drawn[:, 0] * math.radians(spec.rotate)
    zoom = torch.exp(drawn[:, 1] * math.log1p(spec.scale))
    cosine, sine = angle.cos(), angle.sin()
    across, along = drawn[:, 2] * spec.shear, drawn[:, 3] * spec.shear
    aspect = height / width  # grid units differ along x and y, pixels do not
    x_row = torch.stack([cosine - sine * along, (cosine * across - sine) * aspect], 1)
    y_row = torch.stack([(sine + cosine * along) / aspect, sine * across + cosine], 1)
    return F.pad(torch.stack([x_row, y_row], 1) / zoom[:, None, None], (0, 1))


def _elastic_field(images: Tensor, spec: AugmentSpec, generator: torch.Generator) -> Tensor:
    """Gaussian-smoothed uniform noise, scaled to `elastic` pixels rms, in grid units: float (B, H, W, 2)."""
    count, _, height, width = images.shape
    noise = torch.rand(count * 2, height, width, generator=generator, device=images.device) * 2 - 1
    down, across = (_smoothing(side, spec.elastic_sigma).to(images.device) for side in (height, width))
    smooth = down @ noise @ across.T
    pixels = smooth.view(count, 2, height, width).permute(0, 2, 3, 1) * (spec.elastic * math.sqrt(3))
    return pixels * torch.tensor([2 / width, 2 / height], device=images.device)


def _smoothing(length: int, sigma: float) -> Tensor:
    """A Gaussian blur along one side as a matrix (length, length); unit rows keep white noise's variance."""
    place = torch.arange(length, dtype=torch.float32)
    kernel = torch.exp(-0.5 * ((place[:, None] - place) / sigma) ** 2)
    return F.normalize(kernel, dim=1)


def _erased(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Cover a square of `share` of the area, cut off where it leaves the picture."""
    count, channels, height, width = images.shape
    side = max(1, round(math.sqrt(share * height * width)))
    top, left = (
        torch.randint(0, length, (count, 1), generator=generator, device=images.device) - side // 2
        for length in (height, width)
    )
    y, x = torch.arange(height, device=images.device), torch.arange(width, device=images.device)
    rows, columns = (y >= top) & (y < top + side), (x >= left) & (x < left + side)
    down, across = rows.to(torch.uint8) * 255, columns.repeat_interleave(channels, 1).to(torch.uint8) * 255
    covered, flat = down[:, :, None] & across[:, None, :], images.permute(0, 2, 3, 1).flatten(2)
    if images.is_floating_point():
        erased = torch.where(covered.bool(), torch.tensor(NEUTRAL, device=images.device), flat)
    else:
        erased = (flat & ~covered) | (covered & NEUTRAL_U8)  # three times faster than choosing by a bool
    return erased.view(count, height, width, channels).permute(0, 3, 1, 2)

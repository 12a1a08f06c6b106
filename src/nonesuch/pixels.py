"""Where uint8 [0, 255] and float [-1, 1] meet; grids of pictures; PNG out.

Two conventions, and this file is the border between them: packed pictures are uint8 NHWC numpy arrays, nets take and
give float NCHW tensors in [-1, 1]. Importing this file does not import torch, so commands without a net start fast.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonesuch.errors import MachineError

if TYPE_CHECKING:
    from torch import Tensor, dtype

Picture = NDArray[np.uint8]

CHEQUER_LIGHT, CHEQUER_DARK, CHEQUER_CELL = 255, 204, 4
"""Shown behind transparent pixels: the two greys, and the side of a square in source pixels."""


def to_signed(pixels_u8: Tensor, dtype: dtype | None = None) -> Tensor:
    """Bytes to what nets take: x / 127.5 - 1, so 0 -> -1 and 255 -> 1 exactly.

    `pixels_u8`: any shape, uint8 (or already float, still in [0, 255], as augmentation gives it). The memory format
    is kept. `dtype`: default float32; the arithmetic runs in float32 and is rounded once at the end.
    """
    import torch

    signed = pixels_u8.to(torch.float32)
    if signed is pixels_u8:
        signed = signed / 127.5 - 1
    else:
        signed.div_(127.5).sub_(1)
    return signed if dtype is None else signed.to(dtype)


def to_pixels(images: Tensor) -> Tensor:
    """What nets give to bytes: round((x + 1) * 127.5), clamped to [0, 255]; any shape and float type; NaN becomes 0.

    The inverse of `to_signed` on every byte, in float32.
    """
    import torch

    scaled = torch.nan_to_num((images.detach().float() + 1) * 127.5, nan=0.0, posinf=255.0, neginf=0.0)
    return scaled.round().clamp(0, 255).to(torch.uint8)


def to_rgb(pixels: Picture) -> Picture:
    """(..., H, W, C) uint8 with C = 1 grey, 3 colour or 4 with alpha -> (..., H, W, 3); alpha shows a chequer."""
    channels = pixels.shape[-1]
    if channels == 3:
        return pixels
    if channels == 1:
        return np.repeat(pixels, 3, axis=-1)
    if channels != 4:
        raise ValueError(f"a picture has 1, 3 or 4 channels, not {channels} (shape {pixels.shape})")
    height, width = pixels.shape[-3:-1]
    rows, columns = np.arange(height)[:, None] // CHEQUER_CELL, np.arange(width)[None, :] // CHEQUER_CELL
    chequer = np.where((rows + columns) % 2, CHEQUER_DARK, CHEQUER_LIGHT).astype(np.uint32)[..., None]
    alpha = pixels[..., 3:].astype(np.uint32)
    # +127: integer division that rounds to the nearest
    return ((pixels[..., :3] * alpha + chequer * (255 - alpha) + 127) // 255).astype(np.uint8)


def enlarge(pixels: Picture, scale: int) -> Picture:
    """Each pixel becomes a block of scale x scale (nearest neighbour): (..., H, W, C) -> (..., H*scale, W*scale, C)."""
    if scale < 1:
        raise ValueError(f"scale is a whole number of at least 1, not {scale}")
    return pixels if scale == 1 else pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def grid(pixels: Picture, columns: int | None = None, gap: int = 2, scale: int = 1, background: int = 255) -> Picture:
    """Lay pictures out row by row: (N, H, W, C) uint8 -> (H', W', 3) uint8, N >= 1.

    `columns`: default is the squarest layout, wide rather than tall. `gap`: pixels between pictures and around them.
    `scale`: enlarges each picture by nearest neighbour. `background`: grey level of gaps and empty cells.
    """
    if pixels.ndim != 4 or not len(pixels):
        raise ValueError(f"a grid needs pictures of shape (N, H, W, C) with N >= 1, got {pixels.shape}")
    cells = enlarge(to_rgb(pixels), scale)
    count, height, width, _ = cells.shape
    columns = min(count, columns or math.ceil(math.sqrt(count * height / width)))
    rows = math.ceil(count / columns)
    page = np.full((rows, columns, height + gap, width + gap, 3), background, np.uint8)
    page.reshape(rows * columns, height + gap, width + gap, 3)[:count, :height, :width] = cells
    sheet = page.transpose(0, 2, 1, 3, 4).reshape(rows * (height + gap), columns * (width + gap), 3)
    return np.pad(sheet, ((gap, 0), (gap, 0), (0, 0)), constant_values=background)


def png_bytes(pixels: Picture, text: Mapping[str, str] | None = None) -> bytes:
    """(H, W, C) uint8, C = 1, 3 or 4 -> a PNG file's bytes, the same bytes for the same pixels.

    No metadata unless `text` gives some (PNG iTXt entries); nothing of this machine or its clock gets in.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        raise ValueError(f"a PNG needs uint8 (H, W, 1|3|4), got {pixels.dtype} {pixels.shape}")
    options: dict[str, Any] = {}
    if text:
        options["pnginfo"] = PngInfo()
        for key, value in text.items():
            options["pnginfo"].add_itxt(key, value)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(buffer, format="PNG", **options)
    return buffer.getvalue()


def gif_bytes(pixels: Picture, frames_per_second: float) -> bytes:
    """An endless film of pictures (N, H, W, C) uint8, 256 colours a frame; alpha is laid onto white.

    GIF counts time in hundredths of a second: the nearest that viewers show, at least 2, is taken.
    """
    from PIL import Image

    first, *others = (Image.fromarray(frame).quantize(256, dither=Image.Dither.NONE) for frame in to_rgb(pixels))
    buffer = io.BytesIO()
    wait = 10 * max(2, round(100 / frames_per_second))
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=wait, loop=0, disposal=2)
    return buffer.getvalue()


def write_png(path: Path, pixels: Picture, text: Mapping[str, str] | None = None) -> None:
    """Write a PNG so that `path` holds the old picture or the whole new one, never a part. Makes the folder.

    Raises MachineError when the disk does not take it.
    """
    data = png_bytes(pixels, text)
    # the process id keeps two writers apart
    beside = path.with_name(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}; choose another folder or free some space") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()

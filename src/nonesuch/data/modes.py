"""Every mode in which Pillow holds a picture, as 8-bit grey, colour or colour with alpha.

Colour profiles (ICC) and gamma are ignored: the numbers in the file are the pixels.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

Picture: TypeAlias = npt.NDArray[np.uint8]

_BITS_A_SAMPLE = 258


def pixels_of(image: ImageFile, data: bytes) -> Picture:
    """The pixels of a loaded image as (H, W, C) uint8, C in {1, 3, 4}; may be read-only. `data` is its file.

    Raises whatever Pillow raises for a conversion it does not know, and ValueError.
    """
    mode, see_through = image.mode, "transparency" in image.info
    if mode == "RGB" and not see_through:
        return _raw(image, 3)
    if mode == "L" and not see_through:
        return _raw(image, 1)
    if mode.startswith("I;16"):
        return _grey_16(image)
    if mode in ("I", "F"):
        return _scaled_freely(np.asarray(image, np.float32))
    if mode in ("LA", "PA", "RGBA", "RGBa") or see_through or (image.palette and image.palette.mode == "RGBA"):
        if mode == "RGB" and isinstance(image, PngImageFile) and data[24] == 16:
            # The file names its transparent colour in 16 bits; Pillow holds the pixels' high bytes.
            image.info["transparency"] = tuple(value >> 8 for value in image.info["transparency"])
        pixels = _raw(image.convert("RGBA"), 4)
        if pixels[:, :, 3].min() < 255:
            return pixels
        return np.ascontiguousarray(pixels[:, :, : 1 if mode in ("1", "L", "LA") else 3])
    if mode == "1":
        return _raw(image.convert("L"), 1)
    return _raw(image.convert("RGB"), 3)


def _raw(image: Image.Image, channels: int) -> Picture:
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width, channels)


def _grey_16(image: ImageFile) -> Picture:
    samples = np.asarray(image)[:, :, None]
    bits = image.tag_v2.get(_BITS_A_SAMPLE, (16,))[0] if isinstance(image, TiffImageFile) else 16
    grey = scaled_16(samples, 4095 if bits == 12 else 65535)
    key = image.info.get("transparency")
    if not isinstance(key, int) or not (samples == key).any():
        return grey
    alpha = np.where(samples == key, 0, 255).astype(np.uint8)
    return np.concatenate([grey, grey, grey, alpha], axis=2)


def scaled_16(samples: npt.NDArray[np.uint16], top: int) -> Picture:
    """16-bit samples as 8-bit ones: round(255 v / top), in whole numbers; never clipped below `top`."""
    return ((samples.astype(np.uint32) * 255 + top // 2) // top).clip(0, 255).astype(np.uint8)


def _scaled_freely(samples: npt.NDArray[np.float32]) -> Picture:
    finite = np.isfinite(samples)
    if not finite.any():
        raise ValueError("no pixel is a finite number")
    low, high = float(samples[finite].min()), float(samples[finite].max())
    samples = np.where(finite, samples, np.float32(low))
    if low >= 0 and high <= 65535:
        low, high = 0.0, 1.0 if high <= 1 else 255.0 if high <= 255 else 65535.0
    span = (high - low) or 1.0
    scaled: Picture = np.rint((samples - low) * (255 / span)).astype(np.uint8)
    return scaled[:, :, None]

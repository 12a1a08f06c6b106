"""Bytes of unknown origin to uint8 pixels, in a guarded way, and pixels to the size a net wants.

Only six formats are opened, each by its own Pillow reader: PNG, JPEG, WebP, GIF and APNG (first frame), BMP, TIFF.
Nothing else in Pillow can be reached from a file's content. Alpha is kept where it says something, dropped where
every pixel is opaque, and laid onto white where the net takes fewer than 4 channels.
"""

import io
import logging
import re
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nonesuch.data.items import Reject, Undecodable
from nonesuch.data.modes import Picture, pixels_of, scaled_16
from nonesuch.data.settings import Channels, Fit

__all__ = ["Reject", "Undecodable", "decode", "fit", "from_array"]

MAX_PIXELS = 50_000_000
MAX_TILES = 100_000
"""Pillow decodes a TIFF tile by tile in Python: a small file that claims millions of them would hang a worker."""

SHARP_UP_TO = 32

_OPENERS: tuple[tuple[bytes, type[ImageFile], str], ...] = (
    (b"\xff\xd8\xff", JpegImageFile, "JPEG"),
    (b"\x89PNG\r\n\x1a\n", PngImageFile, "PNG"),
    (b"RIFF", WebPImageFile, "WebP"),
    (b"GIF87a", GifImageFile, "GIF"),
    (b"GIF89a", GifImageFile, "GIF"),
    (b"BM", BmpImageFile, "BMP"),
    (b"II*\0", TiffImageFile, "TIFF"),
    (b"MM\0*", TiffImageFile, "TIFF"),
    (b"II+\0", TiffImageFile, "TIFF"),
    (b"MM\0+", TiffImageFile, "TIFF"),
)
_FORMATS = "PNG, JPEG, WebP, GIF, BMP, TIFF"
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
_ORIENTATION = 0x0112
_TILE_WIDTH, _TILE_LENGTH = 322, 323


def decode(data: bytes) -> Picture:
    """Decode an encoded picture of at most 50 megapixels into (H, W, C) uint8; the array may be read-only.

    C is 1 for grey, 3 for colour (palette, CMYK and YCbCr become RGB), 4 for RGBA when at least one pixel is not
    opaque (grey with real alpha too). EXIF orientation is applied. 16-bit samples are scaled by 255/65535 and 12-bit
    ones by 255/4095; Pillow reads 16-bit colour by its high byte. 32-bit integers and floats have no fixed range:
    values within 0..1 are scaled by 255, within 0..255 kept, within 0..65535 scaled by 255/65535, anything else is
    stretched from its own minimum to its own maximum; NaN and infinities become the minimum.

    Raises Undecodable, and nothing else, whatever the bytes are.
    """
    _quieten_pillow()
    opener, kind = _opener(data)
    try:
        image = opener(io.BytesIO(data))
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise Undecodable(f"{width} x {height} pixels: more than {MAX_PIXELS // 1_000_000} megapixels")
        if len(image.tile) > MAX_TILES:
            raise Undecodable(f"cut into {len(image.tile)} tiles: more than {MAX_TILES}")
        if isinstance(image, TiffImageFile):
            _check_tile(image)
        image.load()
        pixels = pixels_of(image, data)
        return _upright(pixels, image.info["exif"]) if "exif" in image.info else pixels
    except Undecodable:
        raise
    except MemoryError:
        raise Undecodable("too large for the memory at hand") from None
    except Exception as error:
        words = " ".join(str(error).split()).replace("not identified by this driver", "its beginning is none")
        said = "".join(c for c in words if c.isprintable())[:100] or type(error).__name__
        raise Undecodable(f"damaged {kind}: {said}") from None


def from_array(raw: npt.NDArray[Any]) -> Picture:
    """A raw picture (H, W) or (H, W, C), C in {1, 3, 4}, uint8 or uint16 (scaled by 255/65535), as (H, W, C) uint8.

    Raises Undecodable for any other shape or type.
    """
    picture = raw[:, :, None] if raw.ndim == 2 else raw
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or picture.size == 0:
        raise Undecodable(f"an array of shape {raw.shape} is no picture")
    if picture.dtype == np.uint16:
        return scaled_16(picture, 65535)
    if picture.dtype != np.uint8:
        raise Undecodable(f"pixels of type {raw.dtype}, not uint8 or uint16")
    eight_bit: Picture = picture
    return eight_bit


def fit(picture: Picture, size: tuple[int, int], how: Fit, channels: Channels) -> Picture:
    """Bring an (H, W, C) picture, C in {1, 3, 4}, to (height, width, channels); the very same array if it has them.

    how: "crop" covers the size and cuts off what is left over, the same on both sides; "pad" shows the whole picture
    and fills the rest with the median colour of its border (see-through if alpha is kept); "stretch" ignores the
    aspect. Shrinking is antialiased (Lanczos, after a box filter where the factor exceeds 6). Enlarging is bicubic,
    but pictures up to 32 px that grow by a whole factor keep hard edges: pixel art and digits.
    channels: alpha is laid onto white for fewer than 4; colour becomes grey by ITU-R BT.601 luma; grey is repeated.
    """
    if picture.shape == (*size, channels):
        return picture
    if picture.shape[2] == 4 and channels < 4:
        picture = _onto_white(picture)
    if picture.shape[2] == 3 and channels == 1:
        picture = np.asarray(Image.fromarray(picture).convert("L"))[:, :, None]
    if how == "crop":
        picture = _covering(picture, *size)
    elif how == "pad":
        picture = _padded(picture, *size)
    else:
        picture = _resized(picture, *size)
    return _widened(picture, channels)


def _quieten_pillow() -> None:
    """Pillow warns and logs about damaged files, in the middle of progress bars; what counts is in the rejects.

    Checked at each call because a context manager elsewhere may have put the old filters back; it costs 0.03 us.
    """
    if _QUIET not in warnings.filters:
        logging.getLogger("PIL").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def _check_tile(image: TiffImageFile) -> None:
    """Refuse tiles larger than any picture may be: libtiff sets a whole tile aside before it looks at its bytes."""
    try:
        pixels = int(image.tag_v2.get(_TILE_WIDTH, 0)) * int(image.tag_v2.get(_TILE_LENGTH, 0))
    except (TypeError, ValueError):
        raise Undecodable("its tiles have no size") from None
    if pixels > MAX_PIXELS:
        raise Undecodable(f"a tile of {pixels // 1_000_000} megapixels: more than {MAX_PIXELS // 1_000_000}")


def _opener(data: bytes) -> tuple[type[ImageFile], str]:
    for magic, opener, kind in _OPENERS:
        if data.startswith(magic):
            if kind == "WebP":
                _check_webp(data[:30])
            return opener, kind
    if not data:
        raise Undecodable("an empty file")
    raise Undecodable(f"not one of {_FORMATS}")


def _check_webp(head: bytes) -> None:
    """Refuse by the header: Pillow's WebP reader sets the whole canvas aside before its size can be asked."""
    if head[8:12] != b"WEBP":
        raise Undecodable(f"not one of {_FORMATS}")
    width = height = 0
    if head[12:16] == b"VP8X":
        width = 1 + int.from_bytes(head[24:27], "little")
        height = 1 + int.from_bytes(head[27:30], "little")
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif head[12:16] == b"VP8 ":
        width = int.from_bytes(head[26:28], "little") & 0x3FFF
        height = int.from_bytes(head[28:30], "little") & 0x3FFF
    if width * height > MAX_PIXELS:
        raise Undecodable(f"{width} x {height} pixels: more than {MAX_PIXELS // 1_000_000} megapixels")


def _upright(pixels: Picture, exif: bytes) -> Picture:
    """Apply EXIF orientation 1..8. Metadata that cannot be read turns nothing; TIFFs are turned by Pillow itself."""
    tags = Image.Exif()
    try:
        tags.load(exif)
        orientation = tags.get(_ORIENTATION, 1)
    except Exception:
        return pixels
    if orientation not in (2, 3, 4, 5, 6, 7, 8):
        return pixels
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    # Left-right for 2, 3, 6, 7 and top-bottom for 3, 4, 7, 8, after the transpose of 5 to 8.
    across = -1 if orientation in (2, 3, 6, 7) else 1
    down = -1 if orientation in (3, 4, 7, 8) else 1
    return np.ascontiguousarray(pixels[::down, ::across])


def _onto_white(rgba: Picture) -> Picture:
    alpha = rgba[:, :, 3:].astype(np.uint16)
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _widened(picture: Picture, channels: int) -> Picture:
    """Repeat grey and add an opaque alpha where `channels` asks for it."""
    colours = min(channels, 3)
    if picture.shape[2] < colours:
        picture = np.repeat(picture, colours, axis=2)
    if picture.shape[2] < channels:
        picture = np.concatenate([picture, np.full_like(picture[:, :, :1], 255)], axis=2)
    return picture


def _covering(picture: Picture, height: int, width: int) -> Picture:
    high, wide = picture.shape[:2]
    by_height = height * wide >= width * high
    box_high = high if by_height else height * wide / width
    box_wide = width * high / height if by_height else wide
    top, left = (high - box_high) / 2, (wide - box_wide) / 2
    if box_high <= height and box_high % 1 == box_wide % 1 == 0:
        # Whole pixels stay whole: an offset of half a pixel would blur what need not be touched.
        first, start = int(top), int(left)
        return _resized(picture[first : first + int(box_high), start : start + int(box_wide)], height, width)
    return _resized(picture, height, width, (left, top, left + box_wide, top + box_high))


def _padded(picture: Picture, height: int, width: int) -> Picture:
    high, wide, channels = picture.shape
    scale = min(height / high, width / wide)
    inner = _resized(picture, max(1, round(high * scale)), max(1, round(wide * scale)))
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    out = np.empty((height, width, channels), np.uint8)
    out[:] = 0 if channels == 4 else np.rint(np.median(border, axis=0))
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    out[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return out


def _resized(
    picture: Picture, height: int, width: int, box: tuple[float, float, float, float] | None = None
) -> Picture:
    high, wide, channels = picture.shape
    if box is None and (high, wide) == (height, width):
        return picture
    taken_high, taken_wide = (box[3] - box[1], box[2] - box[0]) if box else (high, wide)
    if box is None and max(high, wide) <= SHARP_UP_TO and height % high == width % wide == 0:
        return picture.repeat(height // high, axis=0).repeat(width // wide, axis=1)
    shrinks = taken_high > height or taken_wide > width
    image = Image.fromarray(picture if channels > 1 else picture[:, :, 0])
    method = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
    image = image.resize((width, height), method, box, reducing_gap=3.0 if shrinks else None)
    return np.asarray(image).reshape(height, width, channels)

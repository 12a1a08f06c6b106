"""A sheet to draw charts on: text that fits, smooth lines, marks, and a colour scale. Arrays out; nothing on disk.

Pillow and the font inside it are enough for this. The font has the letters a to z only: accents are left out, and
what it cannot draw at all is a question mark.
"""

import functools
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nonesuch.pixels import Picture, enlarge

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Colour = (255, 255, 255)
INK: Colour = (26, 29, 35)
MUTED: Colour = (94, 101, 112)
RULE: Colour = (222, 226, 231)
RIGHT: Colour = (14, 122, 82)
WRONG: Colour = (200, 46, 32)

_DRAWN = frozenset(map(chr, range(32, 127))) | frozenset("©«°±·»‘’“”‹›⁄")
_SPELLED = str.maketrans({
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "ð": "d", "þ": "th",
    "ł": "l", "Ł": "L", "ı": "i", "×": "x", "−": "-", "–": "-", "—": "-",
})  # fmt: skip

_SMOOTH = 4
"""Lines are drawn this many times larger and reduced: Pillow draws without anti-aliasing."""

_SCALE_ENDS = np.array([[0.985, -0.004, -0.008], [0.33, -0.02, -0.125]])
"""Ends of the colour scale in Oklab (L, a, b): paper white with a breath of blue, and deep blue."""
_OKLAB_TO_LMS = np.array([
    [1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480],
])  # fmt: skip
_LMS_TO_LINEAR = np.array([
    [4.0767416621, -3.3077115913, 0.2309699292],
    [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.7076147010],
])  # fmt: skip


def shade(share: float) -> Colour:
    """A colour for a share in [0, 1]: one hue, from white to deep blue in even steps of lightness (Oklab)."""
    lab = _SCALE_ENDS[0] + share * (_SCALE_ENDS[1] - _SCALE_ENDS[0])
    linear = np.clip(_LMS_TO_LINEAR @ (_OKLAB_TO_LMS @ lab) ** 3, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(value) for value in np.rint(encoded * 255))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Relative luminance in [0, 1] (WCAG 2)."""
    values = np.asarray(colour) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(first: Colour, second: Colour) -> float:
    """Contrast ratio from 1 to 21 (WCAG 2); text needs 4.5."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink_on(background: Colour) -> Colour:
    """The colour of text that stands out best."""
    return max(INK, PAPER, key=lambda ink: contrast(ink, background))


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def drawable(text: str) -> str:
    """`text` in letters that the font has."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    return "".join(c if c in _DRAWN else "?" for c in plain if not unicodedata.combining(c))


def text_width(text: str, size: int) -> int:
    """Width of one line in pixels."""
    return int(np.ceil(_font(size).getlength(drawable(text))))


def shorten(text: str, size: int, width: int) -> str:
    """`text`, or as much of it as fits into `width` pixels with three dots after it."""
    line = " ".join(text.split())
    if text_width(line, size) <= width:
        return line
    kept = len(line)
    while kept and text_width(line[:kept].rstrip() + "...", size) > width:
        kept -= 1
    return line[:kept].rstrip() + "..."


def within(picture: Picture, side: int) -> Picture:
    """(H, W, C) as large as fits into a square of `side` pixels: enlarged by a whole factor, or reduced."""
    longer = max(picture.shape[:2])
    if longer <= side:
        return enlarge(picture, side // longer)
    height, width = (max(1, round(each * side / longer)) for each in picture.shape[:2])
    return np.array(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def at_size(picture: Picture, side: int) -> Picture:
    """(H, W, 3) whose longer side is near `side` pixels: enlarged by a whole factor, or reduced."""
    longer = max(picture.shape[:2])
    if longer <= side * 1.5:
        return enlarge(picture, max(1, round(side / longer)))
    return within(picture, round(1.5 * side))


class Canvas:
    """A white sheet of width x height pixels. Coordinates count from the top left corner; anchors are Pillow's."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, at: Point, text: str, size: int, colour: Colour = INK, anchor: str = "lm") -> None:
        """One line of text; the anchor is horizontal l, m, r then vertical a (top), m, s (baseline)."""
        self._draw.text(at, drawable(text), fill=colour, font=_font(size), anchor=anchor)

    def upright(self, at: Point, text: str, size: int, colour: Colour = INK) -> None:
        """Text that reads upwards, its start at `at` and centred on it sideways."""
        width, height = text_width(text, size) + 2, size + 6
        strip = Image.new("RGB", (width, height), PAPER)
        ImageDraw.Draw(strip).text((1, height / 2), drawable(text), fill=colour, font=_font(size), anchor="lm")
        self._image.paste(strip.transpose(Image.Transpose.ROTATE_90), (round(at[0] - height / 2), round(at[1] - width)))

    def box(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """A filled rectangle."""
        self._draw.rectangle((left, top, left + width - 1, top + height - 1), fill=colour)

    def picture(self, left: int, top: int, pixels: Picture) -> None:
        """Paste (H, W, 3) uint8."""
        self._image.paste(Image.fromarray(pixels), (left, top))

    def line(self, points: Sequence[Point], colour: Colour, thickness: float) -> None:
        """A smooth polyline with a dot at its end, so that a single point can be seen too."""
        # drawn as a mask, so that the edges blend with whatever lies below
        mask = Image.new("L", (self._image.width * _SMOOTH, self._image.height * _SMOOTH), 0)
        pen = ImageDraw.Draw(mask)
        large = [((x + 0.5) * _SMOOTH, (y + 0.5) * _SMOOTH) for x, y in points]
        pen.line(large, fill=255, width=round(thickness * _SMOOTH), joint="curve")
        (x, y), radius = large[-1], 1.6 * thickness * _SMOOTH
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        self._image.paste(colour, (0, 0), mask.reduce(_SMOOTH))

    def ellipses(
        self,
        places: Sequence[tuple[Point, Point]],
        colour: Colour,
        strength: float,
        angles: Sequence[float] | None = None,
    ) -> None:
        """Filled ellipses, (centre, radii) each, laid over what is there at a share `strength` of their colour.

        angles: by how much each is turned, in radians, from right to down; none where it is left away.
        """
        mask = Image.new("L", (self._image.width * _SMOOTH, self._image.height * _SMOOTH), 0)
        pen = ImageDraw.Draw(mask)
        fill = round(255 * strength)
        for at, ((x, y), (across, down)) in enumerate(places):
            if angles is None:
                box = ((x - across), (y - down), (x + across), (y + down))
                pen.ellipse(tuple(round(_SMOOTH * (edge + 0.5)) for edge in box), fill=fill)
                continue
            turned = _RING @ (np.array([[across, 0.0], [0.0, down]]) @ _turn(angles[at])) + (x + 0.5, y + 0.5)
            pen.polygon([tuple(corner) for corner in (turned * _SMOOTH).tolist()], fill=fill)
        self._image.paste(colour, (0, 0), mask.reduce(_SMOOTH))

    def mark(self, left: int, top: int, right: bool, size: int = 18) -> None:
        """A disc of size x size pixels with a tick (right) or a cross (wrong)."""
        side = size * _SMOOTH
        disc = Image.new("L", (side, side), 0)
        ImageDraw.Draw(disc).ellipse((0, 0, side - 1, side - 1), fill=255)
        sign = Image.new("L", (side, side), 0)
        strokes = _TICK if right else _CROSS
        for stroke in strokes:
            points = [(x * side, y * side) for x, y in stroke]
            ImageDraw.Draw(sign).line(points, fill=255, width=round(side * 0.13), joint="curve")
        self._image.paste(RIGHT if right else WRONG, (left, top), disc.reduce(_SMOOTH))
        self._image.paste(PAPER, (left, top), sign.reduce(_SMOOTH))

    def pixels(self) -> NDArray[np.uint8]:
        """The sheet as (H, W, 3) uint8."""
        return np.array(self._image)


def _turn(angle: float) -> NDArray[np.float64]:
    """Turns row vectors from right towards down."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


_RING = np.stack([np.cos(np.linspace(0, 2 * np.pi, 49)), np.sin(np.linspace(0, 2 * np.pi, 49))], 1)
_TICK = (((0.25, 0.53), (0.43, 0.71), (0.76, 0.33)),)
_CROSS = (((0.3, 0.3), (0.7, 0.7)), ((0.7, 0.3), (0.3, 0.7)))

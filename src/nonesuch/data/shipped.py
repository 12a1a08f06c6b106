"""The two data sets shipped with nonesuch: `pixelfolk` (16x16 faces with true attributes) and `emoji` (64x64 drawings).

Both are made by the scripts in tools/; NOTICE names the artists and licences.
"""

import io
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np

from nonesuch.data.items import Item, Source
from nonesuch.errors import DataError

PIXELFOLK_SIDE = 16
_ABSENT = 255


def embedded_bytes(file: str) -> bytes:
    """The contents of a shipped file, from a folder or from inside a zipped installation."""
    return (files("nonesuch.data") / "embedded" / file).read_bytes()


class PixelfolkSource(Source):
    """6,000 different faces of 16x16 pixels on white, (side, side, 3) uint8; the label is `hair_colour`.

    `side` is any multiple of 16: pictures are enlarged by repeating pixels, which is exactly what the drawings look
    like at that size. `columns` holds every attribute, `hair_colour` included; what a face does not wear is absent.
    """

    def __init__(self, side: int = PIXELFOLK_SIDE) -> None:
        if side < PIXELFOLK_SIDE or side % PIXELFOLK_SIDE:
            raise DataError(f"pixelfolk has pictures of 16x16 and whole multiples, not {side}; use 16, 32, 48 or 64")
        self.name = "pixelfolk"
        self.side = side
        self.refused = []
        self._arrays: dict[str, np.ndarray] | None = None

    def _load(self) -> dict[str, np.ndarray]:
        if self._arrays is None:
            with np.load(io.BytesIO(embedded_bytes("pixelfolk.npz")), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            packed = arrays["pixels"]  # two pixels a byte, the left one in the low half
            arrays["pixels"] = np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(packed), -1)
            self._arrays = arrays
        return self._arrays

    def items(self) -> Iterator[Item]:
        arrays = self._load()
        classes: dict[str, list[str]] = json.loads(str(arrays["classes"]))
        for face, (seed, codes) in enumerate(zip(arrays["seeds"].tolist(), arrays["codes"].tolist(), strict=True)):
            columns = {
                column: names[code] for (column, names), code in zip(classes.items(), codes, strict=True)
                if code != _ABSENT
            }  # fmt: skip
            yield Item(str(face), f"pixelfolk-{seed}", columns["hair_colour"], None, columns)

    def read(self, key: str) -> np.ndarray:
        arrays, face = self._load(), int(key)
        own = arrays["palette"][arrays["colours"][face]]  # this face's up to 16 colours, (16, 3)
        picture: np.ndarray = own[arrays["pixels"][face]].reshape(PIXELFOLK_SIDE, PIXELFOLK_SIDE, 3)
        times = self.side // PIXELFOLK_SIDE
        return picture.repeat(times, axis=0).repeat(times, axis=1)

    def fingerprint(self) -> str:
        return f"pixelfolk {_sha256('pixelfolk.npz')} {self.side}"

    def close(self) -> None:
        self._arrays = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_arrays": None}


class EmojiSource(Source):
    """1,682 Noto drawings without skin tones, (64, 64, 4) uint8 with alpha; the label is one of nine categories.

    `columns` holds `category`, `name` and `code` (the character's code points in hexadecimal, joined by hyphens).
    """

    def __init__(self) -> None:
        self.name = "emoji"
        self.refused = []
        self._about: dict[str, Any] | None = None
        self._sheet: np.ndarray | None = None

    def _load(self) -> dict[str, Any]:
        if self._about is None:
            self._about = json.loads(embedded_bytes("emoji.json"))
        return self._about

    def items(self) -> Iterator[Item]:
        for position, drawing in enumerate(self._load()["drawings"]):
            yield Item(str(position), drawing["name"], drawing["category"], None, drawing)

    def read(self, key: str) -> np.ndarray:
        about = self._load()
        if self._sheet is None:
            from PIL import Image  # only here: a pack that is there already needs no decoder

            with Image.open(io.BytesIO(embedded_bytes("emoji.webp"))) as sheet:
                self._sheet = np.asarray(sheet.convert("RGBA"))
        row, column = divmod(int(key), about["columns"])
        side = about["side"]
        return self._sheet[row * side : (row + 1) * side, column * side : (column + 1) * side].copy()

    def fingerprint(self) -> str:
        return f"emoji {_sha256('emoji.webp')} {_sha256('emoji.json')}"

    def close(self) -> None:
        self._about = self._sheet = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_about": None, "_sheet": None}


def _sha256(file: str) -> str:
    """The shipped manifest's word, so that a fingerprint needs no reading of megabytes."""
    manifest: dict[str, str] = json.loads(embedded_bytes("manifest.json"))
    return manifest[file]

"""The packed data set on disk: one uint8 memory map, its index, and the list of what was refused.

A pack is a folder `<cache>/packs/<fingerprint>/`:

    pixels.u8        N pictures, each height x width x channels bytes, in the order of the source
    hashes.u8        N x 16 bytes: the first half of the SHA-256 of each picture's own bytes
    sides.u16        N x 2: height and width of each picture before it was fitted, little-endian
    split.u8         N bytes: the split that the source gives (255 none, 0 train, 1 val, 2 test)
    names.utf8, names.end.i64        all names back to back, and where each one ends
    column.K.i32     one column of labels: N codes into the classes listed in pack.json, -1 = missing
    rejects.jsonl    {"name", "reason"}, one refused picture a line
    pack.json        schema, spec, counts, fingerprint, content hash, library versions

Nothing but pack.json is read when a pack is opened, so opening costs the same for ten pictures or ten million.
`packing.build` writes packs.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from nonesuch.data.fitting import Fitting, measure
from nonesuch.data.items import Reject
from nonesuch.data.settings import Channels, Fit
from nonesuch.errors import DataError, RecipeError

SCHEMA = 2
HASH_BYTES, SIDES_BYTES = 16, 4
SPLIT_CODES = {"train": 0, "val": 1, "test": 2}
NO_SPLIT = 255
LARGEST_SIDE = 4096


@dataclass(frozen=True, slots=True)
class PackSpec:
    """What every picture becomes.

    size: side in pixels, or (height, width).
    fit: "crop" fills the frame and cuts what sticks out, "pad" shows everything, "stretch" ignores the aspect.
    channels: 1 grey, 3 colour, 4 colour with alpha.
    Raises RecipeError for a value out of range.
    """

    size: int | tuple[int, int] = 64
    fit: Fit = "crop"
    channels: Channels = 3

    def __post_init__(self) -> None:
        sides = (self.size, self.size) if isinstance(self.size, int) else tuple(self.size)
        if len(sides) != 2 or not all(1 <= side <= LARGEST_SIDE for side in sides):
            raise RecipeError(f"size must be 1 to {LARGEST_SIDE} pixels or (height, width), found {self.size}")
        if self.fit not in ("crop", "pad", "stretch"):
            raise RecipeError(f"fit must be crop, pad or stretch, found {self.fit!r}")
        if self.channels not in (1, 3, 4):
            raise RecipeError(f"channels must be 1 (grey), 3 (colour) or 4 (with alpha), found {self.channels}")
        object.__setattr__(self, "size", sides)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one packed picture."""
        height, width = (self.size, self.size) if isinstance(self.size, int) else self.size
        return height, width, self.channels

    @property
    def picture_bytes(self) -> int:
        height, width, channels = self.shape
        return height * width * channels

    def to_json(self) -> dict[str, Any]:
        return {"size": list(self.shape[:2]), "fit": self.fit, "channels": self.channels}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "PackSpec":
        height, width = record["size"]
        return cls(size=(height, width), fit=record["fit"], channels=record["channels"])


@dataclass(frozen=True, slots=True)
class Column:
    """One label of every picture.

    classes: the distinct values in natural order ("2" before "10").
    codes: int32 (N,), positions in `classes`, -1 = this picture has no such label.
    """

    classes: tuple[str, ...]
    codes: npt.NDArray[np.int32]


class Names(Sequence[str]):
    """All names of a pack, read from the map only when asked for: a million names cost nothing to open."""

    def __init__(self, folder: Path, count: int) -> None:
        self._ends = np.memmap(folder / "names.end.i64", np.int64, "r", shape=(count,))
        self._text = np.memmap(folder / "names.utf8", np.uint8, "r")

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        start = int(self._ends[place - 1]) if place else 0
        return self._text[start : int(self._ends[place])].tobytes().decode()


@dataclass(frozen=True)
class Pack:
    """A packed data set, opened read-only.

    path: its folder.            fingerprint: hex name of (source, spec, schema), depends on file dates.
    content: hex hash of all content hashes in order, depends on the pictures' bytes alone.
    pixels: uint8 (N, H, W, C), a memory map.      names: N strings, relative to the source.
    hashes: uint8 (N, 16).       columns: labels by name; "label" is the sub-folder or the label column.
    sides: uint16 (N, 2), height and width before fitting.
    given_split: uint8 (N,), 255 none, 0 train, 1 val, 2 test.
    """

    path: Path
    fingerprint: str
    content: str
    source: str
    spec: PackSpec
    pixels: npt.NDArray[np.uint8]
    names: Sequence[str]
    hashes: npt.NDArray[np.uint8]
    sides: npt.NDArray[np.uint16]
    columns: dict[str, Column]
    given_split: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pixels)

    @cached_property
    def fitting(self) -> Fitting:
        """What bringing each picture to one size did to it."""
        return measure(self.sides, self.spec.shape[:2], self.spec.fit)

    @property
    def enlargement(self) -> str:
        """In words, when there are pictures that were smaller than their frame; else empty."""
        enlarged = self.fitting.scale > 1
        if not enlarged.any():
            return ""
        height, width, _ = self.spec.shape
        usual = "x".join(f"{side:.0f}" for side in np.median(self.sides[enlarged], 0))
        return (
            f"{enlarged.sum():,} of {len(self):,} pictures are smaller than {height}x{width} and were enlarged, which "
            f"shows nothing new; a typical one of them is {usual}"
        )

    @property
    def refused(self) -> str:
        """In words, when there are files that could not be used; else empty."""
        if not self.rejects:
            return ""
        first = self.rejects[0]
        many = f"{len(self.rejects):,} of {len(self) + len(self.rejects):,} files cannot be used and are left out"
        return f"{many}, such as {first.name} ({first.reason}); `nonesuch data` lists them"

    @cached_property
    def rejects(self) -> list[Reject]:
        """Every refused picture with its reason: those met while listing first, then in the order of the source."""
        with (self.path / "rejects.jsonl").open(encoding="utf-8") as lines:
            return [Reject(**json.loads(line)) for line in lines]


def place(fingerprint: str, spec: PackSpec, cache: Path) -> Path:
    """The folder of a source's pack, made or not: one for each fingerprint of a source, spec and schema."""
    record = {"schema": SCHEMA, "source": fingerprint, "spec": spec.to_json()}
    return cache / "packs" / hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:32]


def is_pack(folder: Path) -> bool:
    """Whether a finished pack lies here (an unfinished one carries another name)."""
    return (folder / "pack.json").is_file()


def open_pack(folder: Path) -> Pack:
    """Open a finished pack in a few milliseconds. Raises DataError if a file is missing, cut short or newer."""
    try:
        head = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
        if head["schema"] != SCHEMA:
            raise DataError(
                f"{folder}: written with pack schema {head['schema']}, this version reads {SCHEMA}: delete it"
            )
        return _open(folder, head)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: the pack is damaged ({error}); delete that folder, it is made again") from error


def _open(folder: Path, head: dict[str, Any]) -> Pack:
    spec, count = PackSpec.from_json(head["spec"]), head["pictures"]
    columns = {
        column["name"]: Column(tuple(column["classes"]), _map(folder / f"column.{place}.i32", np.int32, (count,)))
        for place, column in enumerate(head["columns"])
    }
    return Pack(
        path=folder,
        fingerprint=head["fingerprint"],
        content=head["content"],
        source=head["source"],
        spec=spec,
        pixels=_map(folder / "pixels.u8", np.uint8, (count, *spec.shape)),
        names=Names(folder, count),
        hashes=_map(folder / "hashes.u8", np.uint8, (count, HASH_BYTES)),
        sides=_map(folder / "sides.u16", np.dtype("<u2").type, (count, 2)),
        columns=columns,
        given_split=_map(folder / "split.u8", np.uint8, (count,)),
    )


def _map(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """A plain array over the map: the memmap subclass would make every later slice slower."""
    return np.asarray(np.memmap(path, dtype, "r", shape=shape))

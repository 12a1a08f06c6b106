"""What a source of pictures is: a list of items, and a way to read each of them."""

import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_FILE_BYTES = 1 << 28
"""Encoded bytes of one picture. 50 megapixels of 8-bit RGBA, not compressed, are 200 MB."""
RATIO, RATIO_FLOOR = 100, 8 << 20
"""What unpacks to more than 100 times its size and to more than 8 MB is a bomb, not a picture."""

NO_COLUMNS: Mapping[str, str] = {}
_NEVER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_TEXTS = ("txt", "csv", "tsv", "json", "jsonl", "md", "rst", "xml", "html", "htm", "pdf", "log")
_CODE = ("yaml", "yml", "toml", "ini", "cfg", "py", "ipynb", "sh", "js", "css", "db", "sha256", "md5")
_SIDE_FILES = frozenset({*_TEXTS, *_CODE})


@dataclass(frozen=True, slots=True)
class Reject:
    """A file that cannot be used: its printable name and one short line that says why."""

    name: str
    reason: str


class Undecodable(Exception):  # noqa: N818  (an answer about a file, not a fault of the program)
    """These bytes are no usable picture. `reason` is one short line without any path."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Item:
    """One picture as its source lists it.

    key: how the source reads it. name: shown to people; relative, printable. label: from the sub-folder, the table
    or the label array. split: "train", "val", "test" or None if the source gives none. columns: further labels.
    """

    key: str
    name: str
    label: str | None
    split: str | None
    columns: Mapping[str, str]


class Source(ABC):
    """Pictures from somewhere. Can be pickled, so that worker processes read for themselves.

    What lies on disk is listed once, at the first call of `items` or `fingerprint`: open a new source to see changes.
    """

    name: str
    where: str = ""
    """The file or folder it lies in; "" for what cannot change."""
    refused: list[Reject]
    """What was found and turned away while listing; complete when `items` has run to its end."""

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """All items, in the same order at every call. Raises DataError if the source as a whole is unusable."""

    @abstractmethod
    def read(self, key: str) -> "bytes | npt.NDArray[Any]":
        """An encoded file, or raw pixels (H, W) or (H, W, C) in uint8 or uint16. Raises Undecodable."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Changes whenever files are added, removed, renamed or rewritten. Looks at names, sizes and times only."""

    def close(self) -> None:  # noqa: B027  (most sources hold nothing open)
        """Give back files and memory; the source opens them again when asked to read."""


def printable(name: str) -> str:
    """The name as people may safely see it: what is not a printable character is written as an escape.

    >>> printable("a\\nb\\u202e\\udcff.png")
    'a\\\\nb\\\\u202e\\\\xff.png'
    """
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else _escaped(c) for c in name)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"  # a byte that is not UTF-8, as Python smuggles it into names
    return character.encode("unicode_escape").decode("ascii")


def is_ignored(name: str) -> bool:
    """Hidden files and folders, and what operating systems leave behind."""
    return name[:1] == "." or name in _NEVER


def is_side_file(name: str) -> bool:
    """Text and notes, by their suffix, lie beside pictures without a word. Everything else has to be a picture."""
    return name.rpartition(".")[2].lower() in _SIDE_FILES


def kind_of_node(mode: int) -> str:
    """What `st_mode` says a thing on disk is, for people."""
    for test, kind in (
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return kind
    return "no regular file"


def is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_FLOOR and unpacked > RATIO * packed


def from_unit_range(samples: "npt.NDArray[Any]") -> "npt.NDArray[np.uint8]":
    """Floats in [0, 1], or booleans, as uint8."""
    import numpy as np  # here, as lists of items are read by commands that look at no picture

    return np.rint(samples * np.float32(255)).astype(np.uint8)

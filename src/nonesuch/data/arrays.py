"""Pictures that lie in arrays: LeCun's idx files and numpy's .npz. Nothing here unpickles."""

import gzip
import hashlib
import re
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from nonesuch.data.items import NO_COLUMNS, Item, Reject, Source, Undecodable, from_unit_range, is_bomb, printable
from nonesuch.errors import DataError

Array: TypeAlias = npt.NDArray[Any]

_IDX_IMAGES = re.compile(r"(.*?)images?([-.])idx[34]-ubyte(\.gz)?", re.IGNORECASE)
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4"}
_CLASS_KEYS = ("class_names", "classes", "label_names")
_PART_KEYS: tuple[tuple[str, str | None, tuple[str, ...], tuple[str, ...]], ...] = (
    ("all", None, ("images", "x", "X", "arr_0"), ("labels", "y", "Y")),
    ("train", "train", ("x_train", "X_train", "train_images"), ("y_train", "train_labels")),
    ("val", "val", ("x_val", "X_val", "val_images"), ("y_val", "val_labels")),
    ("test", "test", ("x_test", "X_test", "test_images"), ("y_test", "test_labels")),
)
_CHANNELS = (1, 3, 4)


def is_idx(path: Path) -> bool:
    return _IDX_IMAGES.fullmatch(path.name) is not None


def holds_idx(folder: Path) -> bool:
    return any(is_idx(path) for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DataError(f"{printable(str(folder))} cannot be listed: {error.strerror}") from None


@dataclass(slots=True)
class _Part:
    """Pictures of one split, as (N, H, W) or (N, H, W, C), with their labels or None."""

    name: str
    split: str | None
    images: Array
    labels: Sequence[str] | None
    names: Sequence[str] | None = None


class _ArraySource(Source):
    """Pictures in a few arrays. Keys are "part/number"; the arrays are loaded once, when first needed."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser().absolute()
        self.name, self.where = printable(self._path.name.partition(".")[0]), str(self._path)
        self.refused: list[Reject] = []
        self._parts: dict[str, _Part] = {}

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self._path}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["path"])  # type: ignore[misc]

    def items(self) -> Iterator[Item]:
        for part in self._loaded().values():
            for number in range(len(part.images)):
                label = part.labels[number] if part.labels is not None else None
                key = f"{part.name}/{number:06d}"
                yield Item(key, part.names[number] if part.names is not None else key, label, part.split, NO_COLUMNS)

    def read(self, key: str) -> Array:
        """The picture as uint8 or uint16, (H, W) or (H, W, C); floats in [0, 1] and booleans become uint8."""
        name, _, number = key.rpartition("/")
        part = self._loaded().get(name)
        if part is None or not number.isdecimal() or int(number) >= len(part.images):
            raise Undecodable("no picture of this file")
        picture: Array = part.images[int(number)]
        return picture if picture.dtype.kind == "u" else from_unit_range(picture)

    def fingerprint(self) -> str:
        seen = "".join(
            f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n"
            for path in self._paths()
            if (status := path.stat())
        )
        return hashlib.sha256(f"arrays 1\0{seen}".encode("utf-8", "surrogateescape")).hexdigest()

    def close(self) -> None:
        self._parts = {}

    def _loaded(self) -> dict[str, _Part]:
        if not self._parts:
            self._parts = {part.name: part for part in self._load()}
        return self._parts

    @abstractmethod
    def _paths(self) -> list[Path]:
        """The files behind the source."""

    @abstractmethod
    def _load(self) -> list[_Part]:
        """All arrays. Raises DataError."""


@final
class IdxSource(_ArraySource):
    """The idx files of MNIST and its kin, packed with gzip or not: all pairs of a folder, or the pair of one file.

    The labels of x-images-idx3-ubyte are in x-labels-idx1-ubyte, beside it; without them the pictures have none.
    Names with "train" are the training split, names with "t10k" or "test" the test split.
    """

    def _paths(self) -> list[Path]:
        return [path for images in self._image_files() for path in (images, _labels_beside(images)) if path]

    def _image_files(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        found = {path.name.removesuffix(".gz"): path for path in reversed(_files(self._path)) if is_idx(path)}
        return [found[name] for name in sorted(found)]

    def _load(self) -> list[_Part]:
        return [self._pair(images) for images in self._image_files()]

    def _pair(self, path: Path) -> _Part:
        images = _read_idx(path)
        shown = printable(path.name)
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or 0 in images.shape:
            raise DataError(f"{shown} holds {images.dtype} of shape {images.shape}; pictures are bytes (N, H, W)")
        if images.ndim == 4 and images.shape[3] not in _CHANNELS:
            raise DataError(f"{shown} has {images.shape[3]} channels; 1, 3 and 4 work")
        beside = _labels_beside(path)
        labels = _read_idx(beside) if beside else None
        if labels is not None and labels.shape != (len(images),):
            raise DataError(f"{shown} has {len(images)} pictures, its label file has shape {labels.shape}; use a pair")
        name = printable(path.name[: path.name.lower().rindex("images")].rstrip("-_.")) or "all"
        words = None if labels is None else [str(label) for label in labels.tolist()]
        return _Part(name, _split_of(name), images, words)


def _split_of(name: str) -> str | None:
    for sign, split in (("train", "train"), ("t10k", "test"), ("test", "test"), ("val", "val")):
        if sign in name.lower():
            return split
    return None


def _labels_beside(images: Path) -> Path | None:
    stem = re.sub(r"images?([-.])idx[34]", r"labels\1idx1", images.name.removesuffix(".gz"), flags=re.IGNORECASE)
    return next((path for name in (stem, f"{stem}.gz") if (path := images.with_name(name)).is_file()), None)


def _read_idx(path: Path) -> Array:
    """The array of an idx file: big-endian header (0, 0, type, dimensions, sizes...), then the values."""
    shown = printable(path.name)
    packed = path.name.endswith(".gz")
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            dtype, shape = _idx_header(file, shown)
            length = int(np.prod(shape, dtype=object)) * dtype.itemsize
            on_disk = path.stat().st_size
            if packed and is_bomb(length, on_disk):
                raise DataError(f"{shown} claims {length >> 20} MB in {on_disk >> 10} KB; it is damaged or a bomb")
            if not packed and length + 4 + 4 * len(shape) != on_disk:
                raise DataError(
                    f"{shown}: {on_disk} bytes, but its header says {length + 4 + 4 * len(shape)}; get it again"
                )
            data = file.read(length)
            if len(data) != length or file.read(1):
                raise DataError(f"{shown} is not as long as its header says ({length} bytes of data); get it again")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{shown} cannot be read ({error}); get it again") from None
    return np.frombuffer(data, dtype).reshape(shape)


def _idx_header(file: IO[bytes] | gzip.GzipFile, shown: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or not 1 <= head[3] <= 4:
        raise DataError(f"{shown} does not begin like an idx file (found {head.hex(' ') or 'nothing'}); get it again")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise DataError(f"{shown} ends within its header; get it again")
    return np.dtype(_IDX_TYPES[head[2]]), tuple(np.frombuffer(sizes, ">u4").tolist())


@final
class NpzSource(_ArraySource):
    """An .npz of images and labels: `images` or `x` (or the unnamed `arr_0`) with `labels` or `y`, or the same by
    split: x_train, y_train, x_val, ..., or train_images, train_labels, ...

    Images: (N, H, W), (N, H, W, C) or (N, C, H, W); uint8, uint16, bool, or floats in [0, 1]. Labels: whole numbers or
    strings, (N,) or (N, 1). `class_names` names the numbers; `names`, (N,), names the pictures where there is no split.
    Object arrays are refused: reading them would run code.
    """

    def _paths(self) -> list[Path]:
        return [self._path]

    def _load(self) -> list[_Part]:
        shown = printable(self._path.name)
        try:
            with zipfile.ZipFile(self._path) as archive:
                for entry in archive.infolist():
                    if is_bomb(entry.file_size, entry.compress_size) and entry.file_size > 1 << 30:
                        raise DataError(
                            f"{shown} claims {entry.file_size >> 20} MB in one array; it is damaged or a bomb"
                        )
            with np.load(self._path, allow_pickle=False) as arrays:
                return self._parts_of(arrays, shown)
        except (
            OSError,
            ValueError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            MemoryError,
        ) as error:
            said = printable(" ".join(str(error).split()))[:120] or type(error).__name__
            if "allow_pickle" in said:
                said = "it holds Python objects, and reading them would run code; save plain numbers"
            raise DataError(f"{shown} cannot be used: {said}") from None

    def _parts_of(self, arrays: Mapping[str, Array], shown: str) -> list[_Part]:
        classes_key = next((key for key in _CLASS_KEYS if key in arrays), None)
        classes = None if classes_key is None else _words(arrays[classes_key])
        parts = []
        for name, split, image_keys, label_keys in _PART_KEYS:
            image_key = next((key for key in image_keys if key in arrays), None)
            label_key = next((key for key in label_keys if key in arrays), None)
            if image_key is None:
                continue
            images = _images(arrays[image_key], image_key)
            labels = None if label_key is None else _labels(arrays[label_key], label_key, len(images), classes)
            parts.append(_Part(name, split, images, labels))
        if not parts:
            raise DataError(
                f"{shown} holds {', '.join(sorted(arrays)) or 'nothing'}; name the pictures images or x_train"
            )
        if "names" in arrays and [part.name for part in parts] == ["all"]:
            parts[0].names = _labels(arrays["names"], "names", len(parts[0].images), None)
        return parts


def _images(images: Array, key: str) -> Array:
    """The array as (N, H, W) or (N, H, W, C) of uint8, uint16, or what `from_unit_range` takes."""
    if images.ndim == 4 and images.shape[3] not in _CHANNELS and images.shape[1] in _CHANNELS:
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or 0 in images.shape or (images.ndim == 4 and images.shape[3] not in _CHANNELS):
        raise ValueError(f"{key} has shape {images.shape}; pictures are (N, H, W), (N, H, W, C) or (N, C, H, W)")
    if images.dtype.kind == "f":
        low, high = images.min(), images.max()
        if not (low >= 0 and high <= 1):
            raise ValueError(f"{key} holds floats from {low:g} to {high:g}; scale them to 0..1, or save uint8")
    elif images.dtype not in (np.uint8, np.uint16, np.bool_):
        raise ValueError(f"{key} has type {images.dtype}; uint8, uint16, bool and floats in 0..1 work")
    return images.astype(images.dtype.newbyteorder("="), copy=False)


def _labels(labels: Array, key: str, count: int, classes: Sequence[str] | None) -> list[str]:
    if labels.shape not in ((count,), (count, 1)):
        raise ValueError(f"{key} has shape {labels.shape}; {count} pictures need {count} labels")
    labels = labels.reshape(count)
    if labels.dtype.kind not in "iubUS":
        raise ValueError(f"{key} has type {labels.dtype}; whole numbers and strings work")
    if classes is None or labels.dtype.kind in "US":
        return _words(labels)
    numbers = labels.astype(np.int64)
    if numbers.min() < 0 or numbers.max() >= len(classes):
        raise ValueError(f"{key} goes from {numbers.min()} to {numbers.max()}, but {len(classes)} classes are named")
    return [classes[number] for number in numbers.tolist()]


def _words(values: Array) -> list[str]:
    if values.dtype.kind == "S":
        return [printable(value.decode("utf-8", "backslashreplace")) for value in values.ravel().tolist()]
    return [printable(str(value)) for value in values.ravel().tolist()]

"""CIFAR-10's binary version: six files of 3,073-byte records, one label and 32x32 red, green and blue planes."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from nonesuch.data.items import Item, Source
from nonesuch.data.published import CIFAR_CLASSES
from nonesuch.errors import DataError, MachineError

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
FILES = {f"data_batch_{batch}.bin": "train" for batch in range(1, 6)} | {"test_batch.bin": "test"}
_LARGEST = 10_000 * RECORD


def is_cifar_folder(folder: Path) -> bool:
    """Whether all six record files lie in `folder`."""
    return all((folder / file).is_file() for file in FILES)


class CifarSource(Source):
    """The pictures of a folder of record files, (32, 32, 3) uint8, labelled with the class names, train and test given.

    Raises DataError when a file is not made of whole records.
    """

    def __init__(self, folder: Path) -> None:
        self.name = "cifar10"
        self.folder = folder
        self.refused = []
        self._maps: dict[str, np.ndarray] = {}

    def _records(self, file: str) -> np.ndarray:
        """(N, 3073) uint8, mapped and not read."""
        if file not in self._maps:
            path = self.folder / file
            size = path.stat().st_size
            if size == 0 or size % RECORD:
                raise DataError(f"{path} is damaged: {size:,} bytes are not whole records of {RECORD}; fetch it again")
            self._maps[file] = np.memmap(path, np.uint8, "r").reshape(-1, RECORD)
        return self._maps[file]

    def items(self) -> Iterator[Item]:
        for file, split in FILES.items():
            stem = file.removesuffix(".bin")
            for number, label in enumerate(self._records(file)[:, 0].tolist()):
                if label >= len(CIFAR_CLASSES):
                    raise DataError(f"{self.folder / file} is damaged: record {number} has label {label}, not 0 to 9")
                yield Item(f"{file}/{number}", f"{stem}/{number:05d}", CIFAR_CLASSES[label], split, {})

    def read(self, key: str) -> np.ndarray:
        file, number = key.split("/")
        planes = self._records(file)[int(number), 1:].reshape(3, SIDE, SIDE)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))

    def fingerprint(self) -> str:
        stats = {file: (self.folder / file).stat() for file in FILES}
        return "cifar10 " + " ".join(f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in stats.items())

    def close(self) -> None:
        self._maps = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": {}}


def extract(archive: Path, folder: Path) -> Path:
    """Copy the six record files out of the published .tar.gz into `folder` and return it.

    Members are recognised by their last name and written under our own; nothing else in the archive is touched.
    Raises DataError for a damaged or incomplete archive, MachineError when the disk refuses.
    """
    missing = set(FILES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                file = member.name.rpartition("/")[2]
                source = tar.extractfile(member) if file in missing and member.isreg() else None
                if source is None:
                    continue
                if member.size > _LARGEST or member.size % RECORD:
                    raise DataError(f"{archive} is damaged: {file} has {member.size:,} bytes; fetch it again")
                _copy(source, folder / file)
                missing.discard(file)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{archive} is damaged ({error}); delete it and fetch it again") from None
    except OSError as error:
        if error.errno is None:  # gzip reports a bad checksum as an OSError without a number
            raise DataError(f"{archive} is damaged ({error}); delete it and fetch it again") from None
        raise MachineError(f"cannot unpack {archive} into {folder}: {error.strerror}; make room there") from None
    if missing:
        raise DataError(f"{archive} lacks {', '.join(sorted(missing))}; fetch the binary version of CIFAR-10")
    return folder


def _copy(source: IO[bytes], target: Path) -> None:
    beside = target.with_suffix(".part")
    with beside.open("wb") as out:
        while chunk := source.read(1 << 20):
            out.write(chunk)
    beside.replace(target)

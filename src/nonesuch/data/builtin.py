"""Data sets that have a name: two shipped with nonesuch, three found on the disk or downloaded.

A named download is looked for in this order: each folder of NONESUCH_DATA, Debian's package, our download folder.
Only what is found nowhere is fetched.
"""

import gzip
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nonesuch.data import published
from nonesuch.data.cifar import CifarSource, extract, is_cifar_folder
from nonesuch.data.items import Item, Source
from nonesuch.data.places import data_folders, download_folder, offline
from nonesuch.data.published import IDX_STEMS, Remote
from nonesuch.data.shipped import PIXELFOLK_SIDE, EmojiSource, PixelfolkSource
from nonesuch.data.sources import open_source
from nonesuch.errors import DataError

Progress = Callable[[int, int], None]  # bytes done, bytes in all

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")  # the package dataset-fashion-mnist


@dataclass(frozen=True, slots=True)
class NamedSet:
    """One entry of the catalogue. `download_bytes` is 0 for a set that is shipped."""

    about: str
    pictures: int
    download_bytes: int
    open: Callable[[int | None, Progress | None], Source]


def resolve(name: str, side: int | None = None, progress: Progress | None = None) -> Source:
    """Open the named set, downloading it if it lies nowhere on this machine.

    `side` is the wanted picture size in pixels: `pixelfolk` is enlarged to it exactly, every other set ignores it.
    `progress` is told the bytes done and the bytes in all while downloading. Raises DataError for an unknown name,
    and for a download that fails: the message says where to put the files by hand.
    """
    if name not in NAMES:
        raise DataError(f"no data set is named {name!r}; the names are {', '.join(NAMES)}")
    return NAMES[name].open(side, progress)


class NamedLabels(Source):
    """A source whose labels are class numbers, shown with the classes' names."""

    def __init__(self, name: str, inner: Source, classes: tuple[str, ...]) -> None:
        self.name = name
        self.inner = inner
        self.classes = classes
        self.refused = inner.refused

    def items(self) -> Iterator[Item]:
        for item in self.inner.items():
            if item.label is None or not item.label.isdecimal() or int(item.label) >= len(self.classes):
                raise DataError(f"{self.name}: {item.name} has label {item.label}, not 0 to {len(self.classes) - 1}")
            yield replace(item, label=self.classes[int(item.label)])

    def read(self, key: str) -> bytes | np.ndarray:
        return self.inner.read(key)

    def fingerprint(self) -> str:
        return f"{self.name} {self.inner.fingerprint()}"

    def close(self) -> None:
        self.inner.close()


def _pixelfolk(side: int | None, _progress: Progress | None) -> Source:
    if side is None or side < PIXELFOLK_SIDE or side % PIXELFOLK_SIDE:
        return PixelfolkSource()  # the pack resamples to sizes that no repeating of pixels reaches
    return PixelfolkSource(side)


def _emoji(_side: int | None, _progress: Progress | None) -> Source:
    return EmojiSource()


def _mnist(_side: int | None, progress: Progress | None) -> Source:
    places = [folder / within for folder in data_folders() for within in ("mnist", "MNIST", "MNIST/raw")]
    places += [folder for folder in data_folders() if _test_counts(folder) == published.MNIST_TEST_COUNTS]
    folder = _idx_folder("mnist", places, published.MNIST, progress)
    return NamedLabels("mnist", open_source(folder), published.DIGITS)


def _fashion(_side: int | None, progress: Progress | None) -> Source:
    within = ("fashion-mnist", "FashionMNIST", "FashionMNIST/raw")
    places = [folder / name for folder in data_folders() for name in within]
    places += [folder for folder in data_folders() if _test_counts(folder) == published.FASHION_TEST_COUNTS]
    folder = _idx_folder("fashion-mnist", [*places, DEBIAN_FASHION], published.FASHION, progress)
    return NamedLabels("fashion-mnist", open_source(folder), published.GARMENTS)


def _cifar10(_side: int | None, progress: Progress | None) -> Source:
    for folder in data_folders():
        for place in (folder / "cifar10.zip", folder / "cifar10", folder / "cifar-10-batches-bin", folder):
            source = _cifar_at(place, ours=place != folder)
            if source is not None:
                return source
    own = download_folder("cifar10")
    source = _cifar_at(own, ours=False)
    if source is None:
        _fetch("cifar10", (published.CIFAR10,), own, progress)
        source = CifarSource(extract(own / published.CIFAR10.file, own / "cifar-10-batches-bin"))
    return source


def _cifar_at(place: Path, ours: bool) -> Source | None:
    """CIFAR-10 at `place` in any of its forms, or None. A zip or class folders count only where the name says so."""
    if ours and (place.suffix == ".zip" or ((place / "train").is_dir() and (place / "test").is_dir())):
        return open_source(place) if place.exists() else None
    for folder in (place, place / "cifar-10-batches-bin"):
        if is_cifar_folder(folder):
            return CifarSource(folder)
    archive = place / published.CIFAR10.file
    if archive.is_file() and tarfile.is_tarfile(archive):
        return CifarSource(extract(archive, download_folder("cifar10") / "cifar-10-batches-bin"))
    return None


def _idx_folder(name: str, places: list[Path], remotes: tuple[Remote, ...], progress: Progress | None) -> Path:
    """The first place that holds the four idx files (packed or not), or the download folder once it does."""
    own = download_folder(name)
    for place in (*places, own):
        if all(_idx_file(place, stem) is not None for stem in IDX_STEMS):
            return place
    _fetch(name, tuple(r for r in remotes if _idx_file(own, r.file.removesuffix(".gz")) is None), own, progress)
    return own


def _idx_file(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.is_file()), None)


def _test_counts(folder: Path) -> tuple[int, ...] | None:
    """How often each class occurs in the test labels lying directly in `folder`; None without such a file.

    MNIST and Fashion-MNIST use the same file names, so a folder not named after the set is told by these counts.
    """
    path = _idx_file(folder, IDX_STEMS[3])
    if path is None:
        return None
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError):
        return None
    return tuple(data[8:].count(label) for label in range(10))


def _fetch(name: str, remotes: tuple[Remote, ...], folder: Path, progress: Progress | None) -> None:
    """Download what is missing; on failure say which file, and the two places where it can be put by hand."""
    if offline():
        raise DataError(f"{name} is not on this machine; fetch it in a terminal with `nonesuch data {name}`")
    from nonesuch.data.download import fetch  # brings the http and ssl modules, which a set on the disk never needs

    total, before = sum(remote.size for remote in remotes), 0
    for remote in remotes:

        def tell(done: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + done, total)

        try:
            fetch(remote, folder, tell)
        except DataError as error:
            raise DataError(
                f"{name} is not on this machine and {error}; put {remote.file} into {folder} by hand, "
                f"or name a folder that holds {name}/{remote.file} in NONESUCH_DATA"
            ) from None
        before += remote.size


NAMES: dict[str, NamedSet] = {
    "pixelfolk": NamedSet("pixel-art faces, 16x16 colour, labels from hair colour to mood", 6_000, 0, _pixelfolk),
    "emoji": NamedSet("Noto emoji, 64x64 colour with alpha, 9 categories", 1_682, 0, _emoji),
    "mnist": NamedSet("handwritten digits, 28x28 grey", 70_000, sum(r.size for r in published.MNIST), _mnist),
    "fashion-mnist": NamedSet("clothes, 28x28 grey", 70_000, sum(r.size for r in published.FASHION), _fashion),
    "cifar10": NamedSet("ten kinds of things, 32x32 colour", 60_000, published.CIFAR10.size, _cifar10),
}

SHIPPED = tuple(name for name, entry in NAMES.items() if not entry.download_bytes)
"""Those that are part of nonesuch itself."""

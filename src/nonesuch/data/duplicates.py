"""Which pictures are in the data twice, exactly or nearly, above all on both sides of a split.

Exact: equal content hashes. Near: the 64-bit difference hashes of two pictures (grey, 9 x 8, is each cell brighter than
its left neighbour?) differ in at most 3 bits, and then the packed pixels themselves must agree: mean absolute
difference at most NEAR_MEAN and largest at most NEAR_MAX grey levels of 255. The hash only proposes. On small drawings
it is nearly blind, and there a difference of one bright pixel is a different picture, hence the second bound.

Two hashes with at most 3 differing bits agree in one of four 16-bit bands whole. Within a band's equals, pictures are
sorted by brightness and each is compared with the WINDOW next ones, which bounds the work at 4 N WINDOW comparisons;
only where more than WINDOW pictures share a band can a pair be overlooked.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nonesuch.data.pack import Pack

HAMMING = 3
BANDS = 4
WINDOW = 48
NEAR_MEAN = 4.0
NEAR_MAX = 64
BLOCK = 2048

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two pictures that look the same; difference: mean absolute, in grey levels of 255."""

    first: str
    second: str
    difference: float


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """By name. exact: groups of identical files. near: similar pairs that are not identical files.
    across_exact, across_near: those of them that lie in more than one of train, val and test."""

    exact: tuple[tuple[str, ...], ...]
    near: tuple[NearPair, ...]
    across_exact: tuple[tuple[str, ...], ...]
    across_near: tuple[NearPair, ...]

    def words(self) -> str:
        """The report in one line."""
        if not self.exact and not self.near:
            return "none found"
        groups = f"{len(self.exact):,} groups of identical files ({len(self.across_exact):,} across the split)"
        return f"{groups}, {len(self.near):,} pairs that look the same ({len(self.across_near):,} across the split)"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "DuplicateReport":
        """Raises KeyError, TypeError or ValueError for what to_json did not write."""
        exact, across_exact = (tuple(map(tuple, record[name])) for name in ("exact", "across_exact"))
        near, across_near = (tuple(NearPair(**pair) for pair in record[name]) for name in ("near", "across_near"))
        return cls(exact, near, across_exact, across_near)


def find(pack: Pack, split: npt.NDArray[np.uint8]) -> DuplicateReport:
    """Exact and near duplicates of a pack under a split, uint8 (N,)."""
    return report(pack.hashes, pack.pixels, pack.names, split)


def report(
    hashes: npt.NDArray[np.uint8],
    pixels: npt.NDArray[np.uint8],
    names: Sequence[str],
    split: npt.NDArray[np.uint8],
) -> DuplicateReport:
    """The same from bare arrays. hashes uint8 (N, 16), pixels uint8 (N, H, W, C), split uint8 (N,)."""
    groups, (pairs, differences) = exact(hashes), near(pixels)
    same_file = np.all(hashes[pairs[:, 0]] == hashes[pairs[:, 1]], axis=1)
    pairs, differences = pairs[~same_file], differences[~same_file]
    named = [tuple(names[int(row)] for row in group) for group in groups]
    near_pairs = [
        NearPair(names[int(a)], names[int(b)], round(float(d), 3)) for (a, b), d in zip(pairs, differences, strict=True)
    ]
    crosses = split[pairs[:, 0]] != split[pairs[:, 1]]
    return DuplicateReport(
        exact=tuple(named),
        near=tuple(near_pairs),
        across_exact=tuple(name for name, group in zip(named, groups, strict=True) if len(np.unique(split[group])) > 1),
        across_near=tuple(pair for pair, apart in zip(near_pairs, crosses, strict=True) if apart),
    )


def exact(hashes: npt.NDArray[np.uint8]) -> list[Ints]:
    """Groups of two or more rows with equal hashes, rows ascending, groups by first row."""
    keys = np.ascontiguousarray(hashes).view(f"V{hashes.shape[1]}")[:, 0]
    order = np.argsort(keys, kind="stable")
    new = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
    groups = [group.astype(np.int64) for group in np.split(order, new) if len(group) > 1]
    return sorted(groups, key=lambda group: int(group[0]))


def near(pixels: npt.NDArray[np.uint8]) -> tuple[Ints, npt.NDArray[np.float32]]:
    """Pairs of pictures that look the same: int64 (P, 2) with first < second, sorted, and their mean difference."""
    words, brightness = difference_hashes(pixels)
    pairs = _candidates(words, brightness)
    kept, differences = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        first, second = (pixels.take(block[:, side], axis=0).reshape(len(block), -1) for side in (0, 1))
        gap = np.maximum(first, second) - np.minimum(first, second)
        mean = gap.mean(axis=1, dtype=np.float32)
        close = (mean <= NEAR_MEAN) & (gap.max(axis=1) <= NEAR_MAX)
        kept.append(block[close])
        differences.append(mean[close])
    return np.concatenate(kept), np.concatenate(differences)


def difference_hashes(pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float32]]:
    """The difference hash of each picture, uint64 (N,), and its mean grey level, float32 (N,)."""
    count, height, width, channels = pixels.shape
    rows, columns = _averaging(height, 8), _averaging(width, 9).T
    weights = np.array([1.0] if channels == 1 else [0.299, 0.587, 0.114, 0.0][:channels], np.float32)
    across = np.kron(columns, weights[:, None]).astype(np.float32)
    words, brightness = np.empty(count, np.uint64), np.empty(count, np.float32)
    for start in range(0, count, BLOCK):
        block = pixels[start : start + BLOCK].reshape(-1, width * channels).astype(np.float32)
        cells = rows @ (block @ across).reshape(-1, height, 9)
        # Half a grey level, so that rounding does not decide the bits of flat ground.
        bits = cells[:, :, 1:] - cells[:, :, :-1] > 0.5
        words[start : start + BLOCK] = np.packbits(bits.reshape(-1, 64), axis=1).view(">u8")[:, 0]
        brightness[start : start + BLOCK] = cells.mean(axis=(1, 2))
    return words, brightness


def _averaging(length: int, cells: int) -> npt.NDArray[np.float32]:
    """(cells, length): each cell is the mean over its share of the pixels, border pixels counted in part."""
    edges = np.linspace(0, length, cells + 1)
    pixel = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    shares: npt.NDArray[np.float32] = (np.clip(overlap, 0, None) * (cells / length)).astype(np.float32)
    return shares


def _candidates(words: npt.NDArray[np.uint64], brightness: npt.NDArray[np.float32]) -> Ints:
    """Pairs whose hashes differ in at most HAMMING bits: int64 (P, 2), first < second, sorted, each once."""
    count, found = len(words), [np.empty(0, np.int64)]
    for band in range(BANDS):
        keys = (words >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.lexsort((brightness, keys))
        keys, sorted_words = keys[order], words[order]
        for step in range(1, min(WINDOW, count - 1) + 1):
            together = np.flatnonzero(keys[step:] == keys[:-step])
            if not len(together):
                break
            apart = np.bitwise_count(sorted_words[together] ^ sorted_words[together + step])
            together = together[apart <= HAMMING]
            low, high = np.sort([order[together], order[together + step]], axis=0)
            found.append(low * count + high)
    codes = np.unique(np.concatenate(found))
    return np.stack([codes // max(count, 1), codes % max(count, 1)], axis=1)

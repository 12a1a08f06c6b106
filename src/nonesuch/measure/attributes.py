"""Whether made pictures have the attributes of real ones, as often and in as many combinations.

Attributes are read from pictures by a classifier, which errs; so samples are compared with what it reads in real
pictures, not with their labels, and its accuracy stands beside every column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

RARE = 0.005
"""Values and pairs that fewer real pictures have are not asked for: among a thousand samples they may be missing."""


@dataclass(frozen=True)
class Column:
    """One attribute: its values, how often the reader finds each in real pictures and in samples, shares of 1.

    accuracy: of the reader, on held-out pictures that have this attribute.
    """

    name: str
    values: tuple[str, ...]
    accuracy: float
    real: tuple[float, ...]
    samples: tuple[float, ...]

    @property
    def off(self) -> float:
        """The largest difference of a value's two shares."""
        return max((abs(a - b) for a, b in zip(self.real, self.samples, strict=True)), default=0.0)

    @property
    def missing(self) -> tuple[str, ...]:
        """Values that real pictures have often enough, and no sample has."""
        both = zip(self.values, self.real, self.samples, strict=True)
        return tuple(value for value, real, made in both if real >= RARE and made == 0)


@dataclass(frozen=True)
class AttributesReport:
    """All columns; the share of values, and of pairs of values of two columns, that occur among `n` samples.

    `ceiling`: the same share of pairs among as many real pictures, so what pure chance leaves out.
    """

    n: int
    columns: tuple[Column, ...]
    values: float
    pairs: float
    ceiling: float

    @property
    def off(self) -> float:
        """The largest difference of any value's shares, of 1."""
        return max(column.off for column in self.columns)

    def to_json(self) -> dict[str, object]:
        """Everything, by name."""
        columns = {
            column.name: {
                "accuracy": column.accuracy, "values": list(column.values), "real": list(column.real),
                "samples": list(column.samples), "off": column.off, "missing": list(column.missing),
            }
            for column in self.columns
        }  # fmt: skip
        return {
            "n": self.n, "values": self.values, "pairs": self.pairs, "ceiling": self.ceiling, "off": self.off,
            "columns": columns,
        }  # fmt: skip


def measure(
    names: Mapping[str, Sequence[str]], accuracy: Sequence[float], real: Ints, check: Ints, samples: Ints
) -> AttributesReport:
    """Compare what was read: `real` (N, columns) value numbers, `samples` (n, columns), `check` (n, columns) other real
    pictures for the ceiling. `names`: the values of each column, in order."""
    columns = []
    for place, (name, values) in enumerate(names.items()):
        shares = [_shares(read[:, place], len(values)) for read in (real, samples)]
        columns.append(Column(name, tuple(values), accuracy[place], shares[0], shares[1]))
    wanted = sum(share >= RARE for column in columns for share in column.real)
    lacking = sum(len(column.missing) for column in columns)
    return AttributesReport(
        n=len(samples),
        columns=tuple(columns),
        values=1 - lacking / wanted if wanted else 1.0,
        pairs=_pairs_covered(real, samples),
        ceiling=_pairs_covered(real, check),
    )


def _shares(read: Ints, count: int) -> tuple[float, ...]:
    return tuple((np.bincount(read, minlength=count) / max(1, len(read))).tolist())


def _pairs_covered(real: Ints, other: Ints) -> float:
    """Of the pairs of values of two columns that real pictures have often enough, the share that `other` has at all."""
    wanted = found = 0
    for one, two in combinations(range(real.shape[1]), 2):
        pairs, counts = np.unique(real[:, [one, two]], axis=0, return_counts=True)
        often = {tuple(pair) for pair, count in zip(pairs.tolist(), counts, strict=True) if count >= RARE * len(real)}
        wanted += len(often)
        found += len(often & {tuple(pair) for pair in other[:, [one, two]].tolist()})
    return found / wanted if wanted else 1.0

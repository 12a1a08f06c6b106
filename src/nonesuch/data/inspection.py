"""What is in a pack before anything is trained on it: sides, what fitting did, refusals by kind, balance of classes."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nonesuch.data.items import Reject
from nonesuch.data.pack import Column, Pack

SPLITS = ("train", "val", "test")
OFTEN = 3


@dataclass(frozen=True, slots=True)
class Sides:
    """Heights and widths as they were found. often: the commonest (height, width, pictures); kinds: how many pairs."""

    smallest: tuple[int, int]
    largest: tuple[int, int]
    typical: tuple[int, int]
    often: tuple[tuple[int, int, int], ...]
    kinds: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting did: how many pictures grew, shrank, stayed, and were cropped, padded or distorted (`changed`).

    largest: the most that a side grew. shrunk_to: the median share that is left of a side. typical, most: of what
    `Fitting.cost` measures, over the changed ones. All three 0 where there are none.
    """

    enlarged: int
    shrunk: int
    kept: int
    largest: float
    shrunk_to: float
    changed: int
    typical: float
    most: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Pictures that were refused for one kind of reason: reasons that differ in a number only are one."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class: its number in the column, and its pictures in all and in each split. off: it is left out."""

    name: str
    code: int
    count: int
    train: int
    val: int
    test: int
    off: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """The classes of a column, in its order, and how many pictures have none."""

    column: str
    classes: tuple[ClassLine, ...]
    unlabelled: int

    def absent(self) -> dict[str, list[str]]:
        """For each split the classes that do not occur in it, where there are any."""
        found = {
            name: [line.name for line in self.classes if getattr(line, name) == 0 and not line.off] for name in SPLITS
        }
        return {name: names for name, names in found.items() if names}


def sides(pack: Pack) -> Sides:
    """Of a pack of at least one picture."""
    # np.unique would do it, and load numpy.ma for that: a tenth of the whole command.
    codes = np.sort(pack.sides[:, 0].astype(np.int64) << 16 | pack.sides[:, 1])
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    found, counts = np.stack([codes[first] >> 16, codes[first] & 0xFFFF], 1), np.diff(first, append=len(codes))
    area = pack.sides.prod(1, dtype=np.int64)
    order = np.argsort(-counts, kind="stable")[:OFTEN]
    often = tuple((int(found[place, 0]), int(found[place, 1]), int(counts[place])) for place in order)
    typical = np.median(pack.sides, 0)
    return Sides(_pair(pack.sides[area.argmin()]), _pair(pack.sides[area.argmax()]), _pair(typical), often, len(found))


def _pair(values: npt.NDArray[np.generic]) -> tuple[int, int]:
    height, width = (round(float(value)) for value in values.tolist())
    return height, width


def fitted(pack: Pack) -> Fitted:
    """What was done to the pictures of a pack."""
    scale, cost = pack.fitting.scale, pack.fitting.cost
    larger, smaller = scale > 1, scale < 1
    changed = cost > (1 if pack.spec.fit == "stretch" else 0)
    return Fitted(
        enlarged=int(larger.sum()),
        shrunk=int(smaller.sum()),
        kept=int((scale == 1).sum()),
        largest=float(scale.max()) if larger.any() else 0.0,
        shrunk_to=float(np.median(scale[smaller])) if smaller.any() else 0.0,
        changed=int(changed.sum()),
        typical=float(np.median(cost[changed])) if changed.any() else 0.0,
        most=float(cost.max()) if changed.any() else 0.0,
    )


def refusals(rejects: Collection[Reject]) -> list[Refusal]:
    """The kinds of reasons, commonest first."""
    counts = Counter(_kind(reject.reason) for reject in rejects)
    examples: dict[str, Reject] = {}
    for reject in rejects:
        examples.setdefault(_kind(reject.reason), reject)
    return [
        Refusal(examples[kind].reason if count == 1 else kind, count, examples[kind].name)
        for kind, count in counts.most_common()
    ]


def _kind(reason: str) -> str:
    return re.sub(r"\b\d+\b", "N", reason)


def balance(name: str, column: Column, split: npt.NDArray[np.uint8], off: Collection[str] = ()) -> Balance:
    """How the pictures are spread over the classes of a column, and the classes over a split, uint8 (N,)."""
    many = len(column.classes)
    there = column.codes >= 0
    parts = [np.bincount(column.codes[there & (split == code)], minlength=many) for code in range(len(SPLITS))]
    lines = []
    for code, label in enumerate(column.classes):
        train, val, test = (int(part[code]) for part in parts)
        lines.append(ClassLine(label, code, train + val + test, train, val, test, label in off))
    return Balance(name, tuple(lines), int((~there).sum()))

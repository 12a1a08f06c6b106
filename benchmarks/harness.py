"""Statistics and printing shared by the benchmarks: order of turns, medians, paired ratios, tables, the results file.

Readings on a shared machine move by a quarter within seconds, so contenders take turns (A B C, B C A, C A B, ...)
and a ratio is the median of the ratios *within* a round, never a quotient of figures from different minutes.
"""

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

Readings = dict[str, list[float]]
CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile")


class Ratio(NamedTuple):
    """Median, smallest and largest of the ratios within each round."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about a ratio or a figure: `name` has to be at least, or at most, `bound`."""

    name: str
    found: float
    bound: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return bool(self.found >= self.bound if self.at_least else self.found <= self.bound)  # numpy's own is no JSON

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{'met   ' if self.met else 'MISSED'}  {self.name}: {self.found:.3g} ({sign} {self.bound:g} wanted)"


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """Order of round `turn`: each round starts one contender later, so nobody always runs after the same neighbour."""
    start = turn % len(names) if names else 0
    return [*names[start:], *names[:start]]


def median(values: Sequence[float]) -> float:
    """Median of at least one reading."""
    return statistics.median(values)


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Ratio of two contenders over the rounds both took part in; raises ValueError when there is none."""
    ratios = [a / b for a, b in zip(above, below, strict=False)]
    if not ratios:
        raise ValueError("no round holds readings of both contenders")
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def best_by_median(
    readings: Mapping[str, Sequence[float]], names: Sequence[str], *, largest: bool = True
) -> str | None:
    """The name among `names` with the largest (or smallest) median reading; None when none of them has one."""
    present = [name for name in names if readings.get(name)]
    if not present:
        return None
    return (max if largest else min)(present, key=lambda name: median(readings[name]))


def machine() -> dict[str, object]:
    """Facts that a figure means nothing without: processor, its matrix instructions, threads, versions."""
    model, flags = _processor()
    return {
        "cpu": model,
        "flags": [flag for flag in CPU_FLAGS if flag in flags],
        "threads": threads(),
        "python": platform.python_version(),
        "torch": _version("torch"),
        "nonesuch": _version("nonesuch"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def threads() -> int:
    """Cores this process may use; every contender gets as many threads."""
    return len(os.sched_getaffinity(0))


def print_machine(facts: Mapping[str, object]) -> None:
    """One line: the machine and the versions."""
    print("machine: " + ", ".join(f"{key} {_plain(value)}" for key, value in facts.items()), flush=True)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns: the first to the left, the others to the right, a free-text last one to the left again."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:-1], widths[1:-1], strict=True))]
        print("  ".join([*cells, row[-1]]).rstrip())
    print(flush=True)


def print_targets(targets: Sequence[Target]) -> None:
    """One line a promise, met or missed."""
    for target in targets:
        print(target)
    print(flush=True)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """All readings in the order taken."""
    return " ".join(f"{value:.{digits}f}" for value in values)


def write_results(
    path: Path, name: str, facts: Mapping[str, object], figures: object, targets: Sequence[Target]
) -> None:
    """Write one benchmark's figures as JSON, atomically, beside the others of the same folder."""
    path.mkdir(parents=True, exist_ok=True)
    judged = [
        {"name": t.name, "found": t.found, "bound": t.bound, "at_least": t.at_least, "met": t.met} for t in targets
    ]
    text = json.dumps({"benchmark": name, "machine": facts, "figures": figures, "targets": judged}, indent=1)
    beside = path / f".{name}.json.{os.getpid()}"
    beside.write_text(text + "\n")
    beside.replace(path / f"{name}.json")
    print(f"written: {path / name}.json", flush=True)


def _processor() -> tuple[str, set[str]]:
    """Model name and flags from Linux's cpuinfo; elsewhere what Python knows, without flags."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine(), set()
    fields: dict[str, str] = {}
    for line in cpuinfo.read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    return fields.get("model name", platform.machine()), set(fields.get("flags", "").split())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)

"""Contenders as child processes: resident ones that work in turns, and whole runs timed from start to end.

Every child leads its own session, so that stopping it (at the end, at a time limit, or when the benchmark is
interrupted) also stops its workers, and nothing else.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SAMPLE_SECONDS = 0.1


class ContenderError(Exception):
    """A contender ended early, said something unreadable, or ran out of time; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a resident contender did in one turn: images (or GFLOP), seconds, and its peak memory so far."""

    amount: float
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


@dataclass(frozen=True, slots=True)
class Run:
    """A whole process from start to exit: wall seconds, peak memory of its process tree, its JSON lines."""

    seconds: float
    peak_rss_mb: float
    peak_pss_mb: float
    lines: list[dict[str, Any]]


class Resident:
    """A contender that stays alive and works only when told to; see contenders/turns.py for its side."""

    def __init__(self, name: str, command: Sequence[str], threads: int) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the child
        self._child = _start(command, threads, stdin=subprocess.PIPE, stderr=self._errors)
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def first_step(self, limit: float) -> float:
        """Seconds from the start of the process to the end of its first step."""
        return float(self._expect("first_step", limit)["seconds"])

    def turn(self, seconds: float, limit: float) -> Turn:
        """Let it work for at least `seconds`; it stops at the end of the step in which they are over."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(f"{seconds}\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise ContenderError(f"{self.name} had already ended: {self._last_words()}") from None
        said = self._expect("turn", limit)
        return Turn(float(said["amount"]), float(said["seconds"]), float(said["peak_mb"]))

    def stop(self) -> None:
        """End the child and all its workers."""
        _end(self._child)
        self._listener.join()
        _close(self._child)
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _expect(self, kind: str, limit: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=limit)
        except queue.Empty:
            raise ContenderError(f"{self.name}: no {kind} within {limit:.0f} s: {self._last_words()}") from None
        if not line:
            raise ContenderError(f"{self.name} ended before its {kind}: {self._last_words()}")
        said: dict[str, Any] = json.loads(line)
        if said.get("kind") != kind:
            raise ContenderError(f"{self.name} said {line.strip()} where {kind} was due")
        return said

    def _last_words(self) -> str:
        self._errors.seek(0)
        return " | ".join(self._errors.read().strip().splitlines()[-4:]) or "(nothing on stderr)"


def end_tidily_on_sigterm() -> None:
    """Let SIGTERM raise SystemExit in the main thread, so that contenders are stopped by the usual clean-up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def run(command: Sequence[str], threads: int, limit: float, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end; its stdout holds JSON lines (others are passed over). Raises ContenderError."""
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        child = _start(command, threads, stdout=output, stderr=errors, environment=environment)
        with contextlib.closing(_TreeMemory(child.pid)) as memory:
            try:
                code = child.wait(limit)
                seconds = time.perf_counter() - started
            except subprocess.TimeoutExpired:
                raise ContenderError(f"no end within {limit:.0f} s: {' '.join(command)}") from None
            finally:
                _end(child)
        errors.seek(0)
        if code:
            raise ContenderError(
                f"exit code {code}: {' '.join(command)}: {' | '.join(errors.read().splitlines()[-4:])}"
            )
        output.seek(0)
        lines = [json.loads(line) for line in output if line.startswith("{")]
    return Run(seconds, memory.peak_rss_mb, memory.peak_pss_mb, lines)


def seconds_until(
    command: Sequence[str],
    threads: int,
    wanted: Callable[[str], bool],
    limit: float,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Seconds from the start of a process to the first stdout line that `wanted` accepts; the process is then ended."""
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        child = _start(command, threads, stderr=errors, environment=environment)
        alarm = threading.Timer(limit, _end, [child])
        alarm.start()
        assert child.stdout is not None
        try:
            for line in child.stdout:
                if wanted(line):
                    return time.perf_counter() - started
        finally:
            alarm.cancel()
            _end(child)
            _close(child)
        errors.seek(0)
        raise ContenderError(f"the line waited for never came: {' '.join(command)}: {errors.read()[-300:].strip()}")


def _start(
    command: Sequence[str],
    threads: int,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: Any = subprocess.PIPE,
    stderr: Any,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    env = dict(os.environ) | {"OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"} | dict(environment or {})
    env["BENCHMARK_STARTED"] = repr(time.time())
    return subprocess.Popen(
        list(command), stdin=stdin, stdout=stdout, stderr=stderr, text=True, env=env, start_new_session=True
    )


def _end(child: subprocess.Popen[str]) -> None:
    """Kill the child's own session, whatever is left of it, and reap the child."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _close(child: subprocess.Popen[str]) -> None:
    """Close our ends of the pipes; what was still unsent to a dead child is dropped."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


class _TreeMemory:
    """Samples the memory of a process and all its descendants; RSS counts shared pages once a process, PSS once."""

    def __init__(self, root: int) -> None:
        self.peak_rss_mb = 0.0
        self.peak_pss_mb = 0.0
        self._root = root
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            sizes = [_memory_mb(pid) for pid in _tree(self._root)]
            self.peak_rss_mb = max(self.peak_rss_mb, sum(rss for rss, _ in sizes))
            self.peak_pss_mb = max(self.peak_pss_mb, sum(pss for _, pss in sizes))


def _tree(root: int) -> Iterator[int]:
    yield root
    for listing in Path(f"/proc/{root}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in listing.read_text().split():
                yield from _tree(int(child))


def _memory_mb(pid: int) -> tuple[float, float]:
    """Resident and proportional size in MB (10^6 bytes); zeros for a process that has just ended."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0.0, 0.0
    kilobytes = {row.split(":")[0]: int(row.split()[1]) for row in rows}
    return kilobytes.get("Rss", 0) * 1024 / 1e6, kilobytes.get("Pss", 0) * 1024 / 1e6

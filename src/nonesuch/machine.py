"""What this machine is and how it computes best: found by a probe of at most a second, never guessed.

The only file that asks for CUDA or MPS.
"""

import ctypes
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

Precision = Literal["32-true", "bf16-mixed"]
Device = Literal["cpu", "cuda", "mps"]

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # names of mallopt(3), from malloc.h

PROBE = 2
"""Version of the probe: an answer by an older one is not used."""

_WORTH = 1.1
"""A faster setting must win by this factor, so that noise does not flip the choice from run to run."""


@dataclass(frozen=True)
class Machine:
    """How to compute here. `readings` holds the probe's figures: milliseconds of one training step a setting."""

    name: str
    device: Device
    precision: Precision
    channels_last: bool
    threads: int
    readings: dict[str, float]

    def words(self) -> str:
        """One line for a person."""
        layout = "channels last" if self.channels_last else "channels first"
        return f"{self.name} · {self.device} · {self.threads} threads · {self.precision} · {layout}"


def usable_processors() -> set[int]:
    """Numbers of the processors this process may run on: what the scheduler allows, not what the box holds."""
    try:
        return os.sched_getaffinity(0)
    except AttributeError:  # only Linux knows which processors a process may use
        return set(range(os.cpu_count() or 1))


def usable_threads() -> int:
    """How many processors this process may run on."""
    return len(usable_processors())


def on_cores(work: Callable[[Sequence[int]], None], parts: Sequence[int], most: int) -> None:
    """Deal the parts out to at most so many workers, and as torch has threads; each computes on one thread.

    For work in many short steps: torch's own threads wait for each other after every step, and where another program
    keeps a core busy each of these waits takes milliseconds. A worker never waits before its last part.
    """
    import torch

    usual = torch.get_num_threads()
    workers = max(1, min(usual, len(parts), most))

    def share(first: int) -> None:
        # OpenMP keeps this number by thread; torch notes the last one for threads that it has not met yet
        torch.set_num_threads(1)
        try:
            work(parts[first::workers])
        finally:
            torch.set_num_threads(usual)

    if workers == 1:
        share(0)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(share, range(workers)))


def processor() -> str:
    """The processor's name, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def probe(cache: Path | None = None) -> Machine:
    """Find out how to compute here; the answer is kept in `cache` and asked for again when the machine changes."""
    import torch

    device = best_device()
    key = f"probe {PROBE} {processor()} {device} {usable_threads()} {torch.__version__}"
    stored = cache / "machine.json" if cache else None
    if stored and stored.exists():
        try:
            found = json.loads(stored.read_text())
            if found["key"] == key:
                return Machine(**found["machine"])
        except (ValueError, KeyError, TypeError):
            pass  # a damaged cache is measured again
    machine = _measure(device) if device == "cpu" else _accelerator(device)
    if stored:
        stored.parent.mkdir(parents=True, exist_ok=True)
        beside = stored.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps({"key": key, "machine": asdict(machine)}, indent=1))
        beside.replace(stored)
    return machine


def best_device() -> Device:
    """CUDA, then Apple's MPS, then the processor."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _accelerator(device: Device) -> Machine:
    """On a GPU nothing needs a trial: bf16 pays where the chip has it, and channels last with it."""
    import torch

    cuda = device == "cuda"
    bf16 = cuda and torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name() if cuda else f"{processor()} GPU"
    return Machine(name, device, "bf16-mixed" if bf16 else "32-true", cuda, usable_threads(), {})


def _measure(device: Device) -> Machine:
    """Time one training step of a small conv net in each setting and keep the fastest."""
    import torch

    threads = torch.get_num_threads()
    # One thread: what a core gains from a setting is the same, and other programs disturb it far less.
    torch.set_num_threads(1)
    settings: list[tuple[Precision, bool]] = [("32-true", False), ("32-true", True), ("bf16-mixed", True)]
    readings: dict[str, float] = {}
    best, fastest = settings[0], float("inf")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for precision, channels_last in settings:
            milliseconds = 1e3 * _best_time(_trial_step(precision, channels_last), limit_seconds=0.3)
            readings[f"{precision}, channels {'last' if channels_last else 'first'}"] = round(milliseconds, 2)
            if milliseconds * _WORTH < fastest:
                best, fastest = (precision, channels_last), milliseconds
    torch.set_num_threads(threads)
    return Machine(processor(), device, best[0], best[1], usable_threads(), readings)


def _trial_step(precision: Precision, channels_last: bool) -> Callable[[], None]:
    """Forward and backward of conv, batch norm, LeakyReLU on 32 pictures of 32 channels and 16x16 pixels."""
    import torch
    from torch import nn

    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = nn.Sequential(_trial_block(), _trial_block()).to(memory_format=layout)  # type: ignore[call-overload]
    pictures = torch.randn(32, 32, 16, 16).to(memory_format=layout)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16-mixed"):
            loss = net(pictures).float().square().mean()
        loss.backward()

    return step


def _trial_block() -> "nn.Module":
    from torch import nn

    return nn.Sequential(nn.Conv2d(32, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.LeakyReLU(0.2))


def _best_time(step: Callable[[], None], limit_seconds: float) -> float:
    """Seconds of the quickest of up to 12 calls. A first call past the limit ends it: slow emulation shows at once."""
    step()
    end = time.perf_counter() + limit_seconds
    best = float("inf")
    for _ in range(12):
        before = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - before)
        if time.perf_counter() > end:
            break
    return best


def keep_memory() -> bool:
    """Ask the C library to keep freed memory instead of handing it back to the system after every layer.

    Activations are freed and wanted again at each step; with glibc's defaults their pages are mapped anew each time,
    12 to 24 % of a CPU training step (see LOG). Returns False where there is no glibc: then nothing was changed.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 64 << 20))
    accepted = [mallopt(name, value) == 1 for name, value in settings]
    return all(accepted)

"""Drawing: pictures a second of a DCGAN-size generator at 64 px, and the time to the first one from a cold command.

python benchmarks/sampling.py [--rounds 9]

"eager" is the generator as plain torch runs it in float32, in evaluation mode, without gradients. "nonesuch" is the
same weights as `sample` draws them: float32, norms folded in, channels last; "fast" is `sample --fast`, in bf16.
A grid of 64 and one picture at a time, in turns. The cold command is `nonesuch sample RUN --count 1` against
`python -c "import torch"`, in turns too.
"""

import argparse
import copy
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import numpy as np
import torch
from harness import Target

import nonesuch as ns
from nonesuch.evaluation.sampling import drawing
from nonesuch.models.gan import Generator

SIZE, GRID = 64, 64
WANTED, COLD_WANTED = 2.5, 1.5
UNTIMED = 3


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    folder = settings.out / "runs" / f"sampling-{int(time.time())}"
    chosen = {"train.batch": "16", "data.test_share": "0.001", "data.val_share": "0"}
    recipe = ns.plan("pixelfolk", kind="gan", net="classic", size=SIZE, images=32, label="none", settings=chosen)
    run = ns.train(recipe, folder)
    generator = run.net
    assert isinstance(generator, Generator)
    figures: dict[str, object] = {}
    targets = []
    for batch in (GRID, 1):
        rates = drawn(generator, batch, settings.rounds)
        print(f"\n{SIZE} px, {batch} at a time, pictures/s, median of {settings.rounds} turns")
        for name, values in rates.items():
            print(f"  {name:<9}{np.median(values):8.1f}   ({min(values):.1f} to {max(values):.1f})")
        figures[str(batch)] = rates
        ratio = harness.paired_ratio(rates["fast"], rates["eager"]).median
        targets.append(Target(f"{batch} at a time: fast over eager, pictures/s", ratio, WANTED))
    times = cold(folder, settings.rounds)
    print("\ncold, seconds: " + "; ".join(f"{name} {harness.spread(values, 2)}" for name, values in times.items()))
    figures["cold"] = times
    ratio = harness.paired_ratio(times["sample"], times["torch"]).median
    targets.append(Target("first picture of a cold command over import torch", ratio, COLD_WANTED, at_least=False))
    harness.print_targets(targets)
    harness.write_results(settings.out, "sampling", facts, figures, targets)
    return 0


def drawn(generator: Generator, batch: int, rounds: int) -> harness.Readings:
    """Pictures a second from z already there, of each contender in each round."""
    z = torch.randn(batch, generator.latent, generator=torch.Generator().manual_seed(0))
    plain = copy.deepcopy(generator).to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    exact, quick = drawing(generator, "32-true"), drawing(generator, "bf16-mixed")
    contenders: dict[str, Callable[[], torch.Tensor]] = {
        "eager": lambda: plain(z),
        "nonesuch": lambda: exact(z),
        "fast": lambda: quick(z.bfloat16()).float(),
    }
    steps = 1 if batch > 1 else 20
    rates: harness.Readings = {name: [] for name in contenders}
    with torch.inference_mode():
        for call in contenders.values():
            for _ in range(UNTIMED):
                call()
        for number in range(rounds):
            for name in harness.rotated(list(contenders), number):
                started = time.perf_counter()
                for _ in range(steps):
                    contenders[name]()
                rates[name].append(batch * steps / (time.perf_counter() - started))
    return rates


def cold(folder: Path, rounds: int) -> harness.Readings:
    """Wall-clock seconds of whole commands."""
    commands = {
        "sample": [sys.executable, "-m", "nonesuch", "sample", str(folder), "--count", "1", "--out", f"{folder}/one"],
        "torch": [sys.executable, "-c", "import torch"],
    }
    times: harness.Readings = {name: [] for name in commands}
    for number in range(rounds):
        for name in harness.rotated(list(commands), number):
            started = time.perf_counter()
            subprocess.run(commands[name], check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    return times


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

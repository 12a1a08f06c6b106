"""Images a second of a whole GAN step, both nets: nonesuch, the DCGAN script of pytorch/examples, a bare bf16 loop.

python benchmarks/gan_step.py [--sizes 32 64] [--rounds 5] [--seconds 4]

All of them train on the embedded pixel people in colour, batch 64, in one process and in turns, whose order changes
from round to round. "script" is contenders/dcgan_script.py. "hand" is the same step as a careful person writes it:
pictures in memory, channels_last, bf16 where the machine computes in it, the critic frozen for the generator.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import numpy as np
import torch
from contenders import half
from contenders.dcgan_script import BATCH, LATENT, DcganScript, nets
from harness import Readings, Target
from torch import Tensor
from torch.nn import functional as F

import nonesuch as ns
from nonesuch.assembly import Parts, assemble, engine
from nonesuch.pixels import to_signed
from nonesuch.training import loop

WANTED = {32: 1.6, 64: 2.0}
MODERN_WANTED, HAND_WANTED = 2.5, 0.97
Step = Callable[[], None]


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    figures, targets = {}, []
    for size in settings.sizes:
        rates = measure(size, settings.rounds, settings.seconds)
        figures[str(size)] = rates
        print(f"\n{size} px, batch {BATCH}, images/s, median of {settings.rounds} turns")
        for name, values in rates.items():
            print(f"  {name:<16}{np.median(values):8.0f}   ({min(values):.0f} to {max(values):.0f})")
        targets += judge(size, rates)
    harness.print_targets(targets)
    harness.write_results(settings.out, "gan_step", facts, figures, targets)
    return 0


def measure(size: int, rounds: int, seconds: float) -> Readings:
    """Images a second of each contender in each round."""
    pictures, threads = _pictures(size), torch.get_num_threads()
    contenders = {
        "script": DcganScript(pictures).step,
        "hand": hand(pictures),
        "classic": through_nonesuch("classic", size),
        "modern": through_nonesuch("modern", size),
    }
    rates: Readings = {name: [] for name in contenders}
    for step in contenders.values():
        for _ in range(3):
            step()
    for number in range(rounds):
        for name in harness.rotated(list(contenders), number):
            torch.set_num_threads(threads)
            started, steps = time.perf_counter(), 0
            while time.perf_counter() - started < seconds:
                contenders[name]()
                steps += 1
            rates[name].append(BATCH * steps / (time.perf_counter() - started))
    return rates


def _pictures(size: int) -> Tensor:
    """The training pictures, uint8 (N, 3, size, size)."""
    pack = ns.open_data("pixelfolk", size)
    return torch.from_numpy(np.array(pack.pixels)).permute(0, 3, 1, 2)


def through_nonesuch(net: str, size: int) -> Step:
    """One step of THE loop for each call, by the net's own preset, unconditional."""
    recipe = ns.plan(
        "pixelfolk", kind="gan", net=net, size=size, images=10**9, label="none", settings={"train.batch": str(BATCH)}
    )
    parts: Parts = assemble(recipe, engine(recipe.machine))
    events = loop.fit(parts.objective, parts.pace, parts.engine, parts.average)

    def step() -> None:
        next(events)

    return step


def hand(pictures: Tensor) -> Step:
    """The same step, written for a CPU, in bf16 where that is faster."""
    built = nets(pictures).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    critic, generator = (
        torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999), fused=True) for net in (built.critic, built.generator)
    )
    packed = pictures.contiguous(memory_format=torch.channels_last)

    def step() -> None:
        real = to_signed(packed[torch.randint(len(packed), (BATCH,))])
        with half.autocast():
            fake = built.generator(torch.randn(BATCH, LATENT)).float()
            lost = F.softplus(-built.critic(real)).mean() + F.softplus(built.critic(fake.detach())).mean()
        lost.backward()
        critic.step()
        critic.zero_grad()
        built.critic.requires_grad_(False)
        with half.autocast():
            lost = F.softplus(-built.critic(fake)).mean()
        lost.backward()
        generator.step()
        generator.zero_grad()
        built.critic.requires_grad_(True)

    return step


def judge(size: int, rates: Readings) -> list[Target]:
    """Ratios within rounds, their median."""
    wanted = {
        ("classic", "script"): WANTED[size],
        ("classic", "hand"): HAND_WANTED,
        ("modern", "script"): MODERN_WANTED,
    }
    return [
        Target(f"{size} px: {one} over {other}, images/s", harness.paired_ratio(rates[one], rates[other]).median, least)
        for (one, other), least in wanted.items()
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", choices=list(WANTED), default=list(WANTED))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one turn")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""How much of the machine `fast` uses: its training step in GFLOP/s beside this machine's matrix products, in turns.

python benchmarks/fast_ceiling.py [--data cifar10.zip] [--rounds 7] [--seconds 6]

"nonesuch" is whole steps of THE loop with the net's own preset: batches, augmentation, loss, Muon. "convolutions" is
forward and backward of the net's convolutions alone, what any loop around them has to stay below. "gemm" is square
products in the same number format. A multiply-add counts as two, backward as two forwards.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import torch
from contenders import half
from harness import Readings, Target
from torch import nn

import nonesuch as ns
from nonesuch.assembly import assemble, engine
from nonesuch.lens.layers import layers
from nonesuch.models import catalog
from nonesuch.models.fast import Fast
from nonesuch.training import loop

SIDE = 2048
SHAPE = (3, 32, 32)
WANTED = 0.75


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    contenders = {"nonesuch": through_nonesuch(settings.data), "convolutions": convolutions(), "gemm": gemm()}
    rates: Readings = {name: [] for name in contenders}
    for work in contenders.values():
        work()
    for number in range(settings.rounds):
        for name in harness.rotated(list(contenders), number):
            started, done = time.perf_counter(), 0.0
            while time.perf_counter() - started < settings.seconds:
                done += contenders[name]()
            rates[name].append(done / (time.perf_counter() - started))
    for name, values in rates.items():
        print(f"{name:<14}{harness.median(values):8.0f} GFLOP/s   {harness.spread(values)}")
    share = harness.paired_ratio(rates["nonesuch"], rates["gemm"])
    print(f"share of the ceiling {share}; of the bare convolutions ", end="")
    print(harness.paired_ratio(rates["nonesuch"], rates["convolutions"]))
    targets = [Target("fast: share of the matrix-product ceiling", share.median, WANTED)]
    harness.print_targets(targets)
    harness.write_results(settings.out, "fast_ceiling", facts, {"unit": "GFLOP/s", "rates": rates}, targets)
    return 0


Work = Callable[[], float]
"""Does some, and says how many GFLOP it was."""


def through_nonesuch(data: str) -> Work:
    """One step of THE loop a call."""
    recipe = ns.plan(data, net="fast", images=10**9, settings={"train.augment.flip": "alternating"})
    parts = assemble(recipe, engine(recipe.machine))
    events = loop.fit(parts.objective, parts.pace, parts.engine, parts.average)
    # The whitening filters are fixed, so that nothing goes back through them.
    found = layers(parts.net, SHAPE)
    trained = sum(3 * layer.flops for layer in found if layer.name != "whitening")
    gflop = recipe.train.batch * (trained + sum(layer.flops for layer in found if layer.name == "whitening")) / 1e9

    def step() -> float:
        next(events)
        return gflop

    return step


def convolutions(batch: int = 1000) -> Work:
    """Each 3x3 convolution of `fast` on numbers of its own input's shape."""
    net = catalog.build("fast", SHAPE, 10, {})
    assert isinstance(net, Fast)
    sides = (31, 15, 15, 7, 7, 3)
    convs = [module for module in net.groups.modules() if isinstance(module, nn.Conv2d)]
    pairs, flop = [], 0.0
    for conv, side in zip(convs, sides, strict=True):
        conv.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        x = torch.randn(batch, conv.in_channels, side, side, dtype=torch.bfloat16 if half.faster() else torch.float32)
        pairs.append((conv, x.contiguous(memory_format=torch.channels_last).requires_grad_()))
        flop += 3 * 2 * batch * conv.weight.numel() * side * side

    def work() -> float:
        for conv, x in pairs:
            with half.autocast():
                y = conv(x)
            y.backward(y.detach())
            x.grad = conv.weight.grad = None
        return flop / 1e9

    return work


def gemm() -> Work:
    """One square product a call."""
    dtype = torch.bfloat16 if half.faster() else torch.float32
    left, right = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
    product = torch.empty(SIDE, SIDE, dtype=dtype)

    def work() -> float:
        torch.mm(left, right, out=product)
        return 2 * SIDE**3 / 1e9

    return work


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="cifar10", help="folder or zip of CIFAR-10's pictures (else found by name)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=6.0, help="of one turn")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

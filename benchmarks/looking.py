"""All activations of one picture at 32 px, beside a bare forward pass and Captum, in turns: milliseconds.

python benchmarks/looking.py [--rounds 30]

What a person waits for when moving over a picture. All get eager float32 nets of the catalogue in channels_last, in
evaluation mode, and all cores. Captum's LayerActivation is asked for the same layers.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import harness
import torch
from captum.attr import LayerActivation
from harness import Target
from torch import Tensor, nn

from nonesuch.lens.capture import activations
from nonesuch.models import catalog

NETS, SIDE, CLASSES = ("lecture", "fast"), 32, 10
MOST_MS = 50.0


def main() -> int:
    settings = _options()
    facts = harness.machine()
    harness.print_machine(facts)
    torch.set_num_threads(harness.threads())
    figures: dict[str, object] = {}
    targets: list[Target] = []
    image = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for name in NETS:
        net = catalog.build(name, (3, SIDE, SIDE), CLASSES, {}).to(memory_format=torch.channels_last).eval()
        calls = _contenders(net, image)
        times: harness.Readings = {contender: [] for contender in calls}
        for turn in range(settings.rounds):
            for contender in harness.rotated(list(calls), turn):
                started = time.perf_counter()
                calls[contender]()
                times[contender].append(1e3 * (time.perf_counter() - started))
        print(f"\n{name}, {SIDE}x{SIDE} colour, ms, median of {settings.rounds} turns")
        for contender, values in times.items():
            print(f"  {contender:<14}{harness.median(values):.2f}")
        figures[name] = times
        targets.append(
            Target(f"{name}: all activations, ms", harness.median(times["nonesuch"]), MOST_MS, at_least=False)
        )
    harness.print_targets(targets)
    harness.write_results(settings.out, "looking", facts, figures, targets)
    return 0


def _contenders(net: nn.Module, image: Tensor) -> dict[str, Callable[[], object]]:
    layers = [module for module in net.modules() if not any(module.children())]
    captum = LayerActivation(net, layers)

    def bare() -> None:
        with torch.no_grad():
            net(image[None])

    def theirs() -> None:
        with torch.no_grad():
            captum.attribute(image[None])

    return {"nonesuch": lambda: activations(net, image), "bare forward": bare, "Captum": theirs}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())

"""An image editor's kernel on a full-HD colour picture: milliseconds from bytes to bytes, in turns.

python benchmarks/kernels.py [--rounds 9] [--peers FOLDER]

uint8 (1080, 1920, 3) in, uint8 out, clipped, each channel by itself, all cores that a library takes by itself. "torch"
is the obvious call: float planes and a grouped conv2d. scipy, scikit-image and Pillow do it their own way; OpenCV's
filter2D is the one to be near. Processor time is printed beside the clock's: other programs hardly move it.
scikit-image and OpenCV are no dependency of nonesuch: they take part where they are installed, or lie in a folder named
by --peers (pip install --no-deps --target FOLDER opencv-python-headless scikit-image lazy-loader). All answers are
compared first: they have to be the same to one grey level.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import numpy as np
import torch
import torch.nn.functional as F
from harness import Target
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage, signal

from nonesuch.lens import sliding
from nonesuch.lens.kernels import Kernel

Bytes = NDArray[np.uint8]
Call = Callable[[Bytes], Bytes]
HEIGHT, WIDTH = 1080, 1920
FASTER, NEAR = 5.0, 3.0
SLOW = ("scipy.ndimage", "scipy.signal", "scikit-image", "Pillow")


def main() -> int:
    settings = _options()
    if settings.peers:
        sys.path.append(str(settings.peers))
    facts = harness.machine()
    harness.print_machine(facts)
    torch.set_num_threads(harness.threads())
    picture = _picture()
    figures: dict[str, object] = {}
    targets: list[Target] = []
    for side in (3, 5, 13):
        kernel = Kernel(_weights(side))
        calls = contenders(kernel)
        _agree(calls, picture, side // 2)
        times: harness.Readings = {name: [] for name in calls}
        spent: harness.Readings = {name: [] for name in calls}
        for turn in range(settings.rounds):
            for name in harness.rotated(list(calls), turn):
                started, busy = time.perf_counter(), time.process_time()
                calls[name](picture)
                times[name].append(1e3 * (time.perf_counter() - started))
                spent[name].append(1e3 * (time.process_time() - busy))
        print(
            f"\n{side}x{side}, {WIDTH}x{HEIGHT} colour: median ms of processor time on all cores, then ms of each turn"
        )
        for name, values in times.items():
            print(f"  {name:<14}{harness.median(spent[name]):8.1f}   {harness.spread(values, 1)}")
        figures[str(side)] = {"milliseconds": times, "processor_milliseconds": spent}
        if side <= 5:
            targets += _judged(side, times)
    harness.print_targets(targets)
    harness.write_results(settings.out, "kernels", facts, figures, targets)
    return 0


def _judged(side: int, times: harness.Readings) -> list[Target]:
    """Against every library that is there."""
    found = []
    for name in SLOW:
        if name in times:
            ratio = harness.paired_ratio(times[name], times["nonesuch"]).median
            found.append(Target(f"{side}x{side}: {name}'s time over ours", ratio, FASTER))
    if "OpenCV" in times:
        ratio = harness.paired_ratio(times["nonesuch"], times["OpenCV"]).median
        found.append(Target(f"{side}x{side}: our time over OpenCV's", ratio, NEAR, at_least=False))
    return found


def contenders(kernel: Kernel) -> dict[str, Call]:
    """Those that are installed, each from bytes to bytes with zeros around the picture where it can."""
    weights = kernel.weights.numpy()
    planes = kernel.weights.expand(3, 1, -1, -1).contiguous()

    def obvious(picture: Bytes) -> Bytes:
        images = torch.from_numpy(picture).permute(2, 0, 1).float()[None].contiguous()
        return _bytes(F.conv2d(images, planes, padding=kernel.side // 2, groups=3)[0].permute(1, 2, 0))

    def by_channel(call: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Call:
        def run(picture: Bytes) -> Bytes:
            channels = [call(picture[..., channel].astype(np.float32)) for channel in range(3)]
            return np.clip(np.stack(channels, -1), 0, 255).round().astype(np.uint8)

        return run

    found: dict[str, Call] = {
        "nonesuch": lambda picture: sliding.on_bytes(kernel, picture),
        "torch": obvious,
        "scipy.ndimage": by_channel(lambda plane: ndimage.correlate(plane, weights, mode="constant")),
        "scipy.signal": by_channel(lambda plane: signal.correlate2d(plane, weights, mode="same")),
    }
    if kernel.side <= 5:
        numbers = weights[::-1].flatten().tolist()  # Pillow begins with the lowest row
        filtering = ImageFilter.Kernel((kernel.side, kernel.side), numbers, scale=kernel.scale)
        found["Pillow"] = lambda picture: np.asarray(Image.fromarray(picture).filter(filtering))
    try:
        import cv2

        found["OpenCV"] = lambda picture: cv2.filter2D(picture, -1, weights, borderType=cv2.BORDER_CONSTANT)
    except ImportError:
        print("OpenCV is not installed: it takes no part")
    try:
        from skimage.filters import correlate_sparse

        found["scikit-image"] = by_channel(lambda plane: correlate_sparse(plane, weights, mode="constant"))
    except ImportError:
        print("scikit-image is not installed: it takes no part")
    return found


def _agree(calls: dict[str, Call], picture: Bytes, edge: int) -> None:
    """One grey level for roundings; the border is left out, where Pillow keeps the picture as it is."""
    inside = (slice(edge, -edge), slice(edge, -edge))
    wanted = calls["nonesuch"](picture)[inside].astype(int)
    for name, call in calls.items():
        off = int(np.abs(call(picture)[inside].astype(int) - wanted).max())
        if off > 1:
            raise RuntimeError(f"{name} gives another picture: {off} grey levels off")


def _weights(side: int) -> torch.Tensor:
    """Sharpening, and not separable, so that all compute the same products."""
    weights = torch.randn(side, side, generator=torch.Generator().manual_seed(0)) / side**2
    weights[side // 2, side // 2] += 1.0
    return weights


def _picture() -> Bytes:
    """Smooth shapes with some noise, as photos are; the same each time."""
    noise = np.random.default_rng(0)
    coarse = noise.integers(0, 256, (27, 48, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)).astype(np.int16)
    return np.clip(smooth + noise.integers(-8, 9, smooth.shape), 0, 255).astype(np.uint8)


def _bytes(values: torch.Tensor) -> Bytes:
    found: Bytes = values.clamp(0, 255).round().to(torch.uint8).numpy()
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""A folder of small JPEGs, from files to batches: nonesuch's pack against bare Pillow, fastai and torchvision.

python benchmarks/packing.py [--data cifar10.zip] [--images 50000] --peers-python build/peers-venv/bin/python

Without --data the JPEGs are drawn. Each contender is a whole process, in turns; the page cache is warm.
nonesuch starts with an empty cache ("pack"), then again with the full one ("start", "epoch").
"""

import argparse
import itertools
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import harness
import numpy as np
from harness import Readings, Target
from PIL import Image
from processes import ContenderError, Run, end_tidily_on_sigterm, run

HERE = Path(__file__).resolve().parent
LIMIT = 600.0
PEERS = {"fastai": "fastai_folder.py", "torchvision": "torchvision_folder.py"}


def main() -> int:
    settings = _options()
    end_tidily_on_sigterm()
    facts = harness.machine()
    harness.print_machine(facts)
    with tempfile.TemporaryDirectory(prefix="nonesuch-packing-") as name:
        folder = Path(name) / "pictures"
        count = unpack(settings.data, settings.images, folder) if settings.data else draw(settings.images, folder)
        print(f"{count} JPEGs of 32 x 32 in {len(list(folder.iterdir()))} folders", flush=True)
        readings, failed = measure(settings, folder, Path(name) / "cache")
    report(readings, failed)
    targets = judge(readings, count)
    harness.print_targets(targets)
    harness.write_results(settings.out, "packing", facts, {"images": count, "readings": readings}, targets)
    return 0


def measure(settings: argparse.Namespace, folder: Path, cache: Path) -> tuple[Readings, dict[str, str]]:
    """Every contender once a round. Names are `who what`; values seconds, but MB where the name ends so."""
    _warm(folder)
    readings: Readings = {}
    failed: dict[str, str] = {}
    names = ["pillow", "nonesuch", *(PEERS if settings.peers_python else [])]
    for turn in range(settings.rounds):
        for name in harness.rotated(names, turn):
            if name in failed:
                continue
            try:
                for key, value in _one(name, settings, folder, cache):
                    readings.setdefault(key, []).append(value)
            except ContenderError as reason:
                failed[name] = str(reason)
        print(f"round {turn + 1} of {settings.rounds}", file=sys.stderr, flush=True)
    return readings, failed


def _one(name: str, settings: argparse.Namespace, folder: Path, cache: Path) -> Iterator[tuple[str, float]]:
    if name != "nonesuch":
        script, python = ("pillow_two.py", sys.executable) if name == "pillow" else (PEERS[name], settings.peers_python)
        yield from _figures(name, run([str(python), _script(script), str(folder)], settings.threads, LIMIT))
        return
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, _script("nonesuch_pack.py"), str(folder)]
    for again in ("", " again"):
        done = run(command, settings.threads, LIMIT, {"NONESUCH_CACHE": str(cache)})
        yield from _figures(name + again, done)


def _figures(name: str, done: Run) -> Iterator[tuple[str, float]]:
    yield f"{name} process", done.seconds
    yield f"{name} RSS MB", done.peak_rss_mb
    yield f"{name} PSS MB", done.peak_pss_mb
    for line in done.lines:
        yield f"{name} {line['kind']}", float(line["seconds"])


def report(readings: Readings, failed: dict[str, str]) -> None:
    """All readings and their medians."""
    rows = [[name, f"{harness.median(values):.3f}", harness.spread(values, 3)] for name, values in readings.items()]
    print("seconds (MB in the rows that say so); all readings on the right")
    harness.print_table(["what", "median", "every round"], rows)
    for name, reason in failed.items():
        print(f"not measured: {name}: {reason}")


def judge(readings: Readings, count: int) -> list[Target]:
    """The promises for packing, memory, later starts and epochs, as far as this run could measure them."""
    found = []
    pack, epoch = readings.get("nonesuch process"), readings.get("nonesuch again epoch")
    if pack is None or epoch is None:
        return []
    pillow = harness.paired_ratio(pack, readings["pillow process"])
    found.append(Target("packing, seconds over two processes of Pillow", pillow.median, 1.0, at_least=False))
    if first := readings.get("fastai first"):
        found.append(
            Target(
                "fastai's first epoch over packing, inside the process",
                harness.paired_ratio(first, readings["nonesuch pack"]).median,
                5.0,
            )
        )
    if best := harness.best_by_median(readings, [f"{peer} epoch" for peer in PEERS], largest=False):
        ratio = harness.paired_ratio(readings[best], epoch)
        found.append(Target(f"an epoch of the best folder loader ({best}) over ours", ratio.median, 40.0))
    start = harness.median(readings["nonesuch again start"])
    found.append(Target(f"later start with {count} files, seconds", start, 0.3, at_least=False))
    memory = max(readings["nonesuch RSS MB"])
    found.append(Target("peak memory while packing, MB over all processes", memory, 600, at_least=False))
    return found


def unpack(archive: Path, wanted: int, folder: Path) -> int:
    """Unpack the first `wanted` pictures of a zip's train folder, evenly over its classes, as class/number.jpg."""
    with zipfile.ZipFile(archive) as opened:
        classes: dict[str, list[str]] = {}
        for name in sorted(opened.namelist()):
            if name.startswith("train/") and name.endswith(".jpg"):
                classes.setdefault(name.split("/")[1], []).append(name)
        in_turn = itertools.chain.from_iterable(zip(*classes.values(), strict=True))
        chosen = list(itertools.islice(in_turn, wanted))
        for name in chosen:
            place = folder / name.split("/")[1] / name.split("/")[2]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(opened.read(name))
    return len(chosen)


def draw(wanted: int, folder: Path) -> int:
    """JPEGs of about CIFAR's size: smooth random colours under a little noise, the same at every call."""
    generator = np.random.default_rng(0)
    for number in range(wanted):
        coarse = Image.fromarray(generator.integers(0, 256, (5, 5, 3), np.uint8)).resize((32, 32))
        noisy = np.asarray(coarse, np.int16) + generator.integers(-12, 13, (32, 32, 3))
        place = folder / str(number % 10) / f"{number:05d}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(place)
    return wanted


def _warm(folder: Path) -> None:
    """Read every file once, so that nobody pays for the first touch."""
    for file in folder.rglob("*.jpg"):
        file.read_bytes()


def _script(name: str) -> str:
    return str(HERE / "contenders" / name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="CIFAR-10 as a zip with train/CLASS/*.jpg; drawn pictures without it")
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--peers-python", type=Path, help="python of the contenders' own environment")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=harness.threads())
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench")
    settings = parser.parse_args()
    if settings.data and not settings.data.is_file():
        parser.error(f"no zip at {settings.data}; leave --data out to pack drawn pictures")
    return settings


if __name__ == "__main__":
    raise SystemExit(main())

"""Photos into latent space: how close the answers come on held-out faces whose attributes are known, and the seconds.

python benchmarks/inversion.py [--runs FOLDER] [--faces 200] [--steps 200] [--minutes 5]

Runs `pf-ae`, `pf-vae`, `pf-gan` (pixelfolk at its 16 px) and `pf-gan-32` (at 32 px, for the seconds) are opened in the
folder, or trained there first. For each: PSNR, unlikeness on our own features, and the share of all attributes that a
reader finds in the drawn picture as it does in the photo; for the encoder alone, refined from its answer, refined from
all starts, beside a random seed and the training picture nearest in pixels. Attributes of the reader itself: how often
it agrees with the labels. Seconds of one 32-px photo, all starts, without the encoder's training, median of 3.
"""

import argparse
import sys
import time
from pathlib import Path

import harness
import numpy as np
import torch
from harness import Target

from nonesuch import library
from nonesuch.evaluation.drawings import pictures_of
from nonesuch.evaluation.inversion import Closeness, Inverting, Places
from nonesuch.evaluation.run import Run
from nonesuch.measure import bootstrap
from nonesuch.measure.memorisation import nearest
from nonesuch.pixels import Picture
from nonesuch.reader import Reader
from nonesuch.recipe import Kind

KINDS: dict[str, Kind] = {"pf-ae": "ae", "pf-vae": "vae", "pf-gan": "gan"}
SECONDS = 10.0


def main() -> int:
    settings = _options()
    facts = harness.machine()
    harness.print_machine(facts)
    torch.set_num_threads(harness.threads())
    figures: dict[str, object] = {}
    targets: list[Target] = []
    reader: Reader | None = None
    for name, kind in KINDS.items():
        run = _opened(settings.runs / name, kind, settings.minutes, None)
        started = time.perf_counter()
        inverting = Inverting(run)
        print(f"\n{name}: ready after {time.perf_counter() - started:.0f} s")
        reader = reader or Reader(inverting.data, harness.threads())
        found = _measured(inverting, reader, settings.faces, settings.steps)
        figures[name] = found
        for better, worse in (("refined", "encoder"), ("refined", "nearest training picture")):
            gain = found[better]["psnr"] - found[worse]["psnr"]
            targets.append(Target(f"{name}: PSNR of {better} over {worse}, dB", gain, 0.0))
            more = found[better]["agree"] - found[worse]["agree"]
            targets.append(Target(f"{name}: attributes of {better} over {worse}", more, 0.0))
    run = _opened(settings.runs / "pf-gan-32", "gan", 1.0, 32)
    targets.append(_seconds(run, settings.steps, figures))
    harness.print_targets(targets)
    harness.write_results(settings.out, "inversion", facts, figures, targets)
    return 0


def _opened(path: Path, kind: Kind, minutes: float, size: int | None) -> Run:
    if (path / "report.json").exists():
        return library.open_run(path)
    print(f"training {path.name} for {minutes:g} minutes", flush=True)
    return library.train(library.plan("pixelfolk", kind=kind, minutes=minutes, size=size), path)


def _measured(inverting: Inverting, reader: Reader, faces: int, steps: int) -> dict[str, dict[str, float]]:
    """Mean figures of each way, printed with the 95 % interval of the mean over faces."""
    photos = pictures_of(inverting.data, "test", faces)
    truth = reader.read(photos)
    images = inverting.shown(photos)
    names, starts = inverting.starts(images, 0)
    encoded = Places(starts.z[:, 0], None if starts.classes is None else starts.classes[:, 0])
    first = Places(starts.z[:, :1], None if starts.classes is None else starts.classes[:, :1])
    one, _ = inverting.refine(images, first, steps)
    best, way = inverting.refine(images, starts, steps)
    training = inverting.data.pack.pixels[inverting.data.rows["train"]]
    drawn: dict[str, Picture] = {
        "random seed": inverting.draw(Places(starts.z[:, 2], encoded.classes)),
        "nearest training picture": training[nearest(photos, training)[0]],
        "encoder": inverting.draw(encoded),
        "refined from the encoder": inverting.draw(one),
        "refined": inverting.draw(best),
    }
    found, rows = {}, []
    for name, pictures in drawn.items():
        close: Closeness = inverting.close(photos, pictures)
        agree = (reader.read(pictures) == truth).mean(1)
        found[name] = {"psnr": float(close.psnr.mean()), "unlike": float(close.unlike.mean()), "agree": agree.mean()}
        cells = [_with_interval(np.asarray(values), digits) for values, digits in
                 ((close.psnr, 1), (close.unlike, 2), (agree, 3))]  # fmt: skip
        rows.append([name, *cells, ""])
    harness.print_table([f"{len(photos)} faces", "PSNR, dB", "unlikeness", "attributes alike", ""], rows)
    won = np.bincount(way.chosen.numpy(), minlength=len(names))
    print("starts that won: " + ", ".join(f"{name} {count}" for name, count in zip(names, won, strict=True)))
    accuracy = float(np.mean(reader.accuracy))
    print(f"the reader agrees with the labels of held-out faces in {accuracy:.1%} of all attributes", flush=True)
    return found


def _with_interval(values: np.ndarray, digits: int) -> str:
    span = bootstrap.interval(values, seed=0)
    return f"{values.mean():.{digits}f} ({span.low:.{digits}f} to {span.high:.{digits}f})"


def _seconds(run: Run, steps: int, figures: dict[str, object]) -> Target:
    """Of one photo, with the run open; the encoder's own training is timed apart."""
    (run.folder.path / "inverter.json").unlink(missing_ok=True)
    started = time.perf_counter()
    inverting = Inverting(run)
    training = time.perf_counter() - started
    photos = pictures_of(inverting.data, "test", 3)
    _ = inverting.judge  # made once a data set, like the encoder
    times = []
    for place in range(len(photos)):
        started = time.perf_counter()
        inverting.invert(photos[place : place + 1], steps)
        times.append(time.perf_counter() - started)
    print(f"{run.folder.path.name}: the encoder took {training:.0f} s, one photo {harness.spread(times, 1)} s")
    figures["seconds"] = {"encoder": training, "photo": times}
    return Target("seconds of one 32-px photo", harness.median(times), SECONDS, at_least=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parent.parent / "build"
    parser.add_argument("--runs", type=Path, default=here / "inversion-runs")
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=here / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

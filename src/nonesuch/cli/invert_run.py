"""`nonesuch invert`: where a photo lies in a run's latent space, how close the answers come, and a strip of the way."""

import json
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nonesuch.evaluation.inversion import Inversion, Inverting, Places, opened
from nonesuch.evaluation.run import Run
from nonesuch.library import open_run
from nonesuch.measure.strip import strip
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture, enlarge, gif_bytes, write_png
from nonesuch.runs import layout
from nonesuch.runs.atomic import write_bytes, write_json

ON_THE_WAY = (0.02, 0.1, 0.3)
"""Of the steps: the moments between the start and the end that the strip shows; most happens early."""
FRAMES, SPEED, HELD = 48, 12.0, 12
"""Of the film: frames on the way, frames a second, and how many times the last one is shown."""
SHOWN_SIDE = 128


def invert(root: Path, where: str, photo: Path, steps: int, seed: int, out: Path | None, as_json: bool) -> None:
    """Write z.json, strip.png and way.gif; print how close each answer is, beside what that means."""
    run = open_run(where, root)
    photos = opened(run, [photo])
    if isinstance(run.net, Generator) and not (run.folder.path / f"{layout.INVERTER}.json").exists():
        print("training this run's encoder, once; it is kept in the run folder", file=sys.stderr)
    inverting = Inverting(run)
    found = inverting.invert(photos, steps, seed)
    target = out or run.folder.path / "pictures" / f"invert-{photo.stem}"
    record = _record(run, photo, found)
    write_png(target / "strip.png", _strip(inverting, found))
    write_bytes(target / "way.gif", _film(inverting, found))
    write_json(target / "z.json", record)
    if as_json:
        print(json.dumps(record))
        return
    table = Table("", "PSNR, dB", "unlikeness", box=None, pad_edge=False)
    for name, close in found.close.items():
        table.add_row(name, f"{float(close.psnr[0]):.1f}", f"{float(close.unlike[0]):.3f}")
    Console(soft_wrap=True).print(table)
    told = _class(run, found.refined)
    print(f"refined from: {found.start[0]}" + (f", told the class {told}" if told else ""))
    print(f"{target / 'strip.png'}, way.gif, z.json")


def _record(run: Run, photo: Path, found: Inversion) -> dict[str, object]:
    """What z.json holds: both places, by name, and how close they are."""

    def place(places: Places) -> dict[str, object]:
        return {"z": places.z[0].tolist(), "class": _class(run, places)}

    close = {name: {"psnr": float(c.psnr[0]), "unlike": float(c.unlike[0])} for name, c in found.close.items()}
    return {
        "schema_version": 1, "run": run.folder.path.name, "images_seen": run.images_seen, "photo": photo.name,
        "steps": len(found.way.path) - 1, "start": found.start[0], "encoder": place(found.encoded),
        "refined": place(found.refined), "close": close,
    }  # fmt: skip


def _class(run: Run, places: Places) -> str | None:
    return None if places.classes is None else run.classes[int(places.classes[0])]


def _strip(inverting: Inverting, found: Inversion) -> Picture:
    """Photo, encoder's answer, the way, the refined answer, and the training picture nearest to the photo."""
    steps = len(found.way.path) - 1
    moments = sorted({round(share * steps) for share in ON_THE_WAY} - {0, steps})
    # The encoder's answer is the start of most ways; of another it is shown where that began.
    began = [] if found.start[0] == "encoder" else [0]
    on_the_way = _on_the_way(inverting, found, [*began, *moments])
    pictures = np.concatenate(
        [found.photos, inverting.draw(found.encoded), on_the_way, inverting.draw(found.refined), found.nearest]
    )
    names = [*(found.start[0] for _ in began), *(f"step {moment}" for moment in moments)]
    titles = ["photo", "encoder", *names, "refined", "nearest in training"]
    close = inverting.close(found.photos.repeat(len(pictures), 0), pictures).psnr
    return strip(pictures, titles, ["", *(f"{value:.1f} dB" for value in close[1:].tolist())])


def _film(inverting: Inverting, found: Inversion) -> bytes:
    """The photo on the left, and beside it the way from the start to the refined answer, which stays for a second."""
    steps = len(found.way.path) - 1
    moments = [round(steps * (frame / (FRAMES - 1)) ** 2) for frame in range(FRAMES)]
    way = np.concatenate([_on_the_way(inverting, found, moments), inverting.draw(found.refined).repeat(HELD, 0)])
    both = np.concatenate([found.photos.repeat(len(way), 0), way], axis=2)
    return gif_bytes(enlarge(both, max(1, SHOWN_SIDE // max(way.shape[1:3]))), SPEED)


def _on_the_way(inverting: Inverting, found: Inversion, moments: list[int]) -> Picture:
    """Pictures at some steps of the chosen way."""
    classes = found.refined.classes
    told = None if classes is None else classes.expand(len(moments))
    return inverting.draw(Places(found.way.path[moments, 0], told))

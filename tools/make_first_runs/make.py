"""Makes src/nonesuch/studio/first_runs.zip: three small finished runs on pixelfolk, for a studio that has none.

    python tools/make_first_runs/make.py [--folder build/first-runs]

Trains a CNN, a VAE and a GAN with narrow nets (some minutes on two cores; runs that are there already are taken as they
are), then leaves out what only further training needs: optimizer states, older snapshots and previews, most moments of
the history and most logged steps. Weights are rounded to half precision and so take half the room in the archive.
"""

import argparse
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

import nonesuch as ns
from nonesuch.recipe import Kind, Recipe
from nonesuch.runs import checkpoint, history, layout
from nonesuch.runs.store import Store
from nonesuch.runs.thinning import thinned

ROOT = Path(__file__).parents[2]
OUT = ROOT / "src" / "nonesuch" / "studio" / "first_runs.zip"
MOMENTS = 4
"""Of the history that stay, the first and the last among them."""
PREVIEWS = 3
STEPS = 120
WISHES: dict[Kind, tuple[int, dict[str, str]]] = {
    "cnn": (80_000, {"net.options.widths": "[16,16,16]", "net.options.dense": "48"}),
    "vae": (250_000, {"net.options.widths": "[16,32]", "net.options.hidden": "64", "net.options.latent": "16"}),
    "gan": (250_000, {"net.options.width": "24", "net.options.critic_width": "24", "net.options.most": "96"}),
}


def planned(kind: Kind) -> Recipe:
    """The recipe of one of the three."""
    images, settings = WISHES[kind]
    return ns.plan("pixelfolk", images=images, settings=settings, kind=kind)


def trained(store: Store, kind: Kind) -> Path:
    """The run of this kind in `store`, trained if it is not there."""
    for summary in store.list():
        if f"-{kind}-" in summary.id:
            return store.get(summary.id).path
    recipe = planned(kind)
    folder = store.create_new(kind, "pixelfolk").path
    ns.train(recipe, folder)
    return folder


def slim(run: Path) -> None:
    """Take away what a finished run can be looked at without."""
    newest = checkpoint.latest(run)
    assert newest is not None
    rounded = {name: history.halved(group) for name, group in newest.tensors.items() if name != "optimizer"}
    full = {
        name: {key: half.to(newest.tensors[name][key].dtype) for key, half in group.items()}
        for name, group in rounded.items()
    }
    state = {key: value for key, value in newest.state.items() if key != "optimizer"} | {"log_offset": 0}
    shutil.rmtree(run / layout.SNAPSHOTS)
    checkpoint.save(run, newest.images_seen, full, state)
    thin(layout.history(run), MOMENTS, run / layout.HISTORY, ".safetensors")
    thin(layout.previews(run), PREVIEWS, run / layout.PREVIEWS, ".png")
    events = thinned(run, STEPS).events
    for event in events:
        if event["kind"] == "finished":
            event["run"] = run.name  # where it was made is nobody's business
    (run / layout.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in events))


def thin(moments: list[int], most: int, folder: Path, ending: str) -> None:
    """Keep so many files of these moments, evenly spread over the list."""
    kept = {moments[round(place)] for place in np.linspace(0, len(moments) - 1, min(most, len(moments)))}
    for moment in set(moments) - kept:
        (folder / f"{layout.images_name(moment)}{ending}").unlink()


def archive(runs: list[Path]) -> bytes:
    """The runs in one zip, the same bytes for the same files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as into:
        for run in runs:
            for file in sorted(run.rglob("*")):
                if file.is_file() and file.suffix != ".lock" and not file.name.startswith("trainer"):
                    name = zipfile.ZipInfo(f"{run.name}/{file.relative_to(run).as_posix()}", (2026, 1, 1, 0, 0, 0))
                    name.compress_type = zipfile.ZIP_DEFLATED
                    into.writestr(name, file.read_bytes())
    return written.getvalue()


def main() -> None:
    """Train, slim copies, pack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "first-runs")
    folder = parser.parse_args().folder
    slimmed = folder / "slim"
    shutil.rmtree(slimmed, ignore_errors=True)
    runs = []
    for kind in WISHES:
        run = trained(Store(folder / "runs"), kind)
        runs.append(Path(shutil.copytree(run, slimmed / run.name)))
        slim(runs[-1])
    OUT.write_bytes(archive(runs))
    print(f"{OUT}: {OUT.stat().st_size / 1e6:.2f} MB")
    for run in runs:
        print(run.name, sum(file.stat().st_size for file in run.rglob("*") if file.is_file()) / 1e6, "MB unpacked")


if __name__ == "__main__":
    main()

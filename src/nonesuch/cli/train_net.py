"""`nonesuch train` and `nonesuch demo`: a wish becomes a recipe, its events become a progress line."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from nonesuch import library
from nonesuch.cli.bars import packing_bar
from nonesuch.cli.progress import Progress
from nonesuch.errors import RecipeError
from nonesuch.recipe import Kind, Recipe, change, from_record
from nonesuch.runs import control
from nonesuch.runs.store import RunFolder, open_or_create
from nonesuch.signals import EXIT_CODES, heard
from nonesuch.training.events import Event, Finished, Stopped
from nonesuch.training.wishes import Stop


@dataclass(frozen=True)
class Wish:
    """What a person typed after `nonesuch train`."""

    kind: Kind
    where: str
    net: str | None = None
    size: int | tuple[int, int] | None = None
    channels: int | None = None
    fit: str = "crop"
    label: str | None = None
    minutes: float | None = None
    images: int | None = None
    seed: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    runs: Path = Path("runs")
    run: Path | None = None


def run(wish: Wish, as_json: bool, tensorboard: Path | None = None) -> int:
    """Train as wished, or go on with the run in `--run`. Returns the exit code."""
    folder, recipe = _prepare(wish)
    return follow(recipe, folder, as_json, tensorboard)


def follow(recipe: Recipe, folder: RunFolder, as_json: bool, tensorboard: Path | None = None) -> int:
    """Train, show progress on stderr and, for machines, events on stdout."""
    from nonesuch.session import fit

    if recipe.machine.processes > 1 and "--run" not in sys.argv:
        sys.argv += ["--run", str(folder.path)]  # the other processes are started with this same command
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return _work_silently(recipe, folder)
    code = 0
    control.begin(folder.path)
    with _board(tensorboard) as log, heard() as asked, Progress(recipe, folder.path) as progress:
        for event in fit(recipe, folder.path, lambda: [Stop(reason=name)] if (name := asked()) else []):
            progress.show(event)
            log(event)
            if as_json:
                print(json.dumps(_for_machines(event), allow_nan=False), flush=True)
            if isinstance(event, Stopped):
                code = EXIT_CODES.get(event.reason, 0)
    return code


def _board(folder: Path | None) -> AbstractContextManager[Callable[[Event], None]]:
    """The TensorBoard log, or nothing where none is wished for."""
    if folder is None:
        return nullcontext(lambda _: None)
    from nonesuch.cli.tensorboard import board

    return board(folder)


def _work_silently(recipe: Recipe, folder: RunFolder) -> int:
    """What the second and further processes of a run do."""
    from nonesuch.session import fit

    for _ in fit(recipe, folder.path):
        pass
    return 0


def _for_machines(event: Event) -> dict[str, object]:
    """An event as JSON; `finished` carries its figures at the top too, where scripts look for `accuracy`."""
    record: dict[str, object] = event.model_dump()
    return {**record, **event.figures} if isinstance(event, Finished) else record


def _prepare(wish: Wish) -> tuple[RunFolder, Recipe]:
    """The run folder and its recipe: the stored one when the run exists, else a new one from the wish."""
    if wish.run is not None and (wish.run / "recipe.json").exists():
        folder = open_or_create(wish.run)
        stored = from_record(folder.recipe())
        _same_wish(wish, stored)
        return folder, stored
    with packing_bar() as bar:
        recipe = library.plan(
            wish.where,
            net=wish.net,
            size=wish.size,
            channels=wish.channels,
            fit=wish.fit,
            label=wish.label,
            minutes=wish.minutes,
            images=wish.images,
            seed=wish.seed,
            settings=wish.settings,
            progress=bar,
            kind=wish.kind,
        )
    folder = library.folder_for(recipe, wish.run, wish.runs)
    for remark in library.remarks(recipe):
        print(remark, file=sys.stderr)
    if recipe.kind == "gan" and recipe.budget.minutes:
        print(library.expect(recipe).words(), file=sys.stderr)
    return folder, recipe


def _same_wish(wish: Wish, stored: Recipe) -> None:
    """Raises RecipeError when the command asks for something else than the run that it would go on with."""
    asked: dict[str, tuple[object, object]] = {
        "DATA": (library.settled(wish.where), stored.data.source),
        "--seed": (wish.seed, stored.seed),
        "of kind": (wish.kind, stored.kind),
    }
    if wish.net is not None:
        asked["--net"] = (wish.net, stored.net.name)
    if wish.label is not None:
        asked["--label"] = ("" if wish.label == "none" else wish.label, stored.data.label)
    if wish.minutes is not None or wish.images is not None:
        asked["budget"] = ((wish.images, wish.minutes), (stored.budget.images, stored.budget.minutes))
    if wish.size is not None:
        asked["--size"] = ((wish.size, wish.size) if isinstance(wish.size, int) else wish.size, stored.data.size)
    for name, (wanted, found) in asked.items():
        if wanted != found:
            raise RecipeError(
                f"{wish.run} holds a run with {name} {found}, the command says {wanted}; "
                "repeat its command to go on, or give another --run"
            )
    if change(stored, wish.settings) != stored:
        raise RecipeError(f"{wish.run} holds a run with other --set values; repeat its command, or give another --run")


@dataclass(frozen=True)
class Act:
    """One of the demo's runs: what is said before it, how long it takes, and the pictures it leaves."""

    kind: Kind
    name: str
    minutes: float
    words: str
    pictures: tuple[str, ...]


ACTS = (
    Act(
        "cnn",
        "hair-colour",
        1.5,
        "The lecture's CNN learns to name their hair colour.",
        ("answers.png", "confusion.png"),
    ),
    Act("vae", "vae", 1.0, "A VAE learns to redraw them from 32 numbers.", ("redrawn.png", "samples.png")),
    Act("gan", "gan", 1.5, "A GAN learns to draw people who do not exist.", ("samples.png", "neighbours.png")),
)


def demo(out: Path) -> int:
    """The main job on the embedded data set, for each family; says what was done and where the results lie."""
    from nonesuch.cli import show_runs

    print("nonesuch demo: 6,000 pixel people, each 16x16.")
    for act in ACTS:
        print(f"\n{act.words}")
        folder = out / act.name
        code = run(Wish(act.kind, "pixelfolk", minutes=act.minutes, run=folder), as_json=False)
        if code:
            return code
        show_runs.show_report(RunFolder(folder))
    print("\nThe GAN becomes a page: its net runs in the visitor's own browser.")
    page, site = _publish(out)
    print("\nLook at:")
    for act in ACTS:
        print(f"  {act.kind}: " + "  ".join(f"{out / act.name}/pictures/{name}" for name in act.pictures))
    print(f"  page: {page}   open it with a double click; for a web host: {site}, or nonesuch preview {site}")
    print(f"Next:    nonesuch sample {out}/gan --seed 100     nonesuch train gan YOUR-FOLDER --minutes 10")
    return 0


def _publish(out: Path) -> tuple[Path, Path]:
    """The last act: a page of pixel people as one file and as a folder."""
    page, site = out / "people.html", out / "people"
    # yes: the pictures are drawn by a program of ours and show nobody, so that a copy would harm nobody either.
    made = library.publish(
        library.open_run(out / "gan"),
        site,
        title="This Pixel Person Does Not Exist",
        thing="pixel person",
        licence="CC0 1.0",
        yes=True,
        neighbours=True,
    )
    made.write(page, single=True)
    print(made.contents.check.sentence())
    return page, site

"""The calls behind `import nonesuch as ns`: what the command line and the studio do, for scripts and notebooks."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

import nonesuch.data.open as data_door
from nonesuch import forecast, machine, session
from nonesuch.assembly import build_net, divided, reopen
from nonesuch.data import builtin
from nonesuch.data.album import off_classes
from nonesuch.data.decode import Reject, Undecodable, decode
from nonesuch.data.pack import Pack
from nonesuch.data.places import cache_root
from nonesuch.data.settings import Channels, known_channels, known_fit
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation.run import Run
from nonesuch.exporting import folder as exported
from nonesuch.exporting import weights_file
from nonesuch.exporting.describe import shown_name
from nonesuch.exporting.kept import directions_of
from nonesuch.exporting.precision import PRECISIONS, known_precisions
from nonesuch.lens import sliding
from nonesuch.lens.kernels import Kernel
from nonesuch.pixels import Picture, to_signed
from nonesuch.presets import DEFAULT_NET, preset
from nonesuch.publishing import site as pages
from nonesuch.publishing.contents import Wish as PageWish
from nonesuch.publishing.texts import Said, texts, words_of
from nonesuch.recipe import DataSettings, Kind, MachineSettings, Recipe, change
from nonesuch.runs import control, layout
from nonesuch.runs.store import RunFolder, Store, open_or_create
from nonesuch.training.events import Event
from nonesuch.training.wishes import Wish

DEFAULT_RUNS = Path("runs")
DEFAULT_LABEL = "label"
SHARES = {"val_share": 0.1, "test_share": 0.1}


def plan(
    where: str | Path,
    net: str | None = None,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    fit: str = "crop",
    label: str | None = None,
    minutes: float | None = None,
    images: int | None = None,
    seed: int = 0,
    settings: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    kind: Kind = "cnn",
) -> Recipe:
    """The resolved recipe of a net on these pictures, on this machine; `settings` are dotted `--set` pairs.

    kind: "cnn" a classifier, "ae" or "vae" an autoencoder, "gan" a generator and its critic.
    label: the column that holds the classes. Without it the sub-folders, if there are any; "none" leaves them out, so
        that a GAN is not told what to make.
    Packs the pictures on the first call; a GAN's width is then chosen for the minutes, by a trial of some seconds.
    Without `minutes` or `images`, the net's preset decides how long to train.
    Raises DataError, NetError or RecipeError.
    """
    pack = data_door.open_data(where, size, known_channels(channels), known_fit(fit), progress)
    shares = {key: _share(settings or {}, key) for key in SHARES}
    column = _column(pack, label, kind)
    without = _without(pack, where, settings or {})
    data = divided(pack, column, **shares, without=without)
    height, width, found = pack.spec.shape
    described = DataSettings(
        source=settled(where),
        label=column,
        size=(height, width),
        channels=cast(Channels, found),
        fit=known_fit(fit),
        classes=data.classes,
        without=without,
        content=pack.content,
        **shares,
    )
    pictures, flip = len(data.rows["train"]), mirrors(where, found)
    first = preset(kind, described, net or DEFAULT_NET[kind], pictures, seed, images, minutes, flip)
    here = machine.probe(cache_root())
    computed = MachineSettings(
        device=here.device, precision=here.precision, channels_last=here.channels_last, threads=here.threads
    )
    planned = change(first.model_copy(update={"machine": computed}), settings or {})
    check_net(planned)
    chosen = {"net.options.width", "net.options.critic_width", "net.options.most"} & set(settings or {})
    if planned.net.name == "modern" and minutes is not None and not chosen:
        return forecast.widest(planned, data)
    return planned


def _without(pack: Pack, where: str | Path, settings: Mapping[str, str]) -> tuple[str, ...]:
    """The classes to leave out: those that were typed, else those that are switched off in the folder itself."""
    if (text := settings.get("data.without")) is not None:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise RecipeError(f'data.without is a list of classes such as ["cat", "dog"]; found {text!r}')
        return tuple(sorted(set(found)))
    column = pack.columns.get(DEFAULT_LABEL)
    # A class may have been emptied since it was switched off.
    return tuple(name for name in off_classes(settled(where)) if column is not None and name in column.classes)


def expect(recipe: Recipe) -> forecast.Forecast:
    """How many pictures a budget in minutes will show on this machine, by a short trial. Raises DataError."""
    return forecast.expect(recipe, reopen(recipe.data))


def remarks(recipe: Recipe) -> list[str]:
    """What a person should know of the pictures before training: those refused, those enlarged. Raises DataError."""
    pack = reopen(recipe.data).pack
    return [words for words in (pack.refused, pack.enlargement) if words]


def _column(pack: Pack, label: str | None, kind: Kind) -> str:
    """The label column to use, or "" for none: only a classifier cannot do without."""
    if label is not None or kind == "cnn":
        return "" if label == "none" and kind != "cnn" else label or DEFAULT_LABEL
    found = pack.columns.get(DEFAULT_LABEL)
    return DEFAULT_LABEL if found is not None and len(found.classes) > 1 else ""


def check_net(recipe: Recipe) -> None:
    """Raises NetError when the net cannot take these pictures. Builds its shapes only, no numbers."""
    with torch.device("meta"):
        build_net(recipe)


def mirrors(where: str | Path, channels: int) -> bool:
    """Whether a mirrored picture shows the same thing: assumed of colour pictures, not of grey ones (digits)."""
    return channels > 1 or str(where) == "fashion-mnist"


def settled(where: str | Path) -> str:
    """The place of the data as a recipe keeps it: a name, or a path that means the same from any folder."""
    path = Path(where).expanduser()
    return str(path.resolve()) if path.exists() or str(where) not in builtin.NAMES else str(where)


def fit(recipe: Recipe, run: str | Path | None = None) -> Iterator[Event]:
    """Train and yield events. In `run` when given (a run there goes on), else in a fresh folder under ./runs."""
    folder = folder_for(recipe, run)
    control.begin(folder.path)
    return session.fit(recipe, folder.path)


def steer(run: str | Path, wish: Wish) -> None:
    """Write down a wish for a training that runs in a folder, whoever trains there: it is heard after its next step.

    `ns.steer("runs/...", wishes.Rate(factor=0.5))` with `from nonesuch.training import wishes`. Raises RunError.
    """
    control.ask(Store(DEFAULT_RUNS).open(run).path, wish)


def folder_for(recipe: Recipe, run: str | Path | None = None, runs: str | Path = DEFAULT_RUNS) -> RunFolder:
    """The folder of a run, with its recipe inside: `run`, or a fresh one under `runs`.

    Raises RunError for a folder with other things in it and for the place where the run's own data is looked for.
    """
    if run is None:
        folder = Store(Path(runs)).create_new(recipe.kind, data_name(recipe))
    elif Path(run).resolve() == Path(recipe.data.source).expanduser().resolve():
        # A folder goes before a data set of that name: once made, the run would be taken for its own pictures.
        raise RunError(f"a run in {run} would be taken for its data {recipe.data.source}; give the run another folder")
    else:
        folder = open_or_create(Path(run))
    if not folder.has_recipe():
        folder.write_recipe(recipe.model_dump(mode="json"))
    return folder


def data_name(recipe: Recipe) -> str:
    """The data's own name, for run ids: of a path its last part."""
    return Path(recipe.data.source).stem


def train(recipe: Recipe, run: str | Path | None = None) -> Run:
    """Train to the end and open the run: `ns.train(ns.plan("pixelfolk", minutes=2)).predict(["me.png"])`."""
    folder = folder_for(recipe, run)
    for _ in fit(recipe, folder.path):
        pass
    return Run(folder)


def open_run(where: str | Path, runs: str | Path = DEFAULT_RUNS) -> Run:
    """A trained run by its folder, or by its id under `runs`. Raises RunError."""
    return Run(Store(Path(runs)).open(where))


def export(
    run: Run | str | Path,
    out: str | Path | None = None,
    to: str = "onnx",
    precisions: Sequence[str] = PRECISIONS,
    directions: str | Path | None = None,
) -> Path:
    """Write a run's nets for other programs, and return where: `ns.export("runs/...", "my-net")`.

    to: "onnx", a folder of graphs in the `precisions` asked for ("int8", "fp16", "fp32") with a manifest; or
        "safetensors", one file of weights. Without `out` both go into the run's folder.
    directions: a directions.json to take the named directions from, instead of the run's own.
    Raises RecipeError for a word it does not know, RunError, ExportError where a file would not compute what the net
    does, where a package is missing, or where something else lies at `out`, MachineError where the disk takes nothing.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    if to == "safetensors":
        file = Path(out) if out is not None else opened.folder.path / layout.EXPORT_WEIGHTS
        exported.write_file(file, weights_file.file_of(opened))
        return file
    if to != "onnx":
        raise RecipeError(f"an export is one of onnx, safetensors; found {to!r}")
    folder = Path(out) if out is not None else opened.folder.path / layout.EXPORT
    exported.require_free(folder)
    kept = directions_of(opened, Path(directions) if directions is not None else None)
    described, files = exported.files_of(opened, known_precisions(precisions), kept)
    exported.write(folder, described, files)
    return folder


def _share(settings: Mapping[str, str], key: str) -> float:
    """A split share must be known before the recipe is built, as it decides what a class is learnt from."""
    text = settings.get(f"data.{key}", str(SHARES[key]))
    try:
        return float(text)
    except ValueError:
        raise RecipeError(f"data.{key} is a share between 0 and 1; found {text!r}") from None


def read_picture(file: str | Path) -> Picture:
    """A picture file as it is, uint8 (H, W, C) with 1, 3 or 4 channels. Raises DataError."""
    try:
        return decode(Path(file).read_bytes())
    except (Undecodable, OSError) as error:
        raise DataError(f"{file}: {getattr(error, 'strerror', None) or error}; give a picture file") from None


def filtered(file: str | Path, kernel: Kernel) -> Picture:
    """A picture file under an image editor's kernel, uint8 (H', W', C): rounded and cut off to 0 to 255.

    Transparency is kept as it is. Raises DataError for a file that cannot be read, NetError where they do not fit.
    """
    picture = read_picture(file)
    found = sliding.on_bytes(kernel, picture[..., :3])
    return np.concatenate([found, picture[:: kernel.stride, :: kernel.stride, 3:]], axis=2)


def learned_map(file: str | Path, run: Run, number: int) -> tuple[Kernel, Picture]:
    """Filter `number` of a run's first convolution, and what it makes of a picture file, uint8 (H', W', 1).

    The picture is brought to the net's size, and seen as the net sees it, in [-1, 1]; in the map 128 stands for 0.
    Raises DataError, RunError or NetError.
    """
    kernel = run.kernel(number)
    (found,) = run.read([file])
    if isinstance(found, Reject):
        raise DataError(f"{found.name}: {found.reason}; give a picture file")
    values = sliding.apply(kernel, to_signed(found[1]))[0, 0]
    scaled = 128 + 127 * values / values.abs().max().clamp(min=1e-12)
    return kernel, scaled.round().to(torch.uint8)[..., None].numpy()


def publish(
    run: Run,
    where: str | Path,
    title: str | None = None,
    thing: str | None = None,
    words: str | None = None,
    language: str = "en",
    licence: str | None = None,
    forbidden_uses: str | None = None,
    single_file: bool = False,
    yes: bool = False,
    precision: str = "fp16",
    neighbours: bool = False,
    mark: bool = False,
    tiny: bool = False,
    url: str = "",
    directions: str | Path | None = None,
    say: Callable[[int, int, str], None] | None = None,
) -> pages.Site:
    """Make a page of a run, on which its net runs in the visitor's own browser: `ns.publish(run, "site")`.

    words: a text, or a file of it.   yes: publish although the net may repeat training pictures.   neighbours: show the
    training pictures nearest to made ones.   tiny: without ONNX Runtime, half a megabyte.
    directions: a directions.json; by default the run's own.
    say: told how far it is.   Raises PublishError, RecipeError, RunError, DataError, ExportError or MachineError.
    """
    said = Said(title, thing, words_of(words), language, licence, forbidden_uses)
    (weights,) = known_precisions([precision])
    wish = PageWish(weights, neighbours, mark, tiny, url=url)
    found = texts(run.recipe.kind, shown_name(run.recipe.data.source), said)
    rack = directions_of(run, None if directions is None else Path(directions))
    return pages.publish(run, Path(where), found, wish, rack, single_file, yes, say)

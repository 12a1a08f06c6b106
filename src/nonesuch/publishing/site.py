"""From a run to a page: `publish` checks it, exports the net, draws some pictures, and writes a folder or one file."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import numpy as np

import nonesuch
from nonesuch.errors import DataError, PublishError, RecipeError, RunError
from nonesuch.evaluation.autoencoder import load_mixture
from nonesuch.evaluation.run import Run
from nonesuch.export.describe import shown_name
from nonesuch.export.folder import files_of
from nonesuch.export.manifest import NAME, DirectionEntry, Manifest
from nonesuch.export.precision import PRECISIONS, Precision
from nonesuch.measure.memorisation import neighbours_picture
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.pixels import Picture, png_bytes
from nonesuch.publishing import about, copying, folder, page, runtime, single_file, stills
from nonesuch.publishing.copying import Check
from nonesuch.publishing.marking import synthetic_png
from nonesuch.publishing.page import Still
from nonesuch.publishing.share_card import share_card
from nonesuch.publishing.texts import Texts
from nonesuch.runs import atomic
from nonesuch.runs.layout import shown

SCHEMA_VERSION = 1
MODEL, PICTURES = "model", "pictures"
INDEX, CARD, NEIGHBOURS = "index.html", "card.png", f"{PICTURES}/neighbours.png"
MOST_SEEDS = 500
STEPS = 5

Say = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wish:
    """How a page is to be. neighbours: the training pictures nearest to samples may be shown. url: where it will be."""

    precision: Precision = "int8"
    neighbours: bool = False
    mark: bool = False
    seeds: tuple[int, ...] = stills.SEEDS
    url: str = ""


@dataclass(frozen=True)
class Site:
    """A page in both of its forms, nothing of it written yet. files: of the folder, by their names with slashes."""

    files: Mapping[str, bytes]
    single: bytes
    check: Check
    manifest: Manifest

    def zipped(self, top: str = "site") -> bytes:
        """The folder as a zip archive, the same bytes for the same site."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(self.files.items()):
                entry = zipfile.ZipInfo(f"{top}/{name}", (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, data)
        return packed.getvalue()

    def write(self, where: Path, single: bool) -> None:
        """Into a folder, or as one file. Raises RunError when something else lies there, MachineError."""
        if single:
            folder.write_file(self.single, where)
        else:
            folder.write_folder(self.files, where)


def ready(run: Run, yes: bool, say: Say | None = None) -> Check:
    """What is known before anything is published: a report of this state of the net, and the check on copying.

    Measures what has not been measured. Raises PublishError when the check is not good and `yes` was not said.
    """
    say = say or _silent
    if (run.report() or {}).get("images_seen") != run.images_seen:
        say(0, STEPS, "measuring the net")
        try:
            run.evaluate()
        except DataError:
            pass  # without its pictures the page has no figures, and the check says what that means
    say(1, STEPS, "looking for copies of training pictures")
    found = copying.check(run, draws_mixture(run))
    if not found.passes and not yes:
        raise PublishError(f"{found.sentence()} {found.problem} Say --yes to publish it all the same.".replace("  ", " "))
    return found


def build(
    run: Run,
    texts: Texts,
    wish: Wish = Wish(),
    directions: Sequence[DirectionEntry] = (),
    yes: bool = False,
    say: Say | None = None,
) -> Site:
    """Everything of a page. Raises PublishError (see `ready`), ExportError, RecipeError, DataError, MachineError."""
    say = say or _silent
    _check(wish)
    front = page.built()
    found = ready(run, yes, say)
    mixture = draws_mixture(run)
    say(2, STEPS, "exporting the net")
    manifest, graphs = files_of(run, [wish.precision], directions)
    say(3, STEPS, "drawing pictures")
    draws = run.recipe.kind != "cnn"
    pictures = stills.drawn(run, wish.seeds, mixture) if draws else stills.filters(run)
    named = {_picture_name(wish, draws, at): _picture(wish, draws, at, each) for at, each in enumerate(pictures)}
    sheet = {NEIGHBOURS: _neighbours(run, found, mixture)} if wish.neighbours and found.seeds else {}
    model = {f"{MODEL}/{NAME}": atomic.dumps(manifest.model_dump(mode="json"))}
    model |= {f"{MODEL}/{name}": data for name, data in graphs.items()}
    settings = _settings(texts, wish, draws)

    def told(neighbours: list[str]) -> dict[str, object]:
        name = shown_name(run.recipe.data.source)
        return {**settings, "card": about.card(run, name, mixture, found, neighbours, texts.spoken)}

    say(4, STEPS, "putting the page together")
    in_folder = told(list(sheet))
    files = {
        INDEX: page.filled(
            front.template, texts, in_folder, _folder_parts(), _stills(wish, draws, pictures, None), draws, _card_address(wish)
        ).encode(),
        "page.js": front.script.encode(),
        "page.css": front.style.encode(),
        CARD: synthetic_png(share_card(pictures, texts, draws)),
        **named, **sheet, **model, **runtime.module(MODEL),
    }  # fmt: skip
    files[folder.ABOUT] = atomic.dumps(_about(in_folder, files))
    inlined = {**model, **runtime.inlined(MODEL)}
    alone = told([single_file.data_uri("image/png", data) for data in sheet.values()])
    single = page.filled(
        front.template, texts, alone, single_file.parts(front, inlined), _stills(wish, draws, pictures, named), draws
    )
    say(STEPS, STEPS, "done")
    return Site(files, single.encode(), found, manifest)


def publish(
    run: Run,
    where: Path,
    texts: Texts,
    wish: Wish = Wish(),
    directions: Sequence[DirectionEntry] = (),
    single: bool = False,
    yes: bool = False,
    say: Say | None = None,
) -> Site:
    """Build a page and write it. Raises as `build` and `Site.write` do; what lies at `where` is looked at first."""
    (folder.check_file if single else folder.check_folder)(where)
    site = build(run, texts, wish, directions, yes, say)
    site.write(where, single)
    return site


def known_precision(name: str) -> Precision:
    """A precision by its name. Raises RecipeError."""
    if name not in PRECISIONS:
        raise RecipeError(f"the weights of a page are {', '.join(PRECISIONS)}; found {shown(name, 40)!r}")
    return cast(Precision, name)


def draws_mixture(run: Run) -> bool:
    """Whether a page draws an autoencoder's codes from their mixture: where its run has kept one for this very net."""
    if not isinstance(run.net, Autoencoder):
        return False
    try:
        load_mixture(run.folder.path, run.net.latent, run.images_seen)
    except RunError:
        return False
    return True


def _check(wish: Wish) -> None:
    if not 1 <= len(wish.seeds) <= MOST_SEEDS:
        raise RecipeError(f"a page has 1 to {MOST_SEEDS} pictures drawn beforehand; found {len(wish.seeds)}")
    if wish.url and (urlsplit(wish.url).scheme not in ("http", "https") or not urlsplit(wish.url).netloc):
        raise RecipeError(f"--url is where the page will be, as https://me.example/people/; found {shown(wish.url, 80)!r}")


def _settings(texts: Texts, wish: Wish, draws: bool) -> dict[str, object]:
    """All of #page but the card."""
    return {
        "title": texts.title,
        "thing": texts.thing,
        "words": texts.words,
        "language": texts.language,
        "licence": texts.licence,
        "forbidden_uses": [each for each in texts.forbidden_uses.split("\n") if each.strip()],
        "mark": wish.mark,
        "seeds": list(wish.seeds) if draws else [],
        "start_seed": wish.seeds[0] if draws else None,
        "model": f"{MODEL}/{NAME}",
        "runtime": "auto",
    }


def _about(settings: Mapping[str, object], files: Mapping[str, bytes]) -> dict[str, object]:
    """about.json: what the page says, for programs, and every file with its hash; by it we know a site of ours."""
    return {
        "schema_version": SCHEMA_VERSION,
        "made_by": f"{folder.MADE_BY} {nonesuch.__version__}",
        "page": dict(settings),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in sorted(files.items())
        },
    }


def _folder_parts() -> page.Parts:
    return page.Parts(
        policy=page.policy("'self'", "'self'", "'self'"),
        style='<link rel="stylesheet" href="page.css" />',
        script='<script type="module" src="page.js"></script>',
    )


def _stills(wish: Wish, draws: bool, pictures: Picture, inlined: Mapping[str, bytes] | None) -> list[Still]:
    found = []
    for at, picture in enumerate(pictures):
        name = _picture_name(wish, draws, at)
        source = name if inlined is None else single_file.data_uri("image/png", inlined[name])
        height, width = picture.shape[:2]
        found.append(Still(source, width, height, wish.seeds[at] if draws else None, at))
    return found


def _picture_name(wish: Wish, draws: bool, at: int) -> str:
    return f"{PICTURES}/{wish.seeds[at]}.png" if draws else f"{PICTURES}/filter-{at}.png"


def _picture(wish: Wish, draws: bool, at: int, picture: Picture) -> bytes:
    return synthetic_png(picture, wish.seeds[at] if draws else None)


def _neighbours(run: Run, found: Check, mixture: bool) -> bytes:
    """Samples above, the training picture nearest to each below. Half of it is no synthetic picture: it is not marked."""
    pairs = copying.neighbours(run, found, mixture)
    samples, real = (np.stack([pair[at] for pair in pairs]) for at in (1, 2))
    return png_bytes(neighbours_picture(samples, real))


def _card_address(wish: Wish) -> str:
    return page.absolute(wish.url, CARD) if wish.url else CARD


def _silent(_done: int, _total: int, _words: str) -> None:
    pass

"""From a run to a page: `publish` checks it, exports the net, draws some pictures, and writes a folder or one file."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import nonesuch
from nonesuch.errors import RecipeError
from nonesuch.evaluation.run import Run
from nonesuch.exporting import runtime
from nonesuch.exporting.describe import shown_name
from nonesuch.exporting.manifest import NAME, DirectionEntry
from nonesuch.exporting.onnx_file import require_onnx
from nonesuch.publishing import about, folder, page, single_file, snippets
from nonesuch.publishing.contents import MODEL, STEPS, Contents, Say, Wish, gather, picture_name
from nonesuch.publishing.marking import synthetic_png
from nonesuch.publishing.page import Built, Still
from nonesuch.publishing.share_card import share_card
from nonesuch.publishing.texts import Texts
from nonesuch.runs import atomic
from nonesuch.runs.layout import shown

SCHEMA_VERSION = 1
INDEX, CARD, SNIPPETS = "index.html", "card.png", "snippets"
MOST_SEEDS = 500
USUAL = Wish()


@dataclass(frozen=True, eq=False)
class Site:
    """A page in both of its forms, nothing of it written yet. card: what it tells of its net, but for neighbours."""

    contents: Contents
    texts: Texts
    wish: Wish
    front: Built
    card: Mapping[str, object]

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The folder: every file by its name, with slashes."""
        sheet = self.contents.sheet
        parts = page.Parts(
            policy=page.policy("'self'", "'self'", "'self'"),
            style='<link rel="stylesheet" href="page.css" />',
            script='<script type="module" src="page.js"></script>',
        )
        card = page.absolute(self.wish.url, CARD) if self.wish.url else CARD
        settings = self._settings(list(sheet))
        found = {
            INDEX: self._filled(parts, settings, card, None),
            "page.js": self.front.script.encode(),
            "page.css": self.front.style.encode(),
            CARD: synthetic_png(share_card(self.contents.pictures, self.texts, self.contents.draws)),
            **self.contents.files,
            **sheet,
            **self._runtime,
            **{f"{SNIPPETS}/{name}": data for name, data in snippets.files(self.contents.manifest.graphs).items()},
        }
        return {**found, folder.ABOUT: atomic.dumps(_about(settings, found))}

    @cached_property
    def single(self) -> bytes:
        """The one file."""
        # Its module is part of page.js.
        fetched = {**self.contents.model, **self._runtime}
        fetched.pop(f"{MODEL}/{runtime.MODULE}", None)
        sheet = [single_file.data_uri("image/png", data) for data in self.contents.sheet.values()]
        return self._filled(single_file.parts(self.front, fetched), self._settings(sheet), None, self.contents.files)

    def zipped(self) -> bytes:
        """The folder as a zip archive, the same bytes for the same site."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(self.files.items()):
                entry = zipfile.ZipInfo(f"{folder.TOP}{name}", (1980, 1, 1, 0, 0, 0))
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

    @property
    def _runtime(self) -> dict[str, bytes]:
        """What the net runs with in a page of anybody's."""
        left_out = runtime.WASM if self.wish.tiny else ""
        return {f"{MODEL}/{name}": data for name, data in runtime.files().items() if name != left_out}

    def _filled(
        self, parts: page.Parts, settings: Mapping[str, object], card: str | None, inlined: Mapping[str, bytes] | None
    ) -> bytes:
        stills, draws = self._stills(inlined), self.contents.draws
        return page.filled(self.front.template, self.texts, settings, parts, stills, draws, card).encode()

    def _settings(self, neighbours: list[str]) -> dict[str, object]:
        """What is in #page."""
        texts, seeds = self.texts, self.contents.seeds
        return {
            "title": texts.title,
            "thing": texts.thing,
            "words": texts.words,
            "language": texts.language,
            "licence": texts.licence,
            "forbidden_uses": [each for each in texts.forbidden_uses.split("\n") if each.strip()],
            "mark": self.wish.mark,
            "seeds": list(seeds),
            "start_seed": seeds[0] if seeds else None,
            "model": f"{MODEL}/{NAME}",
            "runtime": "tiny" if self.wish.tiny else "auto",
            "mixture": self.contents.mixture,
            "card": {**self.card, "neighbours": neighbours},
        }

    def _stills(self, inlined: Mapping[str, bytes] | None) -> list[Still]:
        found = []
        for at, picture in enumerate(self.contents.pictures):
            name = picture_name(self.contents.seeds, at)
            source = name if inlined is None else single_file.data_uri("image/png", inlined[name])
            height, width = picture.shape[:2]
            found.append(Still(source, width, height, self.contents.seeds[at] if self.contents.seeds else None, at))
        return found


def build(
    run: Run,
    texts: Texts,
    wish: Wish = USUAL,
    directions: Sequence[DirectionEntry] = (),
    yes: bool = False,
    say: Say | None = None,
) -> Site:
    """Everything of a page. Raises PublishError, ExportError, RecipeError, RunError, DataError or MachineError.

    PublishError: the net repeats training pictures, or nobody can tell, and `yes` was not said.
    """
    say = say or _silent
    _check(wish)
    require_onnx()
    front = page.built()
    contents = gather(run, wish, directions, yes, say)
    say(4, STEPS, "putting the page together")
    name = shown_name(run.recipe.data.source)
    site = Site(contents, texts, wish, front, about.card(run, name, contents.mixture, contents.check, texts.spoken))
    say(STEPS, STEPS, "done")
    return site


def publish(
    run: Run,
    where: Path,
    texts: Texts,
    wish: Wish = USUAL,
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


def _check(wish: Wish) -> None:
    if not 1 <= len(wish.seeds) <= MOST_SEEDS:
        raise RecipeError(f"a page has 1 to {MOST_SEEDS} pictures drawn beforehand; found {len(wish.seeds)}")
    if wish.url and (urlsplit(wish.url).scheme not in ("http", "https") or not urlsplit(wish.url).netloc):
        raise RecipeError(f"--url is where the page will be, as https://me.example/us/; found {shown(wish.url, 80)!r}")


def _about(settings: Mapping[str, object], files: Mapping[str, bytes]) -> dict[str, object]:
    """about.json: what the page says, for programs, and every file with its hash; by it we know a site of ours."""
    return {
        "schema_version": SCHEMA_VERSION,
        "made_by": f"{folder.MADE_BY} {nonesuch.__version__}",
        "page": dict(settings),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        },
    }


def _silent(_done: int, _total: int, _words: str) -> None:
    pass

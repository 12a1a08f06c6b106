"""`nonesuch publish`: checks the run, builds its page, and says how to open it."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from nonesuch import library
from nonesuch.publishing.site import Site
from nonesuch.runs import layout

HTML = (".html", ".htm")


@dataclass(frozen=True)
class Wish:
    """What the command line says of a page; the names are those of `ns.publish`."""

    title: str | None
    thing: str | None
    words: str | None
    language: str
    licence: str | None
    forbidden_uses: str | None
    single_file: bool
    yes: bool
    precision: str
    neighbours: bool
    mark: bool
    tiny: bool
    url: str
    directions: Path | None


def publish(root: Path, where: str, site: Path | None, wish: Wish) -> None:
    """Publish, and print what came of it."""
    run = library.open_run(where, root)
    single = wish.single_file or (site is not None and site.suffix.lower() in HTML)
    target = site or run.folder.path / (f"{layout.PAGE}.html" if single else layout.PAGE)
    found = library.publish(run, target, **{**asdict(wish), "single_file": single}, say=_say)
    if not found.contents.check.passes:
        print(f"nonesuch: note: {found.contents.check.sentence()}", file=sys.stderr)
    print(outcome(found, target, single))


def outcome(site: Site, target: Path, single: bool) -> str:
    """Where it is, how large, and how to open it."""
    size = len(site.single) if single else sum(map(len, site.files.values()))
    how = "open it with a double click" if single else f"look at it with: nonesuch preview {target}"
    return f"{target}   {size / 1e6:,.1f} MB, {how}"


def _say(done: int, total: int, words: str) -> None:
    if done < total:
        print(f"{words} ...", file=sys.stderr, flush=True)

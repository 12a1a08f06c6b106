"""Fills the page's template: every text is escaped, whatever it holds, and the policy allows what the page needs.

The template is web/page.html, whose comment is the contract; the build leaves it beside page.js and page.css.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from nonesuch.errors import MachineError
from nonesuch.publishing.texts import Spoken, Texts

STATIC = Path(__file__).with_name("static")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_PLACE = re.compile(r"\{\{(\w+)\}\}")

_WORDS: Mapping[Spoken, Mapping[str, str]] = {
    "en": {
        "noscript": "With JavaScript a neural network draws new pictures here, in your browser. These are some that "
        "it has drawn.",
        "noscript cnn": "With JavaScript a neural network answers here, in your browser. These are the first things "
        "that it has learnt to look for.",
        "synthetic": "All pictures here are synthetic: a neural network drew them, nobody took or painted them.",
        "description": "Drawn by a neural network in your own browser.",
        "description cnn": "A neural network that answers in your own browser.",
        "picture": "Picture {seed}, drawn by a neural network",
        "filter": "Filter {seed} of the network's first layer",
        "licence": "Licence: {licence}.",
    },
    "de": {
        "noscript": "Mit JavaScript zeichnet hier ein neuronales Netz neue Bilder, in deinem Browser. Diese hat "
        "es bereits gezeichnet.",
        "noscript cnn": "Mit JavaScript antwortet hier ein neuronales Netz, in deinem Browser. Nach diesen Mustern "
        "sucht es zuerst.",
        "synthetic": "Alle Bilder hier sind synthetisch: Ein neuronales Netz hat sie gezeichnet, niemand hat sie "
        "fotografiert oder gemalt.",
        "description": "Von einem neuronalen Netz gezeichnet, in deinem eigenen Browser.",
        "description cnn": "Ein neuronales Netz, das in deinem eigenen Browser antwortet.",
        "picture": "Bild {seed}, von einem neuronalen Netz gezeichnet",
        "filter": "Filter {seed} der ersten Schicht des Netzes",
        "licence": "Lizenz: {licence}.",
    },
}


@dataclass(frozen=True)
class Still:
    """A pre-rendered picture: where it is, as an address in the site or a data: URI, its size, its seed if any."""

    source: str
    width: int
    height: int
    seed: int | None
    number: int = 0


@dataclass(frozen=True)
class Built:
    """What the build left of the page: its template, its module and its style sheet."""

    template: str
    script: str
    style: str


def built(folder: Path = STATIC) -> Built:
    """Read it. Raises MachineError when the front end was never built."""
    try:
        template, script, style = ((folder / name).read_text("utf-8") for name in ("page.html", "page.js", "page.css"))
    except OSError:
        raise MachineError("the published page is not built on this machine: run `make web`") from None
    return Built(template, script, style)


@dataclass(frozen=True)
class Parts:
    """What differs between the two forms of a page: elements of ours, whole; nothing of a person's is in them."""

    policy: str
    style: str
    script: str
    inlined: str = ""


def filled(
    template: str,
    texts: Texts,
    settings: Mapping[str, object],
    parts: Parts,
    stills: Sequence[Still],
    draws: bool,
    card: str | None = None,
) -> str:
    """index.html. stills: of a net that draws the first one is shown large. card: address of the share card, if any."""
    words = _WORDS[texts.spoken]
    kind = "" if draws else " cnn"
    first, gallery = (stills[:1], stills[1:]) if draws else ((), stills)
    put = {
        "language": texts.spoken,
        "title": html.escape(texts.title),
        "head": _head(texts, parts.policy, stills, words[f"description{kind}"], card),
        "style": parts.style,
        "words": html.escape(texts.words),
        "first": "".join(_image(still, words, id_first=True) for still in first),
        "gallery": "".join(f"<li>{_image(still, words)}</li>" for still in gallery),
        "noscript": html.escape(words[f"noscript{kind}"]),
        "foot": html.escape(_foot(texts, words, draws)),
        "page": json_text(settings),
        "inlined": parts.inlined,
        "script": parts.script,
    }
    # In one pass: a person's text may itself hold what looks like a placeholder.
    return _PLACE.sub(lambda found: put[found[1]], _COMMENT.sub("", template, count=1))


def json_text(value: object) -> str:
    """JSON that can stand inside a script element: no text in it can end the element or begin a comment."""
    found = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        found = found.replace(character, f"\\u{ord(character):04x}")
    return found


def policy(script: str, style: str, connect: str) -> str:
    """The Content-Security-Policy of a page: nothing but what is named here, and nothing from elsewhere.

    Pictures and films that the page makes are data: and blob: addresses; so are workers.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {script} 'wasm-unsafe-eval'",
            f"style-src {style}",
            f"connect-src {connect}",
            "img-src 'self' data: blob:",
            "media-src blob:",
            "worker-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def source_hash(text: str) -> str:
    """The hash by which a policy allows one inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def absolute(address: str, name: str) -> str:
    """A file's address on the web: of programs that show links, few know what a relative one means."""
    return urljoin(address if address.endswith("/") else f"{address}/", name)


def _head(texts: Texts, rules: str, stills: Sequence[Still], usual: str, card: str | None) -> str:
    said = " ".join(texts.words.split())[:200] or usual
    lines = [
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(rules)}" />',
        '<meta name="referrer" content="no-referrer" />',
        f'<meta name="description" content="{html.escape(said)}" />',
        '<meta property="og:type" content="website" />',
        f'<meta property="og:title" content="{html.escape(texts.title)}" />',
        f'<meta property="og:description" content="{html.escape(said)}" />',
    ]
    if card is not None:
        lines += [
            f'<meta property="og:image" content="{html.escape(card)}" />',
            '<meta property="og:image:width" content="1200" />',
            '<meta property="og:image:height" content="630" />',
            '<meta name="twitter:card" content="summary_large_image" />',
        ]
    # Without an icon of its own, browsers ask the host for /favicon.ico.
    icon = stills[0].source if stills else "data:,"
    return "\n    ".join([*lines, f'<link rel="icon" href="{html.escape(icon)}" />'])


def _image(still: Still, words: Mapping[str, str], id_first: bool = False) -> str:
    said = words["filter" if still.seed is None else "picture"]
    told = still.number if still.seed is None else still.seed
    seed = "" if still.seed is None else f' data-seed="{still.seed}"'
    name, lazy = (' id="first"', "") if id_first else ("", ' loading="lazy"')
    alt = html.escape(said.format(seed=told))
    size = f'width="{still.width}" height="{still.height}"'
    return f'<img{name}{seed} alt="{alt}" {size}{lazy} src="{html.escape(still.source)}" />'


def _foot(texts: Texts, words: Mapping[str, str], draws: bool) -> str:
    said = [words["synthetic"]] if draws else []
    if texts.licence:
        said.append(words["licence"].format(licence=texts.licence.rstrip(".")))
    return " ".join(said)

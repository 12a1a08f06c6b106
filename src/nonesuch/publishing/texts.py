"""What a person says on a page: its title, what it shows, words, licence, what it must not be used for.

Everything here is text and stays text: it is escaped where the page is filled, and nowhere read as markup.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from nonesuch.errors import RecipeError
from nonesuch.recipe import Kind
from nonesuch.runs.layout import shown

Language = Literal["en", "de", "auto"]
"""auto: the page's own words are in the visitor's language; what a person says of it is in the one they wrote it in."""
Spoken = Literal["en", "de"]
LONGEST_LINE, LONGEST_TEXT = 200, 20_000
"""Characters of a title and of one other line; of the words."""

_TITLES: Mapping[Spoken, tuple[str, str]] = {
    "en": ("This {thing} does not exist", "What {thing} is this?"),
    "de": ("Gibt es nicht: {thing}", "Was ist das? {thing}"),
}
"""Of nets that draw, and of classifiers. German knows no `this` that fits every noun."""
_FORBIDDEN: Mapping[Spoken, tuple[str, str]] = {
    "en": (
        "Do not pass its pictures off as photographs, as real, or as somebody's own work, and do not deceive or harm "
        "anyone with them.",
        "Do not let it decide about people, their health, work, money or safety. It knows only the classes it was "
        "taught, and names one of them for any picture at all.",
    ),
    "de": (
        "Gib diese Bilder nicht als Fotos, als echt oder als eigenes Werk aus; täusche niemanden und schade niemandem "
        "damit.",
        "Lass es nicht über Menschen, ihre Gesundheit, Arbeit, ihr Geld oder ihre Sicherheit entscheiden. Es kennt nur "
        "die gelernten Klassen und nennt zu jedem Bild eine davon.",
    ),
}


@dataclass(frozen=True)
class Texts:
    """Texts of a page, ready to be shown. thing: what it shows, as "person".  words: may have several lines."""

    title: str
    thing: str
    words: str
    language: Language
    licence: str
    forbidden_uses: str

    @property
    def spoken(self) -> Spoken:
        """The language of what is written before anybody visits."""
        return "de" if self.language == "de" else "en"


@dataclass(frozen=True)
class Said:
    """What a person said of a page; None or "" where they left it to us. words: text, or the name of a file of it."""

    title: str | None = None
    thing: str | None = None
    words: str | None = None
    language: str = "en"
    licence: str | None = None
    forbidden_uses: str | None = None


def texts(kind: Kind, data: str, said: Said) -> Texts:
    """What was said, and the usual where nothing was. data: the name of the data. Raises RecipeError."""
    language = said.language
    if language not in get_args(Language):
        raise RecipeError(f"a page speaks {', '.join(get_args(Language))}; found --language {shown(language, 40)!r}")
    spoken: Spoken = "de" if language == "de" else "en"
    which = 1 if kind == "cnn" else 0
    subject = line("thing", said.thing or data)
    return Texts(
        title=line("title", said.title or _TITLES[spoken][which].format(thing=subject)),
        thing=subject,
        words=_clean("words", said.words or "", LONGEST_TEXT, keep="\n\t"),
        language=cast(Language, language),
        licence=line("licence", said.licence or ""),
        forbidden_uses=_clean(
            "forbidden uses", said.forbidden_uses or _FORBIDDEN[spoken][which], LONGEST_TEXT, keep="\n"
        ),
    )


def words_of(given: str | None) -> str | None:
    """The text of a file when there is one of this name, else what was given. Raises RecipeError."""
    if not given:
        return given
    try:
        path = Path(given).expanduser()
        return path.read_text("utf-8-sig") if path.is_file() else given
    except UnicodeDecodeError:
        raise RecipeError(f"--words {given}: the file is not text in UTF-8; save it as UTF-8") from None
    except (OSError, ValueError, RuntimeError):
        # Words may be longer than a file's name can be, or hold what none can.
        return given


def line(name: str, text: str) -> str:
    """One line of text. Raises RecipeError when it is too long or is none."""
    return _clean(name, " ".join(text.split()), LONGEST_LINE)


def _clean(name: str, text: str, most: int, keep: str = "") -> str:
    """Without control characters and those that turn the direction of what follows. Raises RecipeError."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise RecipeError(f"the {name} of the page is no Unicode text; type it again")
    kept = "".join(c for c in text.replace("\r\n", "\n") if c in keep or not _hidden(c)).strip()
    if len(kept) > most:
        raise RecipeError(f"the {name} of the page has {len(kept):,} characters; shorten it to {most:,}")
    return kept


def _hidden(character: str) -> bool:
    """Control characters, and the marks by which text can pretend to stand elsewhere; joiners of emoji are kept."""
    return (
        unicodedata.category(character) == "Cc"
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
    )

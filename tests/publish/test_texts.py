"""What a person says of a page, and the usual where they said nothing."""

from pathlib import Path

import pytest

from nonesuch.errors import RecipeError
from nonesuch.publishing.texts import LONGEST_LINE, LONGEST_TEXT, Said, texts, words_of


def test_the_usual_words_name_the_data() -> None:
    found = texts("gan", "pixelfolk", Said())
    assert (found.title, found.thing, found.words) == ("This pixelfolk does not exist", "pixelfolk", "")
    assert "photographs" in found.forbidden_uses
    assert texts("cnn", "cats", Said(thing="cat")).title == "What cat is this?"
    german = texts("vae", "katzen", Said(thing="Katze", language="de"))
    assert (german.title, german.spoken) == ("Gibt es nicht: Katze", "de")
    assert texts("vae", "cats", Said(language="auto")).spoken == "en"


def test_what_was_said_is_kept_as_it_is_but_for_what_cannot_be_seen() -> None:
    said = Said(title="  <b>{{page}}</b>\u202e evil\x07 ", words="one\r\n\ttwo\x1b[31m", licence="CC0\n1.0")
    found = texts("gan", "x", said)
    assert found.title == "<b>{{page}}</b> evil"
    assert found.words == "one\n\ttwo[31m"
    assert found.licence == "CC0 1.0"
    joined = "👩\u200d🎨"
    assert texts("gan", "x", Said(title=joined)).title == joined


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(language="fr"), "en, de"),
        (Said(title="x" * (LONGEST_LINE + 1)), "shorten"),
        (Said(words="x" * (LONGEST_TEXT + 1)), "shorten"),
        (Said(title="\ud800"), "Unicode"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(said: Said, words: str) -> None:
    with pytest.raises(RecipeError, match=words) as caught:
        texts("gan", "x", said)
    assert "\n" not in str(caught.value)


def test_words_come_from_a_file_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Grüße\n", "utf-8")
    assert words_of(str(tmp_path / "words.txt")) == "Grüße\n"
    assert words_of("no such file") == "no such file"
    assert words_of("x" * 5000) == "x" * 5000
    assert words_of("nul\0inside") == "nul\0inside"
    assert words_of(None) is None
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(RecipeError, match="UTF-8"):
        words_of(str(tmp_path / "bytes"))

"""The filled template: texts are text, settings come back as they went in, and the policy names no other host."""

import html
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hostile_texts import PAYLOADS
from nonesuch.errors import MachineError
from nonesuch.publishing import single_file
from nonesuch.publishing.page import Built, Parts, Still, absolute, built, filled, json_text, policy
from nonesuch.publishing.texts import Said, texts

TEMPLATE = (Path(__file__).parents[2] / "web" / "page.html").read_text("utf-8")
PARTS = Parts(
    policy=policy("'self'", "'self'", "'self'"), style="", script='<script type="module" src="page.js"></script>'
)
STILLS = [Still("pictures/7.png", 16, 16, 7), Still("pictures/8.png", 16, 16, 8)]


class Read(HTMLParser):
    """A parser that is not ours: elements with their attributes, and the text inside some."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self.inside: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img"):
            self._open.append(dict(attrs).get("id") or tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open[-1]] = self.inside.get(self._open[-1], "") + data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def _page(payload: str) -> tuple[str, dict[str, object]]:
    said = texts("gan", "x", Said(payload, payload, payload, "en", payload, payload))
    settings: dict[str, object] = {"title": said.title, "words": said.words, "card": {"data": payload}}
    return filled(TEMPLATE, said, settings, PARTS, STILLS, draws=True, card="card.png"), settings


PLAIN = [(tag, sorted(attributes)) for tag, attributes in Read(_page("plain words")[0]).elements]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_add_no_element_and_no_attribute(payload: str) -> None:
    page, settings = _page(payload)
    read = Read(page)
    assert [(tag, sorted(attributes)) for tag, attributes in read.elements] == PLAIN
    assert read.comments == []
    assert json.loads(read.inside["page"]) == settings
    assert read.inside["title"] == read.inside["h1"] == settings["title"]
    assert html.escape(str(settings["title"])) in page


def test_no_placeholder_is_left_and_the_contract_is_not_published() -> None:
    page, _ = _page("plain words")
    assert "{{" not in page
    assert "PLACEHOLDERS" not in page
    assert page.startswith("<!doctype html>")
    assert '<img id="first" data-seed="7"' in page
    assert '<li><img data-seed="8"' in page


def test_a_classifier_has_no_first_picture() -> None:
    said = texts("cnn", "x", Said())
    stills = [Still("pictures/filter-0.png", 3, 3, None, 0)]
    page = filled(TEMPLATE, said, {}, PARTS, stills, draws=False)
    assert 'id="first"' not in page
    assert "data-seed" not in page
    assert "Filter 0" in page
    assert "synthetic" not in page


def test_json_in_a_page_can_neither_end_its_element_nor_begin_a_comment() -> None:
    for payload in [*PAYLOADS, "\u2028", "<!--", "]]>", "</SCRIPT"]:
        found = json_text({"a": payload})
        assert not set("<>\u2028\u2029") & set(found)
        assert json.loads(found) == {"a": payload}


def test_a_policy_names_no_other_host() -> None:
    found = policy("'self'", "'self'", "'self'")
    assert found.startswith("default-src 'none'")
    assert "unsafe-inline" not in found
    assert "unsafe-eval" not in found.replace("wasm-unsafe-eval", "")
    assert "http" not in found
    assert "*" not in found


def test_in_a_single_file_code_cannot_end_its_element() -> None:
    front = Built(TEMPLATE, 'a("</script><script>x</script>","<!--")', "b{content:'</style>'}")
    parts = single_file.parts(front, {"model/manifest.json": b"{}"})
    page = filled(TEMPLATE, texts("gan", "x", Said()), {}, parts, STILLS, draws=True)
    read = Read(page)
    scripts = [attributes for tag, attributes in read.elements if tag == "script"]
    assert [each.get("type") for each in scripts] == ["application/json", "application/octet-stream;base64", "module"]
    assert read.comments == []
    assert 'src="page' not in page


def test_where_a_card_is_on_the_web() -> None:
    assert absolute("https://me.example/people", "card.png") == "https://me.example/people/card.png"


def test_a_page_that_was_never_built_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="make web"):
        built(tmp_path)

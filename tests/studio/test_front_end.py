"""The built front end: what a first visit loads is small, nothing asks another host, and it is of these sources."""

import gzip
import re

import pytest

from browser import ROOT, build_script, require_front_end

STATIC = ROOT / "src/nonesuch/studio/static"
MOST_BYTES = 150_000
FIRST = re.compile(r'(?:src|href)="/(assets/[^"]+\.(?:js|css))"')
# Names that XML and SVG have by definition, and addresses in messages for developers: nothing is fetched from them.
NAMES = ("http://www.w3.org/", "https://svelte.dev/e/", "https://openapi-ts.dev")


@pytest.fixture(autouse=True)
def _built() -> None:
    require_front_end()


def test_the_first_visit_loads_little() -> None:
    first = FIRST.findall((STATIC / "index.html").read_text())
    assert any(name.endswith(".js") for name in first)
    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in first) < MOST_BYTES


def test_each_room_is_small_too() -> None:
    for file in (STATIC / "assets").glob("*.js"):
        assert len(gzip.compress(file.read_bytes())) < MOST_BYTES, file.name


def test_nothing_is_asked_of_another_host() -> None:
    for file in STATIC.rglob("*"):
        if file.suffix in (".js", ".css", ".html"):
            found = re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s\"'`)<>]*", file.read_text())
            assert [each for each in found if not each.startswith(NAMES)] == [], file.name


def test_nothing_stands_inline() -> None:
    """The content security policy allows no inline script or style."""
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page
    assert "style=" not in page


def test_it_is_built_from_these_sources() -> None:
    assert not build_script().stale(ROOT), "a front end has changed since it was built: run `make web`"

"""The room Publish as a person uses it: a page made, taken along, looked at where the studio is out of its reach."""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import assert_accessible, assert_fits
from nonesuch.publishing.page import STATIC
from nonesuch.studio.studio import Studio
from trained_studio import trained_in

Shot = Callable[[Page, str], Path]
LONG = 120_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (STATIC / "page.js").exists():
        pytest.fail("the page is not built: run `make web`")
    return trained_in(tmp_path_factory.mktemp("publish"), ("cnn", "gan"))


@pytest.fixture
def page(studio_page: Page, server: tuple[Studio, str], trained: Path) -> Page:
    """The studio with these runs, in the room."""
    shutil.copytree(trained / "runs", server[0].places.runs, dirs_exist_ok=True)
    studio_page.goto(f"{server[1]}/publish?run=gan")
    expect(studio_page.get_by_role("button", name="Make the page")).to_be_enabled(timeout=LONG)
    return studio_page


def _make(page: Page) -> None:
    agree = page.get_by_role("checkbox", name="Publish it although it may repeat training pictures")
    if agree.count():
        agree.check()
    page.get_by_role("button", name=re.compile("^Make ")).click()
    expect(page.get_by_role("region", name="The page", exact=True)).to_be_visible(timeout=LONG)


def test_a_run_becomes_a_page(page: Page, tmp_path: Path, shot: Shot) -> None:
    page.get_by_label("Title").fill("These <b>bars</b> do not exist")
    page.get_by_label("Words for the page").fill("One line\nand another")
    page.get_by_label("Words for the page").blur()
    page.get_by_label("Weights of the net").select_option("fp32")
    expect(page).to_have_url(re.compile("precision=fp32"))
    _make(page)
    region = page.get_by_role("region", name="The page", exact=True)
    expect(region.get_by_role("heading", name="These <b>bars</b> do not exist")).to_be_visible()
    expect(region.get_by_role("img")).to_have_js_property("naturalWidth", 1200)
    assert_accessible(page)
    assert_fits(page)
    shot(page, "made")
    with page.expect_download() as waiting:
        region.get_by_role("link", name="A folder, as a zip").click()
    waiting.value.save_as(tmp_path / "site.zip")
    with zipfile.ZipFile(tmp_path / "site.zip") as archive:
        assert "site/model/draw.fp32.onnx" in archive.namelist()
    with page.expect_download() as waiting:
        region.get_by_role("link", name="One file").click()
    waiting.value.save_as(tmp_path / "page.html")
    assert b"These &lt;b&gt;bars&lt;/b&gt; do not exist" in (tmp_path / "page.html").read_bytes()
    # What was said stands in the address: a reload shows the same.
    page.reload()
    expect(page.get_by_role("region", name="The page", exact=True)).to_be_visible(timeout=LONG)


def test_the_page_is_looked_at_where_the_studio_is_out_of_its_reach(page: Page, server: tuple[Studio, str]) -> None:
    _make(page)
    page.get_by_role("button", name="Serve it here to be looked at").click()
    with page.context.expect_page() as waiting:
        page.get_by_role("link", name="Open the page in a new tab").click()
    shown = waiting.value
    heads: list[dict[str, str]] = []
    # Not before it stands: a tab that is still on its way to another origin cannot be reloaded.
    expect(shown.get_by_role("heading", level=1)).to_be_visible(timeout=LONG)
    shown.on("request", lambda request: heads.append(request.all_headers()))
    shown.reload()
    expect(shown.get_by_role("heading", level=1)).to_be_visible(timeout=LONG)
    assert heads
    assert not any("cookie" in each for each in heads)
    assert shown.evaluate("window.opener") is None
    studio = server[1]
    # Its own policy keeps it from asking; and whoever is not held by one is refused by the gate.
    refused = "(address) => fetch(address, {credentials: 'include'}).then((a) => a.status, (e) => String(e))"
    assert "Failed to fetch" in str(shown.evaluate(refused, f"{studio}/api/runs"))
    answer = page.request.get(f"{studio}/api/runs", headers={"origin": shown.url.rsplit("/", 2)[0]})
    assert answer.status == 403


def test_other_runs_other_words(page: Page, shot: Shot) -> None:
    page.get_by_label("Run", exact=True).select_option("cnn")
    expect(page.get_by_text("A classifier draws no pictures")).to_be_visible(timeout=LONG)
    expect(page.get_by_label("Title")).to_have_attribute("placeholder", re.compile("What bars is this"))
    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(page)
    assert_accessible(page)
    shot(page, "phone")


def test_an_agreement_is_not_in_a_link_and_not_carried_to_another_run(page: Page) -> None:
    agree = page.get_by_role("checkbox", name=re.compile("I agree to show"))
    agree.check()
    page.get_by_label("Run", exact=True).select_option("cnn")
    page.get_by_label("Run", exact=True).select_option("gan")
    expect(agree).not_to_be_checked()
    assert "neighbours" not in page.url


def test_it_can_be_cancelled(page: Page) -> None:
    agree = page.get_by_role("checkbox", name="Publish it although it may repeat training pictures")
    if agree.count():
        agree.check()
    page.get_by_role("button", name=re.compile("^Make ")).click()
    page.get_by_role("button", name="Cancel").click(timeout=LONG)
    expect(page.get_by_text("Cancelled.")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("button", name="Make the page")).to_be_enabled()

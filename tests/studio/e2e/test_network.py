"""The room Network as a person walks through it: unfold a map, spell out a number, switch a unit off, open a cell."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import assert_accessible, press
from made_data import folder_of_bars
from made_runs import small
from nonesuch import library, session
from nonesuch.studio.studio import Studio

Shot = Callable[[Page, str], Path]


@pytest.fixture
def room(studio_page: Page, server: tuple[Studio, str]) -> Page:
    """The room, with a classifier that has been trained and measured, and a GAN."""
    studio, address = server
    data = folder_of_bars(studio.places.data / "bars")
    for kind in ("cnn", "gan"):
        planned = small(data, kind, images=160)  # type: ignore[arg-type]
        folder = studio.places.runs / kind
        folder.mkdir(parents=True)
        library.folder_for(planned, folder)
        list(session.fit(planned, folder))
    studio_page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    studio_page.goto(f"{address}/network")
    return studio_page


def settle(page: Page) -> None:
    """Nothing is awaited any more: what waits is paler."""
    expect(page.locator("main :is([role=status], [aria-busy=true])")).to_have_count(0)
    page.wait_for_timeout(400)


def test_from_a_picture_to_a_sum_to_a_switch(room: Page, shot: Shot) -> None:
    page = room
    expect(page.get_by_role("table", name="Probabilities")).to_be_visible()
    expect(page).to_have_url(re.compile("run=cnn"))
    first = page.get_by_role("button", name=re.compile("^conv1, map 0"))
    press(first, "ArrowRight")
    second = page.get_by_role("button", name=re.compile("^conv1, map 1"))
    expect(second).to_be_focused()
    press(second)
    unit = page.get_by_role("group", name="conv1, unit 1, unfolded")
    expect(unit.get_by_role("img", name=re.compile("^input channel"))).to_have_count(3)
    expect(unit).to_contain_text(re.compile(r"At row \d+, column \d+:.*\+ bias"))
    result = unit.get_by_role("button", name=re.compile("^Result"))
    result.focus()
    said = unit.get_by_text(re.compile("^At row")).inner_text()
    press(result, "ArrowDown" if "At row 1," in said else "ArrowUp")
    expect(unit.get_by_text(re.compile("^At row"))).not_to_have_text(said)
    settle(page)
    assert_accessible(page)
    shot(page, "unfolded")
    unit.get_by_role("button", name="Switch this unit off").click()
    expect(page).to_have_url(re.compile(r"off=conv1\*1\*0"))
    expect(page.get_by_text(re.compile(r"^Accuracy .* held-out pictures"))).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("^Probabilities, with marks"))).to_be_visible()
    page.go_back()
    expect(page.get_by_text("None. Unfold a map")).to_be_visible()
    page.get_by_label("Ask by").select_option("occlusion")
    expect(page.get_by_role("img", name=re.compile("under a heat map"))).to_be_visible()
    settle(page)
    assert_accessible(page)


def test_cells_open_their_pictures_and_pictures_their_maps(room: Page, shot: Shot) -> None:
    page = room
    page.get_by_role("tab", name="Confusions").click()
    matrix = page.get_by_role("table", name="Confusion matrix")
    cell = matrix.get_by_role("button", name=re.compile(r"called .*: [1-9]")).first
    count = int(cell.inner_text())
    cell.click()
    behind = page.get_by_role("list", name="Pictures behind the cell").get_by_role("button")
    expect(behind).to_have_count(count)
    settle(page)
    assert_accessible(page)
    shot(page, "confusion")
    behind.first.click()
    expect(page).to_have_url(re.compile("picture=run%3Acnn%3Atest%3A"))
    expect(page.get_by_role("heading", name="conv1")).to_be_visible()


def test_long_work_is_begun_and_shown(room: Page, shot: Shot) -> None:
    page = room
    page.get_by_role("tab", name="What excites units").click()
    page.get_by_role("button", name="Look for them").click()
    crop = page.get_by_role("button", name=re.compile("^unit 0, place 1"))
    expect(crop).to_be_visible()
    expect(page).to_have_url(re.compile("task="))
    settle(page)
    assert_accessible(page)
    shot(page, "crops")
    crop.click()
    expect(page.get_by_role("group", name=re.compile("unfolded$"))).to_be_visible()


def test_a_generator_is_looked_into_at_360_pixels(room: Page, shot: Shot) -> None:
    page = room
    page.set_viewport_size({"width": 360, "height": 780})
    page.get_by_label("Run", exact=True).select_option("gan")
    expect(page.get_by_role("img", name="The picture drawn")).to_be_visible()
    page.get_by_label("Part of the net").select_option("critic")
    expect(page.get_by_text("The higher, the more")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    settle(page)
    assert_accessible(page)
    shot(page, "phone")

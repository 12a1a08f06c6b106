"""The frame of the studio: through the rooms by mouse and keys, back and forward, the theme, a lesson, no findings."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import assert_accessible, assert_fits, settle
from made_studio import RUN

ROOMS = ("Data", "Kernels", "Network", "Train", "Latent", "Publish")
Shot = Callable[[Page, str], Path]


def test_through_all_rooms_and_back(studio_page: Page) -> None:
    page = studio_page
    rooms = page.get_by_role("navigation", name="Rooms")
    for name in ROOMS:
        rooms.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page).to_have_url(re.compile(f"/{name.lower()}"))
        expect(rooms.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Latent")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish")
    assert page.title() == "Publish · nonesuch"


def test_by_keyboard_alone(studio_page: Page) -> None:
    page = studio_page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the room")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Kernels")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kernels")


def test_the_theme_is_kept(studio_page: Page) -> None:
    page = studio_page
    button = page.get_by_role("button", name="Theme")
    expect(button).to_have_text("Theme: system")
    button.click()
    button.click()
    expect(button).to_have_text("Theme: dark")
    page.reload()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 22, 26)"


def test_a_lesson_goes_along(studio_page: Page) -> None:
    page = studio_page
    page.goto(page.url.split("?")[0].rstrip("/") + "/publish?say=Find%20the%20<b>edge</b>&quiet=yes")
    expect(page.get_by_role("note")).to_have_text("Find the <b>edge</b>")
    expect(page.get_by_text("Pages of things that do not exist")).to_have_count(0)
    page.get_by_role("link", name="Kernels").click()
    expect(page.get_by_role("note")).to_have_text("Find the <b>edge</b>")
    expect(page).to_have_url(re.compile("quiet=yes"))


def test_a_room_does_not_write_into_the_address_of_the_next(studio_page: Page) -> None:
    page = studio_page
    rooms = page.get_by_role("navigation", name="Rooms")
    rooms.get_by_role("link", name="Network").click()
    expect(page).to_have_url(re.compile(r"/network\?run="))
    rooms.get_by_role("link", name="Train").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")
    settle(page)
    assert page.evaluate("location.pathname + location.search") == "/train"


def test_a_run_of_which_no_moment_was_kept_says_so(studio_page: Page) -> None:
    page = studio_page
    page.goto(page.url.split("?")[0].rstrip("/") + f"/train?run={RUN}")
    expect(page.get_by_text("No moment of this run was kept")).to_be_visible()
    settle(page)


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_room_is_accessible_and_fits(studio_page: Page, shot: Shot, width: int, scheme: str) -> None:
    page = studio_page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    for name in ROOMS:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        settle(page)
        shot(page, f"{name}-{width}-{scheme}")
        assert_accessible(page)
        assert_fits(page)

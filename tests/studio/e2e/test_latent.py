"""The room Latent as a person walks it: by pad, slider, picture and keys; films, sums, broods, photos and clouds."""

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import assert_accessible
from browser import press as push
from made_data import folder_of_bars
from made_runs import NARROW, SMALL, small, stopping
from nonesuch import library, session
from nonesuch.studio.studio import Studio

Shot = Callable[[Page, str], Path]
LONG = 120_000
"""Milliseconds that long work may take on a machine that does much else."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CNN, a VAE, an AE and a GAN of the same pictures, each trained for a moment."""
    folder = tmp_path_factory.mktemp("latent")
    data = folder_of_bars(folder / "data" / "bars")
    told_none = partial(library.plan, data, images=160, label="none", settings=SMALL | NARROW["gan"])
    for kind in ("cnn", "ae", "vae", "gan"):
        run = folder / "runs" / kind
        run.mkdir(parents=True)
        planned = told_none(kind="gan") if kind == "gan" else small(data, kind)  # type: ignore[arg-type]
        library.folder_for(planned, run)
        list(session.fit(planned, run, stopping(4)))
    return folder


@pytest.fixture
def page(studio_page: Page, server: tuple[Studio, str], trained: Path) -> Page:
    """The studio with these runs; its address is the page's."""
    shutil.copytree(trained / "runs", server[0].places.runs, dirs_exist_ok=True)
    return studio_page


def enter(page: Page, query: str) -> None:
    page.goto(re.sub(r"^(https?://[^/]+).*", r"\1", page.url) + f"/latent?{query}")
    settled(page)


def settled(page: Page) -> None:
    expect(page.locator("[role=status], [aria-busy=true]")).to_have_count(0, timeout=60_000)


def big(page: Page) -> Locator:
    return page.get_by_role("img", name="What the net draws at").first


def drawn(page: Page) -> str:
    """The pixels of the large picture."""
    found: str = big(page).evaluate("canvas => canvas.toDataURL()")
    return found


def changed(page: Page, before: str) -> str:
    page.wait_for_timeout(50)
    for _ in range(100):
        if (now := drawn(page)) != before:
            return now
        page.wait_for_timeout(100)
    raise AssertionError("the picture did not change")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def test_walking_by_pad_seed_and_picture(page: Page) -> None:
    enter(page, "run=gan")
    expect(big(page)).to_have_accessible_name("What the net draws at seed 0")
    first = changed(page, "")
    push(page.get_by_role("slider", name="Plane of seeds, across"), "ArrowRight")
    moved = changed(page, first)
    expect(page).to_have_url(re.compile("at=s0.05_0"))
    box = big(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 20, steps=4)
    page.mouse.up()
    changed(page, moved)
    page.get_by_label("Go to").fill("352")
    press(page, "Go")
    expect(page.get_by_text("seed 352", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("at=s52_3"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("at=s52_3"))
    page.get_by_label("Go to").fill("nowhere at all")
    press(page, "Go")
    expect(page.get_by_text("This text names no place")).to_be_visible()


def test_directions_are_found_moved_named_and_deleted(page: Page, shot: Shot) -> None:
    enter(page, "run=gan")
    before = changed(page, "")
    press(page, "Find directions")
    slider = page.get_by_role("slider", name="weights 1", exact=True)
    expect(slider).to_be_visible(timeout=LONG)
    for _ in range(12):
        push(slider, "ArrowRight")
    changed(page, before)
    expect(page).to_have_url(re.compile(r"moves=weights\+1|moves=weights%25201"))
    press(page, "Name and keep weights 1")
    page.get_by_label("Name", exact=True).fill("taller, or: not")
    press(page, "Keep")
    kept = page.get_by_role("slider", name="taller, or: not", exact=True)
    expect(kept).to_have_value("1.2")
    page.reload()
    expect(kept).to_have_value("1.2")
    settled(page)
    shot(page, "directions")
    assert_accessible(page)
    press(page, "Delete taller, or: not")
    expect(kept).to_have_count(0)


def test_a_direction_is_made_of_two_piles(page: Page, shot: Shot) -> None:
    enter(page, "run=gan&tool=piles")
    dealt = page.get_by_role("list", name="Dealt").get_by_role("button")
    expect(dealt).to_have_count(12)
    make = page.get_by_role("button", name="Make the direction")
    page.get_by_label("What is it?").fill("rounder")
    for number, pile in enumerate(("With it", "With it", "Without it"), 1):
        push(dealt.first)
        push(page.get_by_role("button", name=pile, exact=True))
        expect(dealt).to_have_count(12 - number)
    press(page, "This place: without it")
    expect(page.get_by_role("heading", name="Without it: 2")).to_be_visible()
    push(page.get_by_role("list", name="Without it").get_by_role("button").last)
    expect(page.get_by_role("heading", name="Without it: 1")).to_be_visible()
    push(make)
    slider = page.get_by_role("slider", name="rounder", exact=True)
    expect(slider).to_be_visible(timeout=LONG)
    before = drawn(page)
    for _ in range(10):
        push(slider, "ArrowRight")
    changed(page, before)
    page.go_back()
    settled(page)
    shot(page, "piles")
    assert_accessible(page)
    press(page, "Delete rounder")
    expect(slider).to_have_count(0)


def test_a_compass_leads_to_a_class_and_a_sheet_shows_a_direction(page: Page, shot: Shot) -> None:
    enter(page, "run=gan&tool=compass")
    page.get_by_label("Towards").select_option("up")
    expect(page).to_have_url(re.compile("towards=up"))
    push(page.get_by_role("button", name="Follow the compass"))
    expect(page.get_by_text(re.compile(r"up: .* before, .* after 40 steps"))).to_be_visible(timeout=LONG)
    way = page.get_by_role("list", name="The way").get_by_role("button")
    expect(way).to_have_count(9)
    settled(page)
    shot(page, "compass")
    assert_accessible(page)
    before = drawn(page)
    push(way.last)
    changed(page, before)
    expect(page).to_have_url(re.compile("at=z"))

    press(page, "Find directions")
    expect(page.get_by_role("slider", name="weights 1", exact=True)).to_be_visible(timeout=LONG)
    push(page.get_by_role("tab", name="Sweep"))
    page.get_by_label("Down").select_option("weights 2")
    cell = page.get_by_role("button", name="weights 1 3, weights 2 -2 sigma")
    expect(cell).to_be_visible()
    settled(page)
    shot(page, "sweep")
    assert_accessible(page)
    before = drawn(page)
    push(cell)
    changed(page, before)
    expect(page.get_by_role("slider", name="weights 1", exact=True)).to_have_value("3")
    expect(page.get_by_role("slider", name="weights 2", exact=True)).to_have_value("-2")


def test_a_film_through_two_key_frames(page: Page) -> None:
    enter(page, "run=gan")
    press(page, "Add this place as a key frame")
    page.get_by_label("Go to").fill("7")
    press(page, "Go")
    press(page, "Add this place as a key frame")
    expect(page).to_have_url(re.compile("keys=0%40s0_0%2C1%40s7_0"))
    push(page.get_by_role("slider", name="Time"), "ArrowRight")
    expect(page.get_by_role("img", name=re.compile("The film at second 0.0"))).to_be_visible()
    press(page, "Make a GIF")
    expect(page.get_by_role("link", name="Save the GIF")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("img", name="The film: 24 frames in 2.0 seconds")).to_be_visible()
    press(page, "A loop of noise around here")
    expect(page.get_by_role("list", name="Key frames").get_by_role("button")).to_have_count(8)
    page.go_back()
    expect(page.get_by_role("list", name="Key frames").get_by_role("button")).to_have_count(2)
    page.get_by_label("Written as").select_option("mp4")
    press(page, "Make an MP4")
    expect(page.get_by_role("link", name="Save the MP4")).to_be_visible(timeout=LONG)
    expect(page.get_by_label("The film: 24 frames in 2.0 seconds")).to_have_js_property("readyState", 4)
    assert_accessible(page)


def test_arithmetic_and_breeding_keep_to_the_address(page: Page) -> None:
    enter(page, "run=gan&tool=sum")
    for slot, seed in zip("ABC", ("3", "4", "5"), strict=True):
        page.get_by_label("Go to").fill(seed)
        press(page, "Go")
        press(page, f"Put this place in {slot}")
    settled(page)
    press(page, "Go there")
    expect(page).to_have_url(re.compile(r"at=s3_0%7E-1\*s4_0%7Es5_0"))
    push(page.get_by_role("tab", name="Breed"))
    press(page, "Breed from this place")
    children = page.get_by_role("list", name="Children").get_by_role("button")
    expect(children).to_have_count(12)
    children.nth(4).click()
    press(page, "☆ star")
    press(page, "Breed from child 5")
    expect(page.get_by_role("list", name="Lineage").get_by_role("button")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("list", name="Stars").get_by_role("button")).to_have_count(1)
    settled(page)
    assert_accessible(page)


def test_a_cloud_of_gaussians_beside_points_and_what_numbers_say(page: Page, shot: Shot) -> None:
    enter(page, "run=vae&tool=cloud")
    cloud = page.get_by_role("img", name=re.compile("^vae, .*each a Gaussian"))
    expect(cloud).to_be_visible()
    page.get_by_label("Gaussians, not points").uncheck()
    expect(page.get_by_role("img", name=re.compile("^vae, .*each a point"))).to_be_visible()
    page.get_by_label("Beside it").select_option("ae")
    expect(page.get_by_role("img", name=re.compile("^ae, .*each a point"))).to_be_visible()
    press(page, "Go to its code")
    expect(page.get_by_text("a place of its own", exact=True)).to_be_visible()
    settled(page)
    shot(page, "cloud")
    assert_accessible(page)
    page.get_by_role("tab", name="Numbers").click()
    expect(page.get_by_text("Of 4 numbers,")).to_be_visible()
    press(page, "Make a slider of number 2")
    expect(page.get_by_role("slider", name="number 2", exact=True)).to_have_value("1")
    assert_accessible(page)


def test_a_picture_is_found_and_its_probability_told_or_refused(page: Page, shot: Shot) -> None:
    enter(page, "run=vae&tool=photo")
    press(page, "Find it in latent space")
    press_when = page.get_by_role("button", name="Go to the refined place")
    expect(press_when).to_be_visible(timeout=LONG)
    press(page, "How probable is it?")
    expect(page.get_by_text("log p(x) ≥")).to_be_visible(timeout=LONG)
    settled(page)
    shot(page, "photo")
    assert_accessible(page)
    press_when.click()
    expect(page.get_by_text("a place of its own", exact=True)).to_be_visible()
    enter(page, "run=ae&tool=photo")
    expect(page.get_by_role("button", name="How probable is it?")).to_be_disabled()
    expect(page.get_by_text("gives no probability of a picture")).to_be_visible()


def test_three_nets_on_one_pad_and_a_lesson_that_hides(page: Page) -> None:
    enter(page, "run=vae&tool=nets")
    press(page, "Tie them to one pad")
    across = page.get_by_role("slider", name="One pad, across")
    expect(across).to_be_attached(timeout=LONG)
    push(across, "ArrowRight")
    expect(page).to_have_url(re.compile("px=0.05"))
    for kind in ("ae", "vae", "gan"):
        expect(page.get_by_role("img", name=re.compile(f"What {kind} {kind} draws"))).to_be_visible()
    settled(page)
    assert_accessible(page)
    enter(page, "run=vae&hide=directions,truncation,nets&tool=nets")
    expect(page.get_by_role("button", name="Find directions")).to_have_count(0)
    expect(page.get_by_role("slider", name="Truncation")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(page: Page, shot: Shot, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 800})
    for tool in ("film", "sum", "sweep", "piles", "compass", "photo", "breed", "cloud", "nets", "numbers"):
        enter(page, f"run=vae&tool={tool}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, tool
    shot(page, scheme)
    assert_accessible(page)

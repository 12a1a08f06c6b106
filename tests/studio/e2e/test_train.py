"""The room Train in a real browser: a GAN begun, paused, stepped, slowed and stopped; a classifier looked back at."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import assert_accessible
from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import session
from nonesuch.studio.studio import Studio

Shot = Callable[[Page, str], Path]
PATIENT = 240_000
"""Milliseconds for a trainer to begin: it loads torch first, and this machine may be busy."""


@pytest.fixture
def bars(server: tuple[Studio, str]) -> Path:
    """A data set that the studio offers."""
    return folder_of_bars(server[0].places.data / "bars")


def train_room(page: Page, query: str = "") -> None:
    page.goto(re.sub(r"^(https?://[^/]+).*", rf"\1/train{query}", page.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("Train")


def settled(page: Page) -> None:
    """Nothing is awaited any more."""
    expect(page.locator("[role=status], [aria-busy=true]")).to_have_count(0, timeout=PATIENT)


def press(button: Locator, key: str = "Enter") -> None:
    """As a person does: not before it can be pressed. Right after a reload nobody knows yet whether a run is alive."""
    expect(button).to_be_enabled(timeout=PATIENT)
    button.focus()
    button.press(key)


def test_a_gan_is_begun_paused_stepped_net_by_net_slowed_and_stopped(studio_page: Page, bars: Path, shot: Shot) -> None:
    page = studio_page
    train_room(page)
    page.get_by_label("Pictures", exact=True).select_option("bars")
    page.get_by_label("Budget in").select_option("images")
    page.get_by_label("Pictures shown, repeats counted").fill("5000000")
    for label, value in (("Pictures a step", "16"), ("Numbers in a code", "4"), ("Width", "8")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Pictures a step").fill("0")
    page.get_by_label("Pictures a step").blur()
    expect(page.get_by_text("1 or more;")).to_be_visible()
    expect(page.get_by_role("button", name="Begin training")).to_be_disabled()
    page.get_by_label("Pictures a step").fill("16")
    page.get_by_label("Pictures a step").blur()
    press(page.get_by_role("button", name="What to expect"))
    expect(page.get_by_text("pictures in all, repeats counted; the net has")).to_be_visible(timeout=PATIENT)
    press(page.get_by_role("button", name="Begin training"))
    expect(page).to_have_url(re.compile(r"run=\d{8}-\d{6}-gan-bars-"), timeout=PATIENT)
    expect(page.get_by_text("Training now")).to_be_visible()
    expect(page.get_by_text("training", exact=True)).to_be_visible(timeout=PATIENT)

    press(page.get_by_role("button", name="Pause"))
    expect(page.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENT)
    for net in ("critic", "generator"):
        press(page.get_by_role("button", name=f"Only the {net}"))
        page.get_by_text("What was said").click() if net == "critic" else None
        expect(page.get_by_text(f"one step of the {net} alone")).to_be_visible(timeout=PATIENT)
        expect(page.get_by_text("paused", exact=True)).to_be_visible(timeout=PATIENT)

    game = page.get_by_role("region", name="Before the critic")
    expect(game.get_by_role("img", name=re.compile(r"made picture 8, score"))).to_be_visible(timeout=PATIENT)
    expect(game.get_by_role("img", name="where real picture 1 should go")).to_be_visible()
    stages = page.get_by_role("list", name=re.compile("Stages of the step"))
    press(stages, "ArrowRight")
    expect(page.get_by_text("turns each row into a picture")).to_be_visible()
    press(stages, "End")
    expect(page.get_by_text("The same z now gives pictures that score higher.")).to_be_visible()
    expect(page).to_have_url(re.compile("stage=11"))
    page.go_back()
    expect(page).to_have_url(re.compile("stage=1(&|$)"))

    rate = page.get_by_label("Learning rate, doublings", exact=True)
    press(rate, "ArrowLeft")
    expect(page.get_by_text("learning rate: 0.707 times the planned one")).to_be_visible(timeout=PATIENT)
    page.get_by_label("Slow motion").select_option("1")
    expect(page.get_by_text("slow motion: 1 s after each step")).to_be_visible(timeout=PATIENT)
    moment = page.get_by_label("Moment", exact=False)
    press(moment, "Home")
    expect(page.get_by_text("After 0 images it draws")).to_be_visible(timeout=PATIENT)
    expect(page).to_have_url(re.compile("moment=0"))
    press(page.get_by_role("button", name="Now", exact=True))
    settled(page)
    shot(page, "paused")
    assert_accessible(page)

    press(page.get_by_role("button", name="Resume"))
    expect(page.get_by_text("training", exact=True)).to_be_visible(timeout=PATIENT)
    page.reload()
    expect(page.get_by_text("Training now")).to_be_visible()
    press(page.get_by_role("button", name="■ Stop"))
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()


def test_a_classifier_is_looked_back_at_and_laid_beside_another(
    studio_page: Page, server: tuple[Studio, str], bars: Path, shot: Shot
) -> None:
    page, studio = studio_page, server[0]
    for name in ("first", "second"):
        run = studio.runs.create(name)
        recipe = small(bars, "cnn", seed="1" if name == "second" else "0")
        run.write_recipe(recipe.model_dump(mode="json"))
        list(session.fit(recipe, run.path, stopping(5 if name == "first" else 9)))
    train_room(page, "?run=first")
    made = page.get_by_role("region", name="What it makes")
    expect(made.get_by_text(re.compile("After 80 images it names .* of 12"))).to_be_visible(timeout=PATIENT)
    expect(made.get_by_role("list", name=re.compile("What it takes this"))).to_have_count(12)
    press(page.get_by_label("Moment", exact=False), "Home")
    expect(made.get_by_text(re.compile("After 0 images it names"))).to_be_visible(timeout=PATIENT)
    expect(page).to_have_url(re.compile("moment=0"))
    press(page.get_by_role("button", name="Now", exact=True))
    expect(made.get_by_text(re.compile("After 80 images it names"))).to_be_visible(timeout=PATIENT)
    page.get_by_label("beside second").check()
    expect(page).to_have_url(re.compile("beside=second"))
    beside = page.get_by_role("region", name="Beside it: second")
    expect(beside.get_by_text(re.compile("After 144 images it names"))).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("— loss, second")).to_be_visible()
    settled(page)
    shot(page, "beside")
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 800})
    shot(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_classes_are_left_out_and_a_trial_is_cancelled(studio_page: Page, bars: Path, shot: Shot) -> None:
    page = studio_page
    train_room(page, "?kind=cnn&data=bars")
    page.get_by_text("Classes that take part (4 of 4)").click(timeout=PATIENT)
    page.get_by_role("group", name="Classes to learn from").get_by_label("up").uncheck()
    expect(page.get_by_text("Classes that take part (3 of 4)")).to_be_visible()
    assert_accessible(page)
    shot(page, "classes")
    with page.expect_request("**/api/work/expecting") as asked:
        press(page.get_by_role("button", name="What to expect"))
    assert asked.value.post_data_json["without"] == ["up"]
    press(page.get_by_role("button", name="Cancel"))
    expect(page.get_by_role("alert")).to_have_text("It was cancelled.", timeout=PATIENT)
    expect(page.get_by_role("button", name="Begin training")).to_be_enabled()


def test_a_form_is_in_the_address_and_a_run_that_is_gone_is_said_in_words(studio_page: Page) -> None:
    page = studio_page
    train_room(page, "?kind=vae")
    expect(page.get_by_label("Beta", exact=True)).to_have_value("1", timeout=PATIENT)
    page.get_by_label("What", exact=True).select_option("cnn")
    expect(page).to_have_url(re.compile("kind=cnn"))
    page.go_back()
    expect(page.get_by_label("Beta", exact=True)).to_be_visible(timeout=PATIENT)
    train_room(page, "?run=20200101-000000-gan-nobody-aaaa")
    expect(page.get_by_role("alert")).to_contain_text("There is no run called 20200101-000000-gan-nobody-aaaa")

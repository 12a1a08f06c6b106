"""The published page of a classifier in a real Chromium: it answers, explains, and its filters can be changed."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from browser import assert_accessible, assert_fits
from made_pages import Built, FirstRun
from nonesuch.evaluation.run import Prediction
from nonesuch.pixels import write_png
from watched import hosted

SHOTS = Path(os.environ.get("NONESUCH_SHOTS", Path(__file__).parents[2] / "build" / "shots"))


@pytest.fixture(scope="module")
def site(published: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of the first CNN."""
    folder = tmp_path_factory.mktemp("sites") / "cnn"
    published("cnn", "fp32", title="What hair is this?").write(folder, single=False)
    return folder


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of the net's own size, which nothing has to be done to."""
    side = np.arange(16)
    pixels = np.stack(
        [side[:, None] * 16 + side, side[None] * 15 + 0 * side[:, None], 255 - side[:, None] * 9 - side], -1
    )
    file = tmp_path_factory.mktemp("faces") / "face.png"
    write_png(file, pixels.astype(np.uint8))
    return file


@pytest.fixture
def opened(chromium: Browser, site: Path) -> Iterator[Callable[..., Page]]:
    """Opens the site; at the end no page may have complained, nor asked another host for anything."""
    contexts, errors = [], []

    def at(address: str, width: int = 1200, **options: str) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda asked: errors.append(asked.url) if _is_foreign(asked.url, address) else None)
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.goto(address)
        return page

    yield at
    for context in contexts:
        context.close()
    assert not errors, errors


def _is_foreign(url: str, address: str) -> bool:
    return not url.startswith((address.rsplit("/", 1)[0], "blob:", "data:"))


def shot(page: Page, name: str) -> None:
    """Kept to be looked at: build/shots/classifier-<name>.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"classifier-{name}.png", full_page=True)


def shares(page: Page) -> dict[str, float]:
    """The bars as they are read."""
    rows = page.get_by_role("table", name="What the net says").get_by_role("row")
    found = [rows.nth(place).inner_text().split("\t") for place in range(rows.count())]
    return {row[0].strip(): float(row[-1].replace("%", "").strip()) / 100 for row in found}


def test_it_answers_as_the_command_line_does(
    opened: Callable[..., Page], site: Path, first_run: FirstRun, face: Path
) -> None:
    (answer,) = first_run("cnn").predict([face])
    assert isinstance(answer, Prediction)
    with hosted(site) as address:
        page = opened(f"{address}/index.html")
        page.locator("input[type=file]").set_input_files(face)
        expect(page.locator("p.first")).to_contain_text(answer.classes[0])
        found = shares(page)
        for name, share in list(zip(answer.classes, answer.probabilities, strict=True))[:5]:
            assert abs(found[name] - share) < 0.0011  # fp16 weights, and shown to a tenth of a percent
        expect(page.get_by_role("img", name=f"Where the net finds {answer.classes[0]}")).to_be_visible()
        expect(page.get_by_text("Grad-CAM")).to_be_visible()
        expect(page.get_by_role("img", name=re.compile(r"^Map \d+$"))).to_have_count(16)
        assert_accessible(page)
        assert_fits(page)
        shot(page, "answer")


def test_a_changed_filter_changes_the_answer_and_comes_back(
    opened: Callable[..., Page], site: Path, face: Path
) -> None:
    with hosted(site) as address:
        page = opened(f"{address}/index.html")
        page.locator("input[type=file]").set_input_files(face)
        expect(page.locator("p.first")).to_be_visible()
        before = shares(page)
        page.get_by_role("button", name="Filter 2", exact=True).click()
        page.get_by_role("button", name="Three times as loud").click()
        expect(page.get_by_role("button", name="Filter 2, changed")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_text("The thin mark is the answer")).to_be_visible()
        expect(page.locator("td.track b").first).to_be_attached()
        assert shares(page) != before
        # By keyboard: a weight is typed.
        cell = page.get_by_role("spinbutton", name="Row 1, column 2")
        cell.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("-2")
        page.keyboard.press("Tab")
        expect(cell).to_have_value("-2")
        shot(page, "filters")
        page.get_by_role("button", name="All as they were learnt").click()
        expect(page.get_by_role("button", name="Filter 2", exact=True)).to_be_visible()
        expect(page.get_by_text("The thin mark is the answer")).to_have_count(0)
        assert shares(page) == before


def test_a_drawing_is_answered(opened: Callable[..., Page], site: Path) -> None:
    with hosted(site) as address:
        page = opened(f"{address}/index.html")
        page.get_by_role("tab", name="Draw").click()
        sheet = page.get_by_label("A sheet to draw on")
        box = sheet.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 160, box["y"] + 170, steps=8)
        page.mouse.up()
        expect(page.locator("p.first")).to_be_visible()
        first = page.locator("p.first").inner_text()
        page.get_by_label("Ink", exact=True).select_option("black")
        page.get_by_role("button", name="Wipe clean").click()
        page.mouse.move(box["x"] + 90, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 130, steps=4)
        page.mouse.up()
        expect(page.locator("p.first")).not_to_have_text(first)


def test_the_camera_is_answered_as_it_runs(opened: Callable[..., Page], site: Path) -> None:
    with hosted(site) as address:
        page = opened(f"{address}/index.html")
        page.get_by_role("tab", name="Camera").click()
        page.get_by_role("button", name="switch it on").click()
        expect(page.locator("p.first")).to_be_visible()
        page.get_by_role("button", name="Switch it off").first.click()
        assert_accessible(page)


def test_on_a_phone_in_german_by_keyboard_in_the_dark(opened: Callable[..., Page], site: Path, face: Path) -> None:
    with hosted(site) as address:
        page = opened(f"{address}/index.html", width=360, locale="de-DE", color_scheme="dark")
        page.goto(f"{address}/index.html?lang=de")
        expect(page.get_by_role("heading", name="Gib dem Netz ein Bild")).to_be_visible()
        page.locator("input[type=file]").set_input_files(face)
        expect(page.locator("p.first")).to_be_visible()
        slider = page.get_by_role("slider", name="Deckkraft der Karte")
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(slider).to_have_value("51")
        assert_accessible(page)
        assert_fits(page)
        shot(page, "phone")


def test_without_a_graph_that_explains_the_picture_is_hidden_bit_by_bit(
    opened: Callable[..., Page], site: Path, face: Path, tmp_path: Path
) -> None:
    plain = shutil.copytree(site, tmp_path / "site")
    manifest = json.loads((plain / "model/manifest.json").read_text())
    del manifest["graphs"]["explain"]
    (plain / "model/manifest.json").write_text(json.dumps(manifest))
    with hosted(plain) as address:
        page = opened(f"{address}/index.html")
        page.locator("input[type=file]").set_input_files(face)
        expect(page.get_by_text("Occlusion")).to_be_visible()
        page.get_by_label("For the class").select_option(label=manifest["classes"][1])
        expect(page.get_by_role("img", name=f"Where the net finds {manifest['classes'][1]}")).to_be_visible()


def test_what_is_no_picture_is_refused_in_words(opened: Callable[..., Page], site: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(b"no picture")
    with hosted(site) as address:
        page = opened(f"{address}/index.html")
        page.locator("input[type=file]").set_input_files(wrong)
        expect(page.get_by_role("alert")).to_have_text("The browser cannot read this file as a picture.")

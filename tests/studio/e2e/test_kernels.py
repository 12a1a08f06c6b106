"""The room Kernels as a person uses it: cursor and sums, typing a kernel, chain, learnt filters, lesson, webcam."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from browser import assert_accessible, press
from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import library, session
from nonesuch.data.decode import decode
from nonesuch.data.open import open_data
from nonesuch.pixels import png_bytes
from nonesuch.studio.studio import Studio

Shot = Callable[[Page, str], Path]
FACE = Path(__file__).parents[3] / "web/src/rooms/kernels/face.png"
WAIT = 60_000


@pytest.fixture
def page(studio_page: Page) -> Page:
    """The room."""
    studio_page.get_by_role("link", name="Kernels").click()
    expect(picture(studio_page)).to_be_visible(timeout=WAIT)
    return studio_page


@pytest.fixture
def classifier(server: tuple[Studio, str]) -> str:
    """A run of a few steps, which knows nothing yet but has filters and answers."""
    places = server[0].places
    run = places.runs / "20261124-130000-cnn-bars-cd34"
    run.mkdir(parents=True)
    planned = small(folder_of_bars(places.data / "bars"), "cnn")
    library.folder_for(planned, run)
    list(session.fit(planned, run, stopping(4)))
    return run.name


def picture(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Picture, column"))


def result(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^The result, column"))


def cell(page: Page, row: int, column: int) -> Locator:
    return page.get_by_label(f"Row {row}, column {column}", exact=True)


def field(page: Page, name: str) -> Locator:
    return page.get_by_label(name, exact=True)


def test_the_face_that_comes_with_the_page_is_that_of_the_data() -> None:
    assert (decode(FACE.read_bytes()) == open_data("pixelfolk").pixels[4]).all()


def test_sums_by_keyboard_and_a_kernel_by_hand(page: Page, shot: Shot) -> None:
    press(picture(page), "Home")
    press(picture(page), "PageUp")
    expect(page.get_by_role("heading", name="Column 1, row 1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"x=0&y=0"))
    # A white corner with black around it: 5 * 255 - 2 * 255.
    expect(page.get_by_role("region", name="The sum")).to_contain_text("765 → 255 (above 255 is white)")
    press(picture(page), "ArrowRight")
    expect(picture(page)).to_have_attribute("aria-label", "Picture, column 2, row 1: 255, 255, 255")
    expect(result(page)).to_have_attribute("aria-label", "The result, column 2, row 1: 255, 255, 255")
    box = result(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    expect(page.get_by_role("heading", name="Column 9, row 9")).to_be_visible()

    expect(page.get_by_label("Kernel", exact=True).get_by_role("option")).to_have_count(14, timeout=WAIT)
    page.get_by_label("Kernel", exact=True).select_option("emboss")
    expect(cell(page, 1, 1)).to_have_value("-2")
    cell(page, 2, 2).fill("7.5")
    press(cell(page, 2, 2), "Enter")
    expect(page.get_by_label("Kernel", exact=True)).to_have_value("custom")
    expect(page.get_by_text("The weights sum to 7.5.")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Kernel", exact=True)).to_have_value("emboss")
    expect(cell(page, 2, 2)).to_have_value("1")

    field(page, "Stride").fill("3")
    expect(page.get_by_text("A stride of 3 does not fit: 16 pixels are 5 steps and 1 left over")).to_be_visible()
    expect(field(page, "Stride")).to_have_attribute("aria-invalid", "true")
    field(page, "Stride").fill("2")
    expect(page.get_by_text("Result, 8 × 8")).to_be_visible()
    page.get_by_text("Image editor’s file (.acf)").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as .acf").click()
    kept = download.value.path()
    assert kept.read_bytes()[:12] == bytes(12)
    page.get_by_label("Kernel", exact=True).select_option("sharpen")
    loading = page.get_by_label("Load a Custom filter")
    loading.set_input_files({"name": "x.acf", "mimeType": "", "buffer": kept.read_bytes()})
    expect(page.get_by_label("Size", exact=True)).to_have_value("5")
    expect(cell(page, 2, 2)).to_have_value("-2")
    loading.set_input_files({"name": "x.acf", "mimeType": "", "buffer": b"no"})
    expect(page.get_by_role("alert")).to_contain_text("holds 54 bytes")
    shot(page, "custom")
    assert_accessible(page)


def test_an_own_picture_in_a_chain(page: Page, shot: Shot) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, 15:] = 255
    chooser = page.get_by_label("Your own picture: drop, paste or choose it")
    chooser.set_input_files({"name": "half.png", "mimeType": "image/png", "buffer": png_bytes(pixels)})
    expect(page.get_by_text("Picture, 30 × 20, numbers: red")).to_be_visible(timeout=WAIT)
    expect(page).to_have_url(re.compile("picture=upload"))
    expect(page.get_by_text("15 × 10, ")).to_have_count(2, timeout=WAIT)
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Step 5", exact=True).select_option("pool")
    expect(page.get_by_text("7 × 5, ")).to_be_visible()
    page.get_by_label("Number 1 of step 5, pool").fill("50")
    press(page.get_by_label("Number 1 of step 5, pool"), "Enter")
    expect(page.get_by_role("alert")).to_contain_text("the picture is only 15×10 any more")
    page.get_by_role("button", name="Take step 5 out").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    shot(page, "chain")
    assert_accessible(page)


def test_a_learnt_filter_is_edited_and_the_answers_move(classifier: str, page: Page, shot: Shot) -> None:
    page.get_by_role("tab", name="Learnt filters").click()
    page.get_by_role("button", name="Filter 1 into the editor").click(timeout=WAIT)
    expect(page.get_by_role("heading", name="What the net says", exact=True)).to_be_visible(timeout=WAIT)
    answers = page.get_by_role("table", name="Answers of the net")
    expect(answers).to_contain_text("%", timeout=WAIT)
    before = answers.inner_text()
    expect(page.get_by_text("The picture as the net sees it")).to_be_visible()
    page.get_by_role("button", name="Three times as loud").click()
    expect(page.get_by_role("heading", name="What it says with filter 1 changed")).to_be_visible()
    page.get_by_role("button", name="Three times as loud").click()
    expect(answers).not_to_have_text(before, use_inner_text=True, timeout=WAIT)
    shot(page, "learnt")
    assert_accessible(page)
    page.get_by_role("button", name="As it was").click()
    expect(page.get_by_role("heading", name="What the net says", exact=True)).to_be_visible()


def test_random_kernels_learn_it(page: Page, shot: Shot) -> None:
    page.get_by_role("tab", name="Let it learn").click()
    page.get_by_label("Steps, as a number").fill("60")
    press(page.get_by_label("Steps, as a number"), "Enter")
    page.get_by_role("button", name="Now let it learn this").click()
    expect(page.get_by_text("After 60 steps")).to_be_visible(timeout=2 * WAIT)
    press(page.get_by_label("Moment", exact=True), "Home")
    expect(page.get_by_text("After 0 steps")).to_be_visible()
    shot(page, "lesson")
    assert_accessible(page)
    page.get_by_role("button", name="Into the editor").click()
    expect(page.get_by_label("Kernel", exact=True)).to_have_value("custom")


def test_the_webcam_is_filtered_and_a_frame_is_looked_at(page: Page, shot: Shot) -> None:
    page.get_by_label("Webcam", exact=True).check()
    page.get_by_role("button", name="Webcam: camera on").click()
    expect(page.locator("canvas[data-drawn]:not([data-drawn='0'])")).to_be_attached(timeout=WAIT)
    shot(page, "webcam")
    assert_accessible(page)
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_text("Picture, 640 × 480")).to_be_visible(timeout=WAIT)
    press(field(page, "Zoom"), "End")
    expect(page).to_have_url(re.compile("zoom=80"))


def test_it_slides_by_itself_until_it_is_led(page: Page) -> None:
    at = page.get_by_role("heading", name=re.compile("^Column"))
    page.get_by_label("Steps a second").select_option("16")
    page.get_by_role("button", name="Slide it").click()
    expect(at).not_to_have_text("Column 9, row 9")
    result(page).hover()
    page.wait_for_timeout(300)
    led = at.inner_text()
    page.wait_for_timeout(500)
    expect(at).to_have_text(led)
    page.mouse.move(2, 2)
    expect(at).not_to_have_text(led)
    page.get_by_role("button", name="Pause").click()
    paused = at.inner_text()
    page.wait_for_timeout(300)
    assert at.inner_text() == paused

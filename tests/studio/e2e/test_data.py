"""The room Data as a person uses it: look, make a set, fill it, change it, see it split, fitted, changed, mapped."""

import base64
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, FilePayload, Page, expect

from browser import assert_accessible, press, require_front_end
from made_data import folder_of_bars
from made_studio import TOKEN
from nonesuch.pixels import png_bytes
from nonesuch.studio.studio import Studio

Shot = Callable[[Page, str], Path]
Server = tuple[Studio, str]


def picture(seed: int, name: str = "") -> FilePayload:
    rng = np.random.default_rng(seed)
    pixels = np.full((24, 24, 3), rng.integers(40, 220, 3), np.uint8)
    pixels[6:18, 6 + seed % 6 : 16] = rng.integers(0, 255, 3)
    return {"name": name or f"{seed}.png", "mimeType": "image/png", "buffer": png_bytes(pixels)}


def test_a_data_set_is_made_filled_and_changed(studio_page: Page, server: Server, shot: Shot) -> None:
    page, data = studio_page, server[0].places.data
    page.get_by_label("New data set").fill("toys")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("It is empty yet")).to_be_visible()
    assert_accessible(page)
    for name in ("car", "boat"):
        page.get_by_label("New class").fill(name)
        page.get_by_label("New class").press("Enter")
        expect(page.get_by_role("article", name=f"Class {name}")).to_be_visible()
    page.get_by_label("Pictures for car").set_input_files([picture(seed) for seed in range(8)])
    expect(page.get_by_text("8 pictures added.")).to_be_visible()
    page.get_by_label("Pictures for boat").set_input_files([picture(seed) for seed in range(20, 26)])
    expect(page.get_by_text("6 pictures added.")).to_be_visible()
    assert len(list((data / "toys").glob("*/*.png"))) == 14

    expect(page.get_by_role("region", name="Class car").get_by_role("button")).to_have_count(8, timeout=60_000)
    page.get_by_role("button", name="Choose pictures").click()
    cars = page.get_by_role("region", name="Class car").get_by_role("button")
    press(cars.first, "ArrowRight")
    expect(cars.nth(1)).to_be_focused()
    press(cars.nth(1))
    expect(page.get_by_text("1 picture chosen")).to_be_visible()
    page.get_by_role("button", name="Take out").click()
    expect(page.get_by_text("1 picture taken out")).to_be_visible(timeout=60_000)
    assert len(list((data / "toys" / ".removed" / "car").iterdir())) == 1
    page.get_by_role("button", name="Put them back").click()
    expect(page.get_by_text("taken out")).to_have_count(0)

    page.get_by_label("Training uses boat").uncheck()
    expect(page.get_by_text("6, switched off")).to_be_visible(timeout=60_000)
    page.get_by_text("More for car").click()
    page.get_by_role("button", name="Rename car").click()
    page.get_by_label("New name of car").fill("lorry")
    press(page.get_by_label("New name of car"))
    expect(page.get_by_role("article", name="Class lorry")).to_be_visible()
    assert (data / "toys" / "lorry").is_dir()
    shot(page, "own")
    assert_accessible(page)


def test_what_is_no_picture_is_named_with_its_reason(chromium: Browser, server: Server) -> None:
    require_front_end()
    page = chromium.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(f"{server[1]}/?token={TOKEN}")
    page.goto(f"{server[1]}/data?data=few")
    bad: FilePayload = {
        "name": "<img src=x onerror=alert(1)>.png",
        "mimeType": "image/png",
        "buffer": b"<svg onload=alert(1)>",
    }
    page.get_by_label("Pictures for left").set_input_files([picture(1), bad])
    expect(page.get_by_text("1 picture added, 1 refused.")).to_be_visible(timeout=30_000)
    page.get_by_text("Why they were refused").click()
    expect(page.get_by_text("<img src=x onerror=alert(1)>.png: this is no picture")).to_be_visible()
    assert not said
    page.close()


DROP_OF_TWO = """zone => {
    const gone = { isFile: true, fullPath: '/lost/gone.png',
                   file: (done, failed) => failed(new DOMException('gone', 'NotFoundError')) };
    const bytes = Uint8Array.from(atob('%s'), each => each.charCodeAt(0));
    const there = { isFile: true, fullPath: '/there.png',
                    file: done => done(new File([bytes], 'there.png', { type: 'image/png' })) };
    const drop = new Event('drop', { bubbles: true, cancelable: true });
    drop.dataTransfer = { items: [gone, there].map(entry => ({ webkitGetAsEntry: () => entry })) };
    zone.dispatchEvent(drop);
}"""
"""A drop by script has no files of a disk, so its entries are made up; browsers hand over no more than this."""


def test_of_a_drop_what_cannot_be_read_is_named_and_the_rest_is_taken(
    studio_page: Page, server: Server, shot: Shot
) -> None:
    page, data = studio_page, server[0].places.data
    page.get_by_label("New data set").fill("toys")
    page.get_by_role("button", name="Make it").click()
    zone = page.get_by_text("Or drop pictures, folders or a zip here")
    zone.evaluate(DROP_OF_TWO % base64.b64encode(picture(3)["buffer"]).decode())
    expect(page.get_by_role("alert").filter(has_text="lost/gone.png cannot be read")).to_be_visible()
    expect(page.get_by_text("1 picture added.")).to_be_visible(timeout=30_000)
    assert len(list((data / "toys").glob("*/*.png"))) == 1
    assert_accessible(page)
    shot(page, "unread")


def test_a_set_made_by_another_program_is_there_when_somebody_comes_back(studio_page: Page, server: Server) -> None:
    page = studio_page
    shelf = page.get_by_label("Data set", exact=True)
    expect(shelf).to_contain_text("few")
    folder_of_bars(server[0].places.data / "copied", 12)
    expect(shelf).not_to_contain_text("copied")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(shelf).to_contain_text("copied")


def test_a_zip_becomes_classes(studio_page: Page, server: Server) -> None:
    page = studio_page
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for seed in range(4):
            archive.writestr(f"all/{'cat' if seed % 2 else 'dog'}/{seed}.png", picture(seed)["buffer"])
        archive.writestr("all/../../evil.png", picture(9)["buffer"])
    page.get_by_label("Data set", exact=True).select_option("few")
    zipped: FilePayload = {"name": "pets.zip", "mimeType": "application/zip", "buffer": held.getvalue()}
    page.get_by_label("Or drop pictures").set_input_files(zipped)
    expect(page.get_by_text("From the archive: 4 pictures added, 1 refused.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("article", name="Class dog")).to_be_visible()
    page.get_by_text("Why they were refused").click()
    expect(page.get_by_text("its name leads outside the archive")).to_be_visible()


def test_what_is_in_it_and_how_it_will_be_seen(studio_page: Page, server: Server, shot: Shot) -> None:
    page, (studio, address) = studio_page, server
    folder = folder_of_bars(studio.places.data / "bars", 160)
    (folder / "up" / "again.png").write_bytes((folder / "up" / "0003.png").read_bytes())
    (folder / "up" / "broken.png").write_bytes(b"no")
    page.goto(f"{address}/data?data=bars")
    expect(page.get_by_text("161 pictures")).to_be_visible(timeout=60_000)
    tabs = page.get_by_role("tablist", name="What to see of it")
    tabs.get_by_role("tab", name="Balance and split").click()
    expect(page.get_by_role("heading", name="The split")).to_be_visible()
    press(page.get_by_label("Share to measure on (test)", exact=True), "ArrowRight")
    expect(page.get_by_text("data.test_share=0.15")).to_be_visible()
    page.get_by_role("button", name="Name them all").click()
    expect(page.get_by_role("cell", name="up/broken.png")).to_be_visible()
    assert_accessible(page)
    press(tabs.get_by_role("tab", name="Balance and split"), "ArrowRight")
    expect(page.get_by_text("identical", exact=True)).to_be_visible()
    assert_accessible(page)
    tabs.get_by_role("tab", name="As the net sees one").click()
    expect(page.get_by_role("img", name="Stretch: nothing is lost")).to_be_visible()
    expect(page.get_by_role("img", name="Changed, 11", exact=True)).to_be_visible()
    page.get_by_role("button", name="Take pad").click()
    expect(page.get_by_text("Pad (chosen)")).to_be_visible(timeout=60_000)
    assert "fit=pad" in page.url
    assert_accessible(page)
    page.go_back()
    expect(page.get_by_text("Crop (chosen)")).to_be_visible()

    page.goto(f"{address}/data?data=bars&show=map&by=pixels")
    canvas = page.get_by_role("button", name="A map of 161 pictures")
    expect(canvas).to_be_visible(timeout=90_000)
    press(canvas, "ArrowRight")
    expect(page.get_by_role("region", name="Neighbours").get_by_role("listitem")).to_have_count(12)
    assert "row=" in page.url
    shot(page, "map")
    assert_accessible(page)


def test_the_webcam_takes_pictures_as_long_as_it_is_held(studio_page: Page, server: Server) -> None:
    page, (studio, address) = studio_page, server
    page.context.grant_permissions(["camera"], origin=address)
    page.goto(f"{address}/data?data=few")
    card = page.get_by_role("article", name="Class left")
    card.get_by_role("button", name="Webcam for left").click()
    card.get_by_role("button", name="camera on").click()
    hold = card.get_by_role("button", name="Hold to take pictures")
    expect(hold).to_be_enabled(timeout=30_000)
    hold.focus()
    expect(hold).to_be_focused()
    page.keyboard.down("Space")
    expect(card.get_by_role("status")).to_have_text(re.compile(r"([3-9]|\d\d) taken for left"), timeout=30_000)
    page.keyboard.up("Space")
    expect(hold).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("article", name="Class left").get_by_text("3 pictures")).to_have_count(0, timeout=30_000)
    assert len(list((studio.places.data / "few" / "left").glob("*.png"))) > 3


def test_it_fits_a_phone(studio_page: Page, server: Server, shot: Shot) -> None:
    page, (_, address) = studio_page, server
    page.set_viewport_size({"width": 360, "height": 740})
    for show in ("pictures", "balance", "looks"):
        page.goto(f"{address}/data?data=few&show={show}")
        expect(page.get_by_text("6 pictures")).to_be_visible(timeout=60_000)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, show
        shot(page, show)

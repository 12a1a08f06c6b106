"""What a visitor can do on a page of a net that draws: by mouse, by keyboard, by link, on a phone, in German."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from browser import assert_accessible, assert_fits
from made_pages import Built
from nonesuch.publishing.site import Site
from watched import Watched, hosted, watched

LONG = 60_000
PIXELS = """element => { const c = element.querySelector('canvas') ?? element;
  const copy = Object.assign(document.createElement('canvas'), { width: c.width, height: c.height });
  const pen = copy.getContext('2d', { willReadFrequently: true });
  pen.drawImage(c, 0, 0);
  return [...pen.getImageData(0, 0, c.width, c.height).data]; }"""
Visit = Callable[..., "Watched"]


@pytest.fixture(scope="module")
def address(published: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Where the page of a kind is hosted: the GAN's has a direction by the name of "older, wiser: 5 %"."""
    folder = tmp_path_factory.mktemp("hosted")
    for kind in ("gan", "vae"):
        _directed(published(kind, "fp32")).write(folder / kind, single=False)
    with hosted(folder) as host:
        yield lambda kind: f"{host}/{kind}/"


def _directed(site: Site) -> Site:
    manifest = json.loads(site.contents.files["model/manifest.json"])
    vector = [1.0] + [0.0] * (manifest["latent"]["size"] - 1)
    manifest["directions"] = [{"name": "older, wiser: 5 %", "method": "given", "vector": vector, "sigma": 1.0}]
    files = {**site.contents.files, "model/manifest.json": json.dumps(manifest).encode()}
    return Site(replace(site.contents, files=files), site.texts, site.wish, site.front, site.card)


@pytest.fixture
def visit(chromium: Browser, address: Callable[[str], str]) -> Iterator[Visit]:
    """Opens a page with something behind its #, as a new visitor each time; at the end all must have been quiet."""
    with ExitStack() as visitors:
        seen_by: list[Watched] = []

        def go(behind: str = "", kind: str = "gan", query: str = "", **options: object) -> Watched:
            options = {"viewport": {"width": 1280, "height": 900}, "bypass_csp": True, **options}
            seen = visitors.enter_context(watched(chromium, **options))
            seen_by.append(seen)
            seen.page.set_default_timeout(LONG)
            seen.page.goto(f"{address(kind)}{query}{behind and f'#{behind}'}")
            seen.page.locator("main[aria-busy=false]").wait_for()
            return seen

        yield go
        for seen in seen_by:
            assert [*seen.faults, *seen.dialogs, *seen.page.evaluate("window.reports")] == []


def hero(page: Page) -> Locator:
    return page.locator(".hero [data-shown]")


def drawn(page: Page, place: str = ".") -> list[int]:
    """The pixels of the large picture, once it is that of a place."""
    expect(hero(page)).to_have_attribute("data-shown", re.compile(f"^{place}"), timeout=LONG)
    found: list[int] = hero(page).evaluate(PIXELS)
    return found


def behind(page: Page) -> dict[str, str]:
    parts = page.evaluate("location.hash").lstrip("#").split("&")
    return {name: unquote(value) for name, _, value in (part.partition("=") for part in parts)}


def test_every_visit_is_a_new_picture_and_a_link_is_always_the_same(visit: Visit) -> None:
    page = visit().page
    drawn(page)
    first = behind(page)["seed"]
    page.reload()
    drawn(page)
    assert behind(page)["seed"] != first, "nobody chose that seed: a new visit is a new one"
    page.get_by_role("button", name="Another").click()
    chosen = behind(page)["seed"]
    pixels = drawn(page, f"n{chosen} ")
    page.reload()
    assert drawn(page, f"n{chosen} ") == pixels
    assert drawn(visit(f"seed={chosen}").page) == pixels
    assert drawn(visit(f"seed={chosen}&class=brown&truncation=0.5").page) != pixels


def test_back_and_forward_go_through_the_pictures(visit: Visit) -> None:
    page = visit("seed=7").page
    seven = drawn(page, "n7 ")
    page.get_by_role("button", name="Another").click()
    expect(hero(page)).not_to_have_attribute("data-shown", re.compile("^n7 "), timeout=LONG)
    other = drawn(page)
    page.go_back()
    assert drawn(page, "n7 ") == seven
    page.go_forward()
    expect(hero(page)).not_to_have_attribute("data-shown", re.compile("^n7 "), timeout=LONG)
    assert drawn(page) == other


def test_with_motion_it_glides_and_arrives_at_the_very_same_picture(visit: Visit) -> None:
    still = drawn(visit("seed=12&class=brown").page, "n12 ")
    page = visit("seed=7&class=brown").page
    page.emulate_media(reduced_motion="no-preference")
    drawn(page, "n7 ")
    page.get_by_role("spinbutton", name="Seed", exact=True).fill("12")
    page.keyboard.press("Enter")
    assert drawn(page, "n12 ") == still


def test_letters_are_shortcuts_but_not_where_one_types(visit: Visit) -> None:
    page = visit("seed=7").page
    drawn(page)
    page.keyboard.press("n")
    expect(hero(page)).not_to_have_attribute("data-shown", re.compile("^n7 "))
    seed = behind(page)["seed"]
    page.get_by_role("spinbutton", name="Seed", exact=True).focus()
    page.keyboard.press("n")
    assert behind(page)["seed"] == seed
    page.get_by_role("checkbox", name="Keys").uncheck()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("n")
    assert behind(page)["seed"] == seed


def test_a_direction_is_a_slider_and_stands_in_the_address(visit: Visit) -> None:
    page = visit("seed=7").page
    before = drawn(page, "n7 ")
    slider = page.get_by_role("slider", name="older, wiser: 5 %")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "2 σ")
    assert unquote(behind(page)["move"]) == "older, wiser: 5 %:2"
    moved = drawn(page, r"n7 .*:2\}$")
    assert moved != before
    assert drawn(visit(page.evaluate("location.hash").lstrip("#")).page, r"n7 .*:2\}$") == moved
    page.get_by_role("button", name="Reset all").click()
    assert drawn(page, r"n7 .*\{\}$") == before


def test_the_grid_is_walked_by_arrow_keys(visit: Visit) -> None:
    page = visit("view=grid&seed=100").page
    faces = page.get_by_role("list", name="Pictures of seeds in a row").get_by_role("button")
    expect(faces).to_have_count(28)
    faces.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(faces.nth(2)).to_be_focused()
    expect(faces.nth(2)).to_have_accessible_name(re.compile("seed 102"))
    small = faces.nth(2).locator("canvas:not([data-shown=''])").evaluate(PIXELS)
    page.keyboard.press("Enter")
    assert drawn(page, "n102 ") == small
    page.go_back()
    page.get_by_role("button", name="Next").click()
    expect(faces.first).to_have_accessible_name(re.compile("seed 128"))


def test_a_walk_goes_step_by_step_where_motion_is_unwanted(visit: Visit) -> None:
    page = visit("view=walk&way=n7,n12&time=0").page
    drawn(page, "n7 n12 0 ")
    expect(page.get_by_role("button", name="Play")).to_have_count(0)
    for _ in range(4):
        page.get_by_role("button", name="Step on").click()
    half = drawn(page, "n7 n12 0.5 ")
    assert behind(page)["time"] == "0.5"
    expect(page.get_by_role("slider", name="Position")).to_have_attribute(
        "aria-valuetext", "50 % of the way from station 1 to station 2"
    )
    assert drawn(visit("view=walk&way=n7,n12&time=0.5").page, "n7 n12 0.5 ") == half
    for _ in range(12):
        page.get_by_role("button", name="Step on").click()
    assert drawn(page, "n7 n12 0 ") == drawn(visit("seed=7").page), "a loop comes back"


def test_a_walk_is_played_and_paused(visit: Visit) -> None:
    page = visit("view=walk&seed=7").page
    page.emulate_media(reduced_motion="no-preference")
    drawn(page)
    page.get_by_role("button", name="Play").click()
    expect(hero(page)).not_to_have_attribute("data-shown", re.compile(r"^n7 \w+ 0 "))
    page.get_by_role("button", name="Pause").click()
    time = float(behind(page)["time"])
    assert 0 < time < 4
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_family_is_a_function_of_its_link(visit: Visit) -> None:
    page = visit("view=breed&seed=7").page
    children = page.get_by_role("list", name="Children").get_by_role("button")
    family = page.get_by_role("list", name="Family").get_by_role("button")
    expect(children).to_have_count(12)
    page.get_by_role("button", name="Bring in a stranger").click()
    expect(family).to_have_count(2)
    expect(page.get_by_text("2 parents")).to_be_visible()
    children.nth(3).click()
    expect(family).to_have_count(3)
    expect(family.nth(2)).to_have_attribute("aria-pressed", "true")
    assert behind(page)["family"].split(",")[2] == "0-1.0.3.35"
    link = page.evaluate("location.hash").lstrip("#")
    pixels = _all_of(children)
    assert len({str(each) for each in pixels}) == 12
    # Somebody else, somewhere else.
    other = visit(link).page
    assert _all_of(other.get_by_role("list", name="Children").get_by_role("button")) == pixels
    page.get_by_role("button", name="Other children").click()
    expect(children.first.locator("canvas")).not_to_have_attribute("data-shown", "")
    assert behind(page)["brood"] == "1"
    # The stranger is chosen away: what remains is the family of one.
    family.nth(0).click()
    family.nth(2).click()
    page.get_by_role("button", name="Only its ancestors").click()
    expect(family).to_have_count(1)


def _all_of(faces: Locator) -> list[list[int]]:
    expect(faces.locator("canvas[data-shown='']")).to_have_count(0, timeout=LONG)
    return [face.evaluate(PIXELS) for face in faces.all()]


def test_the_last_family_is_found_again_at_the_next_visit(visit: Visit) -> None:
    page = visit("view=breed&seed=7").page
    page.get_by_role("list", name="Children").get_by_role("button").first.click()
    link = page.evaluate("location.hash")
    page.goto("about:blank")
    page.goto(visit("view=breed&seed=5").page.url)
    page.get_by_role("button", name="Go on with your last family").click()
    assert page.evaluate("location.hash") == link


def test_a_dropped_picture_is_encoded_moved_and_weighed(visit: Visit, published: Built, tmp_path: Path) -> None:
    files = published("vae", "fp32").contents.files
    pixels = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    session = onnxruntime.InferenceSession(files["model/encode.fp32.onnx"])
    given = (pixels.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
    mean, log_variance = session.run(["mean", "log_variance"], {"picture": given})

    page = visit("view=photo", kind="vae").page
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.get_by_text("As a table").click()
    table = [row.locator("td").all_inner_texts() for row in page.locator("details tbody tr").all()]
    assert len(table) == mean.shape[1]
    said = np.array([[float(cell.replace("−", "-")) for cell in row] for row in table])
    assert said[:, 0] == pytest.approx(mean[0], rel=2e-3, abs=2e-3)
    assert said[:, 1] == pytest.approx(np.exp(log_variance[0] / 2), rel=2e-3, abs=2e-3)
    assert said[:, 2] == pytest.approx(said[:, 0]), "it is drawn at the mean"
    assert page.get_by_role("img", name="As the net sees it").evaluate(PIXELS) == [
        value for pixel in pixels.reshape(-1, 3).tolist() for value in (*pixel, 255)
    ]

    shown = hero(page).get_attribute("data-shown")
    slider = page.get_by_role("slider", name=re.compile("^Number ")).first
    slider.focus()
    page.keyboard.press("End")
    expect(hero(page)).not_to_have_attribute("data-shown", str(shown))
    page.get_by_role("button", name="Back to what the encoder said").click()
    expect(hero(page)).to_have_attribute("data-shown", str(shown))

    nats = []
    for samples in ("1", "256"):
        page.get_by_label("Samples K").select_option(samples)
        expect(page.get_by_text(f"(K = {samples})")).to_be_visible(timeout=LONG)
        nats.append(float(str(page.locator("[data-bound]").get_attribute("data-bound"))))
    assert nats[1] > nats[0], "more samples, a tighter bound"

    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    expect(page.get_by_role("alert")).to_have_text("The browser cannot read this file as a picture.")


def test_it_speaks_german(visit: Visit) -> None:
    page = visit("seed=7", query="?lang=de").page
    drawn(page)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("button", name="Noch eins")).to_be_visible()
    expect(hero(page)).to_have_accessible_name(re.compile("Zufallszahl 7"))
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Another")).to_be_visible()


@pytest.mark.parametrize("view", ["picture", "grid", "walk", "breed", "photo"])
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_view_fits_and_is_accessible(visit: Visit, view: str, width: int, scheme: str) -> None:
    kind = "vae" if view == "photo" else "gan"
    family = "&family=n7,n12,0-1.0.3.35,n99,2-3.0.1.35" if view == "breed" else ""
    seen = visit(f"view={view}&seed=7{family}", kind, viewport={"width": width, "height": 740}, color_scheme=scheme)
    expect(seen.page.locator("[data-shown='']")).to_have_count(0, timeout=LONG)
    assert_fits(seen.page)
    assert_accessible(seen.page)


def test_one_file_from_a_disk_does_all_of_it(chromium: Browser, published: Built, tmp_path: Path) -> None:
    _directed(published("gan", "fp32")).write(tmp_path / "page.html", single=True)
    with watched(chromium) as seen:
        page = seen.page
        page.goto(f"{(tmp_path / 'page.html').as_uri()}#seed=7")
        seven = drawn(page, "n7 ")
        page.get_by_role("button", name="Another").click()
        expect(hero(page)).not_to_have_attribute("data-shown", re.compile("^n7 "), timeout=LONG)
        page.go_back()
        assert drawn(page, "n7 ") == seven
        page.get_by_role("tab", name="Breed").click()
        page.get_by_role("list", name="Children").get_by_role("button").first.click()
        assert behind(page)["family"] == "n7,0.0.0.35"
        seen.assert_quiet()


def test_a_mark_that_was_asked_for_is_in_the_saved_picture(visit: Visit, tmp_path: Path) -> None:
    page = visit("seed=7").page
    plain = _saved(page, tmp_path / "plain.png")

    def marked(route: Route) -> None:
        body, count = re.subn(r'"mark": ?false', '"mark": true', route.fetch().text())
        assert count == 1
        route.fulfill(body=body, content_type="text/html")

    page.route("**/gan/", marked)
    page.reload()
    expect(page.get_by_text("made by a net", exact=True)).to_be_visible()
    found = _saved(page, tmp_path / "marked.png")
    assert plain.shape == found.shape == (512, 512, 3)
    changed = (plain != found).any(-1)
    assert changed[482:, 400:].mean() > 0.3, "words stand in the lower right corner"
    assert not changed[:480].any()


def _saved(page: Page, file: Path) -> np.ndarray:
    drawn(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as PNG").click()
    waiting.value.save_as(file)
    with Image.open(file) as read:
        return np.asarray(read.convert("RGB"))


def test_without_the_net_the_pictures_drawn_before_remain(chromium: Browser, address: Callable[[str], str]) -> None:
    with _broken(chromium) as seen:
        seen.page.goto(address("gan"))
        expect(seen.page.get_by_role("alert")).to_contain_text("only the pictures drawn before", timeout=LONG)
        assert seen.page.locator("main img").count() > 5


@contextmanager
def _broken(chromium: Browser) -> Iterator[Watched]:
    with watched(chromium) as seen:
        seen.page.route("**/*.onnx", lambda route: route.fulfill(status=404))
        yield seen

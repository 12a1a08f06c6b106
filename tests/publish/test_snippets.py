"""The examples beside an exported net, each run as it stands: two pages and a p5.js sketch in Chromium, two scripts."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser import ROOT
from made_export import exported, run_folder
from nonesuch.evaluation.run import Prediction
from nonesuch.library import open_run
from nonesuch.pixels import write_png
from nonesuch.publishing import snippets
from watched import hosted

P5 = ROOT / "web/node_modules/p5/lib/p5.min.js"
CANVAS = """
(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
"""


Site = tuple[Path, Path]
"""A run, and a folder with the examples and model/ beside them."""


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Of the first GAN."""
    return made("gan", tmp_path_factory.mktemp("gan"))


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Of the first CNN."""
    return made("cnn", tmp_path_factory.mktemp("cnn"))


def made(kind: str, where: Path) -> Site:
    run, folder = run_folder(kind, where / "runs"), where / "site"
    folder.mkdir()
    manifest = json.loads((exported(run, folder / "model") / "manifest.json").read_text())
    for name, data in snippets.files(manifest["graphs"]).items():
        (folder / name).write_bytes(data)
    return run, folder


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose console stays silent."""
    context = chromium.new_context(device_scale_factor=1)
    found = context.new_page()
    errors: list[str] = []
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: errors.append(str(error)))
    # Browsers ask every site for an icon.
    found.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    yield found
    context.close()
    assert not errors, errors


def on_canvas(page: Page, side: int) -> NDArray[np.int64]:
    """What is on the page's canvas, as RGB."""
    return np.array(page.locator("canvas").evaluate(CANVAS)).reshape(side, side, 4)[:, :, :3]


def test_each_kind_has_its_examples_and_no_others() -> None:
    assert set(snippets.files(["draw"])) == {"draw.html", "draw_p5.html", "draw.py", "seeds.py"}
    assert set(snippets.files(["answer", "explain"])) == {"predict.html", "predict.py"}


def test_plain_page(drawing: Site, page: Page) -> None:
    run, folder = drawing
    with hosted(folder) as address:
        page.goto(f"{address}/draw.html")
        expect(page.locator("output")).to_have_text("7")
        assert np.abs(on_canvas(page, 16) - open_run(run).sample([7])[0]).max() <= 1
        page.get_by_role("button", name="Another").click()
        expect(page.locator("output")).not_to_have_text("7")
        seed = int(page.locator("output").inner_text())
        assert np.abs(on_canvas(page, 16) - open_run(run).sample([seed])[0]).max() <= 1


def test_p5(drawing: Site, page: Page) -> None:
    run, folder = drawing
    if not P5.is_file():
        pytest.fail("p5 is not installed: run `npm ci` in web/")
    shutil.copy(P5, folder / "p5.min.js")
    opened = open_run(run)
    with hosted(folder) as address:
        page.goto(f"{address}/draw_p5.html")
        # Read before the next frame, which has gone a step further.
        found = page.evaluate("""async () => {
            while (!shown) await new Promise((done) => setTimeout(done, 20));
            noLoop();
            while (busy) await new Promise((done) => setTimeout(done, 20));
            [from, to] = [model.code(7), model.code(8)];
            await paint(0);
            await redraw();
            return [...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 256, 256).data];
        }""")
        drawn = np.array(found).reshape(256, 256, 4)[8::16, 8::16, :3]
        wanted = opened.sample([7], named=json_classes(folder)[0])[0]
        assert np.abs(drawn - wanted).max() <= 1
        before = page.evaluate("step")
        page.evaluate("loop()")
        page.evaluate(
            "async (before) => { while (step < before + 5) await new Promise((d) => setTimeout(d, 20)); }", before
        )
        assert np.abs(on_canvas(page, 256)[8::16, 8::16] - wanted).max() > 1


def json_classes(folder: Path) -> list[str]:
    """The classes that the manifest names."""
    classes: list[str] = json.loads((folder / "model/manifest.json").read_text())["classes"]
    return classes


def test_python_draws(drawing: Site, tmp_path: Path) -> None:
    run, folder = drawing
    seeds = [7, 2**53 - 1]
    subprocess.run([sys.executable, folder / "draw.py", *map(str, seeds)], cwd=tmp_path, check=True)
    found = np.stack([np.asarray(Image.open(tmp_path / f"{seed}.png")) for seed in seeds]).astype(int)
    assert np.abs(found - open_run(run).sample(seeds)).max() <= 1
    name = json_classes(folder)[3]
    subprocess.run([sys.executable, folder / "draw.py", "--class", name, "7"], cwd=tmp_path, check=True)
    told = np.asarray(Image.open(tmp_path / "7.png")).astype(int)
    assert np.abs(told - open_run(run).sample([7], named=name)[0]).max() <= 1


@pytest.fixture
def face(tmp_path: Path) -> Path:
    """A picture of the net's own size, which nothing has to be done to."""
    side = np.arange(16)
    pixels = np.stack(
        [side[:, None] * 16 + side, side[None] * 15 + 0 * side[:, None], 255 - side[:, None] * 9 - side], -1
    )
    write_png(tmp_path / "face.png", pixels.astype(np.uint8))
    return tmp_path / "face.png"


def answered(run: Path, face: Path) -> Prediction:
    """What the command line says of it."""
    (found,) = open_run(run).predict([face])
    assert isinstance(found, Prediction)
    return found


def test_page_that_names_pictures(answering: Site, page: Page, face: Path) -> None:
    run, folder = answering
    answer = answered(run, face)
    with hosted(folder) as address:
        page.goto(f"{address}/predict.html")
        page.wait_for_load_state("networkidle")
        page.get_by_label("Picture").set_input_files(face)
        expect(page.get_by_role("listitem")).to_have_count(5)
        name, share = page.get_by_role("listitem").first.inner_text().split(": ")
    assert name == answer.classes[0]
    assert abs(float(share.removesuffix(" %")) / 100 - answer.probabilities[0]) < 0.005


def test_python_names_pictures(answering: Site, face: Path) -> None:
    run, folder = answering
    answer = answered(run, face)
    told = subprocess.run([sys.executable, folder / "predict.py", face], capture_output=True, text=True, check=True)
    name, share = told.stdout.split("  ")[1].rsplit(" ", 1)
    assert name == answer.classes[0]
    assert abs(float(share.removesuffix("%")) / 100 - answer.probabilities[0]) < 0.002

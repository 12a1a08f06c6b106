"""The ten-minute walk: from the command to a trained GAN and a moved slider, in a real browser, each step timed.

    python tests/oracles/ten_minutes.py [--minutes 1.5] [--make] [--shots FOLDER]

Without --make the command is the last one of `make studio`: `nonesuch studio`, in an empty folder. With it `make
studio` itself is given in a bare clone, which installs everything first. Prints one JSON line: seconds from the command
to each step; exit code 1 when the walk took longer than ten minutes.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from browser import chromium, press, settle  # noqa: E402

TEN_MINUTES = 600
PATIENCE = 400_000
"""Milliseconds for one step: training, and the measurement at its end."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What is trained: on which data, for how many minutes or pictures shown, with which settings by their labels.

    wait: for the training's own end; else it is stopped once it has drawn.
    """

    data: str
    amount: float
    by: str = "minutes"
    settings: tuple[tuple[str, str], ...] = ()
    wait: bool = True


def walk(page: Page, wanted: Wanted, tell: Tell) -> None:
    """Data, Train, Latent: what a person does who came in by the link. `tell` hears of each step once it is done."""
    rooms = page.get_by_role("navigation", name="Rooms")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    tell("first page")
    rooms.get_by_role("link", name="Data").click()
    _see_the_pictures(page, wanted.data)
    tell("pictures seen")
    rooms.get_by_role("link", name="Train").click()
    _begin(page, wanted, tell)
    expect(page.get_by_text("training", exact=True)).to_be_visible(timeout=PATIENCE)
    tell("training begun")
    expect(page.get_by_role("img", name="made from seed 0", exact=True)).to_be_visible(timeout=PATIENCE)
    tell("first drawing")
    if not wanted.wait:
        press(page.get_by_role("button", name="■ Stop"))
    expect(page.get_by_text("finished" if wanted.wait else "stopped", exact=True).first).to_be_visible(timeout=PATIENCE)
    tell("trained and measured" if wanted.wait else "stopped")
    _into_latent(page)
    tell("latent space")
    _move_a_slider(page)
    tell("slider moved")


def _see_the_pictures(page: Page, data: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Data")
    page.get_by_label("Data set", exact=True).select_option(data)
    expect(page.locator("strong", has_text=re.compile(r"\d pictures$"))).to_be_visible(timeout=PATIENCE)
    settle(page)


def _begin(page: Page, wanted: Wanted, tell: Tell) -> None:
    page.get_by_label("Pictures", exact=True).select_option(wanted.data)
    page.get_by_label("Budget in").select_option(wanted.by)
    amount = page.get_by_label("Minutes" if wanted.by == "minutes" else "Pictures shown, repeats counted")
    amount.fill(f"{wanted.amount:.12g}")
    for label, value in wanted.settings:
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_label(label, exact=True).blur()
    press(page.get_by_role("button", name="What to expect"))
    expect(page.get_by_text(re.compile("the net has .* numbers to learn"))).to_be_visible(timeout=PATIENCE)
    tell("what to expect")
    press(page.get_by_role("button", name="Begin training"))
    expect(page).to_have_url(re.compile(rf"run=\d{{8}}-\d{{6}}-gan-{wanted.data}"), timeout=PATIENCE)


def _into_latent(page: Page) -> None:
    found = re.search(r"run=([^&]+)", page.url)
    assert found is not None
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Latent").click()
    page.get_by_label("Run", exact=True).select_option(found[1])
    expect(page.get_by_role("img", name="What the net draws at").first).to_be_visible(timeout=PATIENCE)
    settle(page)


def _move_a_slider(page: Page) -> None:
    press(page.get_by_role("button", name="Find directions"))
    slider = page.get_by_role("slider", name="weights 1", exact=True)
    expect(slider).to_be_visible(timeout=PATIENCE)
    before = _drawn(page)
    for _ in range(20):
        press(slider, "ArrowRight")
    expect(slider).to_have_value("2")
    end = time.monotonic() + 60
    while _drawn(page) == before:
        assert time.monotonic() < end, "the slider has moved and the picture has not"
        page.wait_for_timeout(50)


def _drawn(page: Page) -> str:
    picture: str = page.get_by_role("img", name="What the net draws at").first.evaluate("each => each.toDataURL()")
    return picture


def commanded(folder: Path, make: bool) -> tuple[list[str], Path]:
    """The command, and where it is given."""
    if not make:
        return [sys.executable, "-m", "nonesuch", "studio", "--no-browser"], folder
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "nonesuch")], check=True)
    return ["make", "studio"], folder / "nonesuch"


def main() -> int:
    """Exit code 0 when it took ten minutes at most."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=1.5)
    words.add_argument("--make", action="store_true")
    words.add_argument("--shots", type=Path)
    given = words.parse_args()
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        command, where = commanded(Path(folder), given.make)
        paths = {} if given.make else {"PYTHONPATH": str(ROOT / "src")}
        settings = {"NONESUCH_CACHE": f"{folder}/cache", "BROWSER": "true"}
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=where,
            env={**os.environ, **paths, **settings},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            link = next(found[1] for line in process.stdout if (found := re.search(r"(http://\S+token=\S+)", line)))
            seconds["link printed"] = round(time.monotonic() - began, 1)
            with chromium() as browser:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.set_default_timeout(60_000)
                page.goto(link)

                def tell(step: str) -> None:
                    seconds[step] = round(time.monotonic() - began, 1)
                    print(f"{seconds[step]:8.1f} s  {step}", file=sys.stderr, flush=True)
                    if given.shots is not None:
                        page.screenshot(path=given.shots / f"{len(seconds):02}-{step.replace(' ', '-')}.png")

                walk(page, Wanted("pixelfolk", given.minutes), tell)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=30)
    print(json.dumps({"id": "walk", "minutes": given.minutes, "make": given.make, "seconds": seconds}))
    return int(seconds["slider moved"] > TEN_MINUTES)


if __name__ == "__main__":
    sys.exit(main())

"""A real Chromium for tests: found by itself, and never silently left out."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).parents[1]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
         "--use-fake-ui-for-media-stream"]  # fmt: skip
AWAITED = "[role=status]:visible, [aria-busy=true]:visible"
TOO_WIDE = """
[document.documentElement.scrollWidth, innerWidth].reduce((page, screen) => page - screen) <= 0 ? [] :
  [...document.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > innerWidth)
    .map((each) => each.outerHTML.slice(0, 120)).slice(0, 9)
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else Debian's package when we are root, else Playwright's own download."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_found(playwright), args=FLAGS)
        yield browser
        browser.close()


def _found(playwright: Playwright) -> str | None:
    """Where Chromium is; None stands for Playwright's own. Without any the test fails under CI, and is skipped
    elsewhere with a reason that nobody can overlook."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if system := shutil.which(name):
            return system
    if Path(playwright.chromium.executable_path).exists():
        return None
    if os.geteuid() == 0 and shutil.which("apt-get"):
        command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
        subprocess.run(["sh", "-c", command], capture_output=True, check=False)
        if system := shutil.which("chromium"):
            return system
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, check=False)
    if Path(playwright.chromium.executable_path).exists():
        return None
    words = "no Chromium: install Debian's package chromium, or run `playwright install chromium`"
    return pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)


def build_script() -> Any:
    """hatch_build.py as a module: it knows what the front ends are made of, and where node is."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def require_front_end() -> None:
    """Fails when the pages are not built: a test of a screen without a screen would say nothing."""
    if not (ROOT / "src/nonesuch/studio/static/index.html").exists():
        pytest.fail("the front end is not built: run `make web`")


def press(control: Locator, key: str = "Enter") -> None:
    """A key as a person presses it: not before the control is there and can be used, and on that control itself.

    A key sent to the page goes to whatever has the focus: nothing, where a control was replaced or switched off.
    """
    expect(control).to_be_enabled(timeout=60_000)
    control.focus()
    expect(control).to_be_focused()
    control.press(key)


def settle(page: Page) -> None:
    """Wait until nothing on the page is being fetched. By a locator: the pages' policy forbids what polls with eval."""
    expect(page.locator(AWAITED)).to_have_count(0, timeout=30_000)


def assert_accessible(page: Page) -> None:
    """axe finds nothing wrong with the page as it is now."""
    page.evaluate(AXE.read_text() + "; undefined")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)")
    told = [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
    assert not told, "\n".join(told)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    found = page.evaluate(TOO_WIDE)
    assert not found, found

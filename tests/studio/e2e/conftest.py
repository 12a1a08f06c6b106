"""For each flow a real server, and a page whose console stays silent."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from browser import require_front_end
from made_studio import TOKEN, served
from nonesuch.studio.studio import Studio

SHOTS = Path(os.environ.get("NONESUCH_SHOTS", Path(__file__).parents[3] / "build" / "shots"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Studio, str]]:
    """A real server with one run and one data set of its own (made_studio); copy more under `studio.places`."""
    with served(tmp_path) as found:
        yield found


@pytest.fixture
def studio_page(chromium: Browser, server: tuple[Studio, str]) -> Iterator[Page]:
    """A page that came in by the printed link. At the end its console must hold no error and no report of the CSP."""
    require_front_end()
    _, address = server
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if _is_fault(message) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/?token={TOKEN}")
    yield page
    context.close()
    assert not errors, errors


def _is_fault(message: ConsoleMessage) -> bool:
    """Chromium calls every refusal an error; a conflict is one that the pages put into words."""
    return message.type == "error" and "status of 409" not in message.text


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[[Page, str], Path]:
    """Keeps a screenshot to be looked at: build/shots/<test>-<name>.png."""

    def take(page: Page, name: str) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        safe = re.sub(r"\W+", "-", f"{request.node.name}-{name}").strip("-")
        path = SHOTS / f"{safe}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take

"""Row W6: names that are scripts, of classes, files, data sets and labels, are text wherever a room shows them."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import made_studio
from browser import settle
from made_studio import TOKEN, served
from nonesuch.pixels import png_bytes
from nonesuch.runs.store import Store

Row = Callable[[str, int], None]
CALLS = ("alert(1)", "window.struck=1", "confirm`1`", "parent.struck=1", "fetch('//evil.test')")
FORMS = (
    "<script>{}<∕script>", "<img src=x onerror={}>", "<svg onload={}>", "\"><b onmouseover={}>x", "javascript:{}",
    "{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "<iframe srcdoc='<script>{}'>", "<a href=javascript:{}>x<∕a>",
    "'-{}-'", "<details open ontoggle={}>", "<!--><img src onerror={}>",
)  # fmt: skip
PAYLOADS = sorted({form.format(call.replace("/", "∕")) for form, call in product(FORMS, CALLS)})
"""Sixty. A folder's name holds no slash: one that looks like it stands for it, as an attacker would have to."""
WATCH = """
window.struck = 0; window.reports = [];
document.addEventListener("securitypolicyviolation", (event) => window.reports.push(event.violatedDirective));
"""
LOOK = """
() => [window.struck, window.reports.length, document.querySelectorAll("script:not([src])").length,
  document.querySelectorAll("iframe, [onerror], [onload], [ontoggle], [onmouseover], a[href^='javascript']").length]
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A studio's places whose data set, classes, files, run and its labels bear such names."""
    places = made_studio.made_places(tmp_path)
    rng = np.random.default_rng(0)
    for number, name in enumerate(PAYLOADS):
        folder = places.data / "<img src=x onerror=alert(2)>" / name
        folder.mkdir(parents=True)
        for place in range(2):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            (folder / f"{number}{place}{PAYLOADS[-number]}"[:80]).with_suffix(".png").write_bytes(png_bytes(pixels))
    run = Store(places.runs).get(made_studio.RUN)
    recipe = dict(made_studio.RECIPE) | {
        "data": {**made_studio.RECIPE["data"], "source": PAYLOADS[3], "label": PAYLOADS[5]}
    }
    run.write_recipe(recipe)
    return tmp_path


def test_w6_names_are_text_everywhere(hostile: Path, chromium: Browser, row: Row) -> None:
    assert len(PAYLOADS) == 60
    with served(hostile) as (_, address), chromium.new_context() as context:
        page: Page = context.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.add_init_script(WATCH)
        page.goto(f"{address}/?token={TOKEN}")
        data = "data?data=%3Cimg+src%3Dx+onerror%3Dalert%282%29%3E"
        for room in (data, "train", "network", "latent", "kernels", "publish"):
            page.goto(f"{address}/{room}")
            settle(page)
            if room.startswith("data"):
                for payload in PAYLOADS[:8]:
                    expect(page.get_by_role("heading", name=payload).first).to_be_attached(timeout=30_000)
            assert (dialogs, page.evaluate(LOOK)) == ([], [0, 0, 0, 0]), room
    row("W6", len(PAYLOADS))

"""Make docs/pages.md: pages of four runs as visitors meet them, with pictures of them and what loading costs.

python tools/make_pages/make.py --work FOLDER [--rounds 3]

Publishes each run of pages.toml as a folder and as one file (training it first where it is not there), and opens both
as a fresh visitor in headless Chromium: from a disk, from a static server, and from that server as a slow phone. The
figures are those of Lighthouse: first and largest paint, how much the layout shifts, how long scripts block the page,
bytes, requests. A page that asks another host, or complains, ends the tool. Of a net that draws, seed 3 is compared
with `nonesuch sample --seed 3`, pixel by pixel.
"""

import argparse
import statistics
import sys
import textwrap
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

import nonesuch as ns
from nonesuch.pixels import write_png

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT / "tests")]

from calling import call  # noqa: E402

from browser import chromium  # noqa: E402
from watched import DRAWN, hosted  # noqa: E402

DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures" / "pages"
SEED = 3
GIVEN = 41
"""The row of pixelfolk that a classifier is asked about."""
ANSWERED = "p.first"
PATIENCE = 180_000
SLOWER, BITS_A_SECOND, DELAY_MS = 4, 1_600_000, 150
"""Lighthouse's own slow phone: a processor four times slower, 1.6 Mbit/s, 150 ms there and back."""
WATCH = """
window.seen = { fcp: 0, lcp: 0, cls: 0, tbt: 0 };
const each = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
each('paint', (entry) => { if (entry.name === 'first-contentful-paint') seen.fcp = entry.startTime; });
each('largest-contentful-paint', (entry) => { seen.lcp = entry.startTime; });
each('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
each('longtask', (entry) => { seen.tbt += Math.max(0, entry.duration - 50); });
"""
PIXELS = """element => { const c = element.querySelector('canvas') ?? element;
  return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
INTRODUCTION = """
Each was published by the command above it and opened in headless Chromium by a visitor who had never been there: as
one file from a disk, and as a folder from a plain static server that compresses nothing. Figures as Lighthouse names
them, medians of {rounds}, on {machine}: first and largest paint (the picture drawn beforehand; no script is needed
for it), layout shift (up to 0.1 is good), blocking (how long scripts kept the page from answering), and the first
picture that the net has drawn, or the first answer, with the requests and bytes that had come by then. The slow phone
is Lighthouse's: a processor {slower} times slower, {megabits} Mbit/s, {delay} ms. None asked another host for
anything. `tools/make_pages/make.py` makes all of it again.
"""


@dataclass(frozen=True)
class Shown:
    """A page: how its run is trained, how it is published, and what stands behind the # of its picture's address."""

    name: str
    train: str
    publish: str
    words: str
    behind: str = ""


@dataclass(frozen=True)
class Figures:
    """Of one visit. Paints and drawn: seconds; shift: no unit; blocked: milliseconds; requests, and bytes sent: until
    the net had drawn."""

    first_paint: float
    largest_paint: float
    shift: float
    blocked: float
    drawn: float
    requests: int
    sent: int


def main() -> int:
    settings = _options()
    plan = tomllib.loads((HERE / "pages.toml").read_text())
    PICTURES.mkdir(parents=True, exist_ok=True)
    words = INTRODUCTION.format(
        rounds=settings.rounds, machine=plan["machine"], slower=SLOWER, megabits=BITS_A_SECOND / 1e6, delay=DELAY_MS
    )
    lines = [
        "# Pages, as visitors meet them",
        "",
        *textwrap.wrap(" ".join(words.split()), 120, break_on_hyphens=False),
        "",
    ]
    with chromium() as browser:
        for each in (Shown(**words) for words in plan["pages"]):
            lines += section(each, settings.work, browser, settings.rounds)
    (DOCS / "pages.md").write_text("\n".join(lines))
    return 0


def section(each: Shown, work: Path, browser: Browser, rounds: int) -> list[str]:
    """The lines of one page, its pictures written."""
    file, folder = work / "pages" / f"{each.name}.html", work / "pages" / each.name
    if not (work / "runs" / each.name / "report.json").exists():
        call(f"{each.train} --run runs/{each.name}", work)
    for site in (file, folder):
        call(f"publish runs/{each.name} {site} {each.publish}", work)
    given = None
    if ns.open_run(work / "runs" / each.name).recipe.kind == "cnn":
        given = work / "given.png"
        write_png(given, np.array(ns.open_data("pixelfolk").pixels[GIVEN]))
    with hosted(folder) as host:
        places = {"one file, from a disk": (file.as_uri(), False), "a folder, served": (host, False),
                  "a folder, slow phone": (host, True)}  # fmt: skip
        visits: dict[str, list[Figures]] = {name: [] for name in places}
        for _ in range(rounds):
            for name, (address, slow) in places.items():
                visits[name].append(visit(browser, address, slow, given))
        for address, form in ((host, "served"), (file.as_uri(), "file")):
            picture(browser, f"{address}#seed={SEED}&{each.behind}", PICTURES / f"{each.name}-{form}.png", given)
        off = [difference(browser, address, work / "runs" / each.name) for address in (host, file.as_uri())]
    return [
        f"## {each.words}", "", f"    nonesuch {each.train} --run runs/{each.name}",
        f"    nonesuch publish runs/{each.name} {each.name} {each.publish}", "",
        f"![{each.name} from a static server](pictures/pages/{each.name}-served.png)", "",
        beside(each.name), "",
        *table(visits, {"one file, from a disk": file.stat().st_size}), *said(off),
    ]  # fmt: skip


def beside(name: str) -> str:
    """Words on how the one file looks; its picture is kept only where it is another one."""
    served, file = (PICTURES / f"{name}-{form}.png" for form in ("served", "file"))
    one, other = (np.array(Image.open(each).convert("RGB"), np.int16) for each in (served, file))
    # Two runtimes take turns while one of them is being loaded, and round a grey level apart.
    if np.abs(one - other).max() > 1:
        return f"As one file from a disk: [picture](pictures/pages/{file.name})."
    file.unlink()
    return "As one file from a disk it looks the same, to 1 of 255 in every pixel."


@contextmanager
def visitor(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, dict[str, int]]]:
    """A page that knows nothing yet, and the bytes of each answer to come by the id of its request; what a page holds
    within itself is no request. Raises RuntimeError for what must not be."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    sizes: dict[str, int] = {}

    def asked(found: dict[str, Any]) -> None:
        if urlsplit(found["request"]["url"]).scheme not in ("data", "blob"):
            sizes[found["requestId"]] = 0

    def answered(found: dict[str, Any]) -> None:
        if found["requestId"] in sizes:
            sizes[found["requestId"]] = int(found["encodedDataLength"])

    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.loadingFinished", answered)
    own = urlsplit(address).netloc
    page.on("request", lambda request: _strange(request.url, own) and faults.append(f"asked {request.url[:80]}"))
    page.on("console", lambda said: said.type in ("error", "warning") and faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.add_init_script(WATCH)
    yield page, sizes
    context.close()
    if faults:
        raise RuntimeError(f"{address}: {faults}")


def _strange(address: str, own: str) -> bool:
    found = urlsplit(address)
    return found.scheme in ("http", "https", "ws", "wss") and found.netloc != own


def visit(browser: Browser, address: str, slow: bool, given: Path | None) -> Figures:
    """One loading, by someone who has never been here, until the net has drawn or answered."""
    phone = {"viewport": {"width": 412, "height": 823}, "device_scale_factor": 1.75} if slow else {}
    with visitor(browser, address, **phone) as (page, sizes):
        if slow:
            devtools = page.context.new_cdp_session(page)
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            rate = BITS_A_SECOND / 8
            pace = {"offline": False, "latency": DELAY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
            devtools.send("Network.emulateNetworkConditions", pace)
        page.goto(address, wait_until="commit")
        settled(page, given)
        drawn = page.evaluate("performance.now() / 1000")
        requests, sent = len(sizes), sum(sizes.values())
        page.wait_for_load_state("networkidle")
        seen = page.evaluate("seen")
        return Figures(seen["fcp"] / 1000, seen["lcp"] / 1000, seen["cls"], seen["tbt"], drawn, requests, sent)


def settled(page: Page, given: Path | None) -> None:
    """Wait until the net has drawn, or has answered about the picture that it is given."""
    if given is None:
        page.locator(DRAWN).first.wait_for(state="attached")
    else:
        page.locator("input[type=file]").set_input_files(given)
        page.locator(ANSWERED).wait_for(state="attached")


def picture(browser: Browser, address: str, target: Path, given: Path | None) -> None:
    """The page as it looks once all is there."""
    with visitor(browser, address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as (page, _):
        page.goto(address)
        settled(page, given)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)
        page.screenshot(path=target)


def difference(browser: Browser, address: str, run: Path) -> int | None:
    """The largest difference of seed 3 between page and library, of 255; None for a net that does not draw."""
    opened = ns.open_run(run)
    if opened.recipe.kind == "cnn":
        return None
    with visitor(browser, address, reduced_motion="reduce") as (page, _):
        page.goto(f"{address}#seed={SEED}")
        found = page.locator(DRAWN).first
        found.wait_for(state="attached")
        shown = np.array(page.evaluate(PIXELS, found.element_handle()), np.int16)
    drawn = opened.sample([SEED])[0]
    side = round((shown.size / 4) ** 0.5)
    colours = np.broadcast_to(drawn, (*drawn.shape[:2], 3)) if drawn.shape[2] == 1 else drawn[..., :3]
    return int(np.abs(shown.reshape(side, side, 4)[..., :3] - colours.astype(np.int16)).max())


def table(visits: dict[str, list[Figures]], on_disk: dict[str, int]) -> list[str]:
    """Medians, a row a place."""
    lines = ["| | first paint | largest paint | shift | blocking | first from the net | requests | sent |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, found in visits.items():
        middle = Figures(*(statistics.median(getattr(each, field.name) for each in found) for field in fields(Figures)))
        sent = on_disk.get(name, middle.sent) / 1e6
        lines.append(
            f"| {name} | {middle.first_paint:.2f} s | {middle.largest_paint:.2f} s | {middle.shift:.3f} | "
            f"{middle.blocked:.0f} ms | {middle.drawn:.2f} s | {middle.requests:.0f} | {sent:.2f} MB |"
        )
    return [*lines, ""]


def said(off: Iterable[int | None]) -> list[str]:
    """How far its pictures are from the command line's."""
    found = [each for each in off if each is not None]
    if not found:
        return []
    return [f"Seed {SEED} differs from `nonesuch sample --seed {SEED}` by at most {max(found)} of 255.", ""]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for runs and pages; may be that of make_sheets"
    )
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

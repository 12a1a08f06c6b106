"""A published page: its size, how soon it shows a new picture, and how many its net draws a second in a browser.

python benchmarks/published.py [--rounds 7]

Two GANs are trained for a moment (their drawings need not be good): `modern` at 32 and at 64 pixels, as wide as the
presets make them. Each is published as a folder and as one file, and opened by a fresh visitor in headless Chromium in
each round: from the address being entered to the first picture of a seed that nobody drew beforehand. Pictures a second
are drawn one at a time by the page's own module on one WASM thread, and beside it, in turns, by onnxruntime in Python
on one thread: the same file, and the ceiling of what WASM could reach.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness
import numpy as np
import onnxruntime
from harness import Target
from playwright.sync_api import Browser, Page, sync_playwright

import nonesuch as ns
from nonesuch import seeds
from nonesuch.evaluation.run import Run
from nonesuch.publishing import preview

CHROMIUM = "/usr/bin/chromium"
DRAWN = '[data-shown]:not([data-shown=""])'
MOST_SECONDS, FEWEST_A_SECOND, MOST_MB, DRAWS = 2.0, 30.0, 7.0, 60
DRAW = """
async ([runtime, count]) => {
  const { load } = await import('/model/nonesuch.js');
  const model = await load('/model/manifest.json', { runtime });
  await model.sample([0]);
  const begun = performance.now();
  for (let seed = 1; seed <= count; seed++) await model.sample([seed]);
  return count / (performance.now() - begun) * 1000;
}
"""


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    where = settings.out / "published" / str(int(time.time()))
    runs = {side: _trained(side, where / "runs" / str(side)) for side in (32, 64)}
    sizes = {name: _publish(runs[64], where / f"{name}.html", **options) for name, options in _FORMS.items()}
    for side, run in runs.items():
        _publish(run, where / f"site-{side}")
    opened: harness.Readings = {"64 px, one file": [], "64 px, folder": []}
    rates: harness.Readings = {"WASM": [], "tiny": [], "onnxruntime": []}
    with sync_playwright() as started, _served(where / "site-32") as small, _served(where / "site-64") as large:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(settings.rounds):
            opened["64 px, one file"].append(_first(browser, (where / "fp16.html").as_uri()))
            opened["64 px, folder"].append(_first(browser, large))
            with _blank(browser, small) as page:
                rates["WASM"].append(page.evaluate(DRAW, ["onnx", DRAWS]))
                rates["tiny"].append(page.evaluate(DRAW, ["tiny", DRAWS]))
            rates["onnxruntime"].append(_in_python(where / "site-32" / "model" / "draw.fp16.onnx"))
        browser.close()
    harness.print_table(["one file, 64 px", "MB"], [[name, f"{size / 1e6:.2f}"] for name, size in sizes.items()])
    harness.print_table(["first new picture", "s"], [[name, harness.spread(v, 2)] for name, v in opened.items()])
    harness.print_table(
        ["32 px, one at a time", "pictures/s"], [[name, harness.spread(v)] for name, v in rates.items()]
    )
    print(f"WASM over onnxruntime in Python: {harness.paired_ratio(rates['WASM'], rates['onnxruntime'])}")
    targets = [
        *(Target(f"one file, 64 px, {name}, MB", size / 1e6, MOST_MB, at_least=False) for name, size in sizes.items()),
        *(Target(f"{name}, s", harness.median(v), MOST_SECONDS, at_least=False) for name, v in opened.items()),
        Target("32 px, one WASM thread, pictures/s", harness.median(rates["WASM"]), FEWEST_A_SECOND),
    ]
    harness.print_targets(targets)
    harness.write_results(
        settings.out, "published", facts, {"bytes": sizes, "seconds": opened, "rates": rates}, targets
    )
    return 0


_FORMS: dict[str, dict[str, Any]] = {
    "fp16": {},
    "int8": {"precision": "int8"},
    "fp16, tiny": {"tiny": True},
    "int8, tiny": {"precision": "int8", "tiny": True},
}


def _trained(side: int, where: Path) -> Run:
    run = ns.train(ns.plan("emoji", kind="gan", size=side, images=128), where)
    print(f"{side} px: {sum(each.numel() for each in run.net.parameters()):,} parameters", flush=True)
    return run


def _publish(run: Run, where: Path, **options: Any) -> int:
    """The bytes of the page."""
    site = ns.publish(run, where, thing="emoji", yes=True, single_file=where.suffix == ".html", **options)
    return len(site.single) if where.suffix == ".html" else sum(map(len, site.files.values()))


@contextmanager
def _served(site: Path) -> Iterator[str]:
    server = preview.opened(preview.of_folder(site))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()


def _first(browser: Browser, address: str) -> float:
    """Seconds from the address to the first new picture, for a visitor whose browser knows nothing of the page."""
    context = browser.new_context()
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(DRAWN).wait_for(state="attached")
    took = time.perf_counter() - begun
    context.close()
    return took


@contextmanager
def _blank(browser: Browser, address: str) -> Iterator[Page]:
    """An empty page of the site's own origin."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/blank.html", lambda route: route.fulfill(body="<!doctype html><title>blank</title>"))
    page.goto(f"{address}blank.html")
    yield page
    context.close()


def _in_python(file: Path) -> float:
    """Pictures a second, one at a time, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = {each.name: each for each in session.get_inputs()}
    size = names["z"].shape[1]

    def draw(seed: int) -> None:
        given: dict[str, Any] = {"z": seeds.normal(seed, size)[None]}
        if "label" in names:
            given["label"] = np.zeros(1, np.int64)
        session.run(["picture"], given)

    draw(0)
    begun = time.perf_counter()
    for seed in range(1, DRAWS + 1):
        draw(seed)
    return DRAWS / (time.perf_counter() - begun)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

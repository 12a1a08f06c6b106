"""Slider to picture in the studio at 64 px: milliseconds over HTTP and in a browser, ratio to the bare library call.

python benchmarks/studio_slider.py [--kinds vae gan] [--rounds 40] [--no-browser]

A net is trained for a moment on 64-pixel pictures (its drawings need not be good) and a real server started beside. In
each round one place is asked for two ways, taking turns: "library" moves a code and draws it, `run.drawn_at`; "http" is
the route that the room Latent asks, from the request to the PNG's last byte, on one connection. Then "browser" is the
room itself in Chromium: from an arrow key on a direction's slider to the picture on its canvas, as the page reads. The
figures are medians, and the slowest but one in twenty.
"""

import argparse
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import harness
import torch
from harness import Target

import nonesuch as ns
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.run import Run
from nonesuch.studio.walking import told

SIDE, MOST_MS = 64, 60.0
PAUSE = 0.05
"""Between readings, in seconds: threads of the process that has just drawn still spin for a while."""
CHROMIUM = "/usr/bin/chromium"


def main() -> int:
    settings = _options()
    os.environ.setdefault("NONESUCH_CACHE", str(settings.out / "cache"))
    facts = harness.machine()
    harness.print_machine(facts)
    runs = settings.out / "runs" / f"slider-{int(time.time())}"
    figures: dict[str, harness.Readings] = {}
    targets: list[Target] = []
    opened = {kind: _trained(kind, runs / kind) for kind in settings.kinds}
    with _server(runs) as (port, token):
        for kind, run in opened.items():
            times = _turns(run, port, token, settings.rounds)
            if settings.browser:
                times["browser"] = _browser(f"http://127.0.0.1:{port}/?token={token}", kind, settings.rounds)
            figures[kind] = times
            _print(kind, times)
            last = "browser" if settings.browser else "http"
            targets.append(Target(f"{kind}, {last}, median ms", harness.median(times[last]), MOST_MS, at_least=False))
    harness.print_targets(targets)
    harness.write_results(settings.out, "studio_slider", facts, figures, targets)
    return 0


def _trained(kind: str, folder: Path) -> Run:
    recipe = ns.plan("emoji", size=SIDE, kind=kind, images=128, label="none")  # type: ignore[arg-type]
    run = ns.train(recipe, folder)
    space = Space(run)
    space.keep(space.find("weights", 3))
    return run


@contextmanager
def _server(runs: Path) -> Iterator[tuple[int, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "nonesuch", "studio", "--runs", str(runs), "--no-browser", "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            found = None
            while found is None:
                line = process.stdout.readline()
                assert line, "the studio did not start"
                found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line)
            yield int(found[1]), found[2]
        finally:
            process.terminate()


def _turns(run: Run, port: int, token: str, rounds: int) -> harness.Readings:
    """Milliseconds of the library's call and of the route, in turns; both draw the very same places."""
    space = Space(run)
    steps = [direction.step for direction in space.kept().values()]
    codes = [told(direction).vector.model_dump() for direction in space.kept().values()]
    sigmas = [direction.sigma for direction in space.kept().values()]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    address = f"/api/runs/{run.folder.path.name}/place"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    base = run.places([7])

    def library(amount: float) -> object:
        return run.drawn_at(base + amount * torch.stack(steps).sum(0))

    def route(amount: float) -> object:
        moves = [{"weight": amount * sigma, "code": code} for sigma, code in zip(sigmas, codes, strict=True)]
        body = {"at": {"mix": [{"plane": {"x": 7, "y": 0}}], "moves": moves}}
        connection.request("POST", address, json.dumps(body), headers)
        answer = connection.getresponse()
        png = answer.read()
        assert answer.status == 200, png
        return png

    ways: dict[str, Callable[[float], object]] = {"library": library, "http": route}
    times: harness.Readings = {name: [] for name in ways}
    for number in range(-5, rounds):
        for name in harness.rotated(list(ways), abs(number)):
            time.sleep(PAUSE)
            started = time.perf_counter()
            ways[name](number / rounds)
            if number >= 0:  # the rounds before warm both up
                times[name].append(1e3 * (time.perf_counter() - started))
    connection.close()
    return times


def _browser(link: str, run: str, rounds: int) -> list[float]:
    """Milliseconds that the room itself reads, from a slider's step to the picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(link)
        page.goto(f"{link.split('?')[0]}latent?run={run}&pad=seeds")
        slider = page.get_by_role("slider", name="weights 1", exact=True)
        reading = page.get_by_test_id("milliseconds")
        reading.wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        slider.focus()
        times = []
        for _ in range(rounds):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(250)
            times.append(float(reading.get_attribute("data-exact") or "nan"))
        browser.close()
    return times


def _print(kind: str, times: harness.Readings) -> None:
    rows = []
    for name, values in times.items():
        slow = sorted(values)[-1 - len(values) // 20]
        ratio = "" if name == "library" else str(harness.paired_ratio(values, times["library"]))
        rows.append([name, f"{harness.median(values):.1f}", f"{slow:.1f}", ratio])
    print(f"\n{kind}, {SIDE} px, ms from a slider's step to the picture")
    harness.print_table(["way", "median", "slow", "ratio to the library's call"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=["vae", "gan"], choices=["ae", "vae", "gan"])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--browser", action=argparse.BooleanOptionalAction, default=Path(CHROMIUM).exists())
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "build" / "bench")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

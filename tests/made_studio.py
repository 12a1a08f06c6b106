"""A studio for tests: places of its own, a run folder made without training, and a client that knows the token."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from numpy.typing import NDArray
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonesuch.pixels import png_bytes
from nonesuch.runs import layout
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio.app import create_app
from nonesuch.studio.gate import Address
from nonesuch.studio.places import Places
from nonesuch.studio.serve import bound, server_of
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.base import Block

PORT = 8470
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
TOKEN = "test-token-that-is-long-enough-for-192-bits"
BEARER = {"authorization": f"Bearer {TOKEN}"}
RUN = "20261124-120000-gan-faces-ab12"
RECIPE: dict[str, object] = {
    "kind": "gan",
    "seed": 3,
    "data": {"source": "faces", "size": [16, 16], "channels": 3, "classes": []},
    "net": {"name": "modern", "options": {}},
    "objective": {"name": "adversarial"},
    "train": {"batch": 64},
    "budget": {"images": 6400, "minutes": None},
}


def made_places(folder: Path) -> Places:
    """Runs, data and cache of their own, with one run and one data set of six pictures in them."""
    places = places_in(folder)
    made_run(Store(places.runs), RUN)
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        (places.data / "few" / name).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            (places.data / "few" / name / f"{number}.png").write_bytes(png_bytes(pixels))
    return places


def places_in(folder: Path) -> Places:
    """Runs, data and cache under one folder."""
    return Places(folder / "runs", folder / "data", {}, folder / "cache" / "studio")


def made_run(store: Store, run_id: str, steps: int = 40) -> RunFolder:
    """A run that was stopped: a recipe, a log, two previews, a report and its picture, no snapshot."""
    run = store.create(run_id)
    run.write_recipe(RECIPE)
    run.write_report({"figures": {"frechet": 3.5}})
    (run.path / layout.EVENTS).write_text("".join(json.dumps(event) + "\n" for event in log_of(run_id, steps)))
    for moment in (64, 640):
        run.write_preview(moment, picture(moment))
    (run.path / layout.PICTURES).mkdir()
    (run.path / layout.PICTURES / "samples.png").write_bytes(picture(1))
    return run


def log_of(run_id: str, steps: int) -> Iterator[dict[str, object]]:
    """The events of such a run."""
    yield {"kind": "started", "images_seen": 0, "seconds": 0.0, "run": run_id, "resumed": False}
    for step in range(1, steps + 1):
        yield {
            "kind": "stepped",
            "images_seen": 64 * step,
            "seconds": step / 10,
            "figures": {"critic": 0.7, "generator": 0.9},
            "learning_rate": 0.001,
            "fraction": step / 100,
            "epoch": step / 10,
        }
    yield {"kind": "stopped", "images_seen": 64 * steps, "seconds": steps / 10, "reason": "asked to"}


def picture(grey: int) -> bytes:
    """A small PNG."""
    return png_bytes(np.full((4, 4, 1), grey % 256, np.uint8))


def made_client(folder: Path, **options: Any) -> TestClient:
    """A client of a fresh studio, with the token in its headers as a script has it."""
    app = create_app(Studio(made_places(folder), Address(PORT, TOKEN)))
    return TestClient(app, base_url=ORIGIN, headers=BEARER, follow_redirects=False, **options)


@contextmanager
def opened(folder: Path) -> Iterator[TestClient]:
    """A client with the token, of a studio on this folder."""
    app = create_app(Studio(places_in(folder), Address(PORT, TOKEN)))
    with TestClient(app, base_url=ORIGIN, headers=BEARER) as found:
        yield found


def array(found: Any) -> NDArray[Any]:
    """The numbers of a Block in an answer."""
    return Block.model_validate(found).array()


def stranger(client: TestClient) -> TestClient:
    """Another client of the same studio, without the token."""
    return TestClient(client.app, base_url=ORIGIN, follow_redirects=False)


FILLED = {
    "run_id": RUN,
    "data_id": "few",
    "picture_id": "data:few:1",
    "images_seen": "64",
    "task_id": "20261124-120000-packing-0123abcd",
    "name": "samples.png",
    "kind": "gan",
    "number": "1",
    "truth": "1",
    "answer": "1",
}
"""What stands for an id in an address; anything else is "1"."""


def doors(app: FastAPI, changing: bool = False) -> list[tuple[str, str]]:
    """(method, path with ids filled in) of every route there is, pages too; or of those that change something."""
    found = []
    for route in iter_route_contexts(app.routes):
        path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: FILLED.get(part[1], "1"), str(route.path))
        found += [(method, path) for method in sorted(route.methods or {"WEBSOCKET"})]
    return [door for door in found if not changing or door[0] not in ("GET", "HEAD")]


@contextmanager
def served(
    folder: Path,
    seen: list[tuple[str, str, int]] | None = None,
    watch: Callable[[ASGIApp], ASGIApp] | None = None,
) -> Iterator[tuple[Studio, str]]:
    """A real server on a free port of this machine, in a thread; its studio and its address. Ends with the block.

    `seen`: gets (method, path, status) of every answer. `watch`: wraps the app.
    """
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        places = made_places(folder) if not (folder / "runs").exists() else places_in(folder)
        server = server_of(Studio(places, Address(port, TOKEN)))
        if seen is not None:
            server.config.app = _watched(create_app(server.studio), seen)
        if watch is not None:
            server.config.app = watch(create_app(server.studio))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield server.studio, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the server did not stop"


def _watched(app: ASGIApp, seen: list[tuple[str, str, int]]) -> ASGIApp:
    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append((scope["method"], scope["path"], message["status"]))
            await send(message)

        await app(scope, receive, noted)

    return watched


def heard(address: str, follow: str, until: Callable[[dict[str, Any]], bool], last: str = "") -> list[tuple[str, Any]]:
    """(id, message) of the event stream up to the one that is waited for; at most 20 seconds."""
    headers = {**BEARER, "last-event-id": last} if last else BEARER
    request = Request(f"{address}/api/events?follow={follow}", headers=headers)
    found, place, deadline = [], "", time.monotonic() + 20
    with urlopen(request, timeout=20) as answer:
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                place = line[4:]
            elif line.startswith("data: "):
                found.append((place, json.loads(line[6:])))
                if until(found[-1][1]):
                    break
            assert time.monotonic() < deadline, found[-3:]
    return found

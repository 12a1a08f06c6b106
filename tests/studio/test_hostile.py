"""What a stranger might put into every id and every body there is: W5 paths, W7 listings, W10 commands, L2 bodies."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from asked import Answer, Headers, ask
from made_studio import FILLED, HOST, ORIGIN, PORT, RUN, TOKEN, made_places
from nonesuch.errors import DataError
from nonesuch.pixels import png_bytes
from nonesuch.studio.app import App, create_app
from nonesuch.studio.gate import Address
from nonesuch.studio.studio import Studio
from payloads import broken_bodies, commands, odd_bodies, traversals

Row = Callable[[str, int], None]
KEY: Headers = [("host", HOST), ("origin", ORIGIN), ("authorization", f"Bearer {TOKEN}")]
JSON: Headers = [*KEY, ("content-type", "application/json")]
CANARY = b"canary-in-a-coal-mine"
SHOWN = (
    "image/png",
    "image/gif",
    "application/json",
    "text/html; charset=utf-8",
    "text/event-stream; charset=utf-8",
    "",
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A studio in whose neighbourhood secrets lie, and links to them where ids might lead."""
    places = made_places(tmp_path / "home")
    secret = tmp_path / "canary.txt"
    secret.write_bytes(CANARY)
    picture = tmp_path / "canary.png"
    picture.write_bytes(png_bytes(np.zeros((4, 4, 1), np.uint8), {"Comment": CANARY.decode()}))
    (tmp_path / "outside" / "pictures").mkdir(parents=True)
    (tmp_path / "outside" / "recipe.json").write_bytes(b'{"schema_version": 1, "kind": "' + CANARY + b'"}')
    for folder in (places.runs, places.data, places.cache, tmp_path / "home", places.runs / RUN / "pictures"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "link.png").symlink_to(picture)
        (folder / "linked").symlink_to(tmp_path / "outside")
        if folder.name != "pictures":
            os.link(secret, folder / "canary.txt")
            os.link(picture, folder / "hard.png")
    studio = Studio(places, Address(PORT, TOKEN))
    yield create_app(studio)
    studio.close()


def _all(app: App, questions: list[tuple[str, str, Headers, bytes]]) -> list[Answer]:
    async def every() -> list[Answer]:
        return [await ask(app, *question) for question in questions]

    return asyncio.run(every())


def _operations(app: App) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _texts(operation: dict[str, Any], where: str) -> list[str]:
    """Names of the parameters of an operation that take a text."""
    found = [one for one in operation.get("parameters", ()) if one["in"] == where]
    return [one["name"] for one in found if one["schema"].get("type") == "string"]


def _raw(payload: str) -> str:
    """As it can stand in a request line: what has been escaped stays, what cannot stand there is escaped."""
    return quote(payload, safe="/%:;,.\\$&'()*+=@!~{}[]`|^\"<>")


def test_w5_no_path_leads_out_of_the_places(app: App, row: Row) -> None:
    payloads = traversals()
    assert len(set(payloads)) == 500
    questions: list[tuple[str, str, Headers, bytes]] = []
    for method, path, operation in _operations(app):
        for name in _texts(operation, "path"):
            filled = (
                path.format_map({**FILLED, name: "{payload}"})
                if name != "picture_id"
                else path.replace(f"{{{name}}}", "{payload}")
            )
            questions += [(method, filled.replace("{payload}", _raw(payload)), KEY, b"") for payload in payloads]
        for name in _texts(operation, "query"):
            place = path.format_map(FILLED)
            questions += [
                (method, f"{place}?{name}={_raw(payload).replace('&', '%26')}", KEY, b"") for payload in payloads
            ]
    questions += [("GET", f"/{_raw(payload)}", KEY, b"") for payload in payloads]
    answers = _all(app, questions)
    assert len(questions) >= 500 * 10
    assert not [q for q, answer in zip(questions, answers, strict=True) if CANARY in answer.body]
    assert not [q for q, answer in zip(questions, answers, strict=True) if answer.status >= 500]
    row("W5", len(questions))


def test_w5_links_within_the_places_lead_nowhere(app: App) -> None:
    paths = ["/api/runs/linked", "/api/runs/linked/events", "/api/runs/link.png", "/api/pictures/data:linked:0"]
    paths += [f"/api/runs/{RUN}/pictures/link.png", "/link.png", "/linked/recipe.json"]
    answers = _all(app, [("GET", path, KEY, b"") for path in paths])
    assert all(answer.status in (404, 409, 422) for answer in answers)
    assert "linked" not in [
        line["id"] for line in json.loads(_all(app, [("GET", "/api/runs", KEY, b"")])[0].body)["runs"]
    ]


def test_w7_everything_shown_is_of_a_kind_that_cannot_act(app: App, row: Row) -> None:
    """No answer of the api is a page, a drawing that scripts, or without nosniff; nothing lists a folder."""
    questions: list[tuple[str, str, Headers, bytes]] = []
    for method, path, _ in _operations(app):
        if method != "DELETE":
            questions.append((method, path.format_map(FILLED), KEY, b""))
    names = ["a.svg", "a.html", "a.xhtml", "a.xml", "a.js", "a.pdf", "a.htm", "a.shtml", "a.mht", "a.swf"]
    questions += [("GET", f"/api/runs/{RUN}/pictures/{name}", KEY, b"") for name in names]
    questions += [("GET", f"/api/tasks/{FILLED['task_id']}/files/{name}", KEY, b"") for name in names]
    folders = [
        "/api",
        "/api/",
        "/api/runs/",
        f"/api/runs/{RUN}/",
        f"/api/runs/{RUN}/pictures",
        "/assets",
        "/assets/",
        "/static/",
    ]
    roots = ["/", "/etc", "/home", "/proc", "/root", "C:\\", "..", "~"]
    questions += [("GET", folder, KEY, b"") for folder in folders]
    questions += [
        ("GET", f"{folder}?path={quote(root)}&dir={quote(root)}", KEY, b"") for folder in folders for root in roots
    ]
    answers = _all(app, questions)
    for question, answer in zip(questions, answers, strict=True):
        kind = answer.headers.get("content-type", "")
        assert kind in SHOWN, (question, kind)
        assert not (question[1].startswith("/api/") and kind.startswith("text/html")), question
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert CANARY not in answer.body
        assert b"Directory listing" not in answer.body
    assert all(answer.status >= 400 for answer in answers[-len(folders) * len(roots) :])
    row("W7", len(questions))


def test_w10_names_and_settings_are_never_commands(
    app: App, tmp_path: Path, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[object] = []
    monkeypatch.setattr("nonesuch.studio.tasks.spawn", lambda *words: began.append(words))
    target = tmp_path / "effect"
    payloads = commands(f"touch {target}")
    assert len(payloads) == 50
    questions: list[tuple[str, str, Headers, bytes]] = []
    for method, path, operation in _operations(app):
        for name in _texts(operation, "path"):
            place = path.replace(f"{{{name}}}", "\x01").format_map(FILLED)
            questions += [(method, place.replace("\x01", quote(text, safe="")), KEY, b"") for text in payloads]
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            place = path.format_map(FILLED)
            for field in ("data", "size", "fit", "name", "settings"):
                bodies = [json.dumps({"data": "few", field: text}).encode() for text in payloads]
                questions += [(method, place, JSON, body) for body in bodies]
    answers = _all(app, questions)
    assert not target.exists()
    assert not began
    assert all(400 <= answer.status < 500 for answer in answers)
    row("W10", len(questions))


def test_l2_no_body_breaks_a_route(app: App, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    async def undecodable(*_: object) -> None:
        raise DataError("no picture")

    # Whether bytes are a picture is asked elsewhere; sixty children would take long.
    monkeypatch.setattr("nonesuch.studio.decoding._decoded_by_child", undecodable)
    broken, odd = broken_bodies(), odd_bodies()
    assert (len(set(broken)), len(set(odd))) == (40, 20)
    # On a run that is there, a sound body might begin something.
    ways = [(method, path.format_map({**FILLED, "run_id": "none"})) for method, path, _ in _operations(app)]
    ways = [way for way in ways if way[0] not in ("GET", "DELETE")]
    refused = _all(app, [(*way, JSON, body) for way in ways for body in broken])
    assert {answer.status for answer in refused} == {400}
    assert all(json.loads(answer.body)["error"]["kind"] == "JsonError" for answer in refused)
    answered = _all(app, [(*way, JSON, body) for way in ways for body in odd])
    assert max(answer.status for answer in answered) < 500
    row("L2", len(refused) + len(answered))


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", "9" * 5000, "-1", "1.5", "%00", "", "NaN", "0x10", "١"])
def test_numbers_in_addresses_are_whole_and_in_range(app: App, value: str) -> None:
    for method, path, operation in _operations(app):
        for one in operation.get("parameters", ()):
            if one["schema"].get("type") not in ("integer", "number"):
                continue
            place = path.replace(f"{{{one['name']}}}", value).format_map(FILLED)
            place += f"?{one['name']}={value}" if one["in"] == "query" else ""
            (answer,) = _all(app, [(method, place, KEY, b"")])
            assert answer.status in (404, 422), (place, answer)


def test_what_is_too_long_is_refused_before_it_is_read(app: App) -> None:
    async def endless() -> Answer:
        return await ask(
            app,
            "POST",
            "/api/pictures",
            [*KEY, ("content-type", "application/octet-stream")],
            b"\0" * (64 << 20) + b"\0",
        )

    assert asyncio.run(endless()).status == 413
    said = _all(
        app,
        [
            ("POST", "/api/work/packing", [*JSON, ("content-length", size)], b"{}")
            for size in ("1048577", "9" * 30, "x")
        ],
    )
    assert {answer.status for answer in said} == {413}
    (told,) = _all(app, [("POST", "/api/work/packing", JSON, b'"' + b"a" * (1 << 20) + b'"')])
    assert (told.status, json.loads(told.body)["error"]["kind"]) == (413, "TooLongError")
    studio: Studio = app.state.studio
    assert not list((studio.places.cache / "pictures").glob(".tmp*"))

"""The gate, row by row (W1 to W4): every route there is, under every wrong name, asked by every stranger."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from asked import Answer, Headers, ask
from made_studio import FILLED, HOST, ORIGIN, PORT, TOKEN, doors, made_places
from nonesuch.errors import MachineError
from nonesuch.studio import gate
from nonesuch.studio.app import App, create_app
from nonesuch.studio.gate import Address, is_loopback, new_token
from nonesuch.studio.serve import serve
from nonesuch.studio.studio import Studio
from payloads import HOSTS, ORIGINS

OURS: Headers = [("host", HOST), ("origin", ORIGIN)]
COOKIE = ("cookie", f"nonesuch-{PORT}={TOKEN}")
BEARER = ("authorization", f"Bearer {TOKEN}")
Row = Callable[[str, int], None]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The whole app of a studio with one run."""
    studio = Studio(made_places(tmp_path), Address(PORT, TOKEN))
    yield create_app(studio)
    studio.close()


def _all(app: App, questions: list[tuple[str, str, Headers]], body: bytes = b"{}") -> list[Answer]:
    async def every() -> list[Answer]:
        return [await ask(app, method, path, headers, body) for method, path, headers in questions]

    return asyncio.run(every())


def test_nothing_is_public(app: App, row: Row) -> None:
    """Every route, enumerated from the app, and addresses that are no routes: closed without the token."""
    ways = [*doors(app), ("WEBSOCKET", "/api/events"), ("GET", "/openapi.json"), ("GET", "/docs"), ("PUT", "/x")]
    answers = _all(app, [(method, path, OURS) for method, path in ways])
    assert {answer.status for answer in answers} <= {401, 403}
    opened = _all(app, [(method, path, [*OURS, COOKIE]) for method, path in doors(app) if method != "DELETE"])
    assert not {401, 403} & {answer.status for answer in opened}
    row("W0", len(ways))


def test_w1_no_route_answers_under_another_host(app: App, row: Row) -> None:
    assert len(set(HOSTS)) == 40
    ways = [*doors(app), *(("WEBSOCKET", path) for _, path in doors(app))]
    questions = [
        (method, path, [("host", host), ("x-forwarded-host", HOST), COOKIE, BEARER])
        for method, path in ways
        for host in HOSTS
    ]
    questions += [(method, path, [COOKIE, BEARER]) for method, path in ways]
    questions += [(method, path, [("host", HOST), ("host", "evil.example"), BEARER]) for method, path in ways]
    answers = _all(app, questions)
    assert {answer.status for answer in answers} == {403}
    assert all(not answer.body or json.loads(answer.body)["error"]["kind"] == "HostError" for answer in answers)
    row("W1", len(questions))


@pytest.mark.parametrize("host", [f"localhost:{PORT}", f"[::1]:{PORT}", f"LocalHost:{PORT}"])
def test_the_studio_answers_under_each_of_its_own_names(app: App, host: str) -> None:
    (answer,) = _all(app, [("GET", "/api/runs", [("host", host), BEARER])])
    assert answer.status == 200


def test_w2_no_other_site_changes_anything(app: App, row: Row) -> None:
    """With the cookie that a browser adds by itself, with no token at all, and even with the token in a header."""
    ways = doors(app, changing=True)
    assert len(ways) >= 6
    questions = [(method, path, [("host", HOST), *origin, *key]) for method, path in ways for origin in ORIGINS
                 for key in ([], [COOKIE], [COOKIE, ("cookie", "a=b")])]  # fmt: skip
    spoofed = [(method, path, [("host", HOST), *origin, BEARER]) for method, path in ways for origin in ORIGINS[:12]]
    answers = _all(app, [*questions, *spoofed])
    assert {answer.status for answer in answers} <= {401, 403}
    assert (app.state.studio.places.runs / FILLED["run_id"]).exists()
    row("W2", len(answers))


def test_our_own_page_and_a_script_may_change_things(app: App) -> None:
    ways = doors(app, changing=True)
    page = _all(app, [(method, path, [*OURS, COOKIE]) for method, path in ways])
    assert not {401, 403} & {answer.status for answer in page}
    fetched = [("host", HOST), ("sec-fetch-site", "same-origin"), COOKIE]
    assert not {401, 403} & {answer.status for answer in _all(app, [(*way, fetched) for way in ways])}
    script = [("host", HOST), BEARER]
    assert not {401, 403} & {answer.status for answer in _all(app, [(*way, script) for way in ways])}


def test_other_sites_read_nothing_and_may_only_open_a_page(app: App) -> None:
    other = [("host", HOST), ("sec-fetch-site", "same-site"), COOKIE]
    opening = [*other, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
    framing = [*other, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]
    ways = [way for way in doors(app) if way[0] == "GET"]
    assert {answer.status for answer in _all(app, [(*way, other) for way in ways])} == {403}
    assert {answer.status for answer in _all(app, [(*way, framing) for way in ways])} == {403}
    pages = _all(app, [(*way, opening) for way in ways if not way[1].startswith("/api/")])
    assert 403 not in {answer.status for answer in pages}
    assert {answer.status for answer in _all(app, [(*w, opening) for w in ways if w[1].startswith("/api/")])} == {403}


def test_w3_streams_and_web_sockets_are_refused_before_they_open(app: App, row: Row) -> None:
    paths = sorted({path for _, path in doors(app)} | {"/api/events?follow=run:x", "/ws", "/api/ws"})
    bad: list[Headers] = [
        [("host", HOST)],
        [("host", HOST), COOKIE],
        [("host", HOST), ("origin", "https://evil.example"), COOKIE],
        [("host", HOST), ("origin", "null"), BEARER],
        [("host", "evil.example"), ("origin", "http://evil.example"), COOKIE],
    ]
    questions = [("WEBSOCKET", path, headers) for path in paths for headers in bad]
    streams = [("GET", f"/api/events?follow=run:{FILLED['run_id']}", headers) for headers in (bad[0], *bad[2:])]
    answers = _all(app, [*questions, *streams])
    assert {answer.status for answer in answers} <= {401, 403}
    row("W3", len(answers))


def test_w3_the_gate_itself_holds_back_a_web_socket(app: App) -> None:
    """The studio has none so far: an app that would accept any stands behind the gate here."""

    async def accepting(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    held = gate.Gate(accepting, Address(PORT, TOKEN))
    ours: list[Headers] = [[*OURS, COOKIE], [("host", HOST), BEARER]]
    theirs: list[Headers] = [
        OURS,
        [("host", HOST), COOKIE],
        [("host", HOST), ("sec-fetch-site", "same-site"), COOKIE],
        *([("host", HOST), *origin, COOKIE] for origin in ORIGINS),
        *([("host", HOST), *origin, BEARER] for origin in ORIGINS[:12]),
    ]

    async def knock(headers: Headers) -> int:
        return (await ask(held, "WEBSOCKET", "/api/events", headers)).status

    assert [asyncio.run(knock(headers)) for headers in ours] == [0, 0]
    assert {asyncio.run(knock(headers)) for headers in theirs} == {403}


def test_w4_the_link_is_exchanged_once_for_a_cookie(app: App) -> None:
    (answer,) = _all(app, [("GET", f"/kernels?preset=emboss&token={TOKEN}&x=%C3%A9", [("host", HOST)])])
    assert answer.status == 303
    assert answer.headers["location"] == "/kernels?preset=emboss&x=%C3%A9"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"nonesuch-{PORT}={TOKEN};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/%2F%2Fevil.example", "/\\evil.example", "/%5cevil", "/a//b", "/%0d%0aSet-Cookie:a=b", "///x"],
)
def test_the_exchange_never_leads_to_another_server(app: App, path: str) -> None:
    (answer,) = _all(app, [("GET", f"{path}?token={TOKEN}", [("host", HOST)])])
    assert answer.status == 303
    assert re.fullmatch(r"/[^/\\].*|/", answer.headers["location"])
    assert "\n" not in answer.headers["location"]


def test_a_link_that_was_clicked_on_another_site_leads_on_by_a_page_of_ours(app: App) -> None:
    """A redirect would be asked without the Strict cookie."""
    clicked = [
        ("host", HOST),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ]
    (answer,) = _all(app, [("GET", f"/train?token={TOKEN}&a=%22%3E%3Cscript%3E", clicked)])
    assert answer.status == 200
    assert b'url=/train?a=%22%3E%3Cscript%3E"' in answer.body
    assert "set-cookie" in answer.headers


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), f"{TOKEN}&token={TOKEN}", "%00", "%FF", "é"]
)
def test_a_wrong_token_opens_nothing(app: App, token: str) -> None:
    way = ("GET", f"/?token={token}", [("host", HOST)])
    header = ("GET", "/api/runs", [("host", HOST), ("authorization", f"Bearer {token.partition('&')[0]}x")])
    cookie = ("GET", "/api/runs", [("host", HOST), ("cookie", f"nonesuch-{PORT}={token}x")])
    twice = ("GET", "/api/runs", [("host", HOST), ("cookie", f"nonesuch-{PORT}=x; nonesuch-{PORT}={TOKEN}")])
    other = ("GET", "/api/runs", [("host", HOST), ("cookie", f"nonesuch-1={TOKEN}")])
    api = ("GET", f"/api/runs?token={TOKEN}", [("host", HOST)])
    assert {answer.status for answer in _all(app, [way, header, cookie, twice, other, api])} == {401}


def test_a_page_without_the_token_says_which_link_to_open(app: App) -> None:
    (answer,) = _all(app, [("GET", "/train", [("host", HOST)])])
    assert answer.status == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert b"nonesuch studio" in answer.body
    assert "content-security-policy" in answer.headers


def test_w4_tokens_are_long_and_compared_in_constant_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert all(len(new_token()) * 6 >= 192 for _ in range(100))
    with pytest.raises(MachineError, match="at least 32"):
        Address(PORT, "short")
    compared: list[tuple[bytes, bytes]] = []
    real = gate.hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(gate.hmac, "compare_digest", watched)
    _all(app, [("GET", "/api/runs", [("host", HOST), ("authorization", "Bearer wrong")])])
    assert (b"wrong", TOKEN.encode()) in compared


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "fe80::1", "192.168.1.2", "example.org", "", "127.0.0.1.example.org"])
def test_w4_only_loopback_is_served_without_a_key_of_ones_own(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NONESUCH_TOKEN", raising=False)
    assert not is_loopback(host)
    with pytest.raises(MachineError, match="NONESUCH_TOKEN"):
        serve([], tmp_path, tmp_path, host, PORT, False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_w4_every_address_at_once_is_no_address(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONESUCH_TOKEN", TOKEN)
    with pytest.raises(MachineError, match="every address at once"):
        serve([], tmp_path, tmp_path, host, PORT, False)


def test_every_answer_wears_the_headers(app: App) -> None:
    ways = [(method, path) for method, path in doors(app) if method != "DELETE"]
    asked_for = [*((*way, [*OURS, COOKIE]) for way in ways), *((*way, OURS) for way in ways)]
    answers = _all(app, [*asked_for, ("GET", "/nothing", [*OURS, COOKIE]), ("GET", "/", [("host", "x")])])
    for answer in answers:
        assert dict(answer.headers, **gate.ALWAYS) == answer.headers
        assert answer.headers["cache-control"]

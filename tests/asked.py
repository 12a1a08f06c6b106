"""Requests to an ASGI app as they come off the wire, without a client that would tidy them up first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back; `status` 0: a web socket that was accepted."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(app: ASGIApp, method: str, target: str, headers: Headers = (), body: bytes = b"") -> Answer:
    """One request; `target` as it stands in the request line. Whoever asks hangs up after it has sent its body."""
    raw, _, query = target.partition("?")
    kind = "websocket" if method == "WEBSOCKET" else "http"
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "ws" if kind == "websocket" else "http",
        # As uvicorn does it: percent signs resolved, what is no UTF-8 replaced.
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "raw_path": raw.encode("latin-1", "replace"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8470),
        "subprotocols": [],
    }
    if kind == "websocket":
        del scope["method"]
    incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    if kind == "websocket":
        incoming = [{"type": "websocket.connect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": f"{kind}.disconnect", "code": 1006}

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except Exception:
        # The server would log it; what the asker sees has been sent before.
        if not sent:
            raise
    return _answer(sent)


def _answer(sent: Iterable[Message]) -> Answer:
    status, headers, body = 403, {}, b""
    for message in sent:
        if message["type"] == "websocket.accept":
            status = 0
        elif message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")
    return Answer(status, headers, body)

"""What a request may carry: bodies of limited length, and JSON that is nothing but JSON.

Python's parser takes NaN, Infinity, 1e400, doubled keys and half a surrogate pair; each of them ends badly further in,
so they are refused here, for every route alike, before anything else reads them.
"""

import json
import math
from collections.abc import Mapping
from email.message import Message as Mail

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonesuch.studio.errors import problem
from nonesuch.studio.wire.base import MOST_WHOLE

MOST_BYTES = 1 << 20
LONGER: Mapping[str, int] = {
    "/api/pictures": 64 << 20,
    "/api/uploads/pictures": 64 << 20,
    "/api/uploads/archives": 1 << 30,
}
"""Addresses, with all below them, that take more than MOST_BYTES; whatever is not named here is short."""
DEEPEST = 32


class Bodies:
    """ASGI middleware behind the gate: 413 for what is too long, 400 for JSON that is none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = most_bytes(scope["path"])
        if _said_length(headers) > most:
            await _too_long(most)(scope, receive, send)
        elif _is_json(headers):
            await self._checked(scope, receive, send, most)
        else:
            await self._counted(scope, receive, send, most)

    async def _checked(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Read the whole of a JSON body, and hand it on only when it is sound."""
        body = await _read(receive, min(most, MOST_BYTES))
        if body is None:
            await _too_long(min(most, MOST_BYTES))(scope, receive, send)
            return
        try:
            if body:
                parse(body)
        except ValueError as error:
            await problem(400, "JsonError", f"this is no JSON that can be used: {error}")(scope, receive, send)
            return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, again, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Hand on any other body piece by piece, and stop where it becomes too long."""
        left = most

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                # Raised within the route that reads; it becomes a 413 like any other refusal.
                raise HTTPException(413, _too_long_words(most))
            return message

        await self.app(scope, counted, send)


def most_bytes(path: str) -> int:
    """How long the body of a request to this address may be."""
    return next((most for place, most in LONGER.items() if path == place or path.startswith(f"{place}/")), MOST_BYTES)


def parse(body: bytes) -> object:
    """Strict JSON, at most 32 deep. Raises ValueError, with one line that says why, for anything else."""
    try:
        value: object = _STRICT.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    _check(value, DEEPEST)
    return value


def _check(value: object, depth: int) -> None:
    if depth < 0:
        raise ValueError("it is nested too deep")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("a text in it is no Unicode text")
    elif isinstance(value, list):
        for part in value:
            _check(part, depth - 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(key, depth - 1)
            _check(part, depth - 1)


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _whole(text: str) -> int:
    # The length is looked at first: to read a very long number takes long, and Python refuses it with other words.
    if len(text) > 17 or abs(int(text)) > MOST_WHOLE:
        raise ValueError("a whole number in it is beyond 2^53 - 1")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number in it is too large")
    return number


def _constant(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


_STRICT = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_whole, parse_float=_number, parse_constant=_constant, strict=True
)


def _said_length(headers: Headers) -> int:
    said = headers.get("content-length", "0")
    return int(said) if said.isdecimal() and len(said) < 19 else MOST_WHOLE


def _is_json(headers: Headers) -> bool:
    """Just as FastAPI decides it: what it would parse has been checked."""
    mail = Mail()
    mail["content-type"] = headers.get("content-type", "")
    kind = mail.get_content_subtype()
    return mail.get_content_maintype() == "application" and (kind == "json" or kind.endswith("+json"))


async def _read(receive: Receive, most: int) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return bytes(body)


def _too_long(most: int) -> ASGIApp:
    return problem(413, "TooLongError", _too_long_words(most))


def _too_long_words(most: int) -> str:
    return f"too long: at most {most / 2**20:g} MiB fit here"

"""The one gate before every route, http and websocket: Host, then who asks (Origin, Sec-Fetch-Site), then the token.

Nothing is public. A page's address with `?token=` is exchanged, once, for a cookie and the same address without it.
Reading the order of the checks: a stranger's page that rebinds a name to 127.0.0.1 fails at Host; a stranger's page
that posts to us fails at Origin; another user or program of this machine that reaches the port fails at the token.
"""

import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonesuch.errors import MachineError
from nonesuch.studio.errors import problem

TOKEN_BYTES = 32
SHORTEST_TOKEN = 32
"""Characters: 192 bits in base64."""
READING = frozenset({"GET", "HEAD"})
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Scripts and styles come from us alone; pictures and workers may also be made by our own scripts."""

ALWAYS: Mapping[str, str] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
"""On every answer. The two cross-origin policies also give our scripts shared memory, and with it threads."""

_CLOSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>nonesuch</title>
<h1>This studio is closed to strangers</h1>
<p>Open the link that <code>nonesuch studio</code> printed in its terminal: it carries the key.</p></html>"""
_ONWARD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>nonesuch</title>
<meta http-equiv="refresh" content="0;url={}"><p><a href="{}">Go on to the studio</a></p></html>"""


def new_token() -> str:
    """A fresh token of 256 bits."""
    return token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Address:
    """Where the studio is reached, and the key. Raises MachineError for a key that could be guessed."""

    port: int
    token: str
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        if len(self.token) < SHORTEST_TOKEN or not re.fullmatch(r"[A-Za-z0-9_-]+", self.token):
            raise MachineError(
                f"a token is at least {SHORTEST_TOKEN} characters of A-Z, a-z, 0-9, _ and -; found {len(self.token)}; "
                "leave it away to get a good one"
            )

    @property
    def cookie(self) -> str:
        """Its name: cookies do not tell ports apart, and two studios must not log each other out."""
        return f"nonesuch-{self.port}"

    @property
    def link(self) -> str:
        """What a person opens."""
        return f"http://{self._names()[0]}:{self.port}/?token={self.token}"

    def hosts(self) -> frozenset[str]:
        """Every Host header that means this server; port 80 may be left out."""
        bare = self._names() if self.port == 80 else []
        return frozenset([*(f"{name}:{self.port}" for name in self._names()), *bare])

    def _names(self) -> list[str]:
        own = f"[{self.host}]" if ":" in self.host else self.host
        return list(dict.fromkeys((own, *LOOPBACK_NAMES)))


class Gate:
    """ASGI middleware; the outermost of all."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self.app, self.address = app, address
        self._hosts = address.hosts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _dressed(send, scope))
        elif scope["type"] == "websocket":
            # Before the handshake is accepted: the server turns this into a plain 403.
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await refusal(scope, receive, _dressed(send, scope))

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer for one who may not pass."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return problem(403, "HostError", "this studio answers under its own address only")
        if not self._ours(scope, headers, hosts[0].lower()):
            return problem(403, "OriginError", "another site asked; only the studio's own pages may")
        exchange = self._exchange(scope, headers)
        if exchange is not None:
            return exchange
        if not self._knows_token(scope, headers):
            return self._closed(scope)
        return None

    def _ours(self, scope: Scope, headers: Headers, host: str) -> bool:
        """Whether our own page asks, or a program that is no browser."""
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        if origins and origins != [f"http://{host}"]:
            return False
        if not sites or sites in (["same-origin"], ["none"]):
            return True
        # A link on some page elsewhere may lead here, and open a page: a look, never a change.
        opens = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return scope["type"] == "http" and scope["method"] in READING and opens and _is_page(scope)

    def _knows_token(self, scope: Scope, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(bearer.strip()):
            return True
        if not self._is_token(_cookie(headers, self.address.cookie)):
            return False
        # The browser adds a cookie whoever asks; a change needs its word that our own page did.
        reads = scope["type"] == "http" and scope["method"] in READING
        return reads or "origin" in headers or headers.get("sec-fetch-site") == "same-origin"

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "surrogateescape"), self.address.token.encode())

    def _exchange(self, scope: Scope, headers: Headers) -> Response | None:
        """The cookie, and the way to the same address without the token; None when no token stands in it."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_page(scope):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in query if name == "token"]
        if not tokens:
            return None
        if len(tokens) != 1 or not self._is_token(tokens[0]):
            return self._closed(scope)
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        where = _local_path(scope) + (f"?{rest}" if rest else "")
        answer: Response = RedirectResponse(where, 303)
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            # After a redirect that began elsewhere, a Strict cookie would not be sent; after a page of ours it is.
            answer = HTMLResponse(_ONWARD.format(*[where.replace("&", "&amp;").replace('"', "%22")] * 2))
        answer.set_cookie(self.address.cookie, self.address.token, path="/", httponly=True, samesite="strict")
        return answer

    def _closed(self, scope: Scope) -> Response:
        if scope["type"] == "http" and _is_page(scope):
            return HTMLResponse(_CLOSED, 401)
        return problem(401, "TokenError", "no valid token: open the link that `nonesuch studio` printed")


def is_api(path: str) -> bool:
    """Whether a program asks here, and not a person."""
    return path == "/api" or path.startswith("/api/")


def _is_page(scope: Scope) -> bool:
    return not is_api(scope["path"])


def _local_path(scope: Scope) -> str:
    """The path as it was asked for; never one that a browser would take for another server's name."""
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.split(b"?")[0].decode("latin-1")
    return path if re.fullmatch(r"/(?:[A-Za-z0-9._~%-][A-Za-z0-9._~%/-]*)?", path) else "/"


def _cookie(headers: Headers, name: str) -> str:
    """The one cookie of this name; two of them are none."""
    found: list[str] = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(found) == 1 else ""


def _dressed(send: Send, scope: Scope) -> Send:
    """`send` with our headers on every answer; what the api says is kept in no cache unless it says so itself."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(ALWAYS)
            headers.setdefault("cache-control", "no-cache" if _is_page(scope) else "no-store")
        await send(message)

    return dressed

"""Serves a site on this machine as a web host would: right types, nothing that is not the site's, until Ctrl-C.

Two more headers than most hosts send, COOP and COEP, isolate the page, as threads of WebAssembly would need. Only
127.0.0.1 is served, only under its own names (a stranger's page that rebinds a name gets nothing), and only files
that were listed: an address is looked up, never joined to a path.
"""

import signal
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from urllib.parse import unquote, urlsplit

from nonesuch.errors import MachineError, RunError
from nonesuch.publishing.folder import own_files
from nonesuch.runs.layout import shown

HOST = "127.0.0.1"
INDEX = "index.html"
PORT = 8480
TRIES = 20
MOST_BYTES = 1 << 30
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
"""What a browser may use; anything else it is given as bytes."""
ALWAYS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}

Read = Callable[[str], bytes | None]
"""A file of the site by its name, or None."""


def of_folder(site: Path) -> Read:
    """Reads plain files that lie in a folder; hidden ones and links are not there. Raises RunError for no site."""
    if site.is_file() and site.suffix.lower() in (".html", ".htm"):
        raise RunError(f"{shown(site)} is a single file: open it with a double click, it needs no server")
    if site.is_symlink() or own_files(site) is None:
        raise RunError(f"{shown(site)} is no site that nonesuch published; make one with `nonesuch publish RUN SITE`")

    def read(name: str) -> bytes | None:
        # Listed anew each time: the site may be published again while it is looked at.
        path = dict(_listed(site)).get(name)
        try:
            if path is None or not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > MOST_BYTES:
                return None
            return path.read_bytes()
        except OSError:
            return None

    return read


def _listed(site: Path) -> Iterator[tuple[str, Path]]:
    waiting = [site]
    while waiting:
        for path in waiting.pop().iterdir():
            if path.name.startswith(".") or path.is_symlink():
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path.relative_to(site).as_posix(), path


class Server(ThreadingHTTPServer):
    """One site on one port. prefix: what every address begins with, "/" or "/KEY/"."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, read: Read, port: int, prefix: str = "/") -> None:
        self.read, self.prefix = read, prefix
        super().__init__((HOST, port), _Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        if self.server_port == 80:
            self.hosts |= {HOST, "localhost"}

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"http://{HOST}:{self.server_port}{self.prefix}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is nothing to tell."""


def serve(site: Path, port: int, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises RunError for no site, MachineError when no port is free."""
    with listening(of_folder(site), port) as server:

        def stop(_number: int, _frame: FrameType | None) -> None:
            threading.Thread(target=server.shutdown, daemon=True).start()

        known = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            # Only now: whoever reads the address may ask it to stop at once.
            say(server.address)
            server.serve_forever(poll_interval=0.1)
        finally:
            for number, before in known.items():
                signal.signal(number, before)


@contextmanager
def listening(read: Read, port: int = 0, prefix: str = "/") -> Iterator[Server]:
    """A server that listens but serves nothing yet, on the wanted port or the next free one. Raises MachineError."""
    server = opened(read, port, prefix)
    try:
        yield server
    finally:
        server.server_close()


def opened(read: Read, port: int = 0, prefix: str = "/") -> Server:
    """The same, to be closed by whoever asked."""
    for wanted in range(port, min(port + TRIES, 65536)) if port else (0,):
        try:
            return Server(read, wanted, prefix)
        except OSError:
            continue
    raise MachineError(f"no port from {port} to {port + TRIES - 1} is free on {HOST}; give another --port")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nonesuch", ""
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        if self.headers.get_all("host", []) not in [[host] for host in self.server.hosts]:
            self._send(HTTPStatus.FORBIDDEN, b"this site answers under its own address only\n", ".txt", body)
            return
        name = _name(self.path, self.server.prefix)
        data = self.server.read(name or INDEX) if name is not None else None
        if data is None:
            self._send(HTTPStatus.NOT_FOUND, b"there is nothing at this address\n", ".txt", body)
        else:
            self._send(HTTPStatus.OK, data, Path(name or INDEX).suffix.lower(), body)

    def _send(self, status: HTTPStatus, data: bytes, kind: str, body: bool) -> None:
        self.send_response(status)
        for name, value in ALWAYS.items():
            self.send_header(name, value)
        self.send_header("content-type", TYPES.get(kind, "application/octet-stream"))
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def _name(target: str, prefix: str) -> str | None:
    """The file's name that an address means, "" for the page itself; None where it begins otherwise."""
    try:
        path = unquote(urlsplit(target).path, errors="strict")
    except ValueError:
        return None
    return path[len(prefix) :] if path.startswith(prefix) else None

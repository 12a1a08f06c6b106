"""The preview serves what is the site's and nothing else, under its own names only, as a web host would."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nonesuch.errors import MachineError, RunError
from nonesuch.publishing import preview
from nonesuch.publishing.folder import write_folder

CANARY = b"canary-8f3a"
FILES = {
    "index.html": b"<!doctype html>page",
    "page.js": b"let a",
    "model/ort.wasm": b"\0asm",
    "model/ort.mjs": b"export {}",
    "model/manifest.json": b"{}",
    "model/draw.int8.onnx": b"onnx",
    "pictures/1.png": b"png",
    "about.json": json.dumps({"made_by": "nonesuch 0.1.0", "files": {}}).encode(),
}
TYPES = {
    "/": "text/html; charset=utf-8",
    "/page.js": "text/javascript; charset=utf-8",
    "/model/ort.mjs": "text/javascript; charset=utf-8",
    "/model/ort.wasm": "application/wasm",
    "/model/manifest.json": "application/json",
    "/model/draw.int8.onnx": "application/octet-stream",
    "/pictures/1.png": "image/png",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site, with things around and inside of it that nobody should get."""
    where = tmp_path / "site"
    write_folder(FILES, where)
    (tmp_path / "secret.txt").write_bytes(CANARY)
    (where / ".git").mkdir()
    (where / ".git" / "config").write_bytes(CANARY)
    (where / ".hidden").write_bytes(CANARY)
    (where / "out").symlink_to(tmp_path)
    (where / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(where / "pipe.txt")
    return where


@pytest.fixture
def server(site: Path) -> Iterator[preview.Server]:
    with preview.listening(preview.of_folder(site)) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def _ask(
    server: preview.Server, target: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """As it stands, without a client that would tidy the address up first."""
    named = f"127.0.0.1:{server.server_port}" if host is None else host
    with socket.create_connection(("127.0.0.1", server.server_port), 5) as wire:
        wire.sendall(
            f"{method} {target} HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n".encode(
                "utf-8", "surrogateescape"
            )
        )
        answer = http.client.HTTPResponse(wire, method=method)
        answer.begin()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.mark.parametrize("target", TYPES)
def test_files_come_with_their_type_and_headers(server: preview.Server, target: str) -> None:
    status, headers, body = _ask(server, target)
    assert (status, headers["content-type"]) == (200, TYPES[target])
    assert body == FILES[target[1:] or "index.html"]
    assert headers["x-content-type-options"] == "nosniff"
    # What a page needs for threads in WebAssembly.
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    status, headers, body = _ask(server, target, "HEAD")
    assert (status, body) == (200, b"")


UP = ("..", "%2e%2e", ".%2e", "..%00", "%252e%252e", "..\\", "%2e%2e%5c", "%c0%ae%c0%ae", "\uff0e\uff0e", "....//..")
SLASH = ("/", "%2f", "%5c", "\\", "//", "/./", "/x/../", "%252f", "%c0%af", ";/")
TRAVERSALS = [f"/{slash.join([up] * depth)}{slash}secret.txt" for up in UP for slash in SLASH for depth in (1, 2)]
INSIDE = [
    "/.git/config", "/.hidden", "/out/secret.txt", "/link.txt", "/pipe.txt", "/pictures", "/pictures/", "/model/.",
    "/index.html/", "//secret.txt", "/pictures/../../secret.txt", "/?../secret.txt/", "/%00", "/index.html%00.png",
    "/about.json::$DATA", "/INDEX.HTML", "/model//manifest.json", "*", "http://127.0.0.1/../secret.txt",
]  # fmt: skip


@pytest.mark.parametrize("group", [TRAVERSALS, INSIDE], ids=["up", "inside"])
def test_nothing_else_is_given_and_nothing_is_listed(server: preview.Server, group: list[str]) -> None:
    for target in group:
        status, _, body = _ask(server, target)
        assert CANARY not in body, target
        assert status in (400, 404) or body == FILES["index.html"], target
        assert b"manifest.json" not in body, target


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:{port}", "127.0.0.1.evil.test:{port}", "127.0.0.1:1", "", "[::1]:{port}"]
)
def test_a_foreign_name_is_refused(server: preview.Server, host: str) -> None:
    status, _, body = _ask(server, "/", host=host.format(port=server.server_port))
    assert status == 403
    assert b"page" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_there_is_nothing_to_change(server: preview.Server, method: str) -> None:
    assert _ask(server, "/", method)[0] == 501


def test_a_key_in_the_address_is_asked_for(site: Path) -> None:
    with preview.listening(preview.of_folder(site), prefix="/key/") as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        assert found.address.endswith("/key/")
        assert _ask(found, "/key/")[0] == 200
        assert _ask(found, "/key/page.js")[0] == 200
        for target in ("/", "/page.js", "/kex/", "/key", "/key/../page.js"):
            assert _ask(found, target)[0] == 404, target
        found.shutdown()
        thread.join()


def test_what_is_no_site_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for where in (tmp_path, tmp_path / "pictures", tmp_path / "nowhere"):
        with pytest.raises(RunError, match="no site") as caught:
            preview.of_folder(where)
        assert "\n" not in str(caught.value)


def test_a_port_that_is_taken_gives_way_to_the_next(site: Path) -> None:
    read = preview.of_folder(site)
    with preview.listening(read) as first, preview.listening(read, first.server_port) as second:
        assert second.server_port > first.server_port


def test_without_any_free_port_it_says_what_to_do(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "TRIES", 1)
    read = preview.of_folder(site)
    with preview.listening(read) as first, pytest.raises(MachineError, match="--port"):
        preview.opened(read, first.server_port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_quietly(site: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "nonesuch", "preview", str(site), "--port", "18480"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline().startswith("http://127.0.0.1:")
            child.send_signal(number)
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
    assert (child.returncode, out, err) == (0, "", "")

"""Exported folders of the first runs, with what runs them in a browser, and a plain static server."""

import functools
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from browser import ROOT
from nonesuch import library

STATIC = ROOT / "src/nonesuch/exporting/static"
FIRST_RUNS = ROOT / "src/nonesuch/studio/first_runs.zip"


def run_folder(kind: str, where: Path) -> Path:
    """The first run of a kind ("cnn", "vae", "gan"), unpacked."""
    with zipfile.ZipFile(FIRST_RUNS) as packed:
        names = [name for name in packed.namelist() if f"-{kind}-" in name.split("/")[0]]
        packed.extractall(where, names)
    return where / names[0].split("/")[0]


def exported(run: Path, where: Path) -> Path:
    """The folder that `nonesuch export` writes of a run, in every precision, with the module beside it."""
    library.export(run, where)
    put_module(where)
    return where


def put_module(where: Path) -> None:
    """The ES module and ONNX Runtime's .wasm, as `make web` builds them."""
    if not (STATIC / "nonesuch.js").is_file():
        pytest.fail("the module is not built: run `make web`")
    for name in ("nonesuch.js", "ort-wasm-simd-threaded.wasm"):
        shutil.copy(STATIC / name, where / name)


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - as the standard library has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Nothing in the middle of a test's output."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A static server as any host is one: nothing but the files. Gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

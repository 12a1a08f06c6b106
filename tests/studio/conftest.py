"""Every test here has a studio of its own and may open no connection to anywhere but this machine (row W8)."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import made_studio


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A client with the token, of a studio with one run and one data set."""
    with made_studio.made_client(tmp_path) as found:
        yield found


@pytest.fixture(autouse=True)
def outbound(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Where connections were tried to, beyond this machine: none, at the end of each test."""
    tried: list[Any] = []
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, real: Any = real) -> Any:
            if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
                tried.append(address)
                raise OSError(f"a test of the studio may not connect to {address}")
            return real(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)
    monkeypatch.setenv("NONESUCH_OFFLINE", "1")
    yield tried
    assert not tried


@pytest.fixture
def row() -> Callable[[str, int], None]:
    """Note a row of the battery: its id and how many cases passed. One JSON line each into the file NONESUCH_ROWS."""
    began = time.monotonic()

    def note(name: str, count: int) -> None:
        line = {"id": name, "n": count, "passed": count, "seconds": round(time.monotonic() - began, 2), "seed": 0}
        if where := os.environ.get("NONESUCH_ROWS"):
            with Path(where).open("a") as rows:
                rows.write(json.dumps(line) + "\n")

    return note

"""Shared by the whole suite: caches go to a temporary folder, torch runs on one thread so that bits repeat."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nonesuch.cli import app

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's caches out of the tests and the tests out of the user's caches."""
    before = {name: os.environ.get(name) for name in ("NONESUCH_CACHE", "NONESUCH_DATA")}
    os.environ["NONESUCH_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ.pop("NONESUCH_DATA", None)
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """An empty folder for run folders."""
    return tmp_path / "runs"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run `nonesuch ...` in this process: exit code, stdout, stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nonesuch", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            app.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run

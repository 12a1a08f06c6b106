"""Shared by the whole suite: caches go to a temporary folder, torch runs on one thread so that bits repeat."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from made_data import folder_of_bars
from nonesuch.cli import app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from nonesuch.evaluation.run import Run
    from nonesuch.recipe import Kind

Call = Callable[..., tuple[int, str, str]]
MadeRuns = Callable[["Kind"], "Run"]


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


@pytest.fixture(scope="session")
def made_runs(tmp_path_factory: pytest.TempPathFactory) -> MadeRuns:
    """A short run of each kind on pictures of bars, trained when first asked for; tests write into copies of it."""

    @cache
    def made(kind: "Kind") -> "Run":
        from made_runs import small
        from nonesuch import library

        return library.train(small(data(), kind), tmp_path_factory.mktemp("made") / kind)

    @cache
    def data() -> Path:
        return folder_of_bars(tmp_path_factory.mktemp("made") / "bars")

    return made


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


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """One browser for a file of tests; each test opens a context of its own in it.

    Not for the session: while Playwright lives it leaves an event loop running, beside which asyncio.run refuses to.
    """
    import browser

    with browser.chromium() as found:
        yield found

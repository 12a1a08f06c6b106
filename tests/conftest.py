"""Shared by the whole suite: caches go to a temporary folder, torch runs on one thread so that bits repeat."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


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

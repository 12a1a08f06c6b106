"""Runs to publish: the three first runs of the package, of real size, and what a person might have had beside them."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from made_pages import Built, FirstRun
from nonesuch import library
from nonesuch.evaluation.run import Run
from nonesuch.publishing.contents import Wish
from nonesuch.publishing.page import STATIC
from nonesuch.publishing.site import Site, build
from nonesuch.publishing.texts import Said, texts
from nonesuch.studio import first_runs


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """The first run of a kind: a GAN, a VAE, a CNN of pixel people."""
    folder = tmp_path_factory.mktemp("first")
    made = first_runs.provide(folder / "runs")

    @cache
    def found(kind: str) -> Run:
        (name,) = [each for each in made if f"-{kind}-" in each]
        return library.open_run(folder / "runs" / name)

    return found


@pytest.fixture(scope="session")
def page_is_built() -> None:
    """Fails when the page is not built: a test of a page without a page would say nothing."""
    if not (STATIC / "page.js").exists():
        pytest.fail("the published page is not built: run `make web`")


@pytest.fixture(scope="session")
def published(first_run: FirstRun, page_is_built: None) -> Built:
    """The page of a first run, built once for each way it is wanted."""

    @cache
    def made(kind: str, precision: str = "fp16", neighbours: bool = False, title: str = "") -> Site:
        run = first_run(kind)
        said = texts(run.recipe.kind, "pixelfolk", Said(title=title, thing="pixel person"))
        return build(run, said, Wish(precision, neighbours))  # type: ignore[arg-type]

    return made


@pytest.fixture
def own_runs(tmp_path: Path, first_run: FirstRun) -> Path:
    """Copies of the first runs that a test may change, by kind."""
    for kind in ("gan", "vae", "cnn"):
        shutil.copytree(first_run(kind).folder.path, tmp_path / "runs" / kind)
    return tmp_path / "runs"

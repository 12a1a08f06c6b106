"""Exported folders of the first runs, with what runs them in a browser."""

import zipfile
from pathlib import Path

import pytest

from browser import ROOT
from nonesuch import library
from nonesuch.exporting import runtime

FIRST_RUNS = ROOT / "src/nonesuch/studio/first_runs.zip"


def run_folder(kind: str, where: Path) -> Path:
    """The first run of a kind ("cnn", "vae", "gan"), unpacked."""
    with zipfile.ZipFile(FIRST_RUNS) as packed:
        names = [name for name in packed.namelist() if f"-{kind}-" in name.split("/")[0]]
        packed.extractall(where, names)
    return where / names[0].split("/")[0]


def exported(run: Path, where: Path) -> Path:
    """The folder that `nonesuch export` writes of a run, in every precision, with the module beside it."""
    if not runtime.files():
        pytest.fail("the module is not built: run `make web`")
    return library.export(run, where)

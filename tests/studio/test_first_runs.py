"""The runs that a first studio opens with: small, whole, of each kind, and good enough to be looked at."""

import errno
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nonesuch.errors import MachineError
from nonesuch.evaluation.run import Run
from nonesuch.runs import layout
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio import first_runs

KINDS = ("cnn", "gan", "vae")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A folder of runs that was empty."""
    found = Store(tmp_path_factory.mktemp("runs") / "runs")
    assert len(first_runs.provide(found.root)) == len(KINDS)
    return found


def of(store: Store, kind: str) -> Run:
    (found,) = [line.id for line in store.list() if line.kind == kind]
    return Run(store.get(found))


def test_there_is_one_of_each_kind_and_they_are_small(store: Store) -> None:
    assert sorted(line.kind for line in store.list()) == sorted(KINDS)
    assert first_runs.ARCHIVE.stat().st_size < 3_000_000


def test_they_come_only_where_there_is_no_run(store: Store, tmp_path: Path) -> None:
    before = sorted(path.name for path in store.root.iterdir())
    assert first_runs.provide(store.root) == []
    assert sorted(path.name for path in store.root.iterdir()) == before
    (tmp_path / "empty").mkdir()
    assert len(first_runs.provide(tmp_path / "empty")) == len(KINDS)


def test_half_a_run_is_never_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, written = Path.write_bytes, iter(range(100))

    def full(self: Path, data: bytes) -> int:
        if next(written) == 10:
            raise OSError(errno.ENOSPC, "no room")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MachineError, match="disk is full"):
        first_runs.provide(tmp_path / "runs")
    whole = [RunFolder(path).has_recipe() for path in (tmp_path / "runs").iterdir()]
    assert all(whole)
    assert len(whole) < len(KINDS)


def test_the_classifier_knows_its_pictures(store: Store) -> None:
    run = of(store, "cnn")
    report = run.report()
    assert report is not None
    figures = report["figures"]
    assert isinstance(figures, dict)
    assert figures["accuracy"] > 0.9
    again = dict(run.evaluate().figures())
    assert again["accuracy"] == pytest.approx(figures["accuracy"], abs=0.01)  # weights were rounded to half precision


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_the_others_draw_different_pictures(store: Store, kind: str) -> None:
    pictures = of(store, kind).sample(range(8))
    assert pictures.shape[0] == 8
    differences = np.abs(pictures[1:].astype(float) - pictures[:-1]).mean((1, 2, 3))
    assert differences.min() > 5


@pytest.mark.parametrize("kind", KINDS)
def test_their_training_can_be_looked_back_at(store: Store, kind: str) -> None:
    path = of(store, kind).folder.path
    assert len(layout.history(path)) == 4
    events = [json.loads(line) for line in (path / layout.EVENTS).read_text().splitlines()]
    assert events[-1]["kind"] == "finished"
    assert sum(event["kind"] == "stepped" for event in events) > 50


def test_nothing_says_where_they_were_made() -> None:
    with zipfile.ZipFile(first_runs.ARCHIVE) as packed:
        for name in packed.namelist():
            data = packed.read(name)
            assert b"/root" not in data, name
            assert b"/work/" not in data, name
            assert b"/home/" not in data, name

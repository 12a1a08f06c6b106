"""The mutual information gap of a run's codes: joined with the right labels, stored, printed, refused where none."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import Call, MadeRuns
from nonesuch import features
from nonesuch.errors import DataError, RunError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.disentangling import disentangled
from nonesuch.evaluation.run import Run
from nonesuch.measure import disentanglement
from nonesuch.runs.store import RunFolder


@pytest.fixture
def own(made_runs: MadeRuns, tmp_path: Path) -> Run:
    return Run(RunFolder(Path(shutil.copytree(made_runs("vae").folder.path, tmp_path / "vae"))))


def test_the_labels_are_those_of_the_coded_pictures(own: Run) -> None:
    report = disentangled(own)
    found = codes(own)
    told, entropy = disentanglement.information(
        disentanglement.binned(found.mean.numpy()), found.data.targets[found.rows]
    )
    best = np.sort(told)[::-1]
    assert report.mig == pytest.approx((best[0] - best[1]) / entropy)
    assert report.interval.low <= report.mig <= report.interval.high
    stored = own.report()
    assert stored is not None
    assert stored["disentanglement"] == report.to_json()
    assert "redrawing" not in stored
    assert stored["figures"]


def test_evaluate_with_attributes_prints_it(own: Run, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 256)
    code, out, _ = call("evaluate", own.folder.path, "--attributes")
    assert code == 0
    assert "MIG 0." in out
    assert "label" in out.split("MIG")[1]


def test_refused_where_there_is_nothing_to_tell(own: Run, made_runs: MadeRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RunError, match="has no encoder"):
        disentangled(made_runs("gan"))
    monkeypatch.setattr(disentanglement, "FEWEST", 1000)
    with pytest.raises(DataError, match="vae: no disentanglement can be measured: no factor has two values and 1000"):
        disentangled(own)

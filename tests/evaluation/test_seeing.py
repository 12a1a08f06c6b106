"""Which part of a run looks at pictures, and which pictures it is shown."""

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from nonesuch.assembly import reopen
from nonesuch.errors import RunError
from nonesuch.evaluation import seeing
from nonesuch.pixels import to_pixels


@pytest.mark.parametrize("kind", ["cnn", "ae", "vae"])
def test_the_eye_takes_the_runs_pictures(kind: str, made_runs: MadeRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    run = made_runs(kind)  # type: ignore[arg-type]
    data = reopen(run.recipe.data)
    rows = data.rows["train"][:7]
    monkeypatch.setattr(seeing, "PICTURES_AT_ONCE", 3)
    parts = list(seeing.batches(run, data, rows))
    assert [len(part) for part in parts] == [3, 3, 1]
    assert np.array_equal(to_pixels(torch.cat(parts)).permute(0, 2, 3, 1).numpy(), data.pack.pixels[rows])
    with torch.no_grad():
        found = seeing.eye(run)(parts[0])
    assert found.shape == (3, {"cnn": 4, "ae": 4, "vae": 8}[kind])
    assert seeing.shape(run) == tuple(parts[0].shape[1:])


def test_pictures_are_spread_over_the_split(made_runs: MadeRuns) -> None:
    data = reopen(made_runs("cnn").recipe.data)
    rows = data.rows["train"]
    assert seeing.among(data, "train", None) is rows
    assert np.array_equal(seeing.among(data, "train", 10**6), rows)
    some = seeing.among(data, "train", 5)
    assert (some[0], some[-1], len(set(some.tolist()))) == (rows[0], rows[-1], 5)
    assert len(set(data.targets[some].tolist())) >= 3  # a folder a class, in order: the first five are all of one


def test_a_generator_looks_at_nothing(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="whose generator looks at no pictures"):
        seeing.eye(made_runs("gan"))

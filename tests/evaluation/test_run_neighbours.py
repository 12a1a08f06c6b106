"""Neighbours of a picture: a training picture's nearest is itself; a seed's are those of its z and of its picture."""

from pathlib import Path

import numpy as np
import pytest

from conftest import MadeRuns
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.neighbours import neighbours_of


@pytest.mark.parametrize(
    ("kind", "spaces"),
    [
        ("vae", ["latent space", "features"]),
        ("ae", ["latent space", "features"]),
        ("cnn", ["last hidden layer", "features"]),
        ("gan", ["features"]),
    ],
)
def test_nearest_to_a_training_picture_is_itself(kind: str, spaces: list[str], made_runs: MadeRuns) -> None:
    run = made_runs(kind)  # type: ignore[arg-type]
    data = Path(run.recipe.data.source)
    coded = codes(made_runs("vae"))
    row = int(coded.rows[3])
    name = coded.data.pack.names[row]
    found = neighbours_of(run, data / name, 4)
    assert [near.space for near in found.near] == spaces
    for near in found.near:
        assert (near.names[0], int(near.rows[0])) == (name, row)
        assert near.distances[0] < 1e-3
        assert (np.diff(near.distances) >= 0).all()
        np.testing.assert_array_equal(near.pictures[0], found.picture)
    assert found.searched == len(coded.rows)


def test_a_seeds_neighbours_in_latent_space_are_those_of_its_z(made_runs: MadeRuns) -> None:
    run = made_runs("vae")
    found = neighbours_of(run, 7, 3)
    distances = np.linalg.norm(codes(run).mean.numpy() - run.places([7]).numpy(), axis=1)
    np.testing.assert_allclose(found.near[0].distances, np.sort(distances)[:3], rtol=1e-5)
    np.testing.assert_array_equal(found.picture, run.sample([7])[0])
    assert found.sheet("seed 7").shape[2] == 3


def test_what_has_no_neighbours_is_said(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="holds a classifier, which draws no seeds"):
        neighbours_of(made_runs("cnn"), 7)
    with pytest.raises(DataError, match=r"no\.png: no such file"):
        neighbours_of(made_runs("gan"), "no.png")
    with pytest.raises(RecipeError, match="1 to 100 neighbours can be shown; found 0"):
        neighbours_of(made_runs("gan"), 7, 0)

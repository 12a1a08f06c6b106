"""The map of a run: its places, cells and drawings against the parts they are made of, and JSON that says the same."""

import json

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from nonesuch.errors import DataError, RecipeError
from nonesuch.evaluation.atlas import map_of
from nonesuch.evaluation.codes import codes
from nonesuch.latent.atlas import GRID
from nonesuch.latent.clusters import cluster
from nonesuch.latent.plane import principal


def test_the_map_of_a_vae_is_its_codes_on_their_plane_and_what_is_drawn_there(made_runs: MadeRuns) -> None:
    run = made_runs("vae")
    found, coded = map_of(run), codes(run)
    plane = principal(coded.mean.double().numpy())
    np.testing.assert_allclose(found.atlas.places, plane.places(coded.mean.double().numpy()))
    assert coded.log_variance is not None
    assert found.covariances is not None
    np.testing.assert_allclose(found.covariances, plane.covariances(coded.log_variance.exp().numpy()), rtol=1e-5)
    assert found.drawn_cells.tolist() == list(range(GRID**2))
    corner = plane.codes(found.atlas.frame.centres()[:1])
    np.testing.assert_array_equal(found.drawn[0], run.drawn_at(torch.from_numpy(corner).float())[0])


def test_without_a_way_back_the_mean_code_of_a_cell_is_drawn(made_runs: MadeRuns) -> None:
    run = made_runs("ae")
    found = map_of(run, "tsne", most=60)
    assert found.atlas.plane is None
    assert found.covariances is None
    assert found.drawn_cells.tolist() == np.flatnonzero(found.cells.count).tolist()
    cell = int(found.cells.count.argmax())
    there = run.drawn_at(torch.from_numpy(found.cells.mean[cell : cell + 1]).float())[0]
    drawn = found.drawn[found.drawn_cells.tolist().index(cell)]
    assert np.abs(drawn.astype(int) - there).max() <= 1
    np.testing.assert_array_equal(found.atlas.places, map_of(run, "tsne", most=60).atlas.places)


def test_a_generators_map_has_its_pictures_beside_real_ones(made_runs: MadeRuns) -> None:
    run = made_runs("gan")
    found = map_of(run, most=40)
    assert len(found.atlas.places) == 80
    assert found.names == ()
    assert found.cells.count.sum() <= 40
    seed = int(found.made_cells.typical[found.drawn_cells[0]])
    np.testing.assert_array_equal(found.drawn[0], run.sample([seed], fast=True)[0])
    assert map_of(run, column="label", most=40).names == ("down", "left", "right", "up")


def test_a_classifiers_map_has_no_drawings(made_runs: MadeRuns) -> None:
    found = map_of(made_runs("cnn"), most=40)
    assert len(found.drawn) == 0
    assert found.points.space == "last hidden layer"


@pytest.mark.parametrize("kind", ["cnn", "ae", "vae", "gan"])
def test_sheets_and_json_of_every_kind(kind: str, made_runs: MadeRuns) -> None:
    found = map_of(made_runs(kind), by="kmeans", column="label", most=50)  # type: ignore[arg-type]
    panels = {"cnn": 3, "ae": 4, "vae": 4, "gan": 5}[kind]
    assert found.sheet("bars").shape[1] == panels * 600 + 40
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert len(record["places"]) == len(record["names"]) == len(record["rows"]) == len(record["labels"]["codes"]) == 50
    np.testing.assert_allclose(record["places"], found.atlas.places[:50], atol=1e-3 * np.abs(found.atlas.places).max())
    assert len(record["made_places"]) == (50 if kind == "gan" else 0)
    assert record["clusters"]["against"]["n"] == 50
    assert sum(record["clusters"]["sizes"]) == len(record["clusters"]["groups"])


def test_clusters_are_those_of_the_whole_space(made_runs: MadeRuns) -> None:
    run = made_runs("vae")
    found = map_of(run, by="kmeans", count=3, seed=4)
    assert found.clusters is not None
    expected = cluster(codes(run).mean.double().numpy(), "kmeans", 3, seed=4)
    assert found.clusters.groups.tolist() == expected.groups.tolist()
    assert found.agreement is not None


def test_what_cannot_be_mapped_is_said(made_runs: MadeRuns) -> None:
    with pytest.raises(RecipeError, match="at least 2 pictures; found 1"):
        map_of(made_runs("ae"), most=1)
    with pytest.raises(DataError, match="found: label"):
        map_of(made_runs("ae"), column="hat")

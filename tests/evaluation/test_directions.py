"""Directions of small trained runs: where they come from, what they do, how they are kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import Call, MadeRuns
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.codes import codes
from nonesuch.evaluation.compass import as_seen, towards
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.steering import best_effect, compared, effect
from nonesuch.latent.directions import Direction, Method, mean_difference, moved
from nonesuch.recipe import Kind
from nonesuch.runs.store import RunFolder


@pytest.fixture(params=["ae", "vae", "gan"])
def space(request: pytest.FixtureRequest, made_runs: MadeRuns) -> Space:
    return Space(made_runs(request.param), seen=120)


def copied(run: Run, to: Path) -> Run:
    shutil.copytree(run.folder.path, to)
    return Run(RunFolder(to))


def test_labels_of_an_autoencoder_are_the_datas_own(made_runs: MadeRuns) -> None:
    space = Space(made_runs("vae"), seen=60)
    found = codes(space.run, "train", 60)
    assert space.shows[:, 0].tolist() == found.data.targets[found.rows].tolist()
    direction = space.towards("mean", "label=left")
    by_hand = mean_difference(found.mean, found.data.targets[found.rows] == 1, "label=left")
    torch.testing.assert_close(direction.vector, by_hand.vector)


def test_points_of_a_generator_are_what_sample_draws(made_runs: MadeRuns) -> None:
    space = Space(made_runs("gan"))
    assert np.array_equal(space.draw(space.seeds([3, 8, 1])), space.run.sample([3, 8, 1]))


def test_every_method_finds_unit_vectors(space: Space) -> None:
    generator = space.run.recipe.kind == "gan"
    methods: list[Method] = ["weights", "activations", "random"]
    for method in methods if generator else [*methods, "codes"]:
        for each in space.find(method, 3):
            assert float(each.vector.norm()) == pytest.approx(1, abs=1e-6)
            assert each.sigma > 0
    if generator:
        with pytest.raises(RecipeError, match="take --method weights"):
            space.find("codes", 2)
    with pytest.raises(RecipeError, match="say for what"):
        space.find("mean", 2)


def test_an_effect_is_what_the_reader_reads(made_runs: MadeRuns) -> None:
    """Counted again by hand, and nothing is moved by a move of 0."""
    space = Space(made_runs("ae"), seen=120)
    direction, points = space.towards("mean", "label=left"), space.held_out(20)
    found = effect(space, direction, "label=left", 2.0, points)
    assert found is not None
    before = space.reader.read(space.draw(points))[:, 0]
    after = space.reader.read(space.draw(Places(moved(points.z, direction, 2.0), None)))[:, 0]
    others = before != 1
    assert found.n == others.sum()
    assert found.reached == pytest.approx((after[others] == 1).mean())
    still = effect(space, direction, "label=left", 0.0, points)
    assert still is not None
    assert (still.reached, still.grey) == (0.0, 0.0)
    strong = best_effect(space, direction, "label=left", points)
    assert strong is not None
    assert strong.reached >= found.reached or strong.amount < 2


def test_methods_are_compared_on_points_they_have_not_chosen_by(made_runs: MadeRuns) -> None:
    space = Space(made_runs("ae"), seen=120)
    found = compared(space, ["label=left"], ["codes", "logistic"], 8)
    assert [each.method for each in found] == ["codes", "logistic"]
    assert all(each.n <= 8 for each in found)
    assert found[0].direction[0] in "+-"


def test_directions_are_kept_by_name(made_runs: MadeRuns, tmp_path: Path) -> None:
    space = Space(copied(made_runs("vae"), tmp_path / "run"), seen=60)
    first, second = space.find("weights", 2)
    space.keep([first])
    space.keep([second])
    again = Space(Run(RunFolder(tmp_path / "run"))).kept()
    assert list(again) == ["weights 1", "weights 2"]
    torch.testing.assert_close(again["weights 1"].vector, first.vector, rtol=0, atol=0)
    assert again["weights 2"].sigma == second.sigma
    space.keep([Direction("weights 1", "weights", second.vector, 9.0)])
    assert space.kept()["weights 1"].sigma == 9.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": "0" * 12}, "another state of this net"),
        ({"schema_version": 2}, "schema_version"),
        ({"directions": [{"name": "x", "method": "codes", "vector": [], "sigma": 1}]}, "vector"),
        ({"directions": [{"name": "x", "method": "magic", "vector": [1, 0, 0, 0], "sigma": 1}]}, "method"),
        ({"directions": [{"name": "x", "method": "codes", "vector": [1, 0], "sigma": 1}]}, "another state"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_foreign_or_damaged_file_is_one_line(
    change: dict[str, object], says: str, made_runs: MadeRuns, tmp_path: Path, call: Call
) -> None:
    space = Space(copied(made_runs("vae"), tmp_path / "run"), seen=60)
    space.keep(space.find("weights", 1))
    file = tmp_path / "run" / "directions.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(RunError, match=says):
        space.kept()
    code, _, err = call("edit", tmp_path / "run", 3, "--move", "weights 1=2")
    assert (code, err.count("\n")) == (2, 1)


def test_the_compass_makes_its_class_more_probable(made_runs: MadeRuns) -> None:
    space, guide = Space(made_runs("gan")), made_runs("cnn")
    way = towards(space, guide, "left", space.seeds([5]), steps=20, stride=0.05)
    assert way.path.shape == (21, space.net.latent)
    assert float(way.probabilities[-1]) > float(way.probabilities[0])
    assert way.resized == ""
    assert all(each.requires_grad and each.grad is None for each in guide.net.parameters())  # left as found
    # The first probability is the classifier's own for the picture that the seed draws, but for its rounding to bytes.
    drawn = torch.from_numpy(space.run.sample([5])).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        asked = guide.net(drawn).softmax(1)[0, guide.classes.index("left")]
    assert float(way.probabilities[0]) == pytest.approx(float(asked), abs=0.02)


def test_other_shapes_are_brought_to_the_classifiers() -> None:
    grey, colour = torch.rand(2, 1, 8, 8), torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(as_seen(grey, (3, 8, 8)), grey.expand(-1, 3, -1, -1))
    torch.testing.assert_close(as_seen(colour, (1, 8, 8)), colour.mean(1, keepdim=True))
    assert as_seen(colour, (4, 4, 6)).shape == (2, 4, 4, 6)
    assert bool((as_seen(colour, (4, 8, 8))[:, 3] == 1).all())
    flat = torch.full((1, 3, 8, 8), 0.25)
    torch.testing.assert_close(as_seen(flat, (3, 5, 3)), torch.full((1, 3, 5, 3), 0.25))


def test_a_compass_is_a_classifier(made_runs: MadeRuns) -> None:
    space = Space(made_runs("vae"))
    with pytest.raises(RunError, match="a compass is a cnn"):
        towards(space, made_runs("ae"), "left", space.seeds([1]))
    with pytest.raises(RecipeError, match="no class is called 'cat'"):
        towards(space, made_runs("cnn"), "cat", space.seeds([1]))


@pytest.mark.parametrize("kind", ["cnn"])
def test_a_classifier_has_no_directions(kind: Kind, made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="no latent space"):
        Space(made_runs(kind))

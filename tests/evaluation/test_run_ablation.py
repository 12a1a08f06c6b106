"""What a trained classifier loses without units: against weights set to 0, intervals, and the verb."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call, MadeRuns
from made_data import folder_of_bars
from made_runs import small
from nonesuch import library
from nonesuch.errors import NetError, RecipeError, RunError
from nonesuch.evaluation.ablation import ablate, probabilities, ranking
from nonesuch.evaluation.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = folder_of_bars(tmp_path_factory.mktemp("bars"), 400)
    # So narrow that each unit matters.
    recipe = small(data, "cnn", images=2400, net__options__widths="[4,3,4]", net__options__dense="5")
    return library.train(recipe, tmp_path_factory.mktemp("run") / "bars")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


def silenced(run: Run, units: list[int]) -> Run:
    """The slow way: gain and offset of their maps set to 0."""
    import copy

    net = copy.deepcopy(run.net)
    net.norm3.weight.data[units] = 0
    net.norm3.bias.data[units] = 0
    return run.holding(net, run.images_seen)


def test_a_unit_off_is_a_net_without_it(run: Run, picture: Path) -> None:
    units = [0, 2]
    found = ablate(run, "conv3", units)
    other = ablate(silenced(run, units), "conv3", [0], 1.0)  # times 1: nothing happens
    assert other.before == other.after == found.after
    assert (other.lost.low, other.lost.high) == (0, 0)
    assert found.recall_after == pytest.approx(other.recall_before)
    assert found.n == len(library.reopen(run.recipe.data).rows["test"])
    before, after = probabilities(run, picture, "conv3", units)
    torch.testing.assert_close(after, probabilities(silenced(run, units), picture, "conv3", [0], 1.0)[0])
    assert not torch.equal(before, after)


def test_a_net_without_all_its_units_guesses(run: Run) -> None:
    found = ablate(run, "dense", range(run.net.dense.out_features))
    assert found.before > 0.6
    assert sum(found.recall_after) == 1  # one answer for all: its class is right, the others wrong
    assert found.lost.low <= found.before - found.after <= found.lost.high
    assert found.lost.low > 0.1


def test_the_ranking_is_one_unit_at_a_time(run: Run) -> None:
    found = ranking(run, "conv3", 30)
    assert found.n == 30
    assert sorted(each.unit for each in found.units) == list(range(4))
    assert found.units[0].lost > found.units[-1].lost
    assert [each.lost for each in found.units] == sorted((each.lost for each in found.units), reverse=True)
    for each in found.units:
        alone = ablate(run, "conv3", [each.unit], most=30)
        assert each.lost == pytest.approx(alone.before - alone.after)
        assert each.interval == alone.lost
        by_class = np.subtract(alone.recall_before, alone.recall_after)
        assert each.worst_lost == pytest.approx(by_class.max())
        assert by_class[run.classes.index(each.worst)] == by_class.max()


def test_the_net_is_left_as_found(run: Run) -> None:
    before = {name: tensor.clone() for name, tensor in run.net.state_dict().items()}
    with pytest.raises(NetError):
        ablate(run, "conv3", [99])
    ranking(run, "conv1", 10)
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.net.state_dict().items())
    assert not any(module._forward_hooks or module.training for module in run.net.modules())


def test_only_classifiers_and_numbers(run: Run, made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="holds a vae, which names nothing; take a cnn"):
        ranking(made_runs("vae"), "encoder.0")
    with pytest.raises(RecipeError, match="found nan"):
        ablate(run, "conv1", [0], float("nan"))


def test_the_verb_says_what_is_lost(run: Run, call: Call, picture: Path) -> None:
    code, out, _ = call("ablate", run.folder.path, "conv3:0,2", "--picture", picture)
    assert code == 0
    found = ablate(run, "conv3", [0, 2])
    assert f"accuracy {found.before:.1%} before, {found.after:.1%} after" in out
    assert f"{picture}:\n" in out
    shown = re.findall(r"^(?:down|left|right|up) +([0-9.]+)% +([0-9.]+)%$", out, re.M)
    assert len(shown) == 4
    for column in zip(*shown, strict=True):
        assert sum(map(float, column)) == pytest.approx(100, abs=0.21)
    code, out, _ = call("ablate", run.folder.path, "conv1", "--most", 20)
    assert code == 0
    assert len(re.findall(r"^conv1:\d ", out, re.M)) == 4
    assert "20 test pictures" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["conv1:7"], "conv1 has units 0 to 3; found 7"),
        (["conv1:x"], "as conv1:3,4; found 'conv1:x'"),
        (["conv8"], "no layer with units is called 'conv8'; found: conv1"),
        (["conv1", "--scale", "2"], "need units, as conv1:0,1"),
        (["conv1:1", "--most", "0"], "found 0"),
        (["conv1:1", "--picture", "none.png"], "no such file"),
    ],
)
def test_refused_in_one_line(run: Run, call: Call, words: list[str], said: str) -> None:
    code, _, err = call("ablate", run.folder.path, *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1

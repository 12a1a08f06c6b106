"""Spreads of real runs: what norms, dropout and pooling do on their own pictures, and the verb."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call, MadeRuns
from made_data import folder_of_bars
from made_runs import SMALL, small
from nonesuch import library
from nonesuch.errors import RunError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.spread import spreads


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = folder_of_bars(tmp_path_factory.mktemp("bars"), 400)
    # So short that answers are unsure.
    return library.train(small(data, "cnn", images=480), tmp_path_factory.mktemp("run") / "bars")


def test_norms_keep_the_spread_from_layer_to_layer(run: Run) -> None:
    found = spreads(run)
    assert [with_norm.name for with_norm, _ in found.fresh] == ["leaky1", "leaky2", "leaky3", "leaky4"]
    with_norms = [each.std for each, _ in found.fresh]
    bare = [other.std for _, other in found.fresh if other is not None]
    assert max(with_norms) / min(with_norms) < 1.5
    assert bare == sorted(bare, reverse=True)  # torch's first weights shrink what they are given
    assert bare[0] / bare[-1] > 5


def test_figures_are_those_of_the_net_on_its_test_pictures(run: Run) -> None:
    found = spreads(run)
    pixels, targets = library.reopen(run.recipe.data).tensors("test")
    assert found.n == len(pixels)
    images = pixels / 127.5 - 1
    with torch.no_grad():
        first = run.net.leaky1(run.net.norm1(run.net.conv1(images)))
        answers = run.net(images).argmax(1)
        moved = run.net(images[..., [0, *range(11)]]).argmax(1)
        chain = torch.nn.Sequential(*(each for each in run.net if "Norm" not in type(each).__name__))
        bare = chain(images).argmax(1)
        given = float(run.net.conv1(images).mean())
    assert found.depth[0][0].mean == pytest.approx(float(first.mean()), abs=1e-6)
    assert found.depth[0][0].std == pytest.approx(float(first.std()), rel=1e-4)
    assert found.norms[0][0].mean == pytest.approx(given, abs=1e-6)
    assert found.accuracy == float((answers == targets).double().mean())
    assert found.without_norms == float((bare == targets).double().mean())
    assert found.moved_answers
    assert found.moved_answers == float((answers != moved).double().mean())


def test_dropout_is_seen_in_the_spread_and_in_the_answers(run: Run) -> None:
    found = spreads(run)
    ((before, after),) = found.dropouts
    assert after is not None
    assert before.zeros < 0.01
    assert after.zeros == pytest.approx(0.5, abs=0.03)
    assert after.std > before.std
    assert found.draws is not None
    assert list(found.draws.plain) == sorted(found.draws.plain, reverse=True)
    assert float(found.draws.drawn.std(0).max()) > 0
    again = spreads(run).draws
    assert again is not None
    assert torch.equal(again.drawn, found.draws.drawn)


def test_pools_are_found(run: Run) -> None:
    (pool,) = spreads(run).pools
    assert (pool.before, pool.after) == ((4, 12, 12), (4, 6, 6))
    assert pool.stays_after > pool.stays_picked


@pytest.mark.parametrize("net", ["linear", "mlp", "fast"])
def test_nets_without_some_of_them(net: str, call: Call, tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars", 80)
    run = library.train(library.plan(data, net, images=32, settings=SMALL), tmp_path / "run")
    found = spreads(run)
    assert found.draws is None
    assert bool(found.norms) == (net == "fast")
    assert len(found.depth) == {"linear": 1, "mlp": 1, "fast": 7}[net]
    assert call("spread", tmp_path / "run", "--out", tmp_path / "sheet.png")[0] == 0


def test_of_an_autoencoder_the_encoder_is_looked_at(made_runs: MadeRuns) -> None:
    found = spreads(made_runs("vae"), 5)
    assert found.n == 5
    assert found.accuracy is None
    assert found.depth[0][0].name == "encoder.2"
    with pytest.raises(RunError, match="sees no pictures"):
        spreads(made_runs("gan"))


def test_large_nets_are_looked_at_on_fewer_pictures(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonesuch.evaluation.spread.LARGEST_BYTES", 100_000)
    assert 2 <= spreads(run).n < 10


def test_the_run_is_left_as_found(run: Run) -> None:
    before = {name: tensor.clone() for name, tensor in run.net.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    spreads(run)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.net.state_dict().items())
    assert not any(module._forward_hooks or module.training for module in run.net.modules())


def test_the_verb_writes_one_sheet(run: Run, call: Call, made_runs: MadeRuns, tmp_path: Path) -> None:
    code, out, _ = call("spread", run.folder.path, "--most", 20, "--out", tmp_path / "sheet.png")
    assert code == 0
    assert re.search(r"^accuracy [0-9.]+%, without the norms [0-9.]+% \(20 pictures\)$", out, re.M)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.asarray(sheet).std() > 10
    for words, said in (
        ([run.folder.path, "--most", 1], "from 2; found 1"),
        ([made_runs("gan").folder.path], "take a cnn"),
    ):
        code, _, err = call("spread", *words)
        assert code == 2
        assert said in err
        assert err.count("\n") == 1

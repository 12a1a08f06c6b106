"""A linear net beside a CNN on the same pictures: who is right where, and the verb."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call, MadeRuns
from made_data import folder_of_bars
from made_runs import SMALL, small
from nonesuch import library
from nonesuch.errors import NetError, RunError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.templates import compare


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"), 400)


@pytest.fixture(scope="module")
def cnn(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return library.train(small(data, "cnn", images=3200), tmp_path_factory.mktemp("run") / "cnn")


@pytest.fixture(scope="module")
def linear(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    plan = library.plan(data, "linear", images=48, settings=SMALL)
    return library.train(plan, tmp_path_factory.mktemp("run") / "linear")


@pytest.fixture(scope="module")
def mlp(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    plan = library.plan(data, "mlp", images=320, settings=SMALL | {"net.options.hidden": "[30]"})
    return library.train(plan, tmp_path_factory.mktemp("run") / "mlp")


def test_who_is_right_where(linear: Run, cnn: Run) -> None:
    noisy = copy.deepcopy(linear.net)
    noisy.templates.weight.data += 0.1 * torch.randn(4, 432, generator=torch.Generator().manual_seed(0))
    linear = linear.holding(noisy, linear.images_seen)
    found = compare(linear, cnn)
    pixels, targets = library.reopen(linear.recipe.data).tensors("test")
    assert torch.equal(found.targets, targets)
    with torch.no_grad():
        answers = [run.net(pixels / 127.5 - 1).argmax(1) for run in (linear, cnn)]
    right = [(each == targets).numpy() for each in answers]
    assert found.plain.accuracy == right[0].mean()
    assert found.other is not None
    assert found.other.accuracy == right[1].mean()
    wanted = [(right[0] & right[1]), (right[0] & ~right[1]), (~right[0] & right[1]), (~right[0] & ~right[1])]
    assert found.counts() == tuple(int(each.sum()) for each in wanted)
    assert set(found.failures) == set(np.flatnonzero(wanted[2]).tolist())
    assert len(found.failures) > 1
    sure = [float(found.plain.logits[row].max()) for row in found.failures]
    assert sure == sorted(sure, reverse=True)
    assert torch.equal(torch.from_numpy(found.pictures).permute(0, 3, 1, 2), pixels)


def test_templates_show_where_the_bar_is(linear: Run) -> None:
    found = compare(linear)
    assert found.units is None
    assert found.other is None
    assert found.templates.shape == found.averages.shape == (4, 3, 12, 12)
    left = found.templates[linear.classes.index("left")].mean(0)
    assert float(left[:, :4].mean()) > float(left[:, 8:].mean())
    brightest = found.averages[linear.classes.index("up")].mean((0, 2))
    assert float(brightest[:4].min()) > float(brightest[4:].max())  # a third of 12 rows


def test_averages_are_of_the_training_pictures(linear: Run) -> None:
    pixels, targets = library.reopen(linear.recipe.data).tensors("train")
    mean = pixels[targets == 2].double().mean(0) / 127.5 - 1
    torch.testing.assert_close(compare(linear).averages[2].double(), mean, rtol=0, atol=1e-6)


def test_an_mlp_has_hidden_units_too(mlp: Run) -> None:
    found = compare(mlp)
    assert found.units is not None
    assert torch.equal(found.units, mlp.net.hidden1.weight.detach().view(30, 3, 12, 12))


def test_what_cannot_be_compared_is_said(linear: Run, cnn: Run, made_runs: MadeRuns, tmp_path: Path) -> None:
    with pytest.raises(NetError, match="only dense layers on pixels have weights that are pictures"):
        compare(cnn)
    with pytest.raises(RunError, match="holds a gan; templates are those of a classifier"):
        compare(linear, made_runs("gan"))
    others = folder_of_bars(tmp_path / "others", 80, seed=1)
    other = library.train(small(others, "cnn", images=16), tmp_path / "run")
    with pytest.raises(RunError, match="trained on other pictures"):
        compare(linear, other)


def test_the_verb_writes_one_sheet(linear: Run, cnn: Run, mlp: Run, call: Call, tmp_path: Path) -> None:
    code, out, _ = call("templates", linear.folder.path, cnn.folder.path, "--out", tmp_path / "sheet.png")
    assert code == 0
    assert out.startswith("linear ")
    both, plain, other, neither = compare(linear, cnn).counts()
    assert f"right by both {both}, only linear {plain}, only cnn {other}, neither {neither}" in out
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] <= 1250
    assert call("templates", mlp.folder.path, "--out", tmp_path / "mlp.png")[0] == 0
    code, _, err = call("templates", cnn.folder.path)
    assert code == 2
    assert err.count("\n") == 1

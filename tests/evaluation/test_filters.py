"""Filters of a run: their maps are the layer's own, an edit is what a hand-edited net says, and the run stays."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from conftest import MadeRuns
from nonesuch.assembly import reopen
from nonesuch.errors import DataError, NetError, RunError
from nonesuch.evaluation.filters import edited, filters, fitted
from nonesuch.evaluation.run import Run
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import preset
from nonesuch.pixels import to_signed, write_png


@pytest.fixture
def run(made_runs: MadeRuns) -> Run:
    return made_runs("cnn")


@pytest.fixture
def picture(run: Run, tmp_path: Path) -> Path:
    data = reopen(run.recipe.data)
    write_png(tmp_path / "one.png", data.pack.pixels[data.rows["test"][0]])
    return tmp_path / "one.png"


def first(net: nn.Module) -> nn.Conv2d:
    return next(module for module in net.modules() if isinstance(module, nn.Conv2d))


def pixels(run: Run, picture: Path) -> torch.Tensor:
    (found,) = run.read([picture])
    assert isinstance(found, tuple)
    return to_signed(found[1])


def test_maps_are_the_first_layers_own(run: Run, picture: Path) -> None:
    found = filters(run, picture)
    conv = first(run.net)
    assert len(found.kernels) == conv.out_channels
    torch.testing.assert_close(found.maps, conv(pixels(run, picture))[0].detach())
    assert (found.picture == pixels(run, picture)[0].add(1).mul(127.5).round().permute(1, 2, 0).numpy()).all()


def test_an_edit_is_what_a_net_edited_by_hand_says_and_the_run_stays(run: Run, picture: Path) -> None:
    kernel = Kernel(torch.full_like(first(run.net).weight[2].detach(), -3.0), scale=2.0)
    before = copy.deepcopy(run.net.state_dict())
    found = edited(run, picture, 2, kernel, held_out=True)
    assert all(torch.equal(before[name], tensor) for name, tensor in run.net.state_dict().items())
    by_hand = copy.deepcopy(run.net)
    with torch.no_grad():
        first(by_hand).weight[2] = -1.5
        shown = pixels(run, picture)
        torch.testing.assert_close(found.before, run.net(shown)[0].softmax(0))
        torch.testing.assert_close(found.after, by_hand(shown)[0].softmax(0))
        images, targets = reopen(run.recipe.data).tensors("test")
        right = [float((net(to_signed(images)).argmax(1) == targets).float().mean()) for net in (run.net, by_hand)]
    assert float((found.before - found.after).abs().max()) > 1e-3
    assert found.accuracy == pytest.approx(right)
    assert found.pictures == len(targets)
    torch.testing.assert_close(found.was.weights, first(run.net).weight[2].detach())
    torch.testing.assert_close(found.maps[1], first(by_hand)(shown)[0, 2].detach())
    assert edited(run, picture, 2, kernel).accuracy is None


def test_a_filter_put_back_as_it_was_moves_nothing(run: Run, picture: Path) -> None:
    found = edited(run, picture, 1, run.kernel(1))
    assert torch.equal(found.before, found.after)


def test_fitted_by_hand() -> None:
    was = Kernel(torch.full((3, 5, 5), 0.1), edge="replicate")
    weights = fitted(preset("blur"), was, same_strength=False).weights
    assert weights.shape == (3, 5, 5)
    torch.testing.assert_close(weights.sum(0)[1:4, 1:4], preset("blur").weights / 16)
    assert float(weights[:, 0].abs().sum()) == 0
    loud = fitted(preset("outline"), was, same_strength=True)
    assert float(loud.weights.norm()) == pytest.approx(float(was.weights.norm()))
    assert (loud.edge, loud.scale) == ("replicate", 1.0)
    assert fitted(was, was, same_strength=True) is was
    with pytest.raises(NetError, match="3x5x5; found 7x7"):
        fitted(Kernel(torch.ones(7, 7)), was, same_strength=True)


def test_what_has_no_such_filter(run: Run, picture: Path, made_runs: MadeRuns) -> None:
    with pytest.raises(NetError, match="filters 0 to"):
        edited(run, picture, 99, run.kernel(0))
    with pytest.raises(RunError, match="edit a cnn's filter"):
        edited(made_runs("vae"), picture, 0, run.kernel(0))
    with pytest.raises(RunError, match="no convolution that sees pictures"):
        filters(made_runs("gan"), picture)
    with pytest.raises(DataError, match="no such file"):
        filters(run, "none.png")

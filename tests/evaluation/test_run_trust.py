"""Trust in the maps of a run: the figures are means of the curves' areas, paired by picture."""

from pathlib import Path

import pytest
import torch

from conftest import MadeRuns
from nonesuch.assembly import reopen
from nonesuch.errors import DataError, NetError, RunError
from nonesuch.evaluation.look import maps
from nonesuch.evaluation.seeing import among, batches
from nonesuch.evaluation.trust import trust, trust_on
from nonesuch.lens.trust import CHANCE, curves
from nonesuch.measure.bootstrap import interval

METHODS = {"gradient", "integrated gradients", "occlusion", "grad-cam"}


def test_standings_are_areas_over_those_of_chance(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    found = trust(run, count=9, seed=3)
    assert {each.method for each in found.standings} == METHODS
    assert [each.gap for each in found.standings] == sorted((each.gap for each in found.standings), reverse=True)
    assert found.pictures == 9
    data = reopen(run.recipe.data)
    (images,) = batches(run, data, among(data, "test", 9))
    with torch.no_grad():
        classes = run.net(images).argmax(1)
    slow = curves(run.net, images, classes, maps(run.net, images, classes, "leaky3"), seed=3)
    usual = (slow[CHANCE].deletion + slow[CHANCE].insertion).mean() / 2
    for each in found.standings:
        mine = slow[each.method]
        assert each.deletion == pytest.approx(float(usual - mine.deletion.mean()), abs=1e-5)
        assert each.insertion == pytest.approx(float(mine.insertion.mean() - usual), abs=1e-5)
        assert each.gap == pytest.approx(each.deletion + each.insertion, abs=1e-5)
        assert each.interval == interval(mine.gap.double().numpy(), 3)
        torch.testing.assert_close(found.most[each.method], mine.most.mean(0))
    assert CHANCE in found.most


def test_one_picture_has_no_interval(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    file = Path(run.recipe.data.source) / reopen(run.recipe.data).pack.names[0]
    found = trust_on(run, file, layer="conv1")
    assert found.pictures == 1
    assert {each.method for each in found.standings} == METHODS
    assert all(each.interval is None for each in found.standings)


def test_what_cannot_be_trusted_is_said(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="holds a vae; only a cnn's answers hang on pictures"):
        trust(made_runs("vae"))
    with pytest.raises(NetError, match="no layer with maps is called 'output'"):
        trust(made_runs("cnn"), count=2, layer="output")
    with pytest.raises(DataError, match=r"no\.png: no such file"):
        trust_on(made_runs("cnn"), "no.png")

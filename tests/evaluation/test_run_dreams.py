"""Dreams of short runs: what a target means, and that each dream and each real picture gives what is said of it."""

import pytest
import torch

from conftest import MadeRuns
from nonesuch.errors import NetError, RecipeError, RunError
from nonesuch.evaluation import dreams as module
from nonesuch.evaluation.dreams import DreamSettings, aims, dreams
from nonesuch.evaluation.seeing import eye
from nonesuch.lens.capture import activations
from nonesuch.lens.dream import Aim
from nonesuch.pixels import Picture, to_signed


def _value(net: torch.nn.Module, picture: Picture, layer: str, unit: int) -> float:
    image = to_signed(torch.from_numpy(picture.copy()).permute(2, 0, 1))
    return float(next(call.values for call in activations(net, image) if call.name == layer)[unit].mean())


def test_targets(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    assert aims(run, []) == [Aim("output", (0, 1, 2, 3))]
    assert aims(run, ["up", "left"]) == [Aim("output", (3, 1))]
    assert aims(run, ["conv1"]) == [Aim("conv1", (0, 1, 2, 3))]
    assert aims(run, ["conv1:2", "conv1:0", "conv2:1,3,4", "left"]) == [
        Aim("conv1", (2, 0)), Aim("conv2", (1,), (3, 4)), Aim("output", (1,)),
    ]  # fmt: skip
    assert aims(made_runs("ae"), [])[0].units == (0, 1, 2, 3)


@pytest.mark.parametrize(("kind", "layer"), [("cnn", "conv2"), ("vae", "1")])
def test_a_dream_is_what_is_said_of_it(
    kind: str, layer: str, made_runs: MadeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_runs(kind)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", 2 * 12 * 12)  # two dreams at a time
    found = dreams(run, [Aim(layer, (3, 0, 1))], DreamSettings(steps=80), limit=50)
    assert [each.name for each in found] == [f"{layer}:{unit}" for unit in (3, 0, 1)]
    for each, unit in zip(found, (3, 0, 1), strict=True):
        assert _value(eye(run), each.picture, layer, unit) == pytest.approx(each.value, rel=0.05, abs=0.05)
        assert _value(eye(run), each.real, layer, unit) == pytest.approx(each.best, abs=1e-3)
        assert each.value > each.best > each.mean
        assert len(each.history) == 80


def test_classes_are_named_and_places_too(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    found = dreams(run, aims(run, ["up", "conv1:1,2,3"]), DreamSettings(steps=2, basis="waves"), limit=20)
    assert [each.name for each in found] == ["up", "conv1:1,2,3"]
    assert found[0].picture.shape == (12, 12, 3)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("conv1:a", "is of a CLASS, LAYER, LAYER:UNIT or LAYER:UNIT,ROW,COLUMN; found 'conv1:a'"),
        ("conv1:1,2", "found 'conv1:1,2'"),
        ("hat", "no class or layer is called 'hat'; found: conv1"),
        ("conv1:4", "conv1 has units 0 to 3; found 4"),
        ("conv1:1,12,0", "conv1 has maps of 12x12"),
    ],
)
def test_what_is_no_target_is_said(target: str, said: str, made_runs: MadeRuns) -> None:
    with pytest.raises((RecipeError, NetError), match=said):
        aims(made_runs("cnn"), [target])


def test_settings_and_runs_that_do_not_dream(made_runs: MadeRuns) -> None:
    for wrong in ({"steps": 0}, {"reach": 0.0}, {"reach": float("nan")}):
        with pytest.raises(RecipeError, match="a dream takes 1 step or more and a reach above 0"):
            DreamSettings(**wrong)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="looks at no pictures"):
        aims(made_runs("gan"), [])

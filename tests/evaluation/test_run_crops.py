"""Crops of a run's own pictures: seen again one by one, each unit gives what the crop says, at the place it says."""

import numpy as np
import pytest
import torch

from conftest import MadeRuns
from nonesuch.assembly import reopen
from nonesuch.errors import NetError
from nonesuch.evaluation.crops import crops, field
from nonesuch.evaluation.seeing import eye
from nonesuch.lens.capture import activations
from nonesuch.lens.influence import Box
from nonesuch.pixels import to_signed


@pytest.mark.parametrize(("kind", "layer"), [("cnn", "conv2"), ("vae", "0.0")])
def test_crops_hold_what_excites_the_unit(kind: str, layer: str, made_runs: MadeRuns) -> None:
    run = made_runs(kind)  # type: ignore[arg-type]
    data = reopen(run.recipe.data)
    found = crops(run, layer, units=(2, 0), most=3, split="test")
    assert list(found.units) == [2, 0]
    assert found.looked == len(data.rows["test"])
    for unit, several in found.units.items():
        assert len({each.row for each in several}) == 3
        for each in several:
            image = to_signed(torch.from_numpy(each.picture.copy()).permute(2, 0, 1))
            maps = next(call.values for call in activations(eye(run), image) if call.name == layer)
            assert float(maps[unit].max()) == pytest.approx(each.value, abs=1e-4)
            assert float(maps[unit][each.place]) == pytest.approx(each.value, abs=1e-4)
            assert each.box == field(run, layer, *each.place)
            assert each.crop.shape[:2] == each.box.size
            assert each.box.size <= found.field
            assert np.array_equal(each.picture, data.pack.pixels[each.row])
            assert each.name == data.pack.names[each.row]
            assert each.label == (data.classes[data.targets[each.row]] if data.classes else "")


def test_all_units_of_a_dense_layer_see_whole_pictures(made_runs: MadeRuns) -> None:
    found = crops(made_runs("cnn"), "output", most=2, limit=20)
    assert list(found.units) == [0, 1, 2, 3]
    assert found.looked == 20
    assert found.field == (12, 12)
    assert all(each.box == Box(0, 0, 12, 12) for several in found.units.values() for each in several)


def test_what_has_no_crops_is_said(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    with pytest.raises(NetError, match="conv1 has units 0 to 3; found 4"):
        crops(run, "conv1", units=[4])
    with pytest.raises(NetError, match="no layer is called 'conv9'"):
        crops(run, "conv9")
    with pytest.raises(NetError, match="the maps have 12x12 units; found row 12"):
        field(run, "conv1", 12, 0)

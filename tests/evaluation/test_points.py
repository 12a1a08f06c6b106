"""Points of each kind of run: the layer before the last, the measuring net's features, and labels from columns."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from conftest import MadeRuns
from nonesuch.errors import DataError
from nonesuch.evaluation.points import hidden, labels, points
from nonesuch.features import features_of
from nonesuch.models import catalog
from nonesuch.pixels import to_signed


@pytest.mark.parametrize("name", list(catalog.CLASSIFIERS))
def test_the_last_layer_of_any_classifier_makes_its_answers_of_the_hidden_one(name: str) -> None:
    torch.manual_seed(0)
    net = catalog.build(name, (1, 28, 28), 10).eval()
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    found = hidden(net, images)
    assert found.dim() == 2
    modules = dict(net.named_modules())
    last = modules["head"] if name == "fast" else list(net.children())[-1]
    with torch.inference_mode():
        answers = last(found)
        torch.testing.assert_close(modules["scale"](answers) if name == "fast" else answers, net(images))
    assert not any(module._forward_hooks for module in net.modules())


def test_the_hidden_layer_leaves_no_hooks_after_an_error() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(RuntimeError, match="shapes"):
        hidden(net, torch.zeros(1, 1, 3, 3))
    assert not any(module._forward_hooks for module in net.modules())


def test_a_classifiers_points_are_its_hidden_layer_picture_by_picture(made_runs: MadeRuns) -> None:
    run = made_runs("cnn")
    found = points(run, "test", 4)
    assert found.space == "last hidden layer"
    for row, value in zip(found.rows, found.values, strict=True):
        image = torch.from_numpy(found.data.pack.pixels[row : row + 1].copy()).permute(0, 3, 1, 2)
        np.testing.assert_allclose(hidden(run.net, to_signed(image))[0].numpy(), value, rtol=1e-4, atol=1e-5)


def test_a_generators_points_are_features_of_real_and_generated_pictures(made_runs: MadeRuns) -> None:
    run = made_runs("gan")
    found = points(run, "test", 6)
    extractor = found.data.extractor(1)
    np.testing.assert_allclose(found.values, features_of(extractor, found.data.pack.pixels[found.rows]))
    np.testing.assert_allclose(found.made_values, features_of(extractor, run.sample(range(6), fast=True)))


def test_an_autoencoders_points_are_its_codes_and_a_vaes_have_variances(made_runs: MadeRuns) -> None:
    assert points(made_runs("ae"), "test").variances is None
    found = points(made_runs("vae"), "test")
    assert found.variances is not None
    assert (found.variances > 0).all()
    assert found.values.shape == found.variances.shape == (len(found.rows), 4)


def test_labels_come_from_the_run_or_a_column(made_runs: MadeRuns) -> None:
    found = points(made_runs("vae"), "test", 5)
    name, codes, names = labels(found, None)
    assert (name, names) == ("class", ("down", "left", "right", "up"))
    assert [names[code] for code in codes] == [found.data.pack.names[int(row)].split("/")[0] for row in found.rows]
    assert labels(found, "label")[1].tolist() == codes.tolist()
    nothing, codes, names = labels(found, "none")
    assert (nothing, codes.tolist(), names) == ("", [-1] * 5, ())
    with pytest.raises(DataError, match="no label column is called 'hat'; found: label"):
        labels(found, "hat")
    bare: Any = SimpleNamespace(classes=(), pack=SimpleNamespace(columns={}))
    assert labels(replace(found, data=bare), None)[2] == ()
    bare.pack.columns = found.data.pack.columns
    assert labels(replace(found, data=bare), None)[0] == "label"

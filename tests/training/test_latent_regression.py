"""The encoder's objective: drawn from (seed, position) alone, its loss by hand, and a linear generator learnt back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from made_data import bars
from nonesuch.data.batches import Batches
from nonesuch.models.inverter import Inverter
from nonesuch.training import latent_regression, optimizers
from nonesuch.training.latent_regression import LatentRegression
from nonesuch.training.optimizers import OptimizerSettings

LATENT = 3


def draw(z: Tensor, classes: Tensor | None) -> Tensor:
    """Each number of z is the brightness of one channel; a class moves the picture's lower half."""
    pictures = torch.tanh(z)[:, :, None, None].expand(-1, LATENT, 12, 12).clone()
    if classes is not None:
        pictures[:, :, 6:] += classes[:, None, None, None] / 4 - 0.5
    return pictures


def objective(classes: int) -> LatentRegression:
    torch.manual_seed(0)
    net = Inverter((3, 12, 12), LATENT, classes)
    pictures, targets = bars(64)
    batches = Batches(pictures, targets.astype(np.int64) if classes else None, np.arange(64), 16, 5)
    return LatentRegression(net, optimizers.build([net], OptimizerSettings(rate=3e-3)), draw, batches, 5)


@pytest.mark.parametrize("classes", [0, 4])
def test_a_position_gives_its_pairs_whatever_came_before(classes: int) -> None:
    one, two = objective(classes), objective(classes)
    one.prepare(0)
    first, again, other = one.prepare(48), two.prepare(48), two.prepare(64)
    assert torch.equal(first.z, again.z)
    assert torch.equal(first.drawn, draw(first.z, first.classes))
    assert torch.equal(first.real, again.real)
    assert not torch.equal(first.z, other.z)
    assert (first.classes is None) == (classes == 0)


@pytest.mark.parametrize("classes", [0, 4])
def test_the_loss_by_hand(classes: int) -> None:
    found = objective(classes)
    batch = found.prepare(0)
    net = found.averaged.eval()
    z, logits = net(torch.cat([batch.drawn, batch.real]))
    wanted = (z[:16] - batch.z).square().mean()
    again = draw(z[16:], batch.real_classes)
    wanted = wanted + latent_regression.REDRAWN * (again - batch.real).square().mean()
    if classes:
        told = torch.cat([batch.classes, batch.real_classes])
        wanted = wanted - F.log_softmax(logits, 1)[torch.arange(32), told].mean()
    torch.testing.assert_close(found.phases[0].loss(batch).total, wanted)


def test_z_and_class_are_learnt_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent_regression, "REDRAWN", 0.0)
    found = objective(4)
    (built,) = found.phases[0].optimizers
    for step in range(200):
        built.zero_grad()
        found.phases[0].loss(found.prepare(16 * step)).total.backward()
        built.step()
    batch = found.prepare(99_984)
    guess = found.averaged.eval()(batch.drawn)
    assert F.mse_loss(guess.z, batch.z) < 0.2  # 1 for a net that knows nothing
    assert (guess.classes.argmax(1) == batch.classes).float().mean() > 0.9

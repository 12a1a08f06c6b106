"""The objective of imitation: a mean squared error by hand, and a line found by THE loop."""

import pytest
import torch
from torch import nn

from nonesuch.training.budget import Budget
from nonesuch.training.imitate import Imitate
from nonesuch.training.loop import Pace, fit
from nonesuch.training.optimizers import OptimizerSettings, build


class Plain:
    def backward(self, tensor: torch.Tensor) -> None:
        torch.autograd.backward(tensor)


def test_the_loss_is_the_mean_of_squares_and_the_batch_is_always_all() -> None:
    images = torch.tensor([[1.0], [2.0]])
    objective = Imitate(nn.Identity(), [], images, torch.tensor([[0.0], [5.0]]))
    assert objective.prepare(7) is images
    assert float(objective.phases[0].loss(images).total) == (1 + 9) / 2


def test_the_loop_finds_the_line() -> None:
    torch.manual_seed(0)
    net, images = nn.Linear(1, 1), torch.linspace(-1, 1, 16)[:, None]
    objective = Imitate(net, build([net], OptimizerSettings(name="adam", rate=0.1)), images, 3 * images + 1)
    losses = [event.figures["loss"] for event in fit(objective, Pace(Budget(images=300 * 16), 16, 16), Plain())]  # type: ignore[union-attr]
    assert losses[-1] < 1e-6 < losses[0]
    assert [float(net.weight.detach()), float(net.bias.detach())] == pytest.approx([3.0, 1.0], abs=1e-2)

"""The compass on hills whose top is known."""

import pytest
import torch
from torch import Tensor

from nonesuch.latent.compass import follow

TOP = torch.tensor([3.0, 4.0])


def uphill(z: Tensor) -> Tensor:
    return z @ TOP


def test_free_it_goes_straight_along_the_slope() -> None:
    way, scores = follow(uphill, torch.zeros(2), steps=4, stride=0.5, pull=0.0)
    torch.testing.assert_close(way, torch.arange(5)[:, None] * 0.5 * TOP / 5)
    torch.testing.assert_close(scores, torch.arange(5) * 2.5)


def test_on_the_shell_it_ends_at_the_point_below_the_top() -> None:
    way, scores = follow(uphill, torch.tensor([-5.0, 0.1]), steps=200, stride=0.1)
    torch.testing.assert_close(way.norm(dim=1), torch.full((201,), float(way[0].norm())), rtol=1e-5, atol=0)
    # Steps of 0.1 go past the top by up to as much, where the hill is lower by 5 * 0.1^2 / 2 and rounding.
    assert float(scores[-1]) == pytest.approx(25, abs=0.1)
    assert bool((scores[:100].diff() > 0).all())


def test_where_it_is_level_the_way_rests() -> None:
    way, _ = follow(lambda z: (z * 0).sum(1), torch.tensor([1.0, 2.0]), steps=3, stride=0.5)
    torch.testing.assert_close(way, torch.tensor([1.0, 2.0]).expand(4, 2))


def test_the_start_is_left_as_it_was() -> None:
    start = torch.tensor([1.0, 0.0])
    follow(uphill, start, steps=2, stride=1.0)
    assert start.tolist() == [1.0, 0.0]
    assert not start.requires_grad

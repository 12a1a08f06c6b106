"""Deletion and insertion on a net that looks at one corner: the right map wins, the wrong one loses, chance is even."""

import pytest
import torch
from torch import Tensor, nn

from nonesuch.lens.trust import CHANCE, SHARES, Curves, curves


class _Corner(nn.Module):
    """Class 0 is how bright the upper left 4x4 pixels are; class 1 how dark."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, images: Tensor) -> Tensor:
        self.seen += len(images)
        bright = 6 * images[:, :, :4, :4].mean((1, 2, 3))
        return torch.stack([bright, -bright], 1)


def _images(count: int = 40) -> Tensor:
    images = torch.full((count, 1, 12, 12), -1.0)
    images[:, :, :4, :4] = 1.0
    return images


def _corner(count: int = 40) -> Tensor:
    values = torch.zeros(count, 12, 12)
    values[:, :4, :4] = 1.0
    return values


def test_the_map_that_knows_wins_and_its_opposite_loses() -> None:
    first = torch.zeros(40, dtype=torch.int64)
    found = curves(_Corner(), _images(), first, {"right": _corner(), "wrong": -_corner()}, seed=0)
    assert list(found) == ["right", "wrong", CHANCE]
    # 16 of 144 pixels are a share of 0.11: without the first 0.2 nothing of the corner is left
    right = found["right"]
    assert float(right.most[:, 0].min()) > 0.99
    assert float(right.most[:, SHARES.index(0.2)].max()) < 0.1
    assert float(right.least[:, SHARES.index(0.8)].min()) > 0.99
    assert float(right.gap.mean()) > 0.7
    assert float(found["wrong"].gap.mean()) < -0.7
    assert abs(float(found[CHANCE].gap.mean())) < 0.1


def test_equal_values_are_taken_in_random_order() -> None:
    """A map without any opinion is chance, not the order of the pixels: the corner would go first, or last."""
    first = torch.zeros(40, dtype=torch.int64)
    found = curves(
        _Corner(), _images(), first, {"even": torch.zeros(40, 12, 12), "coarse": torch.ones(40, 1, 1)}, seed=1
    )
    for name in ("even", "coarse"):
        assert abs(float(found[name].gap.mean())) < 0.1


def test_areas_by_hand() -> None:
    falling = torch.tensor([[1.0 - share for share in SHARES]])
    found = Curves(falling, torch.ones(1, len(SHARES)))
    assert float(found.deletion) == pytest.approx(0.55)  # the mean height of 1 - s over 0 to 0.9
    assert float(found.insertion) == pytest.approx(1.0)
    assert float(found.gap) == pytest.approx(0.45)


def test_a_seed_repeats_whatever_else_is_asked() -> None:
    images, first = _images(3), torch.zeros(3, dtype=torch.int64)
    net = _Corner().train()
    alone = curves(net, images, first, {"right": _corner(3)}, seed=5)
    among = curves(net, images, first, {"wrong": -_corner(3), "right": _corner(3)}, seed=5)
    assert torch.equal(alone["right"].most, among["right"].most)
    assert torch.equal(alone[CHANCE].least, among[CHANCE].least)
    other = curves(net, images, first, {}, seed=6)
    assert not torch.equal(alone[CHANCE].most, other[CHANCE].most)
    assert net.training

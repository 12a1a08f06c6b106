"""Spread of activations: against scipy, by hand, and laws of batch norm, dropout and pooling."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.layers import Kind
from nonesuch.lens.spread import common_edges, dropped, outputs, pooling, shifted, spread, without
from nonesuch.models import catalog

IMAGES = torch.randn(40, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(1)
    return catalog.build("lecture", (3, 8, 8), 3, {"widths": (4, 5, 6), "dense": 16}).eval()


def test_figures_are_scipys() -> None:
    values = torch.randn(50, 4, 3, 3, generator=torch.Generator().manual_seed(2)).exp()
    values[:, 1] = 0
    found = spread("here", values, common_edges([values]))
    flat = values.double().numpy()
    assert found.n == flat.size == found.counts.sum()
    assert found.mean == pytest.approx(flat.mean())
    assert found.std == pytest.approx(flat.std())
    assert found.skew == pytest.approx(stats.skew(flat.ravel()))
    assert found.zeros == found.dead == 0.25
    np.testing.assert_allclose(found.unit_mean, flat.mean((0, 2, 3)))
    np.testing.assert_allclose(found.unit_std, flat.std((0, 2, 3)))


def test_bins_are_common_and_hold_the_tails() -> None:
    small, large = torch.linspace(-1, 1, 1001), torch.linspace(0, 10, 1001)
    edges = common_edges([small, large], bins=10)
    assert edges[0] == pytest.approx(-1, abs=0.01)
    assert edges[-1] == pytest.approx(10, abs=0.02)
    counts = spread("x", torch.tensor([[-5.0], [50.0], [50.0]]), edges).counts
    assert counts.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    level = common_edges([torch.full((5,), 3.0)], bins=2)
    assert spread("x", torch.full((5, 1), 3.0), level).counts.sum() == 5


def test_a_norm_centres_each_map_on_its_own_batch(net: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    norms = [(given, output) for _, kind, given, output in outputs(net, IMAGES, seed=0) if kind is Kind.NORM]
    assert len(norms) == 4
    for given, output in norms:
        found = spread("norm", output, common_edges([given, output]))
        np.testing.assert_allclose(found.unit_mean, 0, atol=1e-5)
        assert float(found.unit_std.max()) < 1.001
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert not any(module.training or module._forward_hooks for module in net.modules())


def test_training_repeats_with_its_seed(net: nn.Module) -> None:
    masks = [
        next(output for _, kind, _, output in outputs(net, IMAGES, seed) if kind is Kind.DROPOUT) for seed in (1, 1, 2)
    ]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_without_norms_is_the_net_built_without_them(net: nn.Module) -> None:
    net(IMAGES)
    bare = without(net, Kind.NORM)
    chain = nn.Sequential(*(module for module in net if not isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d)))
    with torch.no_grad():
        assert torch.equal(bare(IMAGES), chain(IMAGES))
    assert any(isinstance(module, nn.BatchNorm2d) for module in net)
    nested = without(catalog.build("fast", (3, 16, 16), 3), Kind.NORM)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in nested.modules())
    with pytest.raises(NetError, match="no layer of kind norm"):
        without(catalog.build("linear", (3, 8, 8), 3), Kind.NORM)


def test_dropout_silences_its_share_and_doubles_the_rest(net: nn.Module) -> None:
    given, output = next((g, o) for _, kind, g, o in outputs(net, IMAGES, seed=3) if kind is Kind.DROPOUT)
    silent = output == 0
    assert float(silent.float().mean()) == pytest.approx(0.5, abs=0.05)  # 640 coins: 0.5 +- 2.5 deviations
    torch.testing.assert_close(output[~silent], 2 * given[~silent])


def test_draws_of_dropout_differ_and_average_to_the_plain_answer(net: nn.Module) -> None:
    torch.manual_seed(99)
    state = torch.get_rng_state()
    draws = dropped(net, IMAGES[:5], 400, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert draws.shape == (400, 5, 3)
    torch.testing.assert_close(draws.sum(2), torch.ones(400, 5))
    assert float(draws.std(0).min()) > 0.001
    with torch.no_grad():
        plain = net(IMAGES[:5]).softmax(1)
    torch.testing.assert_close(draws.mean(0), plain, rtol=0, atol=2e-3)  # the softmax is not linear: near, not equal
    torch.manual_seed(7)
    assert torch.equal(draws[:3], dropped(net, IMAGES[:5], 3, seed=0))
    assert not torch.equal(draws[:3], dropped(net, IMAGES[:5], 3, seed=1))
    assert not any(module.training for module in net.modules())
    with pytest.raises(NetError, match="no dropout"):
        dropped(catalog.build("linear", (3, 8, 8), 3), IMAGES, 2, 0)


def test_a_shift_is_one_pixel_to_the_right() -> None:
    row = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3)
    assert shifted(row).flatten().tolist() == [1, 1, 2]


def test_pooling_by_hand() -> None:
    """Three fields: nothing in the first, a bright pixel that moves inside the second, one that leaves the third."""
    picture = torch.zeros(1, 1, 2, 6)
    picture[0, 0, 0, 2] = 8.0
    picture[0, 0, 0, 5] = 4.0
    (found,) = pooling(nn.Sequential(nn.MaxPool2d(2)), picture)
    assert (found.before, found.after) == ((1, 2, 6), (1, 1, 3))
    assert found.stays_before == 9 / 12  # columns 2, 3 and 5 of the first row change
    assert found.stays_after == pytest.approx(2 / 3)
    assert found.stays_picked == pytest.approx(2 / 3)  # column 2 falls to 0
    assert found.moved == pytest.approx(2 / 3)
    assert found.unnoticed == 0.5


def test_pooling_notices_less_than_picking(net: nn.Module) -> None:
    smooth = nn.functional.interpolate(IMAGES[:, :, :4, :4], size=(8, 8), mode="bilinear")
    (found,) = pooling(net, smooth)
    assert found.name == "pool"
    assert found.moved is not None
    assert 0.3 < found.moved < 1
    assert found.unnoticed is not None
    assert 0 < found.unnoticed < 1
    assert pooling(catalog.build("linear", (3, 8, 8), 3), IMAGES) == []
    lenet = pooling(catalog.build("lenet1", (1, 28, 28), 3), torch.randn(4, 1, 28, 28))
    assert [each.name for each in lenet] == ["s2", "s4"]
    assert lenet[0].moved is None
    last = pooling(catalog.build("fast", (3, 16, 16), 3, {"widths": (4, 4, 4)}), torch.randn(4, 3, 16, 16))[-1]
    assert last.after == (4, 1, 1)

"""Units switched off: by hand, against weights set to zero, in folded nets, and always undone."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.ablation import answers_without, place, scaled
from nonesuch.models import catalog
from nonesuch.models.fold import folded


def settled(name: str, shape: tuple[int, int, int] = (3, 16, 16), classes: int = 4) -> nn.Module:
    """A net whose batch norms have seen something."""
    torch.manual_seed(3)
    options = {"lecture": {"widths": (5, 6, 7), "dense": 9}, "fast": {"widths": (6, 8, 8)}}.get(name, {})
    net = catalog.build(name, shape, classes, options).train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    for _ in range(3):
        net(torch.randn(20, *shape))
    return net.eval()


IMAGES = torch.randn(11, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_a_dense_unit_by_hand() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight.data = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    net[1].bias.data = torch.tensor([0.0, 1.0])
    net[2].weight.data = torch.tensor([[1.0, 1.0], [0.0, 2.0]])
    net[2].bias.data.zero_()
    picture = torch.tensor([1.0, 1.0]).view(1, 1, 1, 2)  # hidden units give 3 and 3
    with torch.no_grad():
        assert net(picture).tolist() == [[6, 6]]
        with scaled(net, picture[0], "1", [1]):
            assert net(picture).tolist() == [[3, 0]]
        with scaled(net, picture[0], "1", [0, 1], 2.0):
            assert net(picture).tolist() == [[12, 12]]
        assert net(picture).tolist() == [[6, 6]]


def test_a_map_is_silent_behind_its_norm() -> None:
    """The slow way: the norm's gain and offset of that map set to 0."""
    net, other = settled("lecture"), settled("lecture")
    other.norm2.weight.data[3] = 0
    other.norm2.bias.data[3] = 0
    assert place(net, IMAGES[0], "conv2") == ("norm2", 6)
    with torch.no_grad(), scaled(net, IMAGES[0], "conv2", [3]):
        assert torch.equal(net(IMAGES), other(IMAGES))


@pytest.mark.parametrize(
    ("name", "layer", "where"),
    [
        ("fast", "groups.0.conv1", "groups.0.norm1"),  # pooling lies between
        ("fast", "groups.1.conv2", "groups.1.norm2"),
        ("fast", "head", "head"),
        ("lecture", "dense", "norm4"),
        ("lecture", "leaky1", "leaky1"),
        ("lecture", "output", "output"),
        ("mlp", "hidden1", "hidden1"),
    ],
)
def test_where_units_hand_on_what_they_found(name: str, layer: str, where: str) -> None:
    net = settled(name)
    assert place(net, IMAGES[0], layer)[0] == where


@pytest.mark.parametrize("layer", ["conv1", "conv3", "dense"])
def test_a_folded_net_loses_the_same(layer: str) -> None:
    net = settled("lecture")
    quick = folded(net)
    with torch.no_grad(), scaled(net, IMAGES[0], layer, [1, 4], 0.5), scaled(quick, IMAGES[0], layer, [1, 4], 0.5):
        torch.testing.assert_close(quick(IMAGES), net(IMAGES), rtol=1e-4, atol=1e-4)


def test_what_draws_can_be_ablated_too() -> None:
    torch.manual_seed(0)
    net = catalog.build("autoencoder", (3, 16, 16), 0, {"latent": 3, "widths": (4, 6)}).eval()
    where, units = place(nn.Sequential(net.encoder, net.code), IMAGES[0], "0.3")
    assert (where, units) == ("0.4", 6)


@pytest.mark.parametrize(("name", "layer"), [("lecture", "conv2"), ("lecture", "dense"), ("fast", "groups.0.conv2")])
def test_each_unit_off_is_one_by_one(name: str, layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = settled(name)
    monkeypatch.setattr("nonesuch.lens.ablation.CHUNK", 4)
    found = answers_without(net, IMAGES, layer)
    _, units = place(net, IMAGES[0], layer)
    assert found.shape == (units, 11)
    for unit in range(units):
        with torch.no_grad(), scaled(net, IMAGES[0], layer, [unit]):
            assert torch.equal(found[unit], net(IMAGES).argmax(1))


@pytest.mark.parametrize(
    ("layer", "units", "said"),
    [
        ("conv9", [0], "no layer with units is called 'conv9'; found: conv1, norm1"),
        ("conv1", [5], "conv1 has units 0 to 4; found 5"),
        ("conv1", [-1], "found -1"),
        ("conv1", [], "found none"),
    ],
)
def test_what_cannot_be_switched_off_is_said(layer: str, units: list[int], said: str) -> None:
    net = settled("lecture")
    with pytest.raises(NetError, match=said), scaled(net, IMAGES[0], layer, units):
        pass


def test_hooks_are_gone_after_an_error_too() -> None:
    net = settled("lecture").train()
    with pytest.raises(RuntimeError, match="on the way"), scaled(net, IMAGES[0], "conv1", [0]):
        raise RuntimeError("on the way")
    with pytest.raises(RuntimeError):
        answers_without(net, torch.zeros(2, 7, 16, 16), "conv1")
    assert all(not module._forward_hooks and module.training for module in net.modules())

"""Folding changes no result: every net of the catalogue in double precision, with norms that have seen data."""

import pytest
import torch
from torch import nn

from nonesuch.models import catalog
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fold import folded
from nonesuch.models.gan import Adversaries

SHAPE = (3, 16, 16)


def used(net: nn.Module) -> nn.Module:
    """In double precision, every norm with statistics, gains and offsets of its own."""
    draws = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 1, generator=draws)
            module.running_var.uniform_(0.2, 3, generator=draws)
            if module.weight is not None:
                nn.init.uniform_(module.weight, 0.5, 2, generator=draws)
                nn.init.normal_(module.bias, generator=draws)
    return net.double().eval()


def norms(net: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d) for module in net.modules())


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("name", ["classic", "modern"])
def test_generators(name: str, classes: int) -> None:
    nets = catalog.build(name, SHAPE, classes)
    assert isinstance(nets, Adversaries)
    generator = used(nets.generator)
    z, kinds = torch.randn(4, nets.generator.latent, dtype=torch.float64), torch.tensor([0, 1, 2, 1])
    told = (kinds,) if classes else ()
    quick = folded(generator)
    assert norms(generator) > 0
    assert norms(quick) == 0
    torch.testing.assert_close(quick(z, *told), generator(z, *told), rtol=1e-9, atol=1e-9)


def test_decoders_and_encoders() -> None:
    net = used(catalog.build("autoencoder", SHAPE, 0, {"latent": 5}))
    quick = folded(net)
    assert isinstance(net, Autoencoder)
    assert isinstance(quick, Autoencoder)
    assert norms(quick) == 0
    z, images = torch.randn(4, 5, dtype=torch.float64), torch.rand(4, *SHAPE, dtype=torch.float64)
    torch.testing.assert_close(quick.decode(z), net.decode(z), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(quick.encoder(images), net.encoder(images), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", sorted(catalog.CLASSIFIERS))
def test_classifiers(name: str) -> None:
    shape = (1, 32, 32) if name.startswith("lenet5") else (1, 28, 28)
    net = used(catalog.build(name, shape, 4))
    images = torch.rand(3, *shape, dtype=torch.float64)
    torch.testing.assert_close(folded(net)(images), net(images), rtol=1e-8, atol=1e-8)


def test_the_net_itself_is_left_alone() -> None:
    net = used(catalog.build("lecture", (1, 28, 28), 3))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    folded(net)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert any(parameter.requires_grad for parameter in net.parameters())


def test_a_norm_that_follows_nothing_stays() -> None:
    net = used(nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4)))
    images = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    assert norms(folded(net)) == 2
    torch.testing.assert_close(folded(net)(images), net(images))

"""AE and VAE: one net and one flag, sizes of every kind, z by hand."""

import pytest
import torch

from nonesuch.errors import NetError
from nonesuch.models import catalog
from nonesuch.models.autoencoder import Autoencoder


def _net(shape: tuple[int, int, int], **options: object) -> Autoencoder:
    torch.manual_seed(0)
    net = catalog.build("autoencoder", shape, 0, options)  # type: ignore[arg-type]
    assert isinstance(net, Autoencoder)
    return net


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 16), (4, 9, 21), (3, 64, 48)])
@pytest.mark.parametrize("gaussian", [True, False])
def test_what_comes_in_comes_out(shape: tuple[int, int, int], gaussian: bool) -> None:
    net = _net(shape, gaussian=gaussian, latent=5)
    coded = net(torch.randn(2, *shape), torch.randn(3, 2, 5))
    assert coded.decoded.shape == (3 if gaussian else 1, 2, *shape)
    assert coded.mean.shape == (2, 5)
    assert (coded.log_variance is None) != gaussian


@pytest.mark.parametrize(("activation", "layer"), [("leaky", torch.nn.LeakyReLU), ("silu", torch.nn.SiLU)])
def test_one_activation_throughout(activation: str, layer: type[torch.nn.Module]) -> None:
    net = _net((1, 16, 16), activation=activation)
    kinds = [type(module) for module in net.modules() if isinstance(module, torch.nn.LeakyReLU | torch.nn.SiLU)]
    assert kinds == [layer] * 9


def test_z_is_the_mean_plus_the_deviation_times_noise() -> None:
    net = _net((1, 16, 16), latent=3).eval()
    images, noise = torch.randn(2, 1, 16, 16), torch.randn(1, 2, 3)
    mean, log_variance = net.encode(images)
    assert log_variance is not None
    torch.testing.assert_close(net(images, noise).decoded[0], net.decode(mean + log_variance.exp().sqrt() * noise[0]))


def test_an_autoencoders_code_is_a_point_whatever_the_noise() -> None:
    net = _net((1, 16, 16), latent=3, gaussian=False).eval()
    images = torch.randn(2, 1, 16, 16)
    assert torch.equal(net(images, torch.randn(2, 3))[0], net(images, torch.zeros(2, 3))[0])


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 21)])
def test_nothing_but_the_picture_is_as_large_as_the_picture(shape: tuple[int, int, int]) -> None:
    """Maps of that size were a quarter of a step's time."""
    net, sizes = _net(shape, latent=3, finest="picture"), []
    for layer in net.decoder:
        layer.register_forward_hook(lambda _module, _inputs, maps: sizes.append(tuple(maps.shape[1:])))
    net.decode(torch.randn(2, 3))
    assert [size for size in sizes if size[1:] == shape[1:]] == [shape]


def test_too_small_is_refused() -> None:
    with pytest.raises(NetError, match="smallest size is 8x8"):
        _net((1, 7, 12))

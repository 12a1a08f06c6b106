"""The GAN nets: shapes at every size, the DCGAN paper's counts by hand, and what conditions change."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.models import catalog
from nonesuch.models.gan import Adversaries


def _nets(name: str, shape: tuple[int, int, int], classes: int = 0, **options: object) -> Adversaries:
    torch.manual_seed(0)
    nets = catalog.build(name, shape, classes, options)  # type: ignore[arg-type]
    assert isinstance(nets, Adversaries)
    return nets


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", ["classic", "modern"])
def test_pictures_in_and_out(name: str, channels: int, size: int) -> None:
    nets = _nets(name, (channels, size, size), width=8, most=16)
    pictures = nets.generator(torch.randn(2, nets.generator.latent))
    assert pictures.shape == (2, channels, size, size)
    assert float(pictures.detach().abs().max()) <= 1
    assert nets.critic(pictures).shape == (2,)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 24, 40), (3, 17, 9), (1, 8, 8)])
def test_modern_takes_any_size(shape: tuple[int, int, int]) -> None:
    nets = _nets("modern", shape, width=8)
    pictures = nets.generator(torch.randn(2, 64))
    assert pictures.shape == (2, *shape)
    assert nets.critic(pictures).shape == (2,)


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 32, 64), (3, 512, 512)])
def test_classic_refuses_other_sizes_and_says_which_work(shape: tuple[int, int, int]) -> None:
    with pytest.raises(NetError, match=r"8, 16, 32, 64, 128 or 256"):
        _nets("classic", shape)


def test_classic_has_the_weights_of_the_dcgan_paper() -> None:
    """64 px: z 100 -> 512x4x4 -> 256 -> 128 -> 64 -> 3, kernels 4x4; batch norm everywhere but at the pictures."""
    nets = _nets("classic", (3, 64, 64))
    maps = [512, 256, 128, 64]
    up = 100 * 512 * 16 + sum(a * b * 16 for a, b in zip(maps, [*maps[1:], 3], strict=True)) + 2 * sum(maps)
    down = (
        sum(a * b * 16 for a, b in zip([3, *maps[:0:-1]], maps[::-1], strict=True)) + 2 * sum(maps[:-1]) + 512 * 16 + 1
    )
    assert sum(p.numel() for p in nets.generator.parameters()) == up
    assert sum(p.numel() for p in nets.critic.parameters()) == down
    kernels = torch.cat([m.weight.flatten() for m in nets.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)])
    assert float(kernels.detach().std()) == pytest.approx(0.02, rel=0.01)


def test_a_class_changes_the_picture_and_the_verdict() -> None:
    nets = _nets("modern", (1, 16, 16), classes=3, width=8).eval()
    z = torch.randn(1, 64).expand(2, -1)
    first, second = nets.generator(z, torch.tensor([0, 2]))
    assert not torch.allclose(first, second)
    verdicts = nets.critic(torch.stack([first, first]), torch.tensor([0, 2]))
    assert verdicts[0] != verdicts[1]


def test_a_conditional_net_asks_for_the_class() -> None:
    nets = _nets("modern", (1, 16, 16), classes=3, width=8)
    with pytest.raises(NetError, match="--class"):
        nets.generator(torch.randn(1, 64))


def test_modern_is_made_of_what_browsers_run() -> None:
    kinds = {type(module).__name__ for module in _nets("modern", (3, 32, 32)).generator.modules()}
    layers = {"Linear", "Resize", "Conv2d", "BatchNorm2d", "LeakyReLU", "Tanh"}
    assert kinds <= layers | {"Generator", "Sequential", "ResizeConv"}


def test_modern_has_the_maps_of_its_table() -> None:
    """32 px, width 32: z 64 -> 128x4x4, resized and convolved to 64, 32, 16 maps, then to 3; norms have two a map."""
    nets = _nets("modern", (3, 32, 32))
    convolved = 9 * (128 * 64 + 64 * 32 + 32 * 16 + 16 * 3) + 3
    wanted = (64 + 1) * 128 * 16 + 2 * 128 + convolved + 2 * (64 + 32 + 16)
    assert sum(p.numel() for p in nets.generator.parameters()) == wanted


def test_z_decides_more_than_the_class_at_first() -> None:
    """Two classes of one z are nearer to each other than two z of one class, by far: else each class is one picture."""
    nets = _nets("modern", (1, 16, 16), classes=2)
    z = torch.randn(64, 64)
    with torch.no_grad():
        one, other = (nets.generator(z, torch.full((64,), kind)) for kind in (0, 1))
    by_class = (one - other).square().mean()
    by_z = (one - one.roll(1, 0)).square().mean()
    assert float(by_class) < 0.3 * float(by_z)

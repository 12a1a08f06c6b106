import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nonesuch.models import catalog
from nonesuch.models.fast import Fast, Group, whiten


def _net(shape: tuple[int, int, int], **options: object) -> Fast:
    torch.manual_seed(0)
    net = catalog.build("fast", shape, 10, {"widths": [16, 32, 32], **options})  # type: ignore[arg-type]
    assert isinstance(net, Fast)
    return net


def _smooth(count: int, channels: int, size: int) -> torch.Tensor:
    """Random pictures whose neighbouring pixels and channels agree, as those of photographs do."""
    coarse = torch.rand(count, channels, size // 4, size // 4) + torch.rand(count, 1, size // 4, size // 4)
    return F.interpolate(coarse, (size, size), mode="bilinear") - 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_whitened_patches_have_mean_0_variance_1_and_no_correlation(channels: int) -> None:
    net = _net((channels, 16, 16))
    pixels = _smooth(1500, channels, 16)
    whiten(net, pixels)
    out = net.whitening(pixels).detach().double().transpose(0, 1).flatten(1)
    half = len(out) // 2
    assert half == 4 * channels
    torch.testing.assert_close(out[:half], -out[half:])
    assert out.mean(1).abs().max() < 1e-3
    corners = [pixels[:, c, i : i + 15, j : j + 15].flatten() for c in range(channels) for i in (0, 1) for j in (0, 1)]
    variances = np.linalg.eigvalsh(np.cov(torch.stack(corners).double().numpy()))
    # a variance l becomes l / (l + floor): 1 but for the flattest directions. Filters and pixels are float32.
    expected = torch.from_numpy(np.diag(variances / (variances + 1e-4)))
    torch.testing.assert_close(torch.cov(out[:half]), expected, atol=1e-4, rtol=0)


def test_whitening_survives_pictures_of_one_colour() -> None:
    net = _net((1, 16, 16))
    whiten(net, torch.full((20, 1, 16, 16), -1.0))
    out = net(torch.full((2, 1, 16, 16), -1.0))
    assert out.isfinite().all()
    assert net.whitening.weight.abs().max() <= 101


def test_whitening_is_fixed_but_its_bias_and_the_rest_train() -> None:
    net = _net((3, 16, 16))
    frozen = {name for name, p in net.named_parameters() if not p.requires_grad}
    norms = {f"groups.{i}.norm{j}.weight" for i in range(3) for j in (1, 2)}
    assert frozen == {"whitening.weight"} | norms
    net(torch.randn(4, 3, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in net.parameters() if p.requires_grad)


def test_convolutions_start_as_the_identity() -> None:
    group = Group(8, 16, residual=True)
    x = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(group.conv1(x)[:, :8], x)
    y = torch.randn(2, 16, 6, 6)
    torch.testing.assert_close(group.conv2(y), y)


def test_a_group_is_its_formula_with_and_without_the_shortcut() -> None:
    torch.manual_seed(0)
    for residual in (False, True):
        group = Group(4, 6, residual).eval()
        x = torch.randn(2, 4, 6, 6)
        half = F.gelu(F.max_pool2d(F.conv2d(x, group.conv1.weight, padding=1), 2) / (1 + 1e-5) ** 0.5)
        branch = F.gelu(F.conv2d(half, group.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5)
        torch.testing.assert_close(group(x), branch + half if residual else branch)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 33, 20), (4, 64, 64)])
def test_any_size_and_any_channels(shape: tuple[int, int, int]) -> None:
    assert _net(shape)(torch.zeros(2, *shape)).shape == (2, 10)


def test_scale_multiplies_the_logits() -> None:
    x = torch.randn(2, 3, 16, 16)
    one, third = (_net((3, 16, 16), scale=scale).eval() for scale in (1.0, 0.5))
    torch.testing.assert_close(third(x), one(x) / 2)

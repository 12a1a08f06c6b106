"""Kernels against scipy, against sums by hand, and there and back through files and layers."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from torch import nn

from nonesuch.errors import DataError, NetError
from nonesuch.lens import kernels
from nonesuch.lens.kernels import Kernel

SCIPY = {"zero": "constant", "reflect": "mirror", "replicate": "nearest", "wrap": "wrap"}
"""scipy's words for the edges."""


def pictures(channels: int = 3, height: int = 13, width: int = 11) -> torch.Tensor:
    return torch.rand(2, channels, height, width, generator=torch.Generator().manual_seed(1)) * 255


def random_kernel(side: int, channels: int = 0, **options: object) -> Kernel:
    shape = (channels, side, side) if channels else (side, side)
    weights = torch.randn(shape, generator=torch.Generator().manual_seed(side))
    return Kernel(weights, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("edge", list(SCIPY))
@pytest.mark.parametrize("side", [1, 3, 5, 7, 9])
def test_each_channel_as_scipy(side: int, edge: str) -> None:
    kernel, images = random_kernel(side, edge=edge, scale=3.0, offset=7.0), pictures()
    found = kernels.apply(kernel, images).numpy()
    weights = kernel.weights.double().numpy()
    for one in range(2):
        for channel in range(3):
            wanted = ndimage.correlate(images[one, channel].double().numpy(), weights, mode=SCIPY[edge], cval=0.0)
            np.testing.assert_allclose(found[one, channel], wanted / 3 + 7, atol=2e-3)


@pytest.mark.parametrize("edge", list(SCIPY))
def test_a_large_separable_kernel_is_two_lines_and_the_same(edge: str) -> None:
    blur = kernels.gaussian(2.0)
    kernel = Kernel(blur.weights, scale=0.5, offset=-3.0, edge=edge)  # type: ignore[arg-type]
    assert isinstance(kernels.as_layer(kernel, 3), nn.Sequential)
    found = kernels.apply(kernel, pictures(3, 20, 30))[0, 0].numpy()
    image = pictures(3, 20, 30)[0, 0].double().numpy()
    wanted = ndimage.correlate(image, blur.weights.double().numpy(), mode=SCIPY[edge], cval=0.0)
    np.testing.assert_allclose(found, wanted / 0.5 - 3, atol=2e-3)


def test_turned_is_true_convolution() -> None:
    kernel, images = random_kernel(5), pictures(1)
    found = kernels.apply(kernel.turned, images)[0, 0].numpy()
    wanted = signal.convolve2d(images[0, 0].double().numpy(), kernel.weights.double().numpy(), mode="same")
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_across_channels_is_the_sum_of_the_channels() -> None:
    kernel, images = random_kernel(3, channels=3, offset=2.0), pictures()
    wanted = sum(
        ndimage.correlate(images[0, c].double().numpy(), kernel.weights[c].double().numpy(), mode="constant")
        for c in range(3)
    )
    found = kernels.apply(kernel, images)
    assert found.shape == (2, 1, 13, 11)
    np.testing.assert_allclose(found[0, 0].numpy(), wanted + 2.0, atol=2e-3)


@pytest.mark.parametrize("stride", [2, 3])
def test_a_stride_leaves_places_out(stride: int) -> None:
    whole = kernels.apply(random_kernel(3), pictures())
    some = kernels.apply(random_kernel(3, stride=stride), pictures())
    torch.testing.assert_close(some, whole[:, :, ::stride, ::stride])


@pytest.mark.parametrize("name", list(kernels.PRESETS))
def test_presets_on_an_even_picture(name: str) -> None:
    """What a kernel makes of one grey: its sum over its scale, by hand 1 for those that keep brightness, else 0."""
    found = float(kernels.apply(kernels.preset(name), torch.full((1, 1, 41, 41), 100.0))[0, 0, 20, 20])
    keeps = {"identity", "blur", "sharpen", "emboss", "gaussian"}
    assert found == pytest.approx(100.0 if name in keeps else 0.0, abs=1e-3)


def test_outline_by_hand() -> None:
    image = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]])[None, None]
    assert float(kernels.apply(kernels.preset("outline"), image)[0, 0, 1, 1]) == 8 * 5 - (
        1 + 2 + 3 + 4 + 6 + 7 + 8 + 10
    )


def test_gaussian_is_scipys() -> None:
    spot = np.zeros((21, 21))
    spot[10, 10] = 1
    wanted = ndimage.gaussian_filter(spot, 1.5, truncate=5 / 1.5, mode="constant")[5:16, 5:16]
    np.testing.assert_allclose(kernels.gaussian(1.5, 11).weights.numpy(), wanted, atol=1e-7)


def test_a_gabor_answers_to_its_own_wave() -> None:
    wave = torch.cos(torch.arange(64) * 2 * np.pi / 8).expand(64, 64)[None, None]
    along = kernels.apply(kernels.gabor(8.0), wave).abs().max()
    across = kernels.apply(kernels.gabor(8.0, degrees=90), wave).abs()[..., 20:40, 20:40].max()
    assert float(along) > 20 * float(across)


def test_separated_only_where_it_can_be() -> None:
    assert kernels.preset("laplacian").separated() is None
    parts = kernels.preset("left-sobel").separated()
    assert parts is not None
    torch.testing.assert_close(torch.outer(*parts), kernels.preset("left-sobel").weights)


def test_a_chain_is_a_net_that_learns() -> None:
    """From the wrong kernel, gradient descent finds the one that made the picture."""
    images, wanted = pictures() / 255, kernels.apply(kernels.preset("sharpen"), pictures() / 255)
    net = kernels.chain([kernels.preset("identity"), nn.LeakyReLU(1.0)], channels=3)
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=60)

    def lost() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (net(images) - wanted).square().mean()
        loss.backward()
        return loss

    optimizer.step(lost)
    layer = net[0]
    assert isinstance(layer, nn.Conv2d)
    torch.testing.assert_close(layer.weight[0, 0], kernels.preset("sharpen").weights, atol=0.02, rtol=0)


def test_a_chain_counts_its_channels() -> None:
    net = kernels.chain([random_kernel(3, channels=3), nn.MaxPool2d(2), kernels.preset("blur")], channels=3)
    assert net(pictures()).shape == (2, 1, 6, 5)


def test_a_filter_there_and_back() -> None:
    conv = nn.Conv2d(3, 4, 3, padding=1)
    kernel = kernels.of_layer(conv, 2)
    torch.testing.assert_close(kernels.apply(kernel, pictures())[:, 0], conv(pictures())[:, 2].detach())
    kernels.put(Kernel(kernel.weights * 2, scale=4.0, offset=1.5), conv, 1)
    torch.testing.assert_close(conv.weight[1].detach(), kernel.weights / 2)
    assert float(conv.bias.detach()[1]) == 1.5  # type: ignore[union-attr]


def test_acf_bytes_by_hand() -> None:
    kernel = Kernel(torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]), scale=1.0, offset=-2.0)
    data = kernels.to_acf(kernel)
    assert len(data) == 54
    assert data[2 * 12 : 2 * 12 + 2] == b"\x00\x05"
    assert data[2 * 7 : 2 * 7 + 2] == b"\xff\xff"
    assert data[-4:] == b"\x00\x01\xff\xfe"
    back = kernels.from_acf(data)
    torch.testing.assert_close(back.weights[1:4, 1:4], kernel.weights)
    assert (back.scale, back.offset, float(back.weights.abs().sum())) == (1.0, -2.0, 9.0)


@pytest.mark.parametrize("data", [b"", b"\0" * 54, b"\1" * 53])
def test_bytes_that_are_no_acf(data: bytes) -> None:
    with pytest.raises(DataError, match=r"\.acf"):
        kernels.from_acf(data)


@pytest.mark.parametrize(
    "kernel",
    [kernels.preset("gaussian"), Kernel(torch.full((3, 3), 0.5)), Kernel(torch.full((3, 3), 1000.0)),
     Kernel(torch.ones(3, 3), scale=0.5), Kernel(torch.ones(3, 3), offset=10_000)],
)  # fmt: skip
def test_kernels_that_fit_no_acf(kernel: Kernel) -> None:
    with pytest.raises(DataError, match=r"\.acf"):
        kernels.to_acf(kernel)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Kernel(torch.ones(2, 2)), "odd side"),
        (lambda: Kernel(torch.ones(3, 5)), "odd side"),
        (lambda: Kernel(torch.ones(3, 3), scale=0), "found 0"),
        (lambda: Kernel(torch.ones(3, 3), stride=0), "at least 1"),
        (lambda: kernels.gaussian(0), "above 0"),
        (lambda: kernels.preset("glow"), "sharpen"),
        (lambda: kernels.apply(random_kernel(3, channels=2), pictures()), "spans 2 channels"),
        (lambda: kernels.apply(random_kernel(9, edge="reflect"), pictures(1, 4, 4)), "at least 5 pixels"),
        (lambda: kernels.of_layer(nn.Conv2d(3, 4, 3), 4), "0 to 3"),
        (lambda: kernels.put(random_kernel(3), nn.Conv2d(3, 4, 3), 0), "3x3x3"),
    ],
)
def test_refusals(call: object, words: str) -> None:
    with pytest.raises(NetError, match=words):
        call()  # type: ignore[operator]


def test_a_picture_from_bytes_reaches_the_layer_properly_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    """(H, W, C) seen as (1, C, H, W) has another stride of the batch, at which oneDNN is tens of times slower."""
    given, real = [], kernels.as_layer

    def noted(kernel: Kernel, channels: int) -> nn.Module:
        layer = real(kernel, channels)
        layer.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
        return layer

    monkeypatch.setattr(kernels, "as_layer", noted)
    seen = torch.zeros(6, 8, 3, dtype=torch.uint8).permute(2, 0, 1)[None]
    kernels.apply(kernels.preset("blur"), seen)
    assert given[0].stride() == (6 * 8 * 3, 1, 8 * 3, 3)
    assert seen.stride() != given[0].stride()

"""Sliding held to scipy, to the layer of the same kernel, and bytes to exact arithmetic in whole numbers."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from nonesuch.errors import NetError
from nonesuch.lens import named_kernels, sliding
from nonesuch.lens.kernels import Kernel, as_layer
from nonesuch.lens.sliding import apply, on_bytes

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
    found = apply(kernel, images).numpy()
    weights = kernel.weights.double().numpy()
    for one in range(2):
        for channel in range(3):
            wanted = ndimage.correlate(images[one, channel].double().numpy(), weights, mode=SCIPY[edge], cval=0.0)
            np.testing.assert_allclose(found[one, channel], wanted / 3 + 7, atol=2e-3)


@pytest.fixture(params=["one strip", "many strips"])
def strips(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, or in strips of one or two rows, which two workers share."""
    if request.param == "many strips":
        monkeypatch.setattr(sliding, "STRIP", 1)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


@pytest.mark.usefixtures("strips")
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("edge", list(SCIPY))
def test_as_the_layer_of_the_same_kernel(edge: str, channels: int, stride: int) -> None:
    for side in (1, 5, 7):
        kernel = random_kernel(side, channels, edge=edge, stride=stride, scale=-2.0, offset=3.0)
        with torch.no_grad():
            wanted = as_layer(kernel, 3)(pictures())
        torch.testing.assert_close(apply(kernel, pictures()), wanted, atol=2e-3, rtol=1e-5)


@pytest.mark.usefixtures("strips")
@pytest.mark.parametrize("edge", list(SCIPY))
def test_a_large_separable_kernel_is_two_passes_and_the_same(edge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blur = named_kernels.gaussian(2.0)
    kernel = Kernel(blur.weights, scale=0.5, offset=-3.0, edge=edge, stride=2)  # type: ignore[arg-type]
    passes, real = [], sliding._taps
    monkeypatch.setattr(sliding, "_taps", lambda *given: passes.append(len(given[2])) or real(*given))
    found = apply(kernel, pictures(1, 20, 30))[0, 0].numpy()
    assert passes == 4 * [13]  # two pictures, two passes
    image = pictures(1, 20, 30)[0, 0].double().numpy()
    wanted = ndimage.correlate(image, blur.weights.double().numpy(), mode=SCIPY[edge], cval=0.0)
    np.testing.assert_allclose(found, wanted[::2, ::2] / 0.5 - 3, atol=2e-3)


@pytest.mark.usefixtures("strips")
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("edge", list(SCIPY))
def test_bytes_are_exact_whole_number_arithmetic(edge: str, channels: int) -> None:
    """Whole weights: every sum is exact in float32, so each byte has to be scipy's sum in whole numbers, rounded."""
    noise = np.random.default_rng(channels)
    picture = noise.integers(0, 256, (17, 12, channels), dtype=np.uint8)
    weights = noise.integers(-9, 10, (5, 5))
    kernel = Kernel(torch.from_numpy(weights).float(), scale=16.0, offset=40.0, edge=edge)  # type: ignore[arg-type]
    found = on_bytes(kernel, picture)
    for channel in range(channels):
        sums = ndimage.correlate(picture[..., channel].astype(np.int64), weights, mode=SCIPY[edge], cval=0)
        np.testing.assert_array_equal(found[..., channel], np.clip(np.round(sums / 16 + 40), 0, 255))


def test_bytes_across_channels_and_with_a_stride() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (9, 14, 3), dtype=np.uint8)
    kernel = random_kernel(3, channels=3, stride=2, offset=80.0)
    wanted = apply(kernel, torch.from_numpy(picture).permute(2, 0, 1)[None].float())[0]
    found = on_bytes(kernel, picture)
    assert found.shape == (5, 7, 1)
    np.testing.assert_array_equal(found[..., 0], wanted[0].round().clamp(0, 255).numpy())


def test_a_part_of_a_wider_picture_is_taken_as_it_lies() -> None:
    """Colours beside alpha, as the library gives them: not contiguous."""
    picture = np.random.default_rng(2).integers(0, 256, (8, 9, 4), dtype=np.uint8)
    kernel = named_kernels.preset("blur")
    np.testing.assert_array_equal(on_bytes(kernel, picture[..., :3]), on_bytes(kernel, picture)[..., :3])


def test_a_kernel_of_nothing_gives_the_offset() -> None:
    assert (apply(Kernel(torch.zeros(3, 3), offset=2.5), pictures()) == 2.5).all()


def test_the_number_of_threads_is_left_as_found() -> None:
    before = torch.get_num_threads()
    sliding.on_cores(lambda parts: None, range(4), most=4)
    assert torch.get_num_threads() == before


def test_turned_is_true_convolution() -> None:
    kernel, images = random_kernel(5), pictures(1)
    found = apply(kernel.turned, images)[0, 0].numpy()
    wanted = signal.convolve2d(images[0, 0].double().numpy(), kernel.weights.double().numpy(), mode="same")
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_across_channels_is_the_sum_of_the_channels() -> None:
    kernel, images = random_kernel(3, channels=3, offset=2.0), pictures()
    wanted = sum(
        ndimage.correlate(images[0, c].double().numpy(), kernel.weights[c].double().numpy(), mode="constant")
        for c in range(3)
    )
    found = apply(kernel, images)
    assert found.shape == (2, 1, 13, 11)
    np.testing.assert_allclose(found[0, 0].numpy(), wanted + 2.0, atol=2e-3)


@pytest.mark.parametrize("stride", [2, 3])
def test_a_stride_leaves_places_out(stride: int) -> None:
    whole = apply(random_kernel(3), pictures())
    some = apply(random_kernel(3, stride=stride), pictures())
    torch.testing.assert_close(some, whole[:, :, ::stride, ::stride])


@pytest.mark.parametrize(
    ("kernel", "images", "words"),
    [
        (random_kernel(3, channels=2), pictures(), "spans 2 channels"),
        (random_kernel(9, edge="reflect"), pictures(1, 4, 4), "at least 5 pixels"),
        (random_kernel(9, edge="wrap"), pictures(1, 3, 8), "at least 4 pixels"),
    ],
)
def test_what_does_not_fit(kernel: Kernel, images: torch.Tensor, words: str) -> None:
    with pytest.raises(NetError, match=words):
        apply(kernel, images)
    with pytest.raises(NetError, match=words):
        on_bytes(kernel, images[0].permute(1, 2, 0).byte().numpy())

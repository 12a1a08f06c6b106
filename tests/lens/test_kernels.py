"""Kernels as values and as layers, there and back, and what is no kernel."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens import kernels
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import preset
from nonesuch.lens.sliding import apply


def pictures(channels: int = 3, height: int = 13, width: int = 11) -> torch.Tensor:
    return torch.rand(2, channels, height, width, generator=torch.Generator().manual_seed(1)) * 255


def random_kernel(side: int, channels: int = 0, **options: object) -> Kernel:
    shape = (channels, side, side) if channels else (side, side)
    weights = torch.randn(shape, generator=torch.Generator().manual_seed(side))
    return Kernel(weights, **options)  # type: ignore[arg-type]


def test_separated_only_where_it_can_be() -> None:
    assert preset("laplacian").separated() is None
    parts = preset("left-sobel").separated()
    assert parts is not None
    torch.testing.assert_close(torch.outer(*parts), preset("left-sobel").weights)


def test_a_filter_there_and_back() -> None:
    conv = nn.Conv2d(3, 4, 3, padding=1)
    kernel = kernels.of_layer(conv, 2)
    torch.testing.assert_close(apply(kernel, pictures())[:, 0], conv(pictures())[:, 2].detach(), atol=1e-4, rtol=1e-4)
    kernels.put(Kernel(kernel.weights * 2, scale=4.0, offset=1.5), conv, 1)
    torch.testing.assert_close(conv.weight[1].detach(), kernel.weights / 2)
    assert float(conv.bias.detach()[1]) == 1.5  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Kernel(torch.ones(2, 2)), "odd side"),
        (lambda: Kernel(torch.ones(3, 5)), "odd side"),
        (lambda: Kernel(torch.ones(3, 3), scale=0), "found 0"),
        (lambda: Kernel(torch.ones(3, 3), stride=0), "at least 1"),
        (lambda: kernels.as_layer(random_kernel(3, channels=2), 3), "spans 2 channels"),
        (lambda: kernels.of_layer(nn.Conv2d(3, 4, 3), 4), "0 to 3"),
        (lambda: kernels.put(random_kernel(3), nn.Conv2d(3, 4, 3), 0), "3x3x3"),
    ],
)
def test_refusals(call: object, words: str) -> None:
    with pytest.raises(NetError, match=words):
        call()  # type: ignore[operator]

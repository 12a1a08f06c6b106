"""Kernels to an image editor's file and back, byte by byte."""

import pytest
import torch

from nonesuch.errors import DataError
from nonesuch.lens.acf import from_acf, to_acf
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import preset


def test_acf_bytes_by_hand() -> None:
    kernel = Kernel(torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]), scale=1.0, offset=-2.0)
    data = to_acf(kernel)
    assert len(data) == 54
    assert data[2 * 12 : 2 * 12 + 2] == b"\x00\x05"
    assert data[2 * 7 : 2 * 7 + 2] == b"\xff\xff"
    assert data[-4:] == b"\x00\x01\xff\xfe"
    back = from_acf(data)
    torch.testing.assert_close(back.weights[1:4, 1:4], kernel.weights)
    assert (back.scale, back.offset, float(back.weights.abs().sum())) == (1.0, -2.0, 9.0)


@pytest.mark.parametrize("data", [b"", b"\0" * 54, b"\1" * 53])
def test_bytes_that_are_no_acf(data: bytes) -> None:
    with pytest.raises(DataError, match=r"\.acf"):
        from_acf(data)


@pytest.mark.parametrize(
    "kernel",
    [preset("gaussian"), Kernel(torch.full((3, 3), 0.5)), Kernel(torch.full((3, 3), 1000.0)),
     Kernel(torch.ones(3, 3), scale=0.5), Kernel(torch.ones(3, 3), offset=10_000)],
)  # fmt: skip
def test_kernels_that_fit_no_acf(kernel: Kernel) -> None:
    with pytest.raises(DataError, match=r"\.acf"):
        to_acf(kernel)

"""The encoder of a generator takes any picture from 8x8, and its answers are those of the two parts of one layer."""

import pytest
import torch

from nonesuch.errors import NetError
from nonesuch.models.inverter import Inverter


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16), (3, 13, 40), (4, 64, 64)])
@pytest.mark.parametrize("classes", [0, 3])
def test_any_shape_gives_z_and_classes(shape: tuple[int, int, int], classes: int) -> None:
    net = Inverter(shape, 5, classes).eval()
    images = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        guess = net(images)
        whole = net.answer(net.encoder(images))
    assert torch.equal(guess.z, whole[:, :5])
    assert guess.z.shape == (2, 5)
    if classes:
        assert torch.equal(guess.classes, whole[:, 5:])
    else:
        assert guess.classes is None


def test_too_small_is_refused() -> None:
    with pytest.raises(NetError, match="the smallest size is 8x8"):
        Inverter((3, 7, 9), 5, 0)

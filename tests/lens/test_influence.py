"""Receptive fields by the arithmetic of strides and paddings, and by changing single pixels."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.influence import Box
from nonesuch.lens.layers import fields
from nonesuch.models import catalog


def _net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(2 * 2 * 4, 3)
    )


def test_fields_by_hand() -> None:
    """Of an 8x12 picture: 3x3 around each pixel; then 4x4 every second one; then 8x8 every second, without padding."""
    first = fields(_net(), (1, 8, 12), "0")
    assert first.rows == ((0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (6, 8))
    assert first.box(0, 11) == Box(0, 10, 2, 12)
    pooled = fields(_net(), (1, 8, 12), "1")
    assert pooled.rows == ((0, 3), (1, 5), (3, 7), (5, 8))
    second = fields(_net(), (1, 8, 12), "2")
    assert second.rows == ((0, 7), (1, 8))
    assert second.columns == ((0, 7), (1, 9), (3, 11), (5, 12))
    assert second.box(1, 2).size == (7, 8)
    dense = fields(_net(), (1, 8, 12), "4")
    assert dense.box() == Box(0, 0, 8, 12)


@pytest.mark.parametrize("name", ["lecture", "fast"])
def test_narrow_pictures_tell_the_same_as_whole_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = catalog.build(name, (3, 40, 20), 2, {"widths": (4, 4, 4)})
    layers = [layer for layer, module in net.named_modules() if isinstance(module, nn.Conv2d | nn.MaxPool2d)]
    quick = [fields(net, (3, 40, 20), layer) for layer in layers]
    monkeypatch.setattr("nonesuch.lens.influence._NARROW", 1000)
    assert quick == [fields(net, (3, 40, 20), layer) for layer in layers]


def test_where_a_narrow_picture_does_not_fit_the_whole_one_is_taken() -> None:
    """A convolution of 17x17 pixels without padding cannot take a picture of 16."""
    found = fields(nn.Sequential(nn.Conv2d(1, 1, 17)), (1, 20, 18), "0")
    assert found.rows == ((0, 17), (1, 18), (2, 19), (3, 20))
    assert found.columns == ((0, 17), (1, 18))


class _Turned(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.transpose(2, 3)


def test_where_rows_do_care_how_wide_the_picture_is_the_whole_one_is_taken() -> None:
    found = fields(nn.Sequential(_Turned()), (1, 8, 20), "0")
    assert (len(found.rows), len(found.columns)) == (20, 8)


def test_pixels_outside_of_a_field_change_nothing_and_pixels_at_its_corners_do() -> None:
    net, image = catalog.build("lecture", (3, 14, 10), 2, {}), torch.rand(1, 3, 14, 10)
    prefix = net[: [name for name, _ in net.named_children()].index("conv3") + 1].eval()
    looking = fields(net, (3, 14, 10), "conv3")
    for row, column in ((0, 0), (3, 2), (6, 4)):
        box = looking.box(row, column)
        inside = torch.zeros(14, 10, dtype=torch.bool)
        inside[box.top : box.bottom, box.left : box.right] = True
        before = prefix(image)[0, :, row, column]
        outer = prefix(torch.where(inside, image, 7.0))[0, :, row, column]
        assert torch.equal(before, outer)
        for corner in ((box.top, box.left), (box.bottom - 1, box.right - 1)):
            changed = image.clone()
            changed[:, :, corner[0], corner[1]] = 1e4
            assert not torch.allclose(before, prefix(changed)[0, :, row, column])


def test_what_has_no_field_is_said() -> None:
    with pytest.raises(NetError, match="no layer is called 'conv'; found: 0, 1, 2, 3, 4"):
        fields(_net(), (1, 8, 12), "conv")
    with pytest.raises(NetError, match="the maps have 2x4 units; found row 2, column 0"):
        fields(_net(), (1, 8, 12), "2").box(2, 0)
    with pytest.raises(NetError, match="the net cannot take a picture of 1x8x8"):
        fields(_net(), (1, 8, 8), "4")


def test_the_net_is_left_as_found_even_when_it_breaks() -> None:
    net = _net()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    fields(net, (1, 8, 12), "2")
    with pytest.raises(NetError):
        fields(net, (1, 8, 8), "4")
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert sum(len(module._forward_hooks) for module in net.modules()) == 0

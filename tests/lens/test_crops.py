"""The strongest pictures against sorting all of them at once, and a net whose answer is known."""

import pytest
import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.crops import strongest
from nonesuch.models import catalog


def _images(count: int = 23) -> Tensor:
    return torch.rand(count, 3, 9, 12, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("batch", [1, 5, 23])
def test_batches_do_not_matter_and_all_at_once_agrees(batch: int) -> None:
    torch.manual_seed(0)
    net, images = catalog.build("lecture", (3, 9, 12), 4, {}), _images()
    found = strongest(net, torch.split(images, batch), "conv2", 4)
    assert net.training
    with torch.no_grad():
        maps = net.eval()[:4](images)  # conv1, norm1, leaky1, conv2
    peaks = maps.flatten(2).max(2).values
    for unit in range(peaks.shape[1]):
        order = peaks[:, unit].argsort(descending=True)[:4]
        assert found.pictures[unit].tolist() == order.tolist()
        for rank, picture in enumerate(order.tolist()):
            row, column = found.place(unit, rank)
            assert float(maps[picture, unit, row, column]) == pytest.approx(float(found.values[unit, rank]), abs=1e-5)
    assert found.seen == 23


def test_a_picture_counts_once_and_the_earlier_of_equals_first() -> None:
    net = nn.Sequential(nn.Identity())
    images = torch.zeros(4, 1, 3, 5)
    images[1, 0, 2, 3] = images[3, 0, 0, 4] = 1.0
    images[1, 0, 0, 0] = 0.9
    found = strongest(net, torch.split(images, 2), "0", 3)
    assert found.pictures.tolist() == [[1, 3, 0]]
    assert [found.place(0, rank) for rank in range(2)] == [(2, 3), (0, 4)]


def test_features_of_a_dense_layer_and_few_pictures() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    net[1].weight.data = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, -1.0]])
    images = torch.tensor([[[[0.1, 0], [0, 0.3]]], [[[0.5, 0], [0, -0.2]]]])
    found = strongest(net, [images], "1", 9)
    assert found.pictures.tolist() == [[1, 0], [1, 0]]
    torch.testing.assert_close(found.values, torch.tensor([[0.5, 0.1], [0.2, -0.3]]))
    assert found.place(0, 0) == (0, 0)


def test_what_cannot_be_found_is_said_and_no_hook_stays() -> None:
    net = nn.Sequential(nn.Conv2d(3, 2, 3))
    with pytest.raises(NetError, match="no layer is called 'conv7'; found: 0"):
        strongest(net, [_images()], "conv7", 3)
    with pytest.raises(NetError, match="no pictures to look at"):
        strongest(net, [], "0", 3)
    with pytest.raises(RuntimeError):
        strongest(net, [torch.zeros(1, 1, 9, 9)], "0", 3)
    assert net.training
    assert len(net[0]._forward_hooks) == 0

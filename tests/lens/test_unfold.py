"""A unit unfolded: its parts and bias come to what torch gives, for every kind of layer there is."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import spelled
from nonesuch.lens.unfold import unfolded
from nonesuch.lens.wiring import in_words, product, sources
from nonesuch.models.blocks import Add, Flatten, PartialConv, RbfOutput, Resize, Scale, SubSample


def norm(maps: int, flat: bool = False) -> nn.Module:
    """A batch norm that has seen something."""
    made = nn.BatchNorm1d(maps) if flat else nn.BatchNorm2d(maps)
    for tensor in (made.running_mean, made.running_var, made.weight, made.bias):
        assert isinstance(tensor, torch.Tensor)
        nn.init.uniform_(tensor, 0.5, 2)
    return made


NETS = {
    "plain": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), norm(4), nn.LeakyReLU(0.3), nn.MaxPool2d(2)),
    "strided": nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.AvgPool2d(2), Scale(2.0, -1.0)),
    "grouped": nn.Sequential(nn.Conv2d(3, 6, (3, 1), groups=3, padding="same"), nn.AdaptiveAvgPool2d(1)),
    "dense": nn.Sequential(nn.Conv2d(3, 4, 3), Flatten(), nn.Linear(144, 5), norm(5, True), nn.Tanh()),
    "torch's order": nn.Sequential(nn.Flatten(), nn.Linear(192, 5)),
    "up": nn.Sequential(nn.ConvTranspose2d(3, 4, 4, 2, 1), Resize((20, 20)), nn.Conv2d(4, 1, 3)),
    "of 1998": nn.Sequential(SubSample(3, 2), PartialConv(6, [[0, 1], [2, 4, 5]], 3), nn.Flatten(),
                             RbfOutput(torch.randn(4, 8).sign(), 0.5)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_parts_and_bias_come_to_the_result(name: str) -> None:
    torch.manual_seed(3)
    net, image = NETS[name].eval(), torch.randn(3, 8, 8)
    given = image[None]
    summed = 0
    for layer, module in net.named_children():
        expected = module(given)
        for unit in {0, expected.shape[1] - 1}:
            found = unfolded(net, image, layer, unit)
            wanted = expected[0, unit].detach()
            assert torch.equal(found.output, wanted.view(found.output.shape)), layer
            if found.parts is not None:
                summed += 1
                assert found.weights is not None
                assert len(found.numbers) == len(found.inputs) == len(found.weights) == len(found.parts)
                assert torch.allclose(found.parts.sum(0) + found.bias, found.output, atol=1e-5), layer
            elif found.rule == "each" and len(found.inputs):
                assert torch.equal(module(found.inputs[None])[0, 0].view(found.output.shape), found.output), layer
        given = expected
    assert summed >= 2


def test_a_window_is_where_the_one_number_lies_that_capture_spells_out() -> None:
    torch.manual_seed(3)
    net, image = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1)), torch.randn(3, 9, 9)
    found = unfolded(net, image, "0", 2)
    one = spelled(net, image, "0", (2, 1, 4))
    assert one.corner == (2 * 1 - 1, 2 * 4 - 1)
    assert (found.stride, found.padding, found.window) == ((2, 2), (1, 1), (3, 3))
    assert found.weights is not None
    assert torch.equal(found.weights, one.weights)
    assert found.bias == one.bias
    assert float(found.output[1, 4]) == one.result


def test_a_dense_layer_behind_maps_has_kernels_as_large_as_they_are() -> None:
    torch.manual_seed(3)
    net, image = NETS["dense"], torch.randn(3, 8, 8)
    maps = net[0](image[None])[0]
    found = unfolded(net, image, "2", 3)
    assert torch.equal(found.inputs, maps)
    assert found.weights is not None
    # By hand: number (row * 6 + column) * 4 + map of the row is where Flatten puts it.
    assert float(found.weights[1, 2, 5]) == float(net[2].weight[3, (2 * 6 + 5) * 4 + 1].detach())


def test_the_hooks_are_gone_and_wrong_names_are_said() -> None:
    net, image = NETS["plain"], torch.randn(3, 8, 8)
    net.train()
    with pytest.raises(NetError, match="no layer is called 'conv9'"):
        unfolded(net, image, "conv9", 0)
    with pytest.raises(NetError, match="units 0 to 3; found 4"):
        unfolded(net, image, "0", 4)
    assert net.training
    assert not any(module._forward_hooks for module in net.modules())


class Block(nn.Module):
    """A residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.branch, self.shortcut, self.add = nn.Conv2d(3, 3, 3, padding=1), nn.Dropout(), Add()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both ways."""
        found: torch.Tensor = self.add(self.branch(x), self.shortcut(x) * 1)
        return found


def test_sources_follow_both_ways_of_a_block() -> None:
    net = nn.Sequential(nn.ReLU(), Block())
    assert sources(net, (3, 4, 4)) == [("0", (-1,)), ("1.branch", (0,)), ("1.shortcut", (0,)), ("1.add", (1, 2))]
    found = unfolded(net, torch.rand(3, 4, 4), "1.add", 1)
    assert torch.allclose(found.inputs.sum(0), found.output)


def test_layers_are_told_in_words_and_products() -> None:
    assert in_words(nn.Conv2d(3, 32, 3, 2, 1)) == "32 kernels of 3×3, steps of 2, padded by 1"
    assert product(nn.Conv2d(3, 32, 3)) == "3×3×3 × 32 + 32"
    assert product(nn.Linear(4, 2, bias=False)) == "4 × 2"
    assert product(nn.ReLU()) == ""
    assert in_words(nn.LeakyReLU(0.3)) == "x where x > 0, else 0.3·x"

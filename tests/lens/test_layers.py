"""Layer tables against published and hand-worked numbers, torch's flop counter and the gradient."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nonesuch.errors import NetError
from nonesuch.lens.layers import Kind, Layer, layers, totals
from nonesuch.models import catalog

WEIGHTLESS = {Kind.ACTIVATION, Kind.SCALE, Kind.PAD, Kind.FLATTEN, Kind.DROPOUT}


def _table(name: str, shape: tuple[int, int, int]) -> list[tuple[object, ...]]:
    """Name, output, trainable, connections, field, stride of the layers that are more than a formula."""
    rows = layers(catalog.build(name, shape, 10), shape)
    return [
        (row.name, row.output_shape, row.trainable, row.connections, row.receptive_field, row.stride)
        for row in rows
        if row.kind not in WEIGHTLESS
    ]


def test_lenet5_is_the_published_table() -> None:
    assert _table("lenet5", (1, 32, 32)) == [
        ("c1", (6, 28, 28), 156, 122_304, (5, 5), (1, 1)),
        ("s2", (6, 14, 14), 12, 5_880, (6, 6), (2, 2)),
        ("c3", (16, 10, 10), 1_516, 151_600, (14, 14), (2, 2)),
        ("s4", (16, 5, 5), 32, 2_000, (16, 16), (4, 4)),
        ("c5", (120, 1, 1), 48_120, 48_120, (32, 32), None),
        ("f6", (84,), 10_164, 10_164, (32, 32), None),
        ("output", (10,), 0, 840, (32, 32), None),
    ]
    sums = totals(layers(catalog.build("lenet5", (1, 28, 28), 10), (1, 28, 28)))
    assert (sums.trainable, sums.fixed, sums.parameters, sums.connections) == (60_000, 840, 60_840, 340_908)


def test_lenet1_has_the_counts_of_1990() -> None:
    assert _table("lenet1", (1, 28, 28)) == [
        ("c1", (4, 24, 24), 104, 59_904, (5, 5), (1, 1)),
        ("s2", (4, 12, 12), 8, 2_880, (6, 6), (2, 2)),
        ("c3", (12, 8, 8), 512, 32_768, (14, 14), (2, 2)),
        ("s4", (12, 4, 4), 24, 960, (16, 16), (4, 4)),
        ("output", (10,), 1_930, 1_930, (28, 28), None),
    ]
    sums = totals(layers(catalog.build("lenet1", (1, 28, 28), 10), (1, 28, 28)))
    assert (sums.trainable, sums.connections) == (2_578, 98_442)


def test_lenet4() -> None:
    assert _table("lenet4", (1, 32, 32)) == [
        ("c1", (4, 28, 28), 104, 81_536, (5, 5), (1, 1)),
        ("s2", (8, 14, 14), 16, 7_840, (6, 6), (2, 2)),
        ("c3", (16, 10, 10), 1_216, 121_600, (14, 14), (2, 2)),
        ("s4", (16, 5, 5), 32, 2_000, (16, 16), (4, 4)),
        ("f5", (120,), 48_120, 48_120, (32, 32), None),
        ("output", (10,), 1_210, 1_210, (32, 32), None),
    ]


def test_linear_and_mlp() -> None:
    assert _table("linear", (1, 28, 28)) == [("templates", (10,), 7_850, 7_850, (28, 28), None)]
    assert _table("mlp", (1, 28, 28)) == [
        ("hidden1", (300,), 235_500, 235_500, (28, 28), None),
        ("output", (10,), 3_010, 3_010, (28, 28), None),
    ]


def test_lecture() -> None:
    assert _table("lecture", (1, 28, 28)) == [
        ("conv1", (32, 28, 28), 288, 225_792, (3, 3), (1, 1)),
        ("norm1", (32, 28, 28), 64, 50_176, (3, 3), (1, 1)),
        ("conv2", (32, 28, 28), 9_216, 7_225_344, (5, 5), (1, 1)),
        ("norm2", (32, 28, 28), 64, 50_176, (5, 5), (1, 1)),
        ("pool", (32, 14, 14), 0, 0, (6, 6), (2, 2)),
        ("conv3", (64, 14, 14), 18_432, 3_612_672, (10, 10), (2, 2)),
        ("norm3", (64, 14, 14), 128, 25_088, (10, 10), (2, 2)),
        ("dense", (128,), 1_605_632, 1_605_632, (28, 28), None),
        ("norm4", (128,), 256, 256, (28, 28), None),
        ("output", (10,), 1_290, 1_290, (28, 28), None),
    ]
    assert totals(layers(catalog.build("lecture", (1, 28, 28), 10), (1, 28, 28))).flops == 25_341_440


def test_fast() -> None:
    options = {"widths": [4, 8, 8]}
    rows = layers(catalog.build("fast", (3, 64, 64), 10, options), (3, 64, 64))  # type: ignore[arg-type]
    kept = {Kind.CONV, Kind.POOL, Kind.ADD, Kind.LINEAR}
    found = [
        (row.name, row.kind, row.output_shape, row.trainable, row.fixed, row.receptive_field, row.stride)
        for row in rows
        if row.kind in kept
    ]
    assert found == [
        ("whitening", "conv", (24, 63, 63), 24, 288, (2, 2), (1, 1)),
        ("groups.0.conv1", "conv", (4, 63, 63), 864, 0, (4, 4), (1, 1)),
        ("groups.0.pool", "pool", (4, 31, 31), 0, 0, (5, 5), (2, 2)),
        ("groups.0.conv2", "conv", (4, 31, 31), 144, 0, (9, 9), (2, 2)),
        ("groups.0.add", "add", (4, 31, 31), 0, 0, (9, 9), (2, 2)),
        ("groups.1.conv1", "conv", (8, 31, 31), 288, 0, (13, 13), (2, 2)),
        ("groups.1.pool", "pool", (8, 15, 15), 0, 0, (15, 15), (4, 4)),
        ("groups.1.conv2", "conv", (8, 15, 15), 576, 0, (23, 23), (4, 4)),
        ("groups.1.add", "add", (8, 15, 15), 0, 0, (23, 23), (4, 4)),
        ("groups.2.conv1", "conv", (8, 15, 15), 576, 0, (31, 31), (4, 4)),
        ("groups.2.pool", "pool", (8, 7, 7), 0, 0, (35, 35), (8, 8)),
        ("groups.2.conv2", "conv", (8, 7, 7), 576, 0, (51, 51), (8, 8)),
        ("groups.2.add", "add", (8, 7, 7), 0, 0, (51, 51), (8, 8)),
        ("pool", "pool", (8, 1, 1), 0, 0, (64, 64), None),
        ("head", "linear", (10,), 80, 0, (64, 64), None),
    ]


@pytest.mark.parametrize("name", catalog.classifier_names())
def test_flops_and_parameters_agree_with_torch(name: str) -> None:
    net = catalog.build(name, (1, 28, 28), 10).eval()
    rows = layers(net, (1, 28, 28))
    assert sum(row.trainable for row in rows) == sum(p.numel() for p in net.parameters() if p.requires_grad)
    counter = FlopCounterMode(display=False)
    with counter:
        net(torch.zeros(1, 1, 28, 28))
    expected = 0
    for row in rows:
        if row.kind is Kind.SUBSAMPLE:
            continue  # torch counts no pooling
        # torch sees the dense kernel that the partial convolution is laid into
        dense = {"lenet1": 48 / 20, "lenet4": 128 / 48, "lenet5": 96 / 60}.get(name, 1) if row.name == "c3" else 1
        # and the lecture's first convolution computed on four channels, three of them zeros
        dense = 4 if (name, row.name) == ("lecture", "conv1") else dense
        expected += round(row.flops * dense)
    assert counter.get_total_flops() == expected


class _Residual(nn.Module):
    """A long branch (two 3x3) and a short one (1x1), joined by +; then a dilated 5x3 of stride 2x1, as users build."""

    def __init__(self) -> None:
        super().__init__()
        self.long = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1))
        self.short = nn.Conv2d(2, 3, 1)
        self.join = nn.ReLU()
        self.last = nn.Conv2d(3, 2, (5, 3), stride=(2, 1), dilation=(1, 2))
        self.gain = nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined: torch.Tensor = self.join(self.long(x) + self.short(x)) * self.gain[:, None, None]
        if joined.isinf().any():
            raise RuntimeError("overflow")
        return torch.as_tensor(self.last(joined))


def _gradient_field(net: nn.Module, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Extent of the pixels with a gradient from the middle unit, all weights positive so that nothing cancels."""
    net = net.double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.abs_().add_(0.1)
    x = torch.rand(1, *shape, dtype=torch.float64, requires_grad=True)
    out = net(x)
    out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum().backward()
    assert x.grad is not None
    rows, columns = (x.grad[0].abs().sum((0, axis)).nonzero().flatten() for axis in (2, 1))
    return int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1


def test_residual_field_is_the_union_of_its_branches_by_hand_and_by_gradient() -> None:
    shape = (2, 21, 19)
    net = _Residual()
    rows = {row.name: row for row in layers(net, shape)}
    assert rows["short"].receptive_field == (1, 1)
    assert rows["long.2"].receptive_field == (5, 5)
    assert rows["join"].receptive_field == (5, 5)
    assert rows["last"].receptive_field == (5 + 4, 5 + 4)
    assert rows["last"].stride == (2, 1)
    assert rows["last"].receptive_field == _gradient_field(net, shape)


def test_weights_outside_the_layers_are_counted_once_in_a_last_row() -> None:
    net = _Residual()
    last = layers(net, (2, 21, 19))[-1]
    assert last == Layer("elsewhere", Kind.OTHER, (), (), 3, 0, 0, 0, None, None)
    assert totals(layers(net, (2, 21, 19))).parameters == sum(p.numel() for p in net.parameters())


def test_a_shared_layer_has_a_row_for_each_call_and_its_weights_once() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1)
    first, second = layers(nn.Sequential(conv, conv), (1, 9, 9))
    assert (first.parameters, second.parameters) == (10, 0)
    assert (first.receptive_field, second.receptive_field) == ((3, 3), (5, 5))
    assert first.connections == second.connections == 81 * 10


def test_other_layers_by_hand() -> None:
    net = nn.Sequential(
        nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1), nn.GroupNorm(1, 3), nn.Upsample(scale_factor=2), nn.Identity()
    )
    transpose, norm, up, other = layers(net, (2, 5, 5))
    # each of 2*5*5 inputs meets 3 maps of 4x4; the border's cut is not taken off, as torch does not
    assert (transpose.kind, transpose.multiply_adds, transpose.connections) == ("conv_transpose", 2400, 2400 + 300)
    assert transpose.receptive_field == (2, 2)
    assert (norm.kind, norm.connections, norm.receptive_field) == ("norm", 600, (5, 5))
    assert (up.kind, up.output_shape) == ("resize", (3, 20, 20))
    assert (other.kind, other.connections) == ("other", 0)


def test_dead_and_zero_weights_do_not_hide_a_field() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1)
    nn.init.zeros_(conv.weight)
    nn.init.constant_(conv.bias, -5.0)
    assert layers(nn.Sequential(conv, nn.ReLU()), (1, 8, 8))[1].receptive_field == (3, 3)


def test_the_net_is_left_as_found() -> None:
    torch.manual_seed(0)
    net = catalog.build("lecture", (1, 28, 28), 10)
    net.get_submodule("norm2").eval()
    net(torch.rand(4, 1, 28, 28)).sum().backward()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    grads = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    modes, random = [m.training for m in net.modules()], torch.random.get_rng_state()
    layers(net, (1, 28, 28))
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert all(torch.equal(p.grad, grad) for p, grad in zip(net.parameters(), grads, strict=True) if p.grad is not None)
    assert [m.training for m in net.modules()] == modes
    assert torch.equal(torch.random.get_rng_state(), random)
    assert not any(m._forward_hooks for m in net.modules())
    assert all(p.requires_grad for p in net.parameters())


def test_a_shape_the_net_cannot_take_is_an_error_and_leaves_no_hooks() -> None:
    net = catalog.build("lecture", (1, 28, 28), 10)
    with pytest.raises(NetError, match=r"^the net cannot take a picture of 1x20x20: .*$") as caught:
        layers(net, (1, 20, 20))
    assert "\n" not in str(caught.value)
    assert not any(m._forward_hooks for m in net.modules())
    assert all(m.training for m in net.modules())


def test_hooks_go_even_when_a_net_fails_in_its_own_way() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.conv(x)
            raise KeyError("odd")

    net = Broken()
    with pytest.raises(KeyError):
        layers(net, (1, 8, 8))
    assert not net.conv._forward_hooks
    assert net.training


def test_global_layers_see_the_whole_picture() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert [row.receptive_field for row in layers(net, (1, 12, 20))] == [(1, 1), (12, 20), (12, 20)]
    squeezed = nn.Sequential(nn.Conv2d(1, 2, 3), nn.LayerNorm([2, 4, 4]))
    assert layers(squeezed, (1, 6, 6))[1].receptive_field == (6, 6)
    assert math.prod(F.avg_pool2d(torch.zeros(1, 1, 6, 6), 6).shape) == 1

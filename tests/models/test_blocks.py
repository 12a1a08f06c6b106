import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nonesuch.models.blocks import (
    Add,
    FirstConv,
    Flatten,
    PartialConv,
    RbfOutput,
    ResizeConv,
    Scale,
    ScaledTanh,
    SubSample,
)
from nonesuch.models.lenet import LENET1_TABLE, LENET4_TABLE, LENET5_TABLE
from oracles.slow_layers import partial_convolution, squared_distances, sub_sampling


def _randomised(module: nn.Module) -> nn.Module:
    """All parameters drawn anew in float64, so that no zero or equal start hides a fault."""
    module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()
    return module


def test_partial_convolution_equals_the_loops() -> None:
    torch.manual_seed(1)
    for inputs, table in ((4, LENET1_TABLE), (8, LENET4_TABLE), (6, LENET5_TABLE)):
        conv = _randomised(PartialConv(inputs, table, 5))
        assert isinstance(conv, PartialConv)
        x = torch.randn(2, inputs, 8, 9, dtype=torch.float64)
        kernels, bias = conv.kernels.detach().numpy(), conv.bias.detach().numpy()
        expected = np.stack([partial_convolution(picture, kernels, bias, table) for picture in x.numpy()])
        np.testing.assert_allclose(conv(x).detach().numpy(), expected, atol=1e-12)


def test_partial_convolution_has_no_weights_but_its_links() -> None:
    conv = PartialConv(6, LENET5_TABLE, 5)
    assert sum(p.numel() for p in conv.parameters()) == 1516
    seen = conv.weight.detach().abs().sum((2, 3)) > 0
    assert [tuple(torch.nonzero(row).flatten().tolist()) for row in seen] == list(LENET5_TABLE)


def test_sub_sampling_equals_the_loops_and_leaves_odd_edges_out() -> None:
    torch.manual_seed(2)
    for copies in (1, 2):
        layer = _randomised(SubSample(3, copies))
        assert isinstance(layer, SubSample)
        x = torch.randn(2, 3, 6, 7, dtype=torch.float64)
        weights = layer.coefficient.detach().numpy(), layer.bias.detach().numpy()
        expected = np.stack([sub_sampling(picture, *weights, copies) for picture in x.numpy()])
        np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-12)


def test_sub_sampling_starts_as_the_average() -> None:
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(SubSample(4)(x), nn.AvgPool2d(2)(x))


def test_rbf_gives_minus_the_scaled_squared_distance() -> None:
    torch.manual_seed(3)
    codes = torch.randint(0, 2, (5, 84)).double() * 2 - 1
    x = torch.randn(4, 84, dtype=torch.float64)
    expected = -0.1 * squared_distances(x.numpy(), codes.numpy())
    np.testing.assert_allclose(RbfOutput(codes, 0.1).double()(x).numpy(), expected, atol=1e-12)


def test_rbf_stays_exact_under_bf16_autocast() -> None:
    codes = torch.ones(2, 84)
    codes[1, 0] = -1
    x = torch.full((1, 84), 0.3).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        logits = RbfOutput(codes, 1.0)(x)
    expected = torch.from_numpy(-squared_distances(x.double().numpy(), codes.double().numpy()))
    assert logits.dtype == torch.float32
    # bf16 products would be off by a tenth; float32 sums of 84 terms by 1e-5
    torch.testing.assert_close(logits.double(), expected, atol=1e-4, rtol=0)


def test_scaled_tanh_meets_the_paper() -> None:
    squash = ScaledTanh()
    ends = squash(torch.tensor([-1.0, 0.0, 1.0, 50.0], dtype=torch.float64))
    # the paper's f(1) = 1 holds to the digits it prints
    torch.testing.assert_close(ends, torch.tensor([-1, 0, 1, 1.7159], dtype=torch.float64), atol=1e-4, rtol=0)
    assert squash(torch.tensor(0.3)).item() == pytest.approx(1.7159 * math.tanh(0.2))  # its default, 1e-6: float32


def test_add_and_scale() -> None:
    x = torch.tensor([1.0, 2.0])
    assert Add()(x, 10 * x).tolist() == [11.0, 22.0]
    assert Scale(3, offset=-1)(x).tolist() == [2.0, 5.0]


def test_own_layers_have_true_gradients() -> None:
    torch.manual_seed(4)
    codes = torch.randn(3, 6).sign()
    cases: tuple[tuple[nn.Module, tuple[int, ...]], ...] = (
        (PartialConv(4, ((0, 1), (2,), (1, 3)), 2), (2, 4, 3, 3)),
        (SubSample(2, copies=2), (2, 2, 4, 4)),
        (ScaledTanh(), (3, 4)),
        (RbfOutput(codes, 0.1), (2, 6)),
    )
    for module, shape in cases:
        _randomised(module)
        names, values = zip(*module.named_parameters(), strict=True) if list(module.parameters()) else ((), ())

        def run(x: torch.Tensor, *given: torch.Tensor, module: nn.Module = module, names: tuple[str, ...] = names):  # type: ignore[no-untyped-def]
            return torch.func.functional_call(module, dict(zip(names, given, strict=True)), (x,))

        x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(run, (x, *values))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_first_conv_is_a_convolution(channels: int) -> None:
    ours = FirstConv(channels, 5, 3, padding=1)
    plain = nn.Conv2d(channels, 5, 3, padding=1)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(2, channels, 6, 7, requires_grad=True)
    torch.testing.assert_close(ours(x), plain(x))
    ours(x).square().sum().backward()
    plain(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad, rtol=1e-5, atol=1e-4)  # sums of float32


def test_flatten_keeps_the_order_of_channels_last_memory() -> None:
    x = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    flat = Flatten()(x)
    assert flat.data_ptr() == x.data_ptr()
    assert torch.equal(flat[1], torch.stack([x[1, c, h, w] for h in range(4) for w in range(5) for c in range(3)]))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("sides", "size"), [((4, 5), (8, 10)), ((1, 1), (2, 2)), ((4, 4), (7, 7)), ((3, 2), (6, 3))])
def test_resize_and_convolution_at_once_are_one_after_the_other(
    sides: tuple[int, int], size: tuple[int, int], bias: bool
) -> None:
    """Values and gradients, in double precision: doubled sides take the short way, others the long one."""
    torch.manual_seed(0)
    block = ResizeConv(3, 2, size, bias).double()
    x, given = torch.randn(2, 3, *sides).double().requires_grad_(), torch.randn(2, 2, *size).double()
    found = []
    for call in (block, lambda x: block.conv(F.interpolate(x, size=size, mode="nearest"))):
        answer = call(x)
        found.append([answer, *torch.autograd.grad((answer * given).sum(), [x, *block.parameters()])])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_whoever_records_layers_sees_both() -> None:
    block, seen = ResizeConv(3, 2, (4, 4)), []
    for layer in block:
        layer.register_forward_hook(lambda layer, *_: seen.append(type(layer).__name__))
    block(torch.randn(1, 3, 2, 2))
    assert seen == ["Resize", "Conv2d"]

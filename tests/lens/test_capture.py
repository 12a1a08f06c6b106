"""Recorded layers, and single numbers of them summed up by hand."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import activations, answer, recording, spelled
from nonesuch.models import catalog

SHAPE = (3, 12, 12)


def _net(name: str = "lecture", shape: tuple[int, int, int] = SHAPE) -> nn.Module:
    torch.manual_seed(0)
    return catalog.build(name, shape, 4, {})


def _image(shape: tuple[int, int, int] = SHAPE) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def _hooks(net: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in net.modules())


@pytest.mark.parametrize("name", ["linear", "mlp", "lecture", "fast"])
def test_every_layer_is_noted_and_the_last_gives_the_logits(name: str) -> None:
    shape = (3, 32, 32) if name == "fast" else SHAPE
    net, image = _net(name, shape), _image(shape)
    found = activations(net, image)
    names = {name for name, module in net.named_modules() if not any(module.children())}
    assert {each.name for each in found} == names
    assert net.training
    assert _hooks(net) == 0
    net.eval()
    torch.testing.assert_close(found[-1].values, net(image[None])[0].detach())
    for each in found:
        assert each.span == (float(each.values.min()), float(each.values.max()))


def test_one_layers_answer_is_what_was_noted() -> None:
    net, image = _net().eval(), _image()
    for each in activations(net, image):
        torch.testing.assert_close(answer(net, image[None], each.name)[0].detach(), each.values)
    assert answer(net, image[None], "conv2").requires_grad
    with pytest.raises(NetError, match="no layer is called 'conv9'; found: conv1"):
        answer(net, image[None], "conv9")
    with pytest.raises(RuntimeError):
        answer(net, torch.zeros(1, 5, 12, 12), "conv1")
    assert _hooks(net) == 0


def test_hooks_are_gone_after_an_error() -> None:
    net = _net()
    with pytest.raises(ZeroDivisionError), recording(net) as calls:
        calls.append(1 / 0)
    assert _hooks(net) == 0
    with pytest.raises(RuntimeError):
        activations(net, torch.zeros(5, 12, 12))
    assert _hooks(net) == 0
    assert net.training


@pytest.mark.parametrize("layer", ["conv1", "conv2", "dense", "output"])
def test_a_number_is_its_sum_by_hand(layer: str) -> None:
    net, image = _net(), _image()
    calls = {each.name: each.values for each in activations(net, image)}
    names = list(calls)
    before = image if layer == names[0] else calls[names[names.index(layer) - 1]]
    module = dict(net.named_modules())[layer]
    weights = module.weight.detach()
    sides = calls[layer].shape[1:]
    for place in itertools.product((0, 3), *[(0, side // 2, side - 1) for side in sides]):
        found = spelled(net, image, layer, place)
        total = found.bias
        if isinstance(module, nn.Conv2d):
            for c, y, x in itertools.product(*map(range, found.weights.shape)):
                row, column = found.corner[0] + y, found.corner[1] + x
                outside = not (0 <= row < before.shape[1] and 0 <= column < before.shape[2])
                pixel = 0.0 if outside else float(before[c, row, column])
                assert float(found.inputs[c, y, x]) == pixel
                total += pixel * float(weights[place[0], c, y, x])
        else:
            total += float((before.flatten().double() * weights[place[0]].double()).sum())
        assert found.result == pytest.approx(total, abs=1e-5)
        assert found.result == float(calls[layer][place])
        assert float((found.inputs * found.weights).sum()) + found.bias == pytest.approx(found.result, abs=1e-5)


def test_partial_connections_and_strides() -> None:
    net, image = _net("lenet5", (1, 32, 32)), _image((1, 32, 32))
    name = next(name for name, module in net.named_modules() if type(module).__name__ == "PartialConv")
    found = spelled(net, image, name, (2, 4, 5))
    assert found.corner == (4, 5)
    assert float((found.inputs * found.weights).sum()) + found.bias == pytest.approx(found.result, abs=1e-5)
    strided = nn.Sequential(nn.Conv2d(3, 2, 3, stride=2, padding=1))
    found = spelled(strided, _image(), "0", (1, 0, 5))
    assert found.corner == (-1, 9)
    assert float((found.inputs * found.weights).sum()) + found.bias == pytest.approx(found.result, abs=1e-5)


@pytest.mark.parametrize(
    ("layer", "place", "said"),
    [
        ("conv9", (0, 0, 0), "no convolution or dense layer is called 'conv9'; found: conv1, conv2"),
        ("conv1", (0, 0), r"found place \(0, 0\)"),
        ("conv1", (0, 12, 0), "found place"),
        ("conv1", (0, -1, 0), "found place"),
    ],
)
def test_what_has_no_sum_is_said(layer: str, place: tuple[int, ...], said: str) -> None:
    with pytest.raises(NetError, match=said):
        spelled(_net(), _image(), layer, place)


def test_a_grouped_convolution_is_refused() -> None:
    with pytest.raises(NetError, match="no plain convolution"):
        spelled(nn.Sequential(nn.Conv2d(3, 3, 3, groups=3)), _image(), "0", (0, 0, 0))

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nonesuch.models import catalog


def test_the_lectures_list_to_the_letter() -> None:
    net = catalog.build("lecture", (1, 28, 28), 10)
    block = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    dense = [nn.Flatten, nn.Linear, nn.BatchNorm1d, nn.LeakyReLU, nn.Dropout, nn.Linear]
    kinds = [*block, *block, nn.MaxPool2d, *block, *dense]
    assert all(isinstance(module, kind) for module, kind in zip(net.children(), kinds, strict=True))


def test_the_lecture_costs_what_the_benchmarks_say() -> None:
    net = catalog.build("lecture", (1, 28, 28), 10)
    net.conv1 = nn.Conv2d(1, 32, 3, padding=1, bias=False)  # ours is computed with three channels of zeros beside
    counter = FlopCounterMode(display=False)
    with counter:
        net(torch.zeros(2, 1, 28, 28)).sum().backward()
    per_image = counter.get_total_flops() / 2
    # three times the forward pass, but for the first layer's input, which needs no gradient
    assert per_image == 3 * 25_341_440 - 2 * 225_792
    assert round(per_image / 1e6, 1) == 75.6


def test_linear_starts_at_zero_and_its_rows_are_templates() -> None:
    torch.manual_seed(0)
    net = catalog.build("linear", (3, 4, 5), 2)
    assert not any(p.any() for p in net.parameters())
    template = torch.rand(3, 4, 5) - 0.5
    with torch.no_grad():
        net.get_submodule("templates").weight[1] = template.flatten()
    logits = net(template[None])[0]
    torch.testing.assert_close(logits[1], template.square().sum())
    assert logits[0] == 0


def test_mlp_is_the_formula() -> None:
    torch.manual_seed(0)
    net = catalog.build("mlp", (1, 6, 6), 3, {"hidden": [5]}).double()
    w1, b1, w2, b2 = net.parameters()
    x = torch.randn(4, 1, 6, 6, dtype=torch.float64)
    hidden = 1.7159 * torch.tanh(2 / 3 * (x.flatten(1) @ w1.T + b1))
    torch.testing.assert_close(net(x), hidden @ w2.T + b2)
    assert w1.abs().max() <= 2.4 / 36

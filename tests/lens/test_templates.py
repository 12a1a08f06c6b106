"""Templates of nets without convolutions: rows of weights, slopes against finite differences, averages by hand."""

import pytest
import torch
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.templates import averages, templates, unit_pictures
from nonesuch.models import catalog

SHAPE = (3, 4, 5)


def linear() -> nn.Module:
    torch.manual_seed(0)
    net = catalog.build("linear", SHAPE, 3)
    nn.init.normal_(net.templates.weight)
    return net


def test_templates_of_a_linear_net_are_its_rows_whatever_the_pictures() -> None:
    net = linear()
    rows = net.templates.weight.detach().view(3, *SHAPE)
    torch.testing.assert_close(templates(net, torch.randn(7, *SHAPE)), rows)
    assert torch.equal(unit_pictures(net, SHAPE), rows)


def test_a_score_is_the_picture_times_its_template_and_a_bias() -> None:
    net, picture = linear(), torch.randn(1, *SHAPE)
    nn.init.normal_(net.templates.bias)
    scores = (templates(net, picture) * picture).sum((1, 2, 3)) + net.templates.bias
    torch.testing.assert_close(scores, net(picture)[0])


def test_templates_of_an_mlp_are_mean_slopes_by_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    net = catalog.build("mlp", (1, 2, 3), 4, {"hidden": (5,)}).double()
    images = torch.randn(6, 1, 2, 3).double()
    monkeypatch.setattr("nonesuch.lens.templates.CHUNK", 4)  # the mean is over pictures, not over parts of them
    found = templates(net, images)
    step = 1e-5
    for at in range(6):
        moved = torch.zeros(1, 1, 2, 3).double()
        moved.view(-1)[at] = step
        with torch.no_grad():
            slope = (net(images + moved) - net(images - moved)).mean(0) / (2 * step)
        torch.testing.assert_close(found.view(4, -1)[:, at].double(), slope, rtol=1e-5, atol=1e-7)


def test_hidden_units_look_for_their_weights() -> None:
    net = catalog.build("mlp", SHAPE, 3, {"hidden": (7,)})
    found = unit_pictures(net, SHAPE)
    assert found.shape == (7, *SHAPE)
    assert torch.equal(found[2].flatten(), net.hidden1.weight[2].detach())


@pytest.mark.parametrize("name", ["lecture", "fast"])
def test_convolutions_are_no_pictures(name: str) -> None:
    with pytest.raises(NetError, match="only dense layers on pixels"):
        unit_pictures(catalog.build(name, (3, 16, 16), 3), (3, 16, 16))


def test_averages_by_hand() -> None:
    images = torch.tensor([[0, 255], [100, 55], [10, 20]], dtype=torch.uint8).view(3, 1, 1, 2)
    found = averages(images, torch.tensor([1, 1, 0]), 3)
    assert found[:2].flatten().tolist() == [10, 20, 50, 155]
    assert bool(found[2].isnan().all())


def test_the_net_is_left_as_found() -> None:
    net = catalog.build("lecture", (1, 8, 8), 2).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    templates(net, torch.randn(3, 1, 8, 8))
    assert all(module.training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())

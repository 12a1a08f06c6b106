"""Saliency against Captum, against finite differences and laws, and a picture whose answer is known."""

import captum.attr
import pytest
import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.saliency import grad_cam, gradient, integrated_gradients, occlusion
from nonesuch.models import catalog

CLASSES = torch.tensor([0, 3, 2])


def _net() -> nn.Module:
    torch.manual_seed(0)
    net = catalog.build("lecture", (3, 12, 12), 4, {})
    for module in net.modules():  # norms that do something
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d) and module.running_mean is not None:
            module.running_mean.normal_(0, 0.3)
    return net


def _images() -> Tensor:
    return torch.rand(3, 3, 12, 12, generator=torch.Generator().manual_seed(1)) * 2 - 1


def _last_conv(net: nn.Module) -> tuple[str, nn.Module]:
    return [(name, module) for name, module in net.named_modules() if isinstance(module, nn.Conv2d)][-1]


def test_gradient_is_the_slope() -> None:
    net, images = _net().double(), _images().double()
    found = gradient(net, images, CLASSES)
    net.eval()
    for at in ((0, 1, 4, 7), (1, 0, 0, 0), (2, 2, 11, 5)):
        step = torch.zeros_like(images)
        step[at] = 1e-5
        label = CLASSES[at[0]]
        slope = (net(images + step)[at[0], label] - net(images - step)[at[0], label]) / 2e-5
        assert float(found[at]) == pytest.approx(float(slope.detach()), rel=1e-5, abs=1e-9)


def test_integrated_gradients_agree_with_captum_and_add_up() -> None:
    net, images = _net(), _images()
    found = integrated_gradients(net, images, CLASSES)
    net.eval()
    theirs = captum.attr.IntegratedGradients(net).attribute(images, torch.full_like(images, -1.0), CLASSES, n_steps=50)
    torch.testing.assert_close(found, theirs.float(), rtol=0, atol=1e-5)
    with torch.no_grad():
        gain = (net(images) - net(torch.full_like(images, -1.0))).gather(1, CLASSES[:, None])[:, 0]
    torch.testing.assert_close(found.sum((1, 2, 3)), gain, rtol=0.02, atol=2e-3)


def test_grad_cam_agrees_with_captum() -> None:
    net, images = _net(), _images()
    name, layer = _last_conv(net)
    found = grad_cam(net, images, CLASSES, name)
    net.eval()
    theirs = captum.attr.LayerGradCam(net, layer).attribute(images, CLASSES, relu_attributions=True)
    torch.testing.assert_close(found, theirs[:, 0].detach(), rtol=0, atol=1e-5)
    assert float(found.max()) > 0


@pytest.mark.parametrize(("side", "stride"), [(3, 3), (4, 4), (4, 2)])
def test_occlusion_agrees_with_captum(side: int, stride: int) -> None:
    net, images = _net(), _images()
    found = occlusion(net, images, CLASSES, side, stride)
    net.eval()
    with torch.no_grad():
        theirs = captum.attr.Occlusion(net).attribute(
            images, (3, side, side), (3, stride, stride), baselines=0.0, target=CLASSES
        )
    torch.testing.assert_close(found, theirs[:, 0], rtol=0, atol=1e-5)


class _Corner(nn.Module):
    """Class 0 is the brightness of the lower right 3x3 pixels."""

    def forward(self, images: Tensor) -> Tensor:
        bright = images[:, :, -3:, -3:].mean((1, 2, 3))
        return torch.stack([bright, -bright], 1)


def test_all_point_at_the_corner_that_decides() -> None:
    net, images, first = _Corner(), torch.ones(1, 1, 10, 10), torch.tensor([0])
    maps = [
        gradient(net, images, first)[0, 0], integrated_gradients(net, images, first)[0, 0],
        occlusion(net, images, first, 3, 2)[0],
    ]  # fmt: skip
    for found in maps:
        inside = float(found[-3:, -3:].abs().sum())
        assert inside > 0.5 * float(found.abs().sum())
        assert float(found[:5, :5].abs().sum()) == 0
    # the squares start at 0, 2, 4, 6 and, moved in, 7: the last pixel is hidden by the last one only, which costs all
    assert float(maps[2][-1, -1]) == pytest.approx(1.0)


def test_the_net_is_left_as_found() -> None:
    net, images = _net(), _images()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    name, _ = _last_conv(net)
    gradient(net, images, CLASSES)
    grad_cam(net, images, CLASSES, name)
    occlusion(net, images, CLASSES, 4, 4)
    assert net.training
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert sum(len(module._forward_hooks) for module in net.modules()) == 0


def test_what_cannot_be_asked_is_said() -> None:
    net, images = _net(), _images()
    with pytest.raises(NetError, match="no layer with maps is called 'output'; found: conv1"):
        grad_cam(net, images, CLASSES, "output")
    with pytest.raises(NetError, match="a square of 1 to 12 pixels, in steps of 1 or more; found 13, 1"):
        occlusion(net, images, CLASSES, 13, 1)

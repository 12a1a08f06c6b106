"""What in a picture an answer hangs on: four ways to ask, each of pictures (B, C, H, W) in [-1, 1] and classes (B,).

All look at the logit of the class. None changes the net: modes, weights and gradients are left as found.
"""

import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import recording
from nonesuch.lens.layers import left_as_found


def gradient(net: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Slope of the logit along each number of the picture (B, C, H, W) (Simonyan, Vedaldi, Zisserman 2014, eq. 3).

    What moves the answer fastest here; not what it rests on: a logit can be flat where it is surest.
    """
    with left_as_found(net), torch.enable_grad():
        asked = images.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(_logits(net, asked, classes).sum(), asked)
    return slope


def integrated_gradients(
    net: nn.Module, images: Tensor, classes: Tensor, baseline: float = -1.0, steps: int = 50
) -> Tensor:
    """Share of each number (B, C, H, W) in what the logit gains from a plain picture of `baseline` to this one.

    (x - x0) times the slope averaged along the straight way (Sundararajan, Taly, Yan 2017, eq. 1), by Gauss-Legendre
    at `steps` places. The shares sum up to the gain, but for the error of the quadrature. Black is -1.
    """
    places, weights = np.polynomial.legendre.leggauss(steps)
    start = torch.full_like(images, baseline)
    total = torch.zeros_like(images)
    for place, weight in zip(((places + 1) / 2).tolist(), (weights / 2).tolist(), strict=True):
        total += weight * gradient(net, start + place * (images - start), classes)
    return total * (images - start)


def grad_cam(net: nn.Module, images: Tensor, classes: Tensor, layer: str) -> Tensor:
    """Where in a layer's maps the class was found: (B, h, w), 0 and above (Selvaraju et al. 2017, eq. 1 and 2).

    The maps are summed, each by the mean slope of the logit along it, and what speaks against the class is cut off.
    Raises NetError for a layer that gives no maps.
    """
    with left_as_found(net), torch.enable_grad(), recording(net) as calls:
        logits = _logits(net, images.detach().clone().requires_grad_(), classes)
        maps = next((output for name, _, output in calls if name == layer), None)
        if maps is None or maps.dim() != 4:
            names = ", ".join(name for name, _, output in calls if output.dim() == 4)
            raise NetError(f"no layer with maps is called {layer!r}; found: {names}")
        (slope,) = torch.autograd.grad(logits.sum(), maps)
        weighed: Tensor = (slope.mean((2, 3), keepdim=True) * maps).sum(1)
    return weighed.relu().detach()


def occlusion(net: nn.Module, images: Tensor, classes: Tensor, side: int, stride: int, fill: float = 0.0) -> Tensor:
    """How much of the logit is lost where a grey square hides the picture: (B, H, W) (Zeiler and Fergus 2014, 4.2).

    Each pixel has the mean over the squares that hide it. The last squares are moved in, so that they reach the edge.
    Raises NetError for a square that is larger than the picture.
    """
    height, width = images.shape[2:]
    if not 1 <= side <= min(height, width) or stride < 1:
        raise NetError(f"a square of 1 to {min(height, width)} pixels, in steps of 1 or more; found {side}, {stride}")
    lost, hidden = torch.zeros(len(images), height, width), torch.zeros(height, width)
    with left_as_found(net), torch.no_grad():
        whole = _logits(net, images, classes)
        for top in _starts(height, side, stride):
            for left in _starts(width, side, stride):
                covered = images.clone()
                covered[:, :, top : top + side, left : left + side] = fill
                drop = whole - _logits(net, covered, classes)
                lost[:, top : top + side, left : left + side] += drop[:, None, None].cpu()
                hidden[top : top + side, left : left + side] += 1
    return lost / hidden.clamp(min=1)


def _starts(length: int, side: int, stride: int) -> list[int]:
    starts = list(range(0, length - side + 1, stride))
    return starts if starts[-1] == length - side else [*starts, length - side]


def _logits(net: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    found: Tensor = net(images).gather(1, classes[:, None])[:, 0]
    return found

"""What a net without convolutions has learnt, as pictures: one template a class, one a hidden unit, and plain averages.

A linear classifier's score is the picture times its template plus a bias, nothing else: the template is all it knows
of the class. Pictures are (N, C, H, W) in [-1, 1]; templates have their shape, around 0, in logits per unit of a pixel.
"""

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.layers import left_as_found

CHUNK = 250


def templates(net: nn.Module, images: Tensor) -> Tensor:
    """One picture a class (classes, C, H, W): the slope of its logit along each number, averaged over `images`.

    Of a linear net that is row i of W whatever the pictures. Of others it is the linear net nearest to it among these
    pictures, each being described by its first-order expansion (Simonyan, Vedaldi, Zisserman 2014, eq. 3 and 4): for
    Gaussian pictures the mean slope is the best linear fit (Stein 1981, lemma 1). The slope at the mean picture alone
    would speak of a picture that nobody ever took. The net is left as found.
    """
    total = torch.zeros(0)
    for part in torch.split(images, CHUNK):
        with left_as_found(net), torch.enable_grad():
            asked = part.detach().clone().requires_grad_()
            sums = net(asked).float().sum(0)
            slopes = [torch.autograd.grad(each, asked, retain_graph=True)[0].sum(0) for each in sums]
        found = torch.stack(slopes).float()
        total = total + found if len(total) else found
    return total / len(images)


def unit_pictures(net: nn.Module, shape: tuple[int, int, int]) -> Tensor:
    """The weights of the first dense layer as pictures (units, C, H, W): what each of its units looks for.

    Of a linear net the units are the classes. Raises NetError for a net whose first layer with weights is another.
    """
    first = next((module for module in net.modules() if any(True for _ in module.parameters(recurse=False))), None)
    if not isinstance(first, nn.Linear) or first.in_features != torch.Size(shape).numel():
        found = type(first).__name__ if first is not None else "no weights at all"
        raise NetError(f"only dense layers on pixels have weights that are pictures; this net begins with {found}")
    return first.weight.detach().float().view(-1, *shape)


def averages(images: Tensor, targets: Tensor, classes: int) -> Tensor:
    """The mean picture of each class (classes, C, H, W): the average of the training set.

    `images` (N, C, H, W) may be uint8 or float and the mean keeps their range; `targets` (N,) are class numbers. NaN
    for a class without pictures.
    """
    sums = torch.zeros(classes, *images.shape[1:], dtype=torch.float64)
    for part, kinds in zip(torch.split(images, CHUNK), torch.split(targets, CHUNK), strict=True):
        sums.index_add_(0, kinds, part.double())
    counts = torch.bincount(targets, minlength=classes)
    return (sums / counts.view(-1, 1, 1, 1)).float()

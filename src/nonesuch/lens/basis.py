"""Pictures written in coordinates in which the person's own pictures are plain noise: where dreams are dreamt.

Gradient ascent on raw pixels ends in noise that only a net enjoys, above all in small nets. Olah, Mordvintsev, Schubert
(Feature Visualization, Distill 2017) ascend on Fourier coefficients with decorrelated colours instead, scaled as in
ImageNet. Here both scales are learnt from the pictures that the net was trained on, grey or colour, of any size:

    picture = mean + A w,    A A^T = covariance of the training pictures,    w = 0 the mean picture.

A direction in which real pictures vary a lot is then a short way in w, and |w|^2 / 2 is, up to a constant, minus the
log-probability of the picture under the Gaussian with that mean and covariance.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nonesuch.errors import NetError

MOST_NUMBERS = 4096
"""Of a picture whose whole covariance is learnt: 64x64 in grey, 36x36 in colour. Its eigenvectors take seconds."""
_FLOOR = 1e-6
"""Of a variance in squared units of [-1, 1]: a tenth of a grey level."""


@dataclass(frozen=True, eq=False)
class Components:
    """The whole covariance: w counts standard deviations along the principal components of the training pictures.

    mean (C, H, W); axes (n, C, H, W), each of the length of its standard deviation.
    """

    mean: Tensor
    axes: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the coordinates of one picture."""
        return (len(self.axes),)

    def pictures(self, w: Tensor) -> Tensor:
        """(B, n) to (B, C, H, W), about [-1, 1]."""
        return self.mean + torch.einsum("bn,nchw->bchw", w, self.axes)


@dataclass(frozen=True, eq=False)
class Waves:
    """The covariance of what looks alike everywhere in the picture: waves of every frequency in uncorrelated colours.

    mean (C, H, W); colours (C, C), with colours colours^T = covariance of a pixel's channels; amplitudes
    (C, H, W // 2 + 1), the root mean square of each wave in the training pictures.
    """

    mean: Tensor
    colours: Tensor
    amplitudes: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the coordinates of one picture: real and imaginary parts of its waves."""
        return (*self.amplitudes.shape, 2)

    def pictures(self, w: Tensor) -> Tensor:
        """(B, C, H, W // 2 + 1, 2) to (B, C, H, W), about [-1, 1]."""
        waves = torch.view_as_complex(w) * self.amplitudes / 2**0.5
        plain = torch.fft.irfft2(waves, s=tuple(self.mean.shape[1:]), norm="ortho")
        return self.mean + torch.einsum("cd,bdhw->bchw", self.colours, plain)


Basis = Components | Waves


def components(images: Tensor) -> Components:
    """Of training pictures (N, C, H, W) in [-1, 1], N >= 2; at most N - 1 axes, those that vary."""
    flat = images.flatten(1).double()
    mean = flat.mean(0)
    centred = (flat - mean) / (len(flat) - 1) ** 0.5
    few = len(flat) < flat.shape[1]
    variances, vectors = torch.linalg.eigh(centred @ centred.T if few else centred.T @ centred)
    # Of few pictures the small matrix has the same eigenvalues, and its vectors mix pictures to axes of right length.
    axes = vectors.T @ centred if few else (vectors * variances.clamp(min=0).sqrt()).T
    axes = axes[variances > _FLOOR].flip(0)
    return Components(mean.view(images.shape[1:]).float(), axes.view(-1, *images.shape[1:]).float())


def waves(images: Tensor) -> Waves:
    """Of training pictures (N, C, H, W) in [-1, 1], N >= 2."""
    mean = images.mean(0)
    centred = images - mean
    pixels = centred.transpose(0, 1).flatten(1).double()
    variances, vectors = torch.linalg.eigh(pixels @ pixels.T / pixels.shape[1])
    lengths = variances.clamp(min=_FLOOR).sqrt()
    plain = torch.einsum("dc,nchw->ndhw", (vectors / lengths).T.float(), centred)
    amplitudes = torch.fft.rfft2(plain, norm="ortho").abs().square().mean(0).sqrt()
    # Waves that are their own mirror image sideways: of a free pair of coordinates the picture keeps half the power.
    alone = [0, -1] if images.shape[3] % 2 == 0 else [0]
    amplitudes[..., alone] *= 2**0.5
    return Waves(mean, (vectors * lengths).float(), amplitudes)


def learnt(images: Tensor, name: str = "") -> Basis:
    """ "components" or "waves" of training pictures (N, C, H, W) in [-1, 1]; by default what the pictures' size allows.

    Raises NetError for another name, and for components of pictures of more than MOST_NUMBERS numbers.
    """
    numbers = images[0].numel()
    chosen = name or ("components" if numbers <= MOST_NUMBERS else "waves")
    if chosen not in ("components", "waves"):
        raise NetError(f"a dream is made of components or waves; found {name!r}")
    if chosen == "waves":
        return waves(images)
    if numbers > MOST_NUMBERS:
        raise NetError(
            f"components are learnt of up to {MOST_NUMBERS:,} numbers a picture; found {numbers:,}: take waves"
        )
    return components(images)

"""How probable a picture is, given what a decoder draws; and how far a code's Gaussian is from the prior. In nats.

Which likelihood is in use is always named: a mean squared error without a noise level is none. All sums are float32 at
least, over all channels and pixels of a picture.
"""

import math
from collections.abc import Callable, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Likelihood = Literal["gaussian", "bernoulli", "logistic"]

LEAST_LOG_NOISE = -6.0
"""Clamp of the learned log standard deviation: a perfect reconstruction must not make a density infinite."""
HALF_LEVEL = 1 / 255
"""Half the distance of two grey levels on the scale [-1, 1]."""


def log_likelihood(kind: Likelihood, images: Tensor, decoded: Tensor, log_noise: Tensor) -> Tensor:
    """log p(x|z) of pictures x (..., C, H, W) in [-1, 1] under what was decoded from z, same shape: (...,) in nats.

    gaussian: density on the scale [-1, 1], mean `decoded`, one learned standard deviation exp(log_noise) for all pixels
        (Rybkin, Daniilidis, Levine 2021, "Simple and Effective VAE Training with Calibrated Decoders").
    bernoulli: probability of binary pixels, -1 black and 1 white; `decoded` holds logits of white.
    logistic: probability of the 256 grey levels, a logistic distribution of mean `decoded` and scale exp(log_noise)
        integrated over each level, the outer two to infinity (Salimans et al. 2017, eq. 2, one component).
    """
    return TERMS[kind](images.float(), decoded.float(), log_noise.float().clamp(min=LEAST_LOG_NOISE)).sum((-3, -2, -1))


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of each dimension, same shape (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def log_prior_over_code(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """log p(z) - log q(z|x) of z = mean + exp(log_variance / 2) noise: mean and log variance (B, latent), noise
    (..., B, latent), to (..., B) in nats. The constant of both normal densities is the same and cancels."""
    z = mean + (log_variance / 2).exp() * noise
    return 0.5 * (noise.square() + log_variance - z.square()).sum(-1)


def _gaussian(images: Tensor, decoded: Tensor, log_noise: Tensor) -> Tensor:
    scaled = (images - decoded) * (-log_noise).exp()
    return -0.5 * scaled.square() - log_noise - 0.5 * math.log(2 * math.pi)


def _bernoulli(images: Tensor, decoded: Tensor, log_noise: Tensor) -> Tensor:
    del log_noise
    return -F.softplus(-images * decoded)


def _logistic(images: Tensor, decoded: Tensor, log_noise: Tensor) -> Tensor:
    centred, sharpness = images - decoded, (-log_noise).exp()
    above, below = (centred + HALF_LEVEL) * sharpness, (centred - HALF_LEVEL) * sharpness
    # sigmoid(above) - sigmoid(below), without cancelling: both logs, and the log of one minus their ratio
    inner = F.logsigmoid(above) + F.logsigmoid(-below) + torch.log(-torch.expm1(below - above))
    lowest, highest = F.logsigmoid(above), F.logsigmoid(-below)
    edge = 1 - HALF_LEVEL
    return torch.where(images <= -edge, lowest, torch.where(images >= edge, highest, inner))


TERMS: Mapping[Likelihood, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "gaussian": _gaussian,
    "bernoulli": _bernoulli,
    "logistic": _logistic,
}

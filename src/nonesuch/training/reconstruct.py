"""The objective of AE and VAE: pictures drawn again from their codes should be probable, codes close to the prior.

Minimised is -log p(x|z) + beta KL(q(z|x) || N(0, I)), in nats a picture: the negative evidence lower bound where beta
is 1 (Kingma and Welling 2014, eq. 7; beta: Higgins et al. 2017, eq. 4). An AE's code is a point, without second term.
With several codes a picture it is the negative importance-weighted bound, which is closer to log p(x) (Burda, Grosse,
Salakhutdinov 2016, eq. 8).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from nonesuch.data.augment import AugmentSpec, augment
from nonesuch.data.batches import Batches
from nonesuch.errors import RecipeError
from nonesuch.models.autoencoder import Autoencoder, Coded
from nonesuch.models.likelihood import Likelihood, kl, log_likelihood, log_prior_over_code
from nonesuch.pixels import to_signed
from nonesuch.seeds import step_seed
from nonesuch.training.perceptual import unlikeness
from nonesuch.training.phase import Loss, Objective, Phase

NOISE_STREAM, BINARY_STREAM = 1, 2
"""Streams of `step_seed`: the noise of z, and the drawing of binary pixels."""


class ReconstructSettings(BaseModel):
    """Which likelihood, and the weight of the prior.

    binarise: a pixel is white with the probability of its brightness, drawn anew at each look: the randomly binarised
        pictures on which published likelihoods of MNIST rest.
    perceptual: the loss is then no bound on a likelihood any more, and none is reported. Distances on the features of
        the same measuring net are flattered by it: judge such a run by its pictures.
    free_bits: nats of each dimension that cost nothing (Kingma et al. 2016, eq. 15), against unused dimensions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["reconstruct"] = "reconstruct"
    likelihood: Likelihood = Field("gaussian", description="what a drawn pixel is compared by: p(x|z)")
    binarise: bool = Field(False, description="pixels become black or white, drawn by their brightness")
    beta: float = Field(1.0, ge=0, description="weight of the prior: more is smoother in between, and blurrier")
    free_bits: float = Field(0.0, ge=0, description="nats of each dimension that cost nothing")
    perceptual: float = Field(
        0.0, ge=0, description="weight, in nats, of how unlike a picture its drawing looks to the measuring net"
    )
    kl_warm_up_images: int = Field(0, ge=0, description="pictures over which the weight of the prior climbs from 0")
    importance_samples: int = Field(1, ge=1, description="codes of each picture; above 1 the bound is weighted by them")

    @model_validator(mode="after")
    def _one_bound(self) -> "ReconstructSettings":
        if self.importance_samples > 1 and (self.free_bits or self.beta != 1):
            raise ValueError("importance_samples weighs codes by p(x, z) / q(z|x), which beta and free_bits would bend")
        if self.perceptual and (self.importance_samples > 1 or self.likelihood == "bernoulli"):
            raise ValueError("perceptual compares two pictures: take importance_samples=1, and no bernoulli")
        return self


@dataclass(frozen=True)
class Shown:
    """A batch on the device: images (B, C, H, W) in [-1, 1], noise (K, B, latent), and the weight of the prior now."""

    images: Tensor
    noise: Tensor
    prior: float


class Reconstruct(Objective):
    """One phase, "loss". Augmentation, noise and binary pixels are drawn from (seed, images_seen) alone."""

    def __init__(
        self,
        net: Autoencoder,
        optimizers: Sequence[torch.optim.Optimizer],
        batches: Batches,
        spec: AugmentSpec,
        seed: int,
        device: torch.device,
        settings: ReconstructSettings,
        forward: nn.Module | None = None,
        judge: nn.Sequential | None = None,
    ) -> None:
        """`net` is saved and averaged; `forward`, when given, is the same net as an engine wraps it for training.

        `judge`: the net of the perceptual term, needed where that has a weight; its own weights stay as they are.
        """
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._net, self._forward = net, forward or net
        self._batches, self._spec, self._seed, self._device = batches, spec, seed, device
        self._settings, self._judge = settings, judge
        self._draws = torch.Generator()
        self.phases = (Phase("loss", self._loss, optimizers),)

    def prepare(self, images_seen: int) -> Shown:
        """The batch that begins at this position. Raises RecipeError for grey pictures under a binary likelihood."""
        batch, settings = self._batches.at(images_seen), self._settings
        self._draws.manual_seed(step_seed(self._seed, batch.first))
        images = to_signed(augment(self._spec, batch.pixels, self._draws, batch.turns))
        if settings.binarise:
            self._draws.manual_seed(step_seed(self._seed, batch.first, BINARY_STREAM))
            images = binarised(images, self._draws)
        elif settings.likelihood == "bernoulli" and not bool((images.abs() == 1).all()):
            raise RecipeError(
                "a Bernoulli likelihood is for pixels that are black or white; found grey ones: "
                "add --set objective.binarise=true, or take objective.likelihood=gaussian"
            )
        self._draws.manual_seed(step_seed(self._seed, batch.first, NOISE_STREAM))
        noise = torch.randn(settings.importance_samples, len(images), self._net.latent, generator=self._draws)
        climbed = images_seen / settings.kl_warm_up_images if settings.kl_warm_up_images else 1.0
        return Shown(images.to(self._device), noise.to(self._device), settings.beta * min(1.0, climbed))

    def _loss(self, batch: Shown) -> Loss:
        coded: Coded = self._forward(batch.images, batch.noise)
        settings, log_noise = self._settings, self._net.log_noise
        drawn = log_likelihood(settings.likelihood, batch.images, coded.decoded, log_noise)
        figures = {"log_likelihood": drawn.detach().mean()}
        if settings.likelihood != "bernoulli":
            figures["noise"] = log_noise.detach().exp()
        cost = -drawn.mean()
        if settings.perceptual:
            assert self._judge is not None
            unlike = unlikeness(self._judge, batch.images, coded.decoded[0]).mean()
            figures["unlikeness"] = unlike.detach()
            cost = cost + settings.perceptual * unlike
        if coded.log_variance is None:
            return Loss(cost, figures)
        nats = kl(coded.mean, coded.log_variance).mean(0)
        figures["kl"] = nats.sum().detach()
        if settings.importance_samples > 1:
            ratio = log_prior_over_code(coded.mean, coded.log_variance, batch.noise)
            bound = (drawn + batch.prior * ratio).logsumexp(0).mean() - math.log(settings.importance_samples)
            return Loss(-bound, figures)
        paid = nats.clamp(min=settings.free_bits).sum() if settings.free_bits else nats.sum()
        return Loss(cost + batch.prior * paid, figures)


def binarised(images: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures in [-1, 1] to -1 and 1, each pixel white with probability (x + 1) / 2."""
    draws = torch.rand(images.shape, generator=generator)
    return torch.where(draws < (images + 1) / 2, 1.0, -1.0)

"""The GAN's objective: a critic learns to tell real from generated pictures, a generator to be taken for real.

Two phases, and in each only its own net moves: the loop freezes the critic's weights in the generator's phase, and its
batch-norm statistics stand still too. Goodfellow et al. 2014 (eq. 1 and section 3), Jolicoeur-Martineau 2019 and Huang
et al. 2024 ("R3GAN") for the relativistic loss, Mescheder et al. 2018 (eq. 9) for the penalties R1 and R2.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from nonesuch.data.augment import AugmentSpec, augment
from nonesuch.data.batches import Batches
from nonesuch.models.gan import Adversaries
from nonesuch.pixels import to_signed
from nonesuch.seeds import step_seed
from nonesuch.training.diffaugment import Group, augment_both
from nonesuch.training.phase import Loss, Objective, Phase

LATENT_STREAM, AUGMENT_STREAM = 1, 2
"""Streams of `step_seed`: z, and differentiable augmentation. The global generator, for dropout, is on stream 0."""


class AdversarialSettings(BaseModel):
    """The game's rules.

    alternate: "batch": both nets move in every step, the critic first; "batches" and "epochs": one net moves for `turn`
        batches or epochs, then the other, as the lecture has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["adversarial"] = "adversarial"
    loss: Literal["bce", "relativistic"] = Field(
        "relativistic", description="bce: each picture is judged by itself; relativistic: real against made"
    )
    saturating: bool = Field(False, description="bce: the generator minimises log(1 - D), the game's first form")
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="bce: real pictures aim at 1 minus this")
    alternate: Literal["batch", "batches", "epochs"] = Field(
        "batch",
        description="whose turn it is: both nets in each step, or one for some batches or epochs, then the other",
    )
    turn: int = Field(1, ge=1, description="batches or epochs that a net moves for before the other's turn")
    critic_rate: float = Field(1.0, gt=0, description="factor on the learning rate of the critic")
    penalty: float = Field(0.0, ge=0, description="weight gamma of the gradient penalties R1 + R2; 0 switches them off")
    penalty_every: int = Field(8, ge=1, description="critic steps between penalties, which are scaled by this number")
    augment: tuple[Group, ...] = Field((), description="differentiable augmentation of real and generated alike")


@dataclass
class Round:
    """A batch on the device: real pictures (B, C, H, W) in [-1, 1], their classes (B,) or None, and z (B, latent).

    The generated pictures are made once and serve both phases.
    """

    real: Tensor
    targets: Tensor | None
    z: Tensor
    step: int
    first: int
    fake: Tensor | None = None


class Adversarial(Objective):
    """Phases "critic" and "generator". z, augmentation and dropout are drawn from (seed, images_seen) alone."""

    def __init__(
        self,
        nets: Adversaries,
        optimizers: tuple[Sequence[torch.optim.Optimizer], Sequence[torch.optim.Optimizer]],
        batches: Batches,
        batch: int,
        spec: AugmentSpec,
        seed: int,
        device: torch.device,
        settings: AdversarialSettings,
        forward: tuple[nn.Module, nn.Module] | None = None,
    ) -> None:
        """`optimizers` of the critic and of the generator; `forward`, when given, the two as an engine wraps them."""
        self.modules = nn.ModuleDict({"generator": nets.generator, "critic": nets.critic})
        self.averaged = nets.generator
        self._nets = nets
        self._critic, self._generator = forward or (nets.critic, nets.generator)
        self._batches, self._batch, self._spec, self._seed, self._device = batches, batch, spec, seed, device
        self._settings = settings
        self._draws = torch.Generator()
        self.phases = (
            Phase("critic", self._critic_loss, optimizers[0], due=self._critic_due),
            Phase("generator", self._generator_loss, optimizers[1], frozen=(nets.critic,), due=self._generator_due),
        )

    def prepare(self, images_seen: int) -> Round:
        """Real pictures and z of the step that begins at this position. Also seeds the global generator."""
        batch = self._batches.at(images_seen)
        seed = step_seed(self._seed, batch.first)
        self._draws.manual_seed(seed)
        torch.manual_seed(seed)
        real = to_signed(augment(self._spec, batch.pixels, self._draws, batch.turns).to(self._device))
        targets = batch.targets.to(self._device) if self._nets.classes and batch.targets is not None else None
        self._draws.manual_seed(step_seed(self._seed, batch.first, LATENT_STREAM))
        z = torch.randn(len(real), self._nets.generator.latent, generator=self._draws).to(self._device)
        return Round(real, targets, z, images_seen // self._batch, batch.first)

    def _turn(self, step: int) -> int:
        """0 in the critic's turns, 1 in the generator's."""
        position = step if self._settings.alternate == "batches" else step * self._batch // len(self._batches)
        return position // self._settings.turn % 2

    def _critic_due(self, step: int) -> bool:
        return self._settings.alternate == "batch" or self._turn(step) == 0

    def _generator_due(self, step: int) -> bool:
        return self._settings.alternate == "batch" or self._turn(step) == 1

    def made(self, batch: Round, graph: bool) -> Tensor:
        """Generated pictures, with the generator's graph where its phase needs it."""
        if batch.fake is None:
            with torch.set_grad_enabled(graph):
                fake: Tensor = self._generator(batch.z, batch.targets)
                batch.fake = fake.float()
        return batch.fake

    def _seen(self, images: Tensor, batch: Round, use: int) -> Tensor:
        """What the critic is shown: augmented alike whether real or generated, each in its own random way."""
        if not self._settings.augment:
            return images
        self._draws.manual_seed(step_seed(self._seed, batch.first, AUGMENT_STREAM + use))
        return augment_both(images, self._settings.augment, self._draws)

    def _critic_loss(self, batch: Round) -> Loss:
        settings, fake = self._settings, self.made(batch, self._generator_due(batch.step)).detach()
        real_logits = self._critic(self._seen(batch.real, batch, 0), batch.targets)
        fake_logits = self._critic(self._seen(fake, batch, 1), batch.targets)
        if settings.loss == "relativistic":
            total = F.softplus(fake_logits - real_logits).mean()
        else:
            aim = torch.full_like(real_logits, 1 - settings.label_smoothing)
            total = F.binary_cross_entropy_with_logits(real_logits, aim) + F.softplus(fake_logits).mean()
        figures = _figures(real_logits.detach(), fake_logits.detach(), settings.loss)
        figures["spread"] = _deviation(fake) / _deviation(batch.real)
        if settings.penalty and batch.step % settings.penalty_every == 0:
            squares = self._squared_gradient(batch.real, batch) + self._squared_gradient(fake, batch)
            total = total + 0.5 * settings.penalty * settings.penalty_every * squares
            figures["penalty"] = squares.detach()
        return Loss(total, figures)

    def _squared_gradient(self, images: Tensor, batch: Round) -> Tensor:
        """Mean over pictures of |dD/dx|^2, in float32: rounding to bf16 would be most of a small gradient."""
        images = images.detach().requires_grad_()
        with torch.autocast(images.device.type, enabled=False), still(self._nets.critic):
            logits = self._nets.critic(images, batch.targets)
            (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        return gradient.square().sum((1, 2, 3)).mean()

    def _generator_loss(self, batch: Round) -> Loss:
        settings = self._settings
        with still(self._nets.critic):
            logits = self._critic(self._seen(self.made(batch, True), batch, 1), batch.targets)
            if settings.loss == "bce":
                return Loss(F.softplus(-logits).mean() if not settings.saturating else -F.softplus(logits).mean(), {})
            with torch.no_grad():
                real = self._critic(self._seen(batch.real, batch, 0), batch.targets)
        return Loss(F.softplus(real - logits).mean(), {})


def _figures(real: Tensor, fake: Tensor, loss: str) -> dict[str, Tensor]:
    """Mean logits, and the share of the batch on which the critic is right."""
    compared = (real > fake) if loss == "relativistic" else torch.cat([real > 0, fake < 0])
    return {"real": real.mean(), "fake": fake.mean(), "right": compared.float().mean()}


def _deviation(images: Tensor) -> Tensor:
    """Mean over pixels of the standard deviation over the batch (B, C, H, W)."""
    return (images.square().mean(0) - images.mean(0).square()).clamp(min=1e-12).sqrt().mean()


@torch.no_grad()
def judged(critic: nn.Module, images: Tensor, targets: Tensor | None, batch: int) -> float:
    """A critic's mean logit of pictures (N, C, H, W) in [-1, 1], N >= batch, in whole batches as in training.

    Its batch norm takes the batch's own statistics, as then, and learns nothing from them.
    """
    whole = len(images) // batch * batch
    kinds = [None] * (whole // batch) if targets is None else torch.split(targets[:whole], batch)
    with still(critic):
        means = [critic(*pair).mean() for pair in zip(torch.split(images[:whole], batch), kinds, strict=True)]
    return float(torch.stack(means).mean())


@contextmanager
def still(net: nn.Module) -> Iterator[None]:
    """Keep batch-norm statistics as they are; the batch's own are used, as in training."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d) and module.track_running_stats]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True

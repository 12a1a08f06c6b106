"""A net learns to say from a picture which z a generator drew it from (Donahue et al. 2017, section 2, "latent
regressor"), and which class it was told.

Pairs (G(z), z) are drawn afresh for every batch, so that there is no end of them. A real photo is not among them: real
training pictures, which shall be drawn again from the answer, G(E(x)) close to x (Zhu, Kraehenbuehl, Shechtman, Efros
2016, eq. 5), are worth 3 dB there, noise on the drawn ones nothing (LOG, 2026-11-24).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.data.batches import Batches
from nonesuch.models.inverter import Inverter
from nonesuch.pixels import to_signed
from nonesuch.seeds import step_seed
from nonesuch.training.phase import Loss, Objective, Phase

Draw = Callable[[Tensor, Tensor | None], Tensor]
"""z (B, latent) and classes (B,), or None, to pictures (B, C, H, W) in [-1, 1]."""

REDRAWN = 50.0
"""Weight of the mean squared error of real pictures drawn again; that of z is 1."""


@dataclass(frozen=True)
class Pairs:
    """drawn (B, C, H, W) in [-1, 1], its z (B, latent) and classes (B,); real pictures and their classes alike."""

    drawn: Tensor
    z: Tensor
    classes: Tensor | None
    real: Tensor
    real_classes: Tensor | None


class LatentRegression(Objective):
    """One phase, "loss". z and classes are drawn from (seed, images_seen) alone."""

    def __init__(
        self,
        net: Inverter,
        built: Sequence[torch.optim.Optimizer],
        draw: Draw,
        batches: Batches,
        seed: int,
    ) -> None:
        """`draw`: a generator whose weights are frozen. `batches`: real pictures, with their classes if it is told."""
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._net, self._draw, self._batches, self._seed = net, draw, batches, seed
        self._draws = torch.Generator()
        self.phases = (Phase("loss", self._loss, built),)

    def prepare(self, images_seen: int) -> Pairs:
        """As many drawn pictures as real ones, of the batch that begins at this position."""
        batch, told = self._batches.at(images_seen), self._net.classes
        self._draws.manual_seed(step_seed(self._seed, batch.first))
        count = len(batch.pixels)
        z = torch.randn(count, self._net.latent, generator=self._draws)
        classes = torch.randint(0, told, (count,), generator=self._draws) if told else None
        with torch.no_grad():
            drawn = self._draw(z, classes)
        return Pairs(drawn, z, classes, to_signed(batch.pixels), batch.targets if told else None)

    def _loss(self, batch: Pairs) -> Loss:
        z, logits = self._net(torch.cat([batch.drawn, batch.real]))
        count = len(batch.z)
        known = F.mse_loss(z[:count], batch.z)
        again = F.mse_loss(self._draw(z[count:], batch.real_classes), batch.real)
        figures = {"z_error": known.detach(), "redrawn": again.detach()}
        total = known + REDRAWN * again
        if logits is not None and batch.classes is not None and batch.real_classes is not None:
            total = total + F.cross_entropy(logits, torch.cat([batch.classes, batch.real_classes]))
        return Loss(total, figures)

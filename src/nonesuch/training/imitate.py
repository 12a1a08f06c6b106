"""The objective of a net that is to give, of the same pictures, what something else gives: mean squared error."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nonesuch.training.phase import Loss, Objective, Phase


class Imitate(Objective):
    """One phase, "loss". Every batch is all pictures (B, C, H, W), and what is wanted of them, (B, C', H', W')."""

    def __init__(
        self, net: nn.Module, optimizers: Sequence[torch.optim.Optimizer], images: Tensor, wanted: Tensor
    ) -> None:
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._net, self._images, self._wanted = net, images, wanted
        self.phases = (Phase("loss", self._loss, optimizers),)

    def prepare(self, images_seen: int) -> Tensor:
        """The pictures, always the same ones."""
        del images_seen
        return self._images

    def _loss(self, images: Tensor) -> Loss:
        return Loss((self._net(images) - self._wanted).square().mean(), {})

"""The classifier's objective: cross-entropy between the net's logits and the labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from nonesuch.data.augment import AugmentSpec, augment
from nonesuch.data.batches import Batches
from nonesuch.pixels import to_signed
from nonesuch.seeds import step_seed
from nonesuch.training.phase import Loss, Objective, Phase

Views = Literal["one", "mirror", "mirror+shift"]


class ClassifySettings(BaseModel):
    """How a classifier is judged in training, and looked at afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["classify"] = "classify"
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of a target spread over the other classes")
    test_views: Views = Field("one", description="views of a test picture whose predictions are averaged")


@dataclass(frozen=True)
class Labelled:
    """A batch on the device: images (B, C, H, W) in [-1, 1] and class numbers (B,)."""

    images: Tensor
    targets: Tensor


class Classify(Objective):
    """Minimise the cross-entropy -log softmax(logits)[target], a share `label_smoothing` of the target spread evenly.

    Label smoothing: Szegedy et al. 2016, section 7. Augmentation and dropout are drawn from (seed, images_seen) alone.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        batches: Batches,
        spec: AugmentSpec,
        seed: int,
        device: torch.device,
        settings: ClassifySettings,
        forward: nn.Module | None = None,
    ) -> None:
        """`net` is saved and averaged; `forward`, when given, is the same net as an engine wraps it for training."""
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._forward = forward or net
        self._batches, self._spec, self._seed, self._device = batches, spec, seed, device
        self._smoothing = settings.label_smoothing
        self._generator = torch.Generator()
        self.phases = (Phase("loss", self._loss, optimizers),)

    def prepare(self, images_seen: int) -> Labelled:
        """The augmented batch that begins at this position. Also seeds the global generator, which dropout reads."""
        batch = self._batches.at(images_seen)
        if batch.targets is None:
            raise TypeError("a classifier needs targets; these batches have none")
        seed = step_seed(self._seed, batch.first)
        self._generator.manual_seed(seed)
        torch.manual_seed(seed)
        pixels = augment(self._spec, batch.pixels, self._generator, batch.turns)
        return Labelled(to_signed(pixels.to(self._device)), batch.targets.to(self._device))

    def _loss(self, batch: Labelled) -> Loss:
        logits = self._forward(batch.images).float()
        total = F.cross_entropy(logits, batch.targets, label_smoothing=self._smoothing)
        with torch.no_grad():
            accuracy = (logits.argmax(1) == batch.targets).float().mean()
        return Loss(total, {"accuracy": accuracy})


@torch.no_grad()
def predict(
    net: Callable[[Tensor], Tensor], pixels: Tensor, views: Views = "one", batch: int = 500, device: str = "cpu"
) -> Tensor:
    """Log-probabilities (N, classes) in float32 on the CPU for packed pictures (N, C, H, W) in [0, 255].

    With more than one view, the logits of the picture, its mirror image, and both shifted by one pixel (reflected at
    the border, at half weight) are averaged before the softmax. The caller puts the net into evaluation mode.
    """
    parts = []
    for chunk in torch.split(pixels, batch):
        images = to_signed(chunk.to(device)).contiguous(memory_format=torch.channels_last)
        parts.append(F.log_softmax(_logits(net, images, views), dim=1).cpu())
    return torch.cat(parts)


def _logits(net: Callable[[Tensor], Tensor], images: Tensor, views: Views) -> Tensor:
    if views == "one":
        return net(images).float()
    straight = (net(images).float() + net(images.flip(3)).float()) / 2
    if views == "mirror":
        return straight
    height, width = images.shape[2:]
    padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
    shifted = [padded[:, :, :height, :width], padded[:, :, 2 : 2 + height, 2 : 2 + width]]
    moved = [net(view).float() + net(view.flip(3)).float() for view in shifted]
    return straight / 2 + (moved[0] + moved[1]) / 8

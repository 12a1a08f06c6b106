"""Optimizers by name, each built from a net's parameters with weight decay only where it belongs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from nonesuch.training.muon import Muon

OptimizerName = Literal["sgd", "adam", "adamw", "muon"]


class OptimizerSettings(BaseModel):
    """Which optimizer, and its numbers. `rate` is the peak learning rate; a schedule scales it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: OptimizerName = Field("adamw", description="the rule by which gradients move weights")
    rate: float = Field(3e-3, gt=0, description="peak learning rate: how far each step moves the weights")
    weight_decay: float = Field(0.0, ge=0, description="how strongly weights are drawn to 0")
    momentum: float = Field(0.9, ge=0, lt=1, description="SGD's momentum; beta1 of Adam and AdamW")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam, AdamW: memory for the size of gradients")
    bias_rate: float = Field(1.0, gt=0, description="factor on the rate of biases and batch-norm parameters")
    dense_rate: float = Field(0.83, gt=0, description="muon only: SGD's rate for everything that is no convolution")


def build(modules: Iterable[nn.Module], settings: OptimizerSettings, half: bool = False) -> list[Optimizer]:
    """The optimizers that together move every trainable parameter of `modules`; `half`: the net computes in bf16.

    Vectors (biases, batch-norm gains) are never decayed: decay is a statement about weights (Goyal et al. 2017, 5.3).
    Each group keeps its peak rate under "peak_lr", from which the loop computes "lr" at every step.
    """
    trainable = [p for module in modules for p in module.parameters() if p.requires_grad]
    if settings.name == "muon":
        return _muon(trainable, settings, half)
    return [OPTIMIZERS[settings.name](_groups(trainable, settings, settings.rate), settings)]


def _groups(trainable: list[nn.Parameter], settings: OptimizerSettings, rate: float) -> list[dict[str, object]]:
    """Weights with decay, vectors without."""
    groups = [
        ([p for p in trainable if p.ndim >= 2], rate, settings.weight_decay),
        ([p for p in trainable if p.ndim < 2], rate * settings.bias_rate, 0.0),
    ]
    return [
        {"params": parameters, "lr": peak, "peak_lr": peak, "weight_decay": decay}
        for parameters, peak, decay in groups
        if parameters
    ]


def _muon(trainable: list[nn.Parameter], settings: OptimizerSettings, half: bool) -> list[Optimizer]:
    """Muon for the convolution kernels, SGD for the rest."""
    kernels = [p for p in trainable if p.ndim == 4]
    rest = [p for p in trainable if p.ndim != 4]
    sgd = SGD(
        _groups(rest, settings, settings.dense_rate), lr=settings.dense_rate, momentum=SGD_BESIDE_MUON, nesterov=True
    )
    return [Muon(kernels, settings.rate, settings.momentum, half), sgd] if kernels else [sgd]


def _sgd(groups: list[dict[str, object]], settings: OptimizerSettings) -> Optimizer:
    return SGD(groups, lr=settings.rate, momentum=settings.momentum, nesterov=settings.momentum > 0, fused=True)


def _adam(groups: list[dict[str, object]], settings: OptimizerSettings) -> Optimizer:
    return Adam(groups, lr=settings.rate, betas=(settings.momentum, settings.beta2), fused=True)


def _adamw(groups: list[dict[str, object]], settings: OptimizerSettings) -> Optimizer:
    return AdamW(groups, lr=settings.rate, betas=(settings.momentum, settings.beta2), fused=True)


SGD_BESIDE_MUON = 0.85
"""Momentum of the SGD that moves what Muon does not."""

OPTIMIZERS: Mapping[OptimizerName, Callable[[list[dict[str, object]], OptimizerSettings], Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
}

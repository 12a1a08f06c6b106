"""Untrained nets of every kind with weights and statistics of their own, held like a run: what an export takes."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import nn

from nonesuch.evaluation.run import Run
from nonesuch.models import catalog
from nonesuch.models.blocks import PartialConv
from nonesuch.models.gan import Adversaries
from nonesuch.training.adversarial import AdversarialSettings
from nonesuch.training.classify import ClassifySettings
from nonesuch.training.reconstruct import ReconstructSettings


@dataclass(frozen=True)
class Case:
    """A net of the catalogue for pictures of a shape (C, H, W). graphs: those that its export should have."""

    kind: str
    net: str
    shape: tuple[int, int, int]
    classes: int
    graphs: str
    options: tuple[tuple[str, Any], ...] = ()
    likelihood: str = "gaussian"

    def __str__(self) -> str:
        told = "".join(f" {key}={value}" for key, value in self.options)
        return f"{self.kind} {self.net} {'x'.join(map(str, self.shape))}{told} {self.classes} {self.likelihood}"


def made(case: Case) -> Run:
    """A stand-in of a run with this net: random weights and biases, and norms that have seen something."""
    torch.manual_seed(1)
    net = catalog.build(case.net, case.shape, case.classes, dict(case.options))
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(std=0.3)
                module.running_var.uniform_(0.5, 2.0)
                if module.weight.requires_grad:
                    module.weight.normal_(1.0, 0.5)
                module.bias.normal_(std=0.3)
            # Some nets start at zero, or nearly: there would be nothing to compare.
            if case.kind == "cnn" and isinstance(module, nn.Linear | nn.Conv2d):
                module.weight.normal_(std=module.weight[0].numel() ** -0.5)
            if isinstance(module, PartialConv):
                module.kernels.normal_(std=0.1)
    shown = net.generator if isinstance(net, Adversaries) else net
    shown.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    settings = {"cnn": ClassifySettings(), "gan": AdversarialSettings()}
    objective = settings.get(case.kind) or ReconstructSettings(likelihood=cast(Any, case.likelihood))
    channels, *size = case.shape
    recipe = SimpleNamespace(kind=case.kind, data=SimpleNamespace(channels=channels, size=size), objective=objective)
    names = tuple(f"class {number}" for number in range(case.classes))
    held = SimpleNamespace(net=shown, recipe=recipe, classes=names, folder=SimpleNamespace(path=Path("made")))
    return cast(Run, held)

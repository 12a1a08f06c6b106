"""Phase and Objective: what THE loop needs to know of a family of nets, and nothing more."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Loss:
    """What a phase wants made smaller (a scalar with a graph) and the detached figures to report beside it."""

    total: Tensor
    figures: Mapping[str, Tensor]


def always(step: int) -> bool:
    """A phase that takes part in every step."""
    del step
    return True


@dataclass(frozen=True)
class Phase:
    """One kind of move within a step: a loss, and the optimizers whose parameters it moves.

    A classifier or an autoencoder has one phase. A GAN has two, discriminator and generator; `due` says in which
    steps a phase takes part. `frozen` are modules that the loss runs through and that must not move: the loop
    switches their gradients off for the phase.
    """

    name: str
    loss: Callable[[Any], Loss]
    optimizers: Sequence[torch.optim.Optimizer]
    frozen: Sequence[nn.Module] = ()
    due: Callable[[int], bool] = always

    def parameters(self) -> list[Tensor]:
        """What the phase moves."""
        return [p for optimizer in self.optimizers for group in optimizer.param_groups for p in group["params"]]


class Objective(ABC):
    """What is learnt: the nets, the phases that move them, and how a packed batch becomes their input."""

    modules: nn.ModuleDict
    """Every net that trains, by name: this is what a snapshot holds."""

    averaged: nn.Module
    """The net whose running average is kept and shown to people (a part of `modules`)."""

    phases: Sequence[Phase]

    @abstractmethod
    def prepare(self, images_seen: int) -> Any:
        """The batch at this position of the endless stream, augmented and on the device. Depends on nothing else."""

"""THE loop. It serves every family: a classifier, an autoencoder and a GAN differ in their objective alone.

It yields events instead of calling anybody back, touches no disk and prints nothing: `for event in fit(...)` is the
whole interface, and closing the generator stops it between two steps.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from nonesuch.training.budget import Budget
from nonesuch.training.ema import Average
from nonesuch.training.events import Diverged, Stepped
from nonesuch.training.phase import Objective, Phase
from nonesuch.training.schedule import SCHEDULES, ScheduleName
from nonesuch.training.wishes import Steering


class Engine(Protocol):
    """The part of lightning_fabric.Fabric that the loop needs: one process or many, full or mixed precision."""

    def backward(self, tensor: Tensor) -> None: ...


@dataclass(frozen=True)
class Pace:
    """Everything about a run that is not its objective: budget, batch, schedule."""

    budget: Budget
    batch: int
    dataset: int
    schedule: ScheduleName = "one_cycle"
    warm_up: float = 0.25
    end: float = 0.0


def fit(
    objective: Objective,
    pace: Pace,
    engine: Engine,
    average: Average | None = None,
    images_seen: int = 0,
    seconds: float = 0.0,
    steering: Steering | None = None,
) -> Iterator[Stepped | Diverged]:
    """Train from the position (`images_seen`, `seconds`) until the budget is used up.

    `steering` may be changed between two events; a step of one phase alone uses up its batch too.
    Yields Stepped after each step, or one Diverged and ends: the phase that diverged has not moved its parameters.
    Time spent by the consumer between two events counts as training time, but for what is idle by wish.
    """
    steering = steering or Steering()
    started = time.perf_counter() - seconds
    while (fraction := pace.budget.fraction(images_seen, seconds)) < 1:
        factor = SCHEDULES[pace.schedule](fraction, pace.warm_up, pace.end)
        batch = objective.prepare(images_seen)
        figures: dict[str, float] = {}
        for phase in objective.phases:
            if not steering.moves(phase, images_seen // pace.batch):
                continue
            figures |= differentiate(phase, batch, engine)
            if bad := [name for name, value in figures.items() if not math.isfinite(value)]:
                message = f"{bad[0]} is {figures[bad[0]]} after {images_seen} images"
                yield Diverged(images_seen=images_seen, seconds=seconds, phase=phase.name, message=message)
                return
            move(phase, factor * steering.rates.get(phase.name, 1.0))
        images_seen += pace.batch
        if average is not None:
            average.update(objective.averaged, pace.batch, images_seen)
        seconds = max(seconds, time.perf_counter() - started - steering.idle)
        yield Stepped(
            images_seen=images_seen,
            seconds=seconds,
            figures=figures,
            learning_rate=objective.phases[0].optimizers[0].param_groups[0]["lr"],
            fraction=pace.budget.fraction(images_seen, seconds),
            epoch=images_seen / pace.dataset,
        )


def differentiate(phase: Phase, batch: object, engine: Engine) -> dict[str, float]:
    """Give the phase's parameters their gradients; returns its figures, of which one may not be finite."""
    with _frozen(phase.frozen):
        loss = phase.loss(batch)
        figures = {name: float(value) for name, value in loss.figures.items()}
        figures[phase.name] = float(loss.total.detach())
        if not all(map(math.isfinite, figures.values())):
            return figures
        engine.backward(loss.total)
    gradients = [p.grad for p in phase.parameters() if p.grad is not None]
    norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients))))
    return figures if math.isfinite(norm) else figures | {f"{phase.name}_gradient": norm}


def move(phase: Phase, factor: float) -> None:
    """One move of the phase's parameters along their gradients, which are then gone; `factor` of the peak rates."""
    for optimizer in phase.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


@contextmanager
def _frozen(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Switch gradients off for these modules' parameters, and back on as they were."""
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)

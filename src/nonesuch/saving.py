"""The parts of a run to a snapshot and back: weights, average, optimizer states."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nonesuch.assembly import Parts
from nonesuch.runs import checkpoint
from nonesuch.runs.weights import flatten_optimizer, match, match_optimizer, unflatten_optimizer


def save(run: Path, parts: Parts, images_seen: int, state: Mapping[str, object]) -> None:
    """Take a snapshot of everything that trains, with `state` beside it. Raises MachineError, DivergedError."""
    moments, described = flatten_optimizer([optimizer.state_dict() for optimizer in _optimizers(parts)])
    tensors = {"model": parts.objective.modules.state_dict(), "optimizer": moments}
    if parts.average is not None:
        tensors["ema"] = parts.average.module.state_dict()
    checkpoint.save(run, images_seen, tensors, {**state, "optimizer": described})


def restore(parts: Parts, found: checkpoint.Snapshot) -> None:
    """Bring everything that trains to where a snapshot has it. Raises RunError when it is of another net."""
    modules = parts.objective.modules
    match(modules.state_dict(), found.tensors["model"])
    modules.load_state_dict(found.tensors["model"])
    if parts.average is not None:
        match(parts.average.module.state_dict(), found.tensors.get("ema", {}), "average")
        parts.average.module.load_state_dict(found.tensors["ema"])
    optimizers = _optimizers(parts)
    states: Any = unflatten_optimizer(found.tensors.get("optimizer", {}), found.state.get("optimizer"))
    match_optimizer([optimizer.state_dict() for optimizer in optimizers], states)
    for optimizer, state in zip(optimizers, states, strict=True):
        optimizer.load_state_dict(state)


def size(parts: Parts) -> int:
    """Bytes of a snapshot, estimated from the weights alone: model, average, and two moments."""
    tensors: dict[str, torch.Tensor] = parts.objective.modules.state_dict()
    return 4 * sum(tensor.nbytes for tensor in tensors.values()) + 2**16


def _optimizers(parts: Parts) -> list[torch.optim.Optimizer]:
    return [optimizer for phase in parts.objective.phases for optimizer in phase.optimizers]

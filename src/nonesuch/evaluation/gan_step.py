"""One step of a GAN's training spelled out: numbered stages with the tensors to draw, on the run's real pictures.

It is the very step that the trainer would make next, by the same code (training/loop.py) on a copy in memory.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nonesuch.errors import DivergedError, RecipeError
from nonesuch.evaluation.gan_game import Game
from nonesuch.training import loop
from nonesuch.training.adversarial import Round, still
from nonesuch.training.phase import Phase
from nonesuch.training.schedule import SCHEDULES
from nonesuch.training.wishes import Steering

StageName = Literal["noise", "generate", "score", "loss", "gradient", "update"]
CAPTIONS: Mapping[tuple[str, StageName], str] = {
    ("critic", "noise"): "Draw a batch of random numbers z: one row of them for each picture to be made.",
    ("critic", "generate"): "The generator turns each row into a picture. Its weights rest in this half of the step.",
    ("critic", "score"): "The critic gives real and made pictures a score each: higher for what it takes for real.",
    ("critic", "loss"): "The loss says how wrong it was: real pictures should score high, made ones low.",
    ("critic", "gradient"): "Backwards through the critic: for each weight, which way the loss falls.",
    ("critic", "update"): "Only the critic's weights move. The same pictures now score differently.",
    ("generator", "noise"): "The same random numbers z again.",
    ("generator", "generate"): "The generator turns them into pictures, this time remembering how.",
    ("generator", "score"): "The critic, just updated, scores them. Its weights rest in this half of the step.",
    ("generator", "loss"): "The loss says how far the made pictures are from being taken for real.",
    (
        "generator",
        "gradient",
    ): "Backwards through the critic: where each pixel should go. Then on through the generator.",
    ("generator", "update"): "Only the generator's weights move. The same z now gives pictures that score higher.",
}


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of one net's half of a step.

    tensors, of the batch's first pictures, in [-1, 1] where they are pictures (N, C, H, W):
        noise: z (N, latent).    generate: made.    score: real and made as the critic was shown them (augmented alike),
        real_scores and made_scores (N,).    loss: none.    gradient: weights (L,), the norm of each layer's gradient;
        in the generator's half push (N, C, H, W), minus d loss / d picture.    update: weights (L,), how far each layer
        moved as a share of its own norm; real_scores and made_scores afterwards; in the generator's half made too.
    layers: the names that `weights` belongs to.    figures: numbers of the whole batch.
    """

    number: int
    phase: str
    name: StageName
    caption: str
    tensors: Mapping[str, Tensor]
    figures: Mapping[str, float]
    layers: tuple[str, ...] = ()


def spelled(game: Game, phase: str | None = None, count: int = 8) -> list[Stage]:
    """The next step: the halves that are due, or that of one phase, "critic" or "generator", due or not.

    count: pictures to show of the batch. The game's nets move by the step; open the run anew for the next look.
    Raises RecipeError for an unknown phase, DivergedError when the step is not finite.
    """
    phases = {each.name: each for each in game.objective.phases}
    if phase is not None and phase not in phases:
        raise RecipeError(f"no phase is called {phase!r}; the phases are {', '.join(phases)}")
    pace = game.parts.pace
    fraction = pace.budget.fraction(game.images_seen, game.seconds)
    factor = SCHEDULES[pace.schedule](fraction, pace.warm_up, pace.end)
    steering = Steering(game.rates, phase)
    stages: list[Stage] = []
    with torch.random.fork_rng():
        batch = game.objective.prepare(game.images_seen)
        for each in game.objective.phases:
            if steering.moves(each, batch.step):
                rate = factor * steering.rates.get(each.name, 1.0)
                stages += _half(game, each, batch, rate, count, len(stages))
    return stages


def _half(game: Game, phase: Phase, batch: Round, factor: float, count: int, before: int) -> list[Stage]:
    """One net's half: its loss and gradients by the loop's own code, watched from outside."""
    net = game.nets.critic if phase.name == "critic" else game.nets.generator
    made = game.objective.made(batch, graph=True)
    if phase.name == "generator":
        made.retain_grad()
    with _heard(game.nets.critic) as calls:
        figures = loop.differentiate(phase, batch, game.parts.engine)
    # The critic's half asks for real pictures first; the generator's for made ones, and for real ones not always.
    made_call, *others = calls if phase.name == "generator" else (calls[1], calls[0])
    (fake, made_scores), (real, real_scores) = made_call, others[0] if others else (None, None)
    names, weights = zip(*_weights(net).items(), strict=True)
    gradients = torch.stack([weight.grad.norm() if weight.grad is not None else torch.zeros(()) for weight in weights])
    if not bool(torch.isfinite(gradients).all()):
        raise DivergedError(f"the {phase.name}'s gradient is not finite after {game.images_seen:,} images")
    push = {"push": -made.grad} if phase.name == "generator" and made.grad is not None else {}
    old = [weight.detach().clone() for weight in weights]
    loop.move(phase, factor)
    moved = [
        (weight.detach() - then).norm() / then.norm().clamp(min=1e-12)
        for weight, then in zip(weights, old, strict=True)
    ]
    scores: dict[str, Tensor | None] = {
        "real": real,
        "made": fake,
        "real_scores": real_scores,
        "made_scores": made_scores,
    }
    tensors: dict[StageName, dict[str, Tensor | None]] = {
        "noise": {"z": batch.z},
        "generate": {"made": made},
        "score": scores,
        "loss": {},
        "gradient": {"weights": gradients, **push},
        "update": {"weights": torch.stack(moved), **_after(game, phase, batch, real, fake)},
    }
    told = {"score": _means(scores), "loss": figures, "update": {"rate": phase.optimizers[0].param_groups[0]["lr"]}}
    return [
        Stage(
            before + number,
            phase.name,
            name,
            CAPTIONS[phase.name, name],
            {key: _shown(key, value, count) for key, value in named.items() if value is not None},
            told.get(name, {}),
            names if "weights" in named else (),
        )
        for number, (name, named) in enumerate(tensors.items(), 1)
    ]


@torch.no_grad()
def _after(game: Game, phase: Phase, batch: Round, real: Tensor | None, fake: Tensor) -> dict[str, Tensor]:
    """What the move has changed: scores of the same pictures, or pictures of the same z and their scores."""
    critic, generator = game.nets.critic, game.nets.generator
    with still(critic), game.parts.engine.autocast():
        if phase.name == "critic" and real is not None:
            return {"real_scores": critic(real, batch.targets), "made_scores": critic(fake, batch.targets)}
        with still(generator):
            made = generator(batch.z, batch.targets).float()
        return {"made": made, "made_scores": critic(made, batch.targets)}


def _means(scores: Mapping[str, Tensor | None]) -> dict[str, float]:
    return {
        name: float(value.mean()) for name, value in scores.items() if name.endswith("scores") and value is not None
    }


def _shown(name: str, tensor: Tensor, count: int) -> Tensor:
    rows = tensor.detach() if name == "weights" else tensor.detach()[:count]
    return rows.float().cpu().clone()


def _weights(net: nn.Module) -> dict[str, nn.Parameter]:
    """The matrices and kernels by the name of their layer: biases and gains are left out, as they draw nothing."""
    return {
        name.removesuffix(".weight"): parameter
        for name, parameter in net.named_parameters()
        if name.endswith(".weight") and parameter.ndim > 1
    }


@contextmanager
def _heard(critic: nn.Module) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """What the critic is asked and answers meanwhile: pictures and scores, call by call."""
    calls: list[tuple[Tensor, Tensor]] = []

    def note(_module: nn.Module, given: tuple[Any, ...], output: Tensor) -> None:
        calls.append((given[0].detach().float(), output.detach().float()))

    handle = critic.register_forward_hook(note)
    try:
        yield calls
    finally:
        handle.remove()

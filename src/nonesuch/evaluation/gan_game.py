"""A GAN's run opened as the game it is: both nets, what the critic says, and which way pictures should go.

The critic is asked as training asks it: in whole batches, whose own statistics its batch norm takes, and which it
learns nothing from. So a picture's score is its score among others of its kind.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from nonesuch import saving
from nonesuch.assembly import Parts, assemble, engine
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_pictures, images_at, latents
from nonesuch.models.gan import Adversaries, Generator
from nonesuch.pixels import Picture, to_signed
from nonesuch.runs import checkpoint
from nonesuch.training.adversarial import Adversarial, AdversarialSettings, still


@dataclass(frozen=True, eq=False)
class Game:
    """A run's parts, restored in memory: nothing that is done with them changes the run."""

    run: Run
    parts: Parts
    nets: Adversaries
    objective: Adversarial
    settings: AdversarialSettings
    images_seen: int
    seconds: float
    rates: dict[str, float]
    """Factors on the scheduled rates that a person has wished for, by phase."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What the critic says of pictures (N, H, W, C) uint8.

    scores (N,): its logits, higher for what it takes for real. probabilities (N,): sigmoid of the logits, or None
    where the critic compares pairs and a logit by itself is no probability. slopes (N, C, H, W): d score / d pixel of
    the picture in [-1, 1], summed over the batch's scores as in the generator's step: which way each pixel would have
    to go for the critic to take the picture for real sooner. rows: of real pictures, which of the pack; of made ones
    their seeds.
    """

    pictures: Picture
    scores: Tensor
    probabilities: Tensor | None
    slopes: Tensor
    rows: tuple[int, ...]

    @property
    def maps(self) -> Tensor:
        """(N, H, W): the slope of each pixel when all its channels get brighter alike."""
        return self.slopes.sum(1)


def opened(run: Run) -> Game:
    """Both nets of a GAN's run, of its newest snapshot. Raises RunError for another kind, or no snapshot yet."""
    if not isinstance(run.net, Generator):
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}, which has no critic; take a gan")
    found = checkpoint.latest(run.folder.path)
    if found is None:
        raise RunError(f"{run.folder.path.name} has no snapshot yet, and the critic is kept nowhere else; wait for it")
    with _threads_as_they_are(), torch.random.fork_rng():
        parts = assemble(run.recipe, engine(run.recipe.machine))
    saving.restore(parts, found)
    assert isinstance(parts.net, Adversaries)
    assert isinstance(parts.objective, Adversarial)
    assert isinstance(run.recipe.objective, AdversarialSettings)
    rates = found.state.get("rates")
    return Game(
        run,
        parts,
        parts.net,
        parts.objective,
        run.recipe.objective,
        found.images_seen,
        checkpoint.number(found, "seconds"),
        {str(name): float(rate) for name, rate in rates.items()} if isinstance(rates, dict) else {},
    )


def judge_made(game: Game, seeds: Sequence[int], past: Run | None = None) -> Judged:
    """Of the pictures that `sample` gives for these seeds; `past`: of those that the run drew at an earlier moment.

    Up to the batch that the critic knows, further seeds are judged along and left away.
    """
    if not seeds:
        raise RecipeError("no seed was given; name one or more")
    net = (past or game.run).net
    assert isinstance(net, Generator)
    others = range(max(seeds) + 1, max(seeds) + 1 + max(0, game.run.recipe.train.batch - len(seeds)))
    everyone = [*seeds, *others]
    kinds = torch.tensor([seed % net.classes for seed in everyone]) if net.classes else None
    with torch.no_grad():
        images = images_at(net, game.run.recipe, latents(everyone, net.latent), kinds)
    return _judged(game, images, kinds, list(seeds))


def judge_real(game: Game, count: int, split: str = "train") -> Judged:
    """Of so many real pictures of a split, spread evenly over it, among a batch of others."""
    data = game.parts.data
    rows = data.rows[split]
    if not len(rows):
        raise RunError(f"{game.run.folder.path.name} has no pictures in the split {split}; take another one")
    several = max(count, game.run.recipe.train.batch)
    everyone = rows[torch.linspace(0, len(rows) - 1, min(several, len(rows))).long().numpy()]
    # Rows come sorted by class: the shown ones are spread over the batch, which is spread over the split.
    shown = torch.linspace(0, len(everyone) - 1, min(count, len(everyone))).long().numpy()
    rest = [place for place in range(len(everyone)) if place not in set(shown.tolist())]
    order = everyone[[*shown.tolist(), *rest]]
    images = to_signed(torch.from_numpy(data.pack.pixels[order]).permute(0, 3, 1, 2))
    kinds = torch.from_numpy(data.targets[order]) if game.nets.classes else None
    return _judged(game, images, kinds, [int(row) for row in order[: len(shown)]])


def _judged(game: Game, images: Tensor, kinds: Tensor | None, rows: list[int]) -> Judged:
    critic, device = game.nets.critic, game.parts.engine.device
    asked = images.detach().to(device).contiguous(memory_format=torch.channels_last).requires_grad_()
    with still(critic):
        scores = critic(asked, None if kinds is None else kinds.to(device))
        (slopes,) = torch.autograd.grad(scores.sum(), asked)
    shown = scores.detach()[: len(rows)].float().cpu()
    return Judged(
        as_pictures(images[: len(rows)]),
        shown,
        shown.sigmoid() if game.settings.loss == "bce" else None,
        slopes[: len(rows)].float().cpu(),
        tuple(rows),
    )


@contextmanager
def _threads_as_they_are() -> Iterator[None]:
    """A recipe brings its own number of threads; who only looks keeps theirs."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)

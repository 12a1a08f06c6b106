"""What to expect of a budget in minutes, by a short trial of the very step: how many pictures will be shown.

A wider net draws better, but only when it sees enough pictures. So the widest one is taken that the minutes can feed.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from nonesuch.assembly import LEARNING, Pictures, build_net, engine
from nonesuch.data.batches import Batches
from nonesuch.presets import ENOUGH_PICTURES, STAGES, WIDTHS
from nonesuch.recipe import Recipe, change
from nonesuch.sharing import Share
from nonesuch.training import loop
from nonesuch.training.budget import Budget

if TYPE_CHECKING:
    from lightning_fabric import Fabric

TRIAL_SECONDS = 0.6
UNTIMED_STEPS = 2


@dataclass(frozen=True)
class Forecast:
    """Pictures a second, pictures in the whole budget, and how often that is each training picture."""

    rate: float
    pictures: int
    epochs: float

    def counts(self) -> str:
        """How much will be learnt from, for a person, before training begins."""
        return (
            f"expect about {self.rate:,.0f} pictures a second, {self.pictures:,} in all, each {self.epochs:.1f} times"
        )

    def words(self) -> str:
        """The same of a GAN, and what so many pictures were good for elsewhere."""
        stage = next(words for least, words in STAGES if self.pictures >= least)
        return f"{self.counts()}; after so many, clothes of 32 px were {stage}"


def expect(recipe: Recipe, data: Pictures) -> Forecast:
    """The trial's forecast for a recipe with a budget in minutes."""
    rate = images_per_second(recipe, data)
    pictures = round(rate * 60 * (recipe.budget.minutes or 0.0))
    return Forecast(rate, pictures, pictures / len(data.rows["train"]))


def widest(recipe: Recipe, data: Pictures) -> Recipe:
    """The recipe with the widest net whose trial promises enough pictures in its minutes; else with the thinnest."""
    chosen = _with_width(recipe, WIDTHS[0])
    for width in WIDTHS[1:]:
        tried = _with_width(recipe, width)
        if expect(tried, data).pictures < ENOUGH_PICTURES:
            break
        chosen = tried
    return chosen


def images_per_second(recipe: Recipe, data: Pictures) -> float:
    """By steps on real batches for about half a second, with throw-away weights, after two that are not timed.

    With the threads that training would have beside what else runs here.
    """
    share = Share(recipe.machine.threads)
    torch.set_num_threads(share.threads)
    fabric: Fabric = engine(recipe.machine)
    with torch.random.fork_rng():
        net = build_net(recipe).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        targets = data.targets if data.classes else None
        batches = Batches(data.pack.pixels, targets, data.rows["train"], recipe.train.batch, recipe.seed)
        objective = LEARNING[recipe.objective.name](recipe, net, batches, fabric, data)
        pace = loop.Pace(Budget(images=recipe.train.batch * 10**6), recipe.train.batch, len(batches))
        steps, untimed, started = 0, UNTIMED_STEPS, time.perf_counter()
        for step, _ in enumerate(loop.fit(objective, pace, fabric), 1):
            if share.look():
                torch.set_num_threads(share.threads)
                untimed = step + UNTIMED_STEPS
            if step <= untimed:
                started = time.perf_counter()
            steps = step - untimed
            if steps > 0 and time.perf_counter() - started > TRIAL_SECONDS:
                break
    return steps * recipe.train.batch / (time.perf_counter() - started)


def _with_width(recipe: Recipe, width: int) -> Recipe:
    """`modern` with this many maps in the finest layers, and up to four times as many in the coarsest."""
    return change(
        recipe,
        {
            "net.options.width": str(width),
            "net.options.critic_width": str(width),
            "net.options.most": str(4 * width),
        },
    )

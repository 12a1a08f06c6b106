"""Recipes of nets so small that a whole training takes about a second."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nonesuch import library
from nonesuch.recipe import Kind, Recipe
from nonesuch.training.wishes import Stop, Wish, Wishes

SMALL = {
    "machine.threads": "1", "machine.precision": "32-true", "train.batch": "16", "train.augment.flip": "false",
}  # fmt: skip
NARROW = {
    "cnn": {"net.options.widths": "[4,4,8]"},
    "ae": {"net.options.latent": "4"},
    "vae": {"net.options.latent": "4"},
    "gan": {"net.options.latent": "4", "net.options.width": "8", "net.options.critic_width": "8"},
}


def small(data: Path, kind: Kind, images: int = 160, **settings: str) -> Recipe:
    """Of these pictures; `settings` are those of `--set` with two underscores for each dot."""
    chosen = SMALL | NARROW[kind] | {key.replace("__", "."): value for key, value in settings.items()}
    return library.plan(data, images=images, settings=chosen, kind=kind)


def wishing(script: Mapping[int, Sequence[Wish]]) -> Wishes:
    """A source that wishes when it is asked for the n-th time: 0 before the first step, then after each, or each
    twentieth of a second while training is paused."""
    asked = iter(range(10**9))
    return lambda: script.get(next(asked), ())


def stopping(steps: int) -> Wishes:
    """A source that ends the sitting after so many steps, as a signal does."""
    return wishing({steps: [Stop(reason="SIGTERM")]})

"""Recipes of nets so small that a whole training takes about a second."""

from pathlib import Path

from nonesuch import library
from nonesuch.recipe import Kind, Recipe

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

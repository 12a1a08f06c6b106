"""A classifier as compass: through the latent space of one run to where another run is surer that it sees a class."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import drawing, images_at
from nonesuch.latent.compass import follow
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator

STEPS = 40
STRIDE = 0.03
"""Of a step, as a share of the distance from the origin: radians on a shell. All of them turn by 70 degrees."""


@dataclass(frozen=True, eq=False)
class Way:
    """From a start to a class: path (steps + 1, latent), for the tools that film walks, and the class's probability.

    probabilities (steps + 1,) of the wanted class.   resized: words when pictures had to be brought to the classifier's
    size or colours; else empty.
    """

    path: Tensor
    probabilities: Tensor
    resized: str


def towards(space: Space, guide: Run, named: str, start: Places, steps: int = STEPS, stride: float = STRIDE) -> Way:
    """From the first of `start` to where the classifier `guide` finds the class `named` most probable.

    Each step goes along the slope of the class's logit, and back to the start's distance from the origin; an AE's codes
    lie on no shell: there the way is free. Raises RunError unless guide is a classifier, RecipeError for a class that
    it does not know.
    """
    if guide.recipe.kind != "cnn":
        raise RunError(f"{guide.folder.path.name} holds a {guide.recipe.kind}; a compass is a cnn")
    if named not in guide.classes:
        raise RecipeError(f"no class is called {named!r}; found: {', '.join(guide.classes)}")
    wanted = guide.classes.index(named)
    net, recipe = drawing(space.net, "32-true").requires_grad_(False), space.run.recipe
    assert isinstance(net, Generator | Autoencoder)
    judge = guide.net
    seen = guide.recipe.data
    targets = None if start.classes is None else start.classes[:1]

    def logits(z: Tensor) -> Tensor:
        images = images_at(net, recipe, z, targets)
        found: Tensor = judge(as_seen(images, (seen.channels, *seen.size))).float()
        return found

    free = isinstance(net, Autoencoder) and not net.gaussian
    origin = start.z[0]
    length = float(origin.norm()) or net.latent**0.5
    path, _ = follow(lambda z: logits(z)[:, wanted], origin, steps, stride * length, pull=0.0 if free else 1.0)
    with torch.no_grad():
        probabilities = torch.cat([logits(z[None]).softmax(1)[:, wanted] for z in path])
    return Way(path, probabilities, _words(recipe.data.size, recipe.data.channels, seen.size, seen.channels))


def as_seen(images: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Pictures (B, C, H, W) in [-1, 1] as a net for `shape` (C', H', W') takes them, with a gradient.

    Colours become their mean and grey every colour; transparency is left away, or full where it is asked for.
    """
    channels, *size = shape
    colours = images[:, :3] if images.shape[1] == 4 else images
    if channels == 1:
        colours = colours.mean(1, keepdim=True)
    elif colours.shape[1] == 1:
        colours = colours.expand(-1, 3, -1, -1)
    if channels == 4:
        colours = torch.cat([colours, torch.ones_like(colours[:, :1])], 1)
    if list(colours.shape[2:]) == size:
        return colours
    return F.interpolate(colours, size, mode="bilinear", antialias=True)


def _words(drawn: tuple[int, int], channels: int, seen: tuple[int, int], wanted: int) -> str:
    if (drawn, channels) == (seen, wanted):
        return ""
    sizes = [f"{height}x{width}, {count} channels" for (height, width), count in ((drawn, channels), (seen, wanted))]
    return f"pictures of {sizes[0]} are shown to the classifier as {sizes[1]}"

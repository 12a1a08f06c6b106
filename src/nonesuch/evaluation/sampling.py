"""From seeds to pictures: one z a seed, decoded or generated, as bytes."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch import seeds as numbers
from nonesuch.errors import RecipeError, RunError
from nonesuch.machine import Precision
from nonesuch.measure.mixture import Mixture
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fold import folded
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture, to_pixels, to_signed
from nonesuch.recipe import Recipe
from nonesuch.training.reconstruct import ReconstructSettings, binarised

CHUNK = 250
CHOICE_STREAM = 1
"""Of a seed's numbers: stream 0 is z, this one chooses a component of a mixture."""


def latents(seeds: Sequence[int], size: int) -> Tensor:
    """z (N, size), float32: row i is a pure function of seeds[i], in Python and in the browser alike.

    Raises RecipeError for a seed that JavaScript could not keep exactly.
    """
    wrong = [seed for seed in seeds if not 0 <= seed < numbers.SEED_LIMIT]
    if wrong:
        raise RecipeError(f"a seed is a whole number from 0 to 2^53 - 1; found {wrong[0]}")
    return torch.from_numpy(np.stack([numbers.normal(seed, size) for seed in seeds]))


def drawing(net: nn.Module, precision: Precision) -> nn.Module:
    """A copy of a net made for drawing: norms folded in, channels last, its weights rounded once where that is faster.

    In full precision a seed's picture is the same on every machine, to a grey level; in bf16 it is off by a few levels.
    """
    quick = folded(net).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found: nn.Module = quick.to(torch.bfloat16) if precision == "bf16-mixed" else quick
    return found


def draw(
    net: nn.Module,
    recipe: Recipe,
    seeds: Sequence[int],
    classes: Sequence[int] | None = None,
    mixture: Mixture | None = None,
) -> Picture:
    """Pictures (N, H, W, C) uint8 of these seeds; a conditional generator makes `classes`, or all in turn.

    z comes from the prior, or of an autoencoder from the `mixture` of its codes: each as a pure function of the seed.
    `net` is one made by `drawing`. Raises RunError for a net that makes no pictures.
    """
    if not isinstance(net, Generator | Autoencoder):
        raise RunError(f"{recipe.net.name} makes no pictures")
    z = latents(seeds, net.latent)
    if isinstance(net, Autoencoder):
        if mixture is not None:
            choice = np.concatenate([numbers.normal(seed, 1, stream=CHOICE_STREAM) for seed in seeds])
            z = torch.from_numpy(mixture.place(z.numpy(), choice))
        return drawn(net, recipe, z)
    return drawn(net, recipe, z, [seed % net.classes for seed in seeds] if net.classes and classes is None else classes)


def drawn(net: Generator | Autoencoder, recipe: Recipe, z: Tensor, classes: Sequence[int] | None = None) -> Picture:
    """Pictures (N, H, W, C) uint8 at places z (N, latent); a conditional generator needs the class of each."""
    parts = torch.split(z, CHUNK)
    if not isinstance(net, Generator) or not net.classes or classes is None:
        return as_pictures(torch.cat([images_at(net, recipe, part) for part in parts]))
    pairs = zip(parts, torch.split(torch.tensor(classes), CHUNK), strict=True)
    return as_pictures(torch.cat([images_at(net, recipe, part, targets) for part, targets in pairs]))


def images_at(net: Generator | Autoencoder, recipe: Recipe, z: Tensor, targets: Tensor | None = None) -> Tensor:
    """The same as tensors (N, C, H, W) in [-1, 1], with a gradient to z where one is wanted; targets (N,)."""
    if isinstance(net, Autoencoder):
        return decoded(net, recipe, z)
    images: Tensor = net(z.to(next(net.parameters()).dtype), targets).float()
    return images


def redrawn(net: Autoencoder, recipe: Recipe, pixels: Tensor) -> Tensor:
    """Packed pictures (N, C, H, W) coded to the mean of z and decoded again: (N, C, H, W) in [-1, 1]."""
    parts = [net.encode(to_signed(part))[0] for part in torch.split(pixels, CHUNK)]
    return torch.cat([decoded(net, recipe, part) for part in parts])


def codes_of(net: Autoencoder, images: Tensor) -> NDArray[np.float32]:
    """Where pictures (N, C, H, W) in [-1, 1] lie in latent space: the means of their codes (N, latent)."""
    return torch.cat([net.encode(part)[0] for part in torch.split(images, CHUNK)]).float().numpy()


def as_trained(recipe: Recipe, pictures: Picture) -> Tensor:
    """Pictures (N, H, W, C) uint8 as an autoencoder was shown them: (N, C, H, W) in [-1, 1], or binary."""
    images = to_signed(torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2))
    assert isinstance(recipe.objective, ReconstructSettings)
    return binarised(images, torch.Generator().manual_seed(recipe.seed)) if recipe.objective.binarise else images


def as_pictures(images: Tensor) -> Picture:
    """(N, C, H, W) in [-1, 1] to uint8 (N, H, W, C)."""
    return to_pixels(images).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def decoded(net: Autoencoder, recipe: Recipe, z: Tensor) -> Tensor:
    """The mean of p(x|z), (N, C, H, W) in [-1, 1]: a decoder of binary pixels gives the logit of white."""
    assert isinstance(recipe.objective, ReconstructSettings)
    found = net.decode(z.to(next(net.parameters()).dtype)).float()
    return 2 * found.sigmoid() - 1 if recipe.objective.likelihood == "bernoulli" else found.clamp(-1, 1)

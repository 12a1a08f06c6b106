"""Now let it learn these: a chain of random kernels learns by gradient descent what another chain does to a picture.

The loop is THE loop. One kernel looks at all channels of a picture, as an image editor does it: to the net they are
pictures of one channel each. A photo alone says little of a kernel, as neighbours in it are nearly the same and can
stand for each other; so where another chain is the teacher, both are also shown a picture of noise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.data import decode
from nonesuch.errors import NetError, RecipeError
from nonesuch.lens.chains import Step, chain
from nonesuch.lens.kernels import Kernel, of_layer
from nonesuch.pixels import Picture
from nonesuch.training.budget import Budget
from nonesuch.training.events import Diverged
from nonesuch.training.imitate import Imitate
from nonesuch.training.loop import Pace, fit
from nonesuch.training.optimizers import OptimizerSettings, build

SETTINGS = OptimizerSettings(name="adam", rate=0.1)
LEARNT_SIDE = 192
"""A picture to learn on is brought down to this side: a step then takes some milliseconds."""

Heard = Callable[[int], None]
"""Told after each step how many there have been."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A chain after so many steps: kernels, mean squared error, and what it makes of the picture, (C, H', W')."""

    step: int
    loss: float
    kernels: tuple[Kernel, ...]
    drawn: Tensor


@dataclass(frozen=True, eq=False)
class Lesson:
    """wanted (C, H', W'): what the chain was to make of the picture; moments from the random start to the end."""

    wanted: Tensor
    moments: tuple[Moment, ...]


class _Plain:
    """An engine of one process in full precision."""

    def backward(self, tensor: Tensor) -> None:
        torch.autograd.backward(tensor)


def small(pixels: Picture, channels: int) -> Picture:
    """A picture (H, W, C) brought down to LEARNT_SIDE where it is larger, with 1 channel or 3."""
    height, width = pixels.shape[:2]
    factor = min(1.0, LEARNT_SIDE / max(height, width))
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return decode.fit(pixels, size, "stretch", 1 if channels == 1 else 3)


def as_image(pixels: Picture) -> Tensor:
    """Colours (C, H, W) in [0, 1]; what is see-through is not looked at."""
    return torch.from_numpy(pixels[..., :3].astype(np.float32)).permute(2, 0, 1) / 255


def aim_of(wanted: Picture, given: Picture) -> Tensor:
    """A wanted picture in [0, 1], as small as `small` makes the given one. Raises RecipeError for another size."""
    if wanted.shape[:2] != given.shape[:2]:
        sizes = (f"{width}x{height}" for height, width in (given.shape[:2], wanted.shape[:2]))
        raise RecipeError("{} pixels cannot become {}: give a wanted picture of the same size".format(*sizes))
    return as_image(small(wanted[..., :3], given.shape[2]))


def learn(
    row: Sequence[Step],
    image: Tensor,
    many: int,
    seed: int = 0,
    wanted: Tensor | None = None,
    moments: int = 8,
    heard: Heard | None = None,
) -> Lesson:
    """In `many` steps, from random kernels in the place of those of a chain that was made for one channel.

    image (C, H, W) in [0, 1]; wanted (C, H', W'): by default what the chain itself makes of it. Of the way, about
    `moments` moments are kept, most of them early, where most happens. Raises NetError for a chain without kernels or
    with one across channels, RecipeError for a wanted picture of another shape or a number of steps below 1.
    """
    if many < 1:
        raise RecipeError(f"learning takes at least 1 step; found {many}")
    if not any(isinstance(step.does, Kernel) for step in row):
        raise NetError("a chain without a kernel has nothing to learn; put one in, as outline")
    if any(isinstance(step.does, Kernel) and step.does.weights.dim() == 3 for step in row):
        raise NetError("a kernel across channels is not learnt by itself; take one for all channels")
    draws = torch.Generator().manual_seed(seed)
    images = image[:, None].contiguous()
    if wanted is None:
        images = torch.cat([images, torch.rand(1, *images.shape[1:], generator=draws)])
        aim = _made(chain([step.does for step in row], 1), images)
    else:
        aim = wanted[:, None]
    net = chain([_random(step.does, draws) if isinstance(step.does, Kernel) else step.does for step in row], 1)
    found = _made(net, images)
    if found.shape != aim.shape:
        shapes = ("x".join(map(str, shape[2:])) for shape in (found.shape, aim.shape))
        raise RecipeError("what the chain makes has {} pixels; the wanted picture has {}".format(*shapes))
    objective = Imitate(net, build([net], SETTINGS), images, aim)
    kept = sorted({round(many * (at / (moments - 1)) ** 2) for at in range(moments)})
    return Lesson(aim[: len(image), 0], tuple(_moments(objective, images, aim, many, kept, len(image), heard)))


def _moments(
    objective: Imitate,
    images: Tensor,
    aim: Tensor,
    many: int,
    kept: Sequence[int],
    shown: int,
    heard: Heard | None,
) -> list[Moment]:
    net, batch = objective.averaged, len(images)
    assert isinstance(net, nn.Sequential)
    found = [_moment(net, images, aim, 0, shown)]
    pace = Pace(Budget(images=many * batch), batch, batch)
    for event in fit(objective, pace, _Plain()):
        if isinstance(event, Diverged):
            raise NetError(f"the chain came to numbers without an end: {event.message}; take another --seed")
        step = event.images_seen // batch
        if heard is not None:
            heard(step)
        if step in kept:
            found.append(_moment(net, images, aim, step, shown))
    return found


def _moment(net: nn.Sequential, images: Tensor, aim: Tensor, step: int, shown: int) -> Moment:
    drawn = _made(net, images)
    kernels = tuple(of_layer(layer, 0) for layer in net if isinstance(layer, nn.Conv2d))
    flat = tuple(replace(kernel, weights=kernel.weights[0]) for kernel in kernels)
    return Moment(step, float((drawn - aim).square().mean()), flat, drawn[:shown, 0])


def _made(net: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        drawn: Tensor = net(images)
    return drawn


def _random(kernel: Kernel, draws: torch.Generator) -> Kernel:
    """As large as the other, and as loud whatever its size."""
    weights = torch.randn(kernel.side, kernel.side, generator=draws) / kernel.side
    return replace(kernel, weights=weights, scale=1.0, offset=0.0)

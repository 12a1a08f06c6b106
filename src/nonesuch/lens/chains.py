"""Kernels, biases, activations and pooling in a row: in words, as a net that can be trained, and stage by stage.

"emboss, bias 0.1, leaky 0.2, pool, outline" is the start of a CNN, built by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.kernels import Edge, Kernel, as_layer
from nonesuch.lens.named_kernels import PRESETS, difference_of_gaussians, gabor, gaussian, preset


@dataclass(frozen=True, eq=False)
class Step:
    """What one word says, and the kernel or layer that it stands for."""

    words: str
    does: Kernel | nn.Module


@dataclass(frozen=True, eq=False)
class Stage:
    """What the maps (C, h, w) are after a step."""

    words: str
    values: Tensor


@dataclass(frozen=True)
class Word:
    """A word's numbers (their usual values) and what they make, on so many channels."""

    usual: tuple[float, ...]
    make: Callable[[int, tuple[float, ...]], Kernel | nn.Module]


BIAS, MINE = "bias", "mine"
WORDS: Mapping[str, Word] = {
    "gaussian": Word((2.0,), lambda _, n: gaussian(n[0])),
    "dog":      Word((1.0, 1.6), lambda _, n: difference_of_gaussians(n[0], n[1])),
    "gabor":    Word((8.0, 0.0), lambda _, n: gabor(_above(n[0], "a wavelength"), n[1])),
    "leaky":    Word((0.2,), lambda _, n: nn.LeakyReLU(n[0])),
    "relu":     Word((), lambda *_: nn.ReLU()),
    "pool":     Word((2,), lambda _, n: nn.MaxPool2d(_whole(n[0]))),
    "average":  Word((2,), lambda _, n: nn.AvgPool2d(_whole(n[0]))),
    "norm":     Word((), lambda channels, _: nn.InstanceNorm2d(channels)),
}  # fmt: skip
"""What a step can be besides a named kernel and a bias. Pool takes the highest number of a square, average the mean;
norm brings each map to mean 0 and standard deviation 1."""


def steps(text: str, channels: int, edge: Edge | None = None, mine: Kernel | None = None) -> tuple[Step, ...]:
    """Words between commas as steps on `channels` maps; a bias belongs to the kernel before it.

    edge: of all kernels, instead of their own. mine: a kernel of a person's own, which the word "mine" stands for.
    Raises NetError that lists the words there are.
    """
    found: list[Step] = []
    for part in text.split(","):
        words = " ".join(part.split())
        name, *numbers = words.split(" ")
        values = _numbers(words, numbers)
        if name == BIAS:
            found.append(_with_bias(found.pop() if found else None, words, values))
            continue
        made = mine if words == MINE and mine is not None else _made(name, words, values, channels)
        found.append(Step(words, replace(made, edge=edge) if isinstance(made, Kernel) and edge else made))
    return tuple(found)


def chain(parts: Sequence[Kernel | nn.Module], channels: int) -> nn.Sequential:
    """Kernels, activations and pooling one after the other, as a net on `channels` maps: what a CNN's start is."""
    layers: list[nn.Module] = []
    for part in parts:
        if not isinstance(part, Kernel):
            layers.append(part)
            continue
        layers.append(as_layer(part, channels))
        channels = 1 if part.weights.dim() == 3 else channels
    return nn.Sequential(*layers)


def stages(row: Sequence[Step], image: Tensor) -> list[Stage]:
    """The picture (C, H, W), and what it is after each step. Raises NetError where it has become too small for one."""
    found = [Stage("picture", image)]
    for step in row:
        values = found[-1].values
        found.append(Stage(step.words, _after(step, values)))
    return found


def _after(step: Step, values: Tensor) -> Tensor:
    channels, height, width = values.shape
    if isinstance(step.does, Kernel):
        step.does.check(channels, height, width)
    try:
        with torch.inference_mode():
            result: Tensor = chain([step.does], channels)(values[None])[0]
    except (RuntimeError, ValueError):
        raise NetError(f"at {step.words!r} the picture is only {height}x{width} any more: leave a step out") from None
    return result


def _made(name: str, words: str, values: tuple[float, ...], channels: int) -> Kernel | nn.Module:
    word = WORDS.get(name)
    if word is None:
        if name not in PRESETS:
            known = ", ".join(dict.fromkeys([*PRESETS, *WORDS, BIAS]))
            raise NetError(f"no step of a chain is called {name!r}; the words are {known}")
        word = Word((), lambda *_: preset(name))
    if len(values) > len(word.usual):
        raise NetError(f"{name!r} takes {len(word.usual) or 'no'} number{'s'[: len(word.usual) != 1]}; found {words!r}")
    return word.make(channels, values + word.usual[len(values) :])


def _with_bias(before: Step | None, words: str, values: tuple[float, ...]) -> Step:
    if before is None or not isinstance(before.does, Kernel) or len(values) != 1:
        raise NetError(f'a bias is one number after a kernel, as in "emboss, bias 0.1"; found {words!r}')
    return Step(f"{before.words}, {words}", replace(before.does, offset=before.does.offset + values[0]))


def _numbers(words: str, numbers: Sequence[str]) -> tuple[float, ...]:
    try:
        found = tuple(map(float, numbers))
    except ValueError:
        found = (float("nan"),)
    if not all(abs(value) < 1e6 for value in found):
        raise NetError(f'a step is a word and its numbers, as "leaky 0.2"; found {words!r}')
    return found


def _whole(number: float) -> int:
    if number < 1 or number != int(number):
        raise NetError(f"squares to pool have a whole side of at least 1; found {number:g}")
    return int(number)


def _above(number: float, what: str) -> float:
    if number <= 0:
        raise NetError(f"{what} is above 0, in pixels; found {number:g}")
    return number

"""The nets by name. A new one is a file, a line here and a test."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, ValidationError
from torch import nn

from nonesuch.errors import NetError
from nonesuch.models import autoencoder, classifier, fast, gan, lenet
from nonesuch.models.config import NetConfig, Shape


@dataclass(frozen=True)
class NetEntry:
    """A net's options, how it is built from them for a picture's shape and a number of classes, and one line on it."""

    config: type[NetConfig]
    build: Callable[[Any, Shape, int], nn.Module]
    summary: str


CLASSIFIERS: Mapping[str, NetEntry] = {
    "linear": NetEntry(classifier.LinearConfig, classifier.linear, "one dense layer; its rows are the class templates"),
    "mlp": NetEntry(classifier.MlpConfig, classifier.mlp, "dense layers with scaled tanh, 300 hidden units"),
    "lenet1": NetEntry(lenet.LenetConfig, lenet.lenet1, "LeNet-1 (1990): 2,578 weights for 28x28 digits"),
    "lenet4": NetEntry(lenet.LenetConfig, lenet.lenet4, "LeNet-4 (1994): 4, 8 and 16 maps, 120 units"),
    "lenet5": NetEntry(lenet.LenetConfig, lenet.lenet5, "LeNet-5 (1998): 60,000 weights, RBF output"),
    "lecture": NetEntry(classifier.LectureConfig, classifier.lecture, "the lecture's CNN, to the letter"),
    "fast": NetEntry(fast.FastConfig, fast.fast, "a residual CNN on whitened patches, for accuracy per second"),
}  # fmt: skip

AUTOENCODERS: Mapping[str, NetEntry] = {
    "autoencoder": NetEntry(autoencoder.AutoencoderConfig, autoencoder.autoencoder, "a point (AE) or a Gaussian (VAE)"),
}  # fmt: skip
GANS: Mapping[str, NetEntry] = {
    "modern": NetEntry(gan.ModernConfig, gan.modern, "resize and convolve up: for minutes on a CPU, and for browsers"),
    "classic": NetEntry(gan.ClassicConfig, gan.classic, "DCGAN (2016), the lecture's GAN to the letter"),
}  # fmt: skip
NETS: Mapping[str, NetEntry] = {**CLASSIFIERS, **AUTOENCODERS, **GANS}


def classifier_names() -> tuple[str, ...]:
    """The names of the classifiers, simplest net first."""
    return tuple(CLASSIFIERS)


def build(name: str, shape: Shape, classes: int, options: Mapping[str, JsonValue] | None = None) -> nn.Module:
    """A fresh net for float pictures (B, *shape) in [-1, 1]; `classes` 0 where a net needs none.

    A classifier gives logits (B, classes), an autoencoder what it coded, a GAN is two nets (models/gan.py).
    Weights are drawn from torch's global generator, which the caller has seeded. Raises NetError for an unknown name
    or option, a value out of range, fewer than two classes, or a shape the net cannot take.
    """
    entry = NETS.get(name)
    if entry is None:
        near = difflib.get_close_matches(name, NETS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise NetError(f"no net is called {name!r}; the nets are {', '.join(NETS)}{hint}")
    if name in CLASSIFIERS and (classes < 2 or min(shape) < 1):
        raise NetError(f"a classifier needs pictures with pixels and at least 2 classes; found {shape} and {classes}")
    return entry.build(configure(name, entry.config, options or {}), shape, classes)


def configure(name: str, config: type[NetConfig], options: Mapping[str, JsonValue]) -> NetConfig:
    """The options of net `name` as its config. Raises NetError in one line for what does not fit."""
    try:
        return config.model_validate(dict(options))
    except ValidationError as error:
        complaint = error.errors()[0]
        option = ".".join(str(part) for part in complaint["loc"])
        if complaint["type"] == "extra_forbidden":
            known = ", ".join(config.model_fields) or "none"
            raise NetError(f"{name} has no option {option!r}; its options: {known}") from None
        raise NetError(f"{name}, option {option}: {complaint['msg']}; found {complaint['input']!r}") from None

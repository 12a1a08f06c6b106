"""What a session asks of whoever examines its net."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from nonesuch.pixels import Picture


class Report(Protocol):
    """A measurement: how many pictures it rests on, and its figures by name."""

    @property
    def n(self) -> int: ...

    def figures(self) -> Mapping[str, float]: ...


class Examiner(Protocol):
    """Measures a net on held-out pictures and draws what it does, in evaluation mode, leaving it as it was."""

    def prepare(self) -> None:
        """Make ready whatever measuring needs, before the clock of a training starts."""

    def measure(self, split: str, most: int | None = None) -> Report:
        """Figures on a split, or on its first `most` pictures: quick enough to be asked for while training goes on."""

    def report(self, run: Path, images_seen: int, seconds: float) -> Report:
        """The full measurement on the test split; writes report.json and its pictures into the run folder."""

    def preview(self) -> Picture | None:
        """What the net makes just now, always of the same seeds or pictures; None where there is nothing to draw."""


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients; whether the net is training is left as it was found."""
    training = net.training
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        net.train(training)

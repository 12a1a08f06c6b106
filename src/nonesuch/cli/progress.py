"""What a person sees while something takes time: on stderr, and only where that is a terminal."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from nonesuch.recipe import Recipe
from nonesuch.training.events import (
    Diverged,
    Event,
    Finished,
    Measured,
    Noted,
    Paused,
    Resumed,
    Started,
    Steered,
    Stepped,
    Stopped,
)

QUIET_SECONDS = 15.0
"""Between two lines where stderr is no terminal."""


class Progress:
    """The line that moves during training: share done, images a second, loss, accuracy, time left."""

    def __init__(self, recipe: Recipe, run: Path) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.recipe, self.run = recipe, run
        self.live = Live(console=self.console, refresh_per_second=8, transient=True)
        self.measured = ""
        self.pace = 0.0
        self.said = time.monotonic()
        self.before: Stepped | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.live.stop()

    def show(self, event: Event) -> None:
        """Take an event in; steps move the line, everything else that matters is printed once."""
        match event:
            case Started():
                self._begin()
            case Stepped():
                self._step(event)
            case Measured(split="val"):
                self.measured = _headline(event.figures)
            case Noted():
                self._say(f"note: {event.message}")
            case Steered():
                self._say(f"steered: {event.message}")
            case Paused():
                self._say(
                    f"paused after {event.images_seen:,} images, saved; `nonesuch steer {self.run} resume` goes on"
                )
            case Resumed():
                self._say("going on")
            case Stopped():
                self._say(f"stopped after {event.images_seen:,} images; the same command goes on from here")
            case Finished():
                figures = "  ".join(f"{name} {value:.4g}" for name, value in event.figures.items())
                self._say(f"finished: {event.images_seen:,} images in {event.seconds:.0f} s  {figures}")
            case Diverged():
                self._say(f"diverged: {event.message}")
            case _:
                pass

    def _begin(self) -> None:
        """What is going to happen; not said before it is sure that training can start."""
        machine, budget = self.recipe.machine, self.recipe.budget
        length = f"{budget.minutes:g} min" if budget.minutes else f"{budget.images:,} images"
        self._say(
            f"{self.recipe.net.name} on {self.recipe.data.source}: {length}, {machine.precision} on {machine.device}, "
            f"{machine.threads} threads -> {self.run}"
        )
        if self.console.is_terminal:
            self.live.start()

    def _say(self, words: str) -> None:
        """One line, whole: where stderr is no terminal nothing knows how wide it is."""
        self.console.print(words, soft_wrap=not self.console.is_terminal, markup=False)

    def _step(self, event: Stepped) -> None:
        if self.before is not None and event.seconds > self.before.seconds:
            now = (event.images_seen - self.before.images_seen) / (event.seconds - self.before.seconds)
            self.pace = now if self.pace == 0 else 0.95 * self.pace + 0.05 * now
        self.before = event
        if self.console.is_terminal:
            self.live.update(self._line(event))
        elif time.monotonic() - self.said > QUIET_SECONDS:
            self.said = time.monotonic()
            print(self._line(event).plain, file=sys.stderr, flush=True)

    def _line(self, event: Stepped) -> Text:
        left = event.seconds * (1 - event.fraction) / event.fraction if event.fraction else 0.0
        bar = "█" * round(20 * event.fraction)
        figures = "  ".join(f"{name} {value:.3f}" for name, value in event.figures.items())
        return Text(
            f"{bar:░<20} {event.fraction:4.0%}  epoch {event.epoch:.1f}  {self.pace:,.0f} images/s  "
            f"{figures}  {self.measured}  {left:.0f} s left"
        )


def _headline(figures: dict[str, float]) -> str:
    """The one number of a measurement that a person watches."""
    shown = {
        "accuracy": "held-out {:.1%}",
        "frechet": "Frechet distance {:.3g}",
        "redraw_error": "off by {:.1f} of 255",
    }
    return next((words.format(figures[name]) for name, words in shown.items() if name in figures), "")

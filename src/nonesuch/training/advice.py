"""Advice in words while a net that draws is in training: each from a named signal, with its threshold.

The advisor hears the events of a run in their order and keeps smoothed figures only; what it says depends on nothing
else, so a run that is heard again from its log is advised alike. A signal speaks when its figure has been beyond its
threshold for a stretch, and again only after it has cleared: after the figure came back past a second, milder threshold
(or, for "stalled", improved). Thresholds without a source are our choice, tried on the toy GANs of the tests.

Half-lives and stretches are counted in events heard. A log thins out as a run grows (every step at first, every tenth
and hundredth later), and so patience grows with the run.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from nonesuch.training.events import Event, Measured, Stepped

Signal = Literal[
    "collapse", "critic wins", "generator wins", "posterior collapse", "over-fitting", "leak", "stalled"
]  # fmt: skip

HALF_LIFE, STRETCH, WARM_UP = 25, 100, 200
"""Steps: of the smoothing; that a figure must be beyond its threshold; of the start, when every GAN is lopsided and
about which nothing is said. Smoothed so, a share of a batch of 64 wavers by less than 0.01, at 0.99 by 0.002."""
COLLAPSED, VARIED = 0.4, 0.5
"""Deviation of generated pictures over that of real ones: 0 for one picture again and again, 0.8 to 1.1 in the healthy
toy GANs. A generator that still draws a few different pictures keeps most of it: this finds the worst collapse only."""
SURE, UNSURE = 0.99, 0.97
"""Share on which the critic is right. The better it is, the less there is in its gradient (Arjovsky and Bottou 2017,
theorem 2.4); with 0.95 a toy generator still learns well, so only hardly ever wrong is called winning."""
FOOLED, SHREWD = 0.5, 0.52
"""The same share: no better than tossing a coin."""
IDLE_NATS, USED_NATS = 0.5, 1.0
"""KL of the whole code: less than a bit, which is 0.69 nats, cannot tell two kinds of picture apart."""
HIGH_GAP, LOW_GAP = 0.5, 0.4
"""0: held-out pictures are judged like training pictures, 1: like generated ones; r_v of Karras et al. 2020 ("Training
GANs with limited data", eq. 1). Half-way is heard twice in a row, as the unit is small, and so unsure, at the start."""
COPYING, NOVEL = 0.7, 0.8
"""Distance of generated pictures to the nearest training picture, over that of held-out ones. Blurred pictures lie a
little nearer than sharp ones without being copies, which come out at 0."""
LEAKING, DRY = 0.02, 0.01
"""Share of pictures with marks of the augmentation beyond the data's own; `measure/leak.py` gives 0 below its own
thresholds, which allow for chance."""
STALL_SHARE, STALL_SECONDS = 1 / 3, 120.0
"""Age of the best distance: a third of the time so far and two minutes. Distances are medians of three measurements,
or a lucky one would stand unbeaten for long."""


class Advice(NamedTuple):
    """`signal` names the rule that spoke; `message` says what is seen, what it means and what to try."""

    signal: Signal
    message: str


_Finding = tuple[Signal, str | None]
"""A signal, and its message while it is raised."""


@dataclass(frozen=True)
class _Rule:
    """Speaks after `stretch` events whose figure is at or beyond `trips`: below it if `clears` is higher, else above.

    half_life: of the smoothing, in events; 0 takes figures as they are.   message: a format with `value` in it.
    """

    signal: Signal
    figure: str
    trips: float
    clears: float
    half_life: int
    stretch: int
    message: str


_STEP_RULES = (
    _Rule(
        "collapse", "spread", COLLAPSED, VARIED, HALF_LIFE, STRETCH,
        "Generated pictures differ only {value:.0%} as much as real ones: the generator draws nearly the same picture "
        "every time (mode collapse). Lower --set train.optimizer.rate, or try --set objective.penalty=0.5.",
    ),
    _Rule(
        "critic wins", "right", SURE, UNSURE, HALF_LIFE, STRETCH,
        "The critic is right {value:.1%} of the time, so there is little left in its gradient for the generator to "
        "learn from. Try --set objective.penalty=0.5, a lower --set objective.critic_rate, or, with few pictures, "
        "--set 'objective.augment=[\"translation\", \"cutout\"]'.",
    ),
    _Rule(
        "generator wins", "right", FOOLED, SHREWD, HALF_LIFE, STRETCH,
        "The critic is right {value:.0%} of the time, no better than tossing a coin: it has nothing to teach the "
        "generator. Unless the pictures are already perfect, raise --set objective.critic_rate or lower "
        "--set objective.penalty.",
    ),
    _Rule(
        "posterior collapse", "kl", IDLE_NATS, USED_NATS, HALF_LIFE, STRETCH,
        "The codes carry {value:.2f} nats, less than one bit: the decoder ignores them and draws every picture alike "
        "(posterior collapse). Lower --set objective.beta, or try --set objective.free_bits=0.1 or a longer "
        "--set objective.kl_warm_up_images.",
    ),
)  # fmt: skip
_MEASURE_RULES = (
    _Rule(
        "over-fitting", "gap", HIGH_GAP, LOW_GAP, 0, 2,
        "The critic tells training pictures from held-out ones {value:.0%} as well as from generated ones: it learns "
        "them by heart. Add pictures, try --set 'objective.augment=[\"translation\", \"cutout\"]' or a higher "
        "--set objective.penalty, or stop here.",
    ),
    _Rule(
        "over-fitting", "memorisation", COPYING, NOVEL, 0, 1,
        "Generated pictures lie {value:.2f} times as far from the training pictures as held-out ones do: the net "
        "repeats what it was shown. Add pictures, try --set 'objective.augment=[\"translation\", \"cutout\"]', or stop "
        "here.",
    ),
    _Rule(
        "leak", "leak", LEAKING, DRY, 0, 1,
        "{value:.0%} of the generated pictures show marks of the augmentation, such as grey patches or odd colours: "
        "the generator takes them for part of the pictures. Leave the group out of --set objective.augment, or switch "
        "it off with --set 'objective.augment=[]'.",
    ),
)  # fmt: skip


class Advisor:
    """Feed it the events of a run; it answers with advice, mostly none."""

    def __init__(self) -> None:
        self._on_steps = [_Watch(rule) for rule in _STEP_RULES]
        self._on_measures = [_Watch(rule) for rule in _MEASURE_RULES]
        self._stall = _Stall()
        self._steps = 0
        self._generator_steps: int | None = None
        """None of a run without a generator."""
        self._generator_moved = True
        self._spoken: set[Signal] = set()

    def hear(self, event: Event) -> list[Advice]:
        """What is to be said now; steps and measurements of the "val" split count, other events do not.

        Steps of a GAN have the figures "right" and "spread", those of a VAE "kl"; measurements "gap", "memorisation",
        "leak", and "kernel" or "frechet". Whatever is not there is not judged.
        """
        if isinstance(event, Stepped):
            self._steps += 1
            figures = self._fair(event.figures)
            return self._say([watch.hear(figures, self._steps > WARM_UP) for watch in self._on_steps])
        if isinstance(event, Measured) and event.split == "val":
            # A generator that has learnt next to nothing draws noise, and noise is full of odd colours.
            counting = self._generator_steps is None or self._generator_steps > WARM_UP
            watched = [watch.hear(event.figures, counting) for watch in self._on_measures]
            return self._say([*watched, self._stall.hear(event)])
        return []

    def _fair(self, figures: dict[str, float]) -> dict[str, float]:
        """Without "right" while the critic alone has its turn: it always wins against a generator that stands still."""
        fair = figures if self._generator_moved else {name: figures[name] for name in figures if name != "right"}
        if "critic" in figures or "generator" in figures:
            self._generator_moved = "generator" in figures
            self._generator_steps = (self._generator_steps or 0) + self._generator_moved
        return fair

    def _say(self, found: list[_Finding]) -> list[Advice]:
        """What has not been said yet; a signal has cleared when none of its rules finds anything."""
        advice = []
        for signal, message in found:
            if message is not None and signal not in self._spoken:
                self._spoken.add(signal)
                advice.append(Advice(signal, message))
        self._spoken -= {signal for signal, _ in found} - {signal for signal, message in found if message is not None}
        return advice


class _Watch:
    """A rule and what it has heard so far."""

    def __init__(self, rule: _Rule) -> None:
        self._rule = rule
        self._smooth: float | None = None
        self._count = 0
        self._raised = False

    def hear(self, figures: dict[str, float], counting: bool = True) -> _Finding:
        """The signal with its message, or with None while all is well; nothing changes if the figure is not there."""
        rule, value = self._rule, figures.get(self._rule.figure)
        if value is not None:
            keep = 0.5 ** (1 / rule.half_life) if rule.half_life else 0.0
            self._smooth = value if self._smooth is None else keep * self._smooth + (1 - keep) * value
            self._judge(self._smooth, counting)
        return rule.signal, rule.message.format(value=self._smooth) if self._raised else None

    def _judge(self, value: float, counting: bool) -> None:
        rule = self._rule
        upward = 1 if rule.trips > rule.clears else -1
        self._count = self._count + 1 if counting and upward * value >= upward * rule.trips else 0
        if self._count >= rule.stretch:
            self._raised = True
        elif upward * value < upward * rule.clears:
            self._raised = False


class _Stall:
    """When the distance to held-out pictures was best."""

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=3)
        self._best, self._best_at = float("inf"), 0.0

    def hear(self, event: Measured) -> _Finding:
        """Like `_Watch.hear`. The kernel distance is preferred: with few pictures the Frechet distance is biased."""
        figures = event.figures
        distance = figures.get("kernel", figures.get("frechet"))
        if distance is not None:
            self._latest.append(distance)
            median = sorted(self._latest)[len(self._latest) // 2]
            if median < self._best:
                self._best, self._best_at = median, event.seconds
        waited = event.seconds - self._best_at
        if distance is None or waited < max(STALL_SECONDS, STALL_SHARE * event.seconds):
            return "stalled", None
        return "stalled", (
            f"The distance to held-out pictures stopped improving {waited / 60:.0f} minutes ago. More training of this "
            "kind is unlikely to help: stop here, or try a lower --set train.optimizer.rate or a wider net."
        )

"""The helm of a sitting: wishes from control.jsonl and from signals become what THE loop obeys.

A sitting asks it after every step. Rates, and steps that were wished and not yet made, belong to the run: they go into
its snapshots, so that a training that was killed goes on with the same bits.
"""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from nonesuch.runs.control import Control, Unclear
from nonesuch.training.wishes import (
    MOST_STEPS,
    Pause,
    Rate,
    Resume,
    Save,
    Slow,
    Steering,
    Step,
    Stop,
    Wish,
    Wishes,
)

POLL_SECONDS = 0.05
"""Between two looks for a wish while training waits."""


class Helm:
    """What is wished just now.

    paused: wait as soon as no wished steps are left.    stop: why the sitting is to end, or None.
    slow: seconds to wait after every step.    save: a snapshot is wanted before training goes on.
    """

    def __init__(self, run: Path, phases: Sequence[str], peak: float, source: Wishes, alone: bool = True) -> None:
        """`peak` is the recipe's own rate; with further processes (not `alone`) a wish to stop is all that is heard."""
        self.steering = Steering()
        self.paused, self.save = False, False
        self.stop: str | None = None
        self.slow = 0.0
        self._phases, self._peak, self._source, self._alone = tuple(phases), peak, source, alone
        self._control = Control(run)
        self._steps: deque[str | None] = deque()

    def state(self) -> dict[str, object]:
        """What belongs into a snapshot."""
        steps = [phase or "" for phase in self._steps]
        return {"control_offset": self._control.offset, "rates": dict(self.steering.rates), "steps": steps}

    def restore(self, state: Mapping[str, object]) -> None:
        """Go on from a snapshot's state; one from before there were wishes, or a stranger's, changes nothing."""
        offset, rates, steps = (state.get(name) for name in ("control_offset", "rates", "steps"))
        if isinstance(offset, int) and offset >= 0:
            self._control.offset = offset
        if isinstance(rates, dict):
            known = {name: rates[name] for name in self._phases if isinstance(rates.get(name), int | float)}
            self.steering.rates = {name: float(rate) for name, rate in known.items() if rate > 0}
        if isinstance(steps, list):
            self._steps.extend(step or None for step in steps[:MOST_STEPS] if step in ("", *self._phases))

    @property
    def waiting(self) -> bool:
        """Whether training stands still until somebody wishes otherwise."""
        return self.paused and not self._steps

    def stepped(self) -> None:
        """A step was made."""
        if self._steps:
            self._steps.popleft()
        self.steering.only = None
        self.save = self.save or self.slow > 0 or self.waiting

    def steer(self) -> None:
        """Tell the loop which phase moves in the step that it makes next."""
        self.steering.only = self._steps[0] if self._steps else None

    def hear(self) -> list[str | Unclear]:
        """Take in the wishes that are new. What they changed, in words; Unclear for those that cannot be fulfilled."""
        found: list[str | Unclear] = []
        for wish in (*self._source(), *self._control.new()):
            said = wish if isinstance(wish, Unclear) else self._obey(wish)
            if said:
                found.append(said)
        return found

    def wait(self) -> None:
        """A moment in which training stands still by wish."""
        before = time.perf_counter()
        time.sleep(POLL_SECONDS)
        self.steering.idle += time.perf_counter() - before

    def _obey(self, wish: Wish) -> str | Unclear | None:
        if not self._alone and not isinstance(wish, Stop):
            return Unclear(f"several processes train this run together, which can only be stopped; found {wish.wish}")
        self.save = self.save or not isinstance(wish, Resume)
        match wish:
            case Pause():
                self.paused = True
                self._steps.clear()
            case Resume():
                self.paused = False
                self._steps.clear()
            case Stop():
                self.stop = wish.reason
            case Step():
                return self._step(wish)
            case Rate():
                return self._rate(wish)
            case Slow():
                self.slow = wish.seconds
                return f"slow motion: {wish.seconds:g} s after each step" if wish.seconds else "full speed again"
            case Save():
                pass
        return None

    def _step(self, wish: Step) -> str | Unclear | None:
        if wish.phase is not None and wish.phase not in self._phases:
            return self._unknown(wish.phase)
        self.paused = True
        room = MOST_STEPS - len(self._steps)
        self._steps.extend([wish.phase] * min(wish.count, room))
        steps = "one step" if wish.count == 1 else f"{wish.count} steps"
        return f"{steps} of the {wish.phase} alone" if wish.phase else None

    def _rate(self, wish: Rate) -> str | Unclear:
        if wish.phase is not None and wish.phase not in self._phases:
            return self._unknown(wish.phase)
        factor = wish.factor if wish.factor is not None else (wish.value or 0.0) / self._peak
        self.steering.rates |= dict.fromkeys([wish.phase] if wish.phase else self._phases, factor)
        return f"learning rate{f' of the {wish.phase}' if wish.phase else ''}: {factor:.3g} times the planned one"

    def _unknown(self, phase: str) -> Unclear:
        return Unclear(f"no phase is called {phase!r}; the phases are {', '.join(self._phases)}")

"""One sitting of a run: the loop's events are stored, snapshots taken, held-out pictures measured, wishes obeyed.

`for event in fit(recipe, folder)` is all that the CLI, the studio, a notebook and the tests do.
"""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nonesuch import saving
from nonesuch.assembly import assemble, engine
from nonesuch.book import Book
from nonesuch.errors import DivergedError, MachineError, NonesuchError, RecipeError
from nonesuch.evaluation import examiners
from nonesuch.pixels import write_png
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, checkpoint, history, layout
from nonesuch.runs.control import Unclear
from nonesuch.runs.events_log import EventLog, last_events, read
from nonesuch.runs.lock import TrainerLock
from nonesuch.sharing import Share
from nonesuch.steering import POLL_SECONDS, Helm
from nonesuch.training import loop, wishes
from nonesuch.training.advice import Advisor
from nonesuch.training.budget import Budget
from nonesuch.training.events import (
    Diverged,
    Event,
    Failed,
    Finished,
    Measured,
    Noted,
    Paused,
    Previewed,
    Resumed,
    Started,
    Steered,
    Stepped,
    Stopped,
    parse,
)

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LOOK_RATIO = 1.6
"""Between two looks at a net that draws."""
LOOKED_AT = 500
"""Held-out pictures that such a look compares with: enough for a trend, and quick."""
SLOWER = 0.3
"""Of the learning rate, for the one more try after a training has diverged."""
SPARE_FACTOR = 3
"""Disk space asked for before the first step: this many snapshots (two kept, one being written)."""


def fit(recipe: Recipe, run: Path, source: wishes.Wishes = wishes.none) -> Iterator[Event]:
    """Train in the run folder, from its newest whole snapshot or from the start, until the budget is used up.

    Wishes to pause, stop or steer are heard after every step: from `source`, and from the folder's control.jsonl.
    Closing the iterator saves and ends the sitting too. An error is logged as the event Failed before it is raised.
    A training that diverges is taken up once more from its newest snapshot, with a lower rate.
    Raises RunError when another process trains here, DivergedError when a training has diverged twice, MachineError
    when the disk has no room, DataError when the pictures cannot be used or have changed.
    """
    if recipe.machine.processes > 1 and recipe.budget.minutes is not None:
        raise RecipeError("minutes cannot be kept by several processes at once; give the budget as --images")
    fabric = engine(recipe.machine)
    # Of several processes, the first alone writes.
    with TrainerLock(run) if fabric.is_global_zero else nullcontext():
        if fabric.is_global_zero:
            checkpoint.recover(run)
        try:
            yield from _Sitting(recipe, run, source, fabric).events()
        except Exception as error:
            if fabric.is_global_zero:
                _log_failure(run, error)
            raise


def _log_failure(run: Path, error: Exception) -> None:
    """Leave word of an error in the log, for who looks at the run later."""
    found = next((event for event in last_events(run) if "images_seen" in event), {})
    seen, seconds = found.get("images_seen", 0), found.get("seconds", 0.0)
    message = str(error).strip().partition("\n")[0][:500] or type(error).__name__
    # The error itself is about to be raised: a log that cannot be written must not hide it.
    with suppress(NonesuchError, ValueError), EventLog(run) as log:
        failed = Failed.model_validate(
            {"images_seen": seen, "seconds": seconds, "error": type(error).__name__, "message": message}
        )
        log.append(failed.model_dump())


class _Sitting(Book):
    def __init__(self, recipe: Recipe, run: Path, source: wishes.Wishes, fabric: "Fabric") -> None:
        super().__init__(recipe, run)
        self.fabric, self.paused = fabric, False
        self.advisor = Advisor()
        # Another number of threads is another order of sums: not where pictures are counted, as that is to repeat.
        sharing = recipe.budget.minutes is not None and recipe.machine.device == "cpu"
        self.share = Share(recipe.machine.threads) if sharing else None
        self._open()
        phases = [phase.name for phase in self.parts.objective.phases]
        self.helm = Helm(run, phases, recipe.train.optimizer.rate, source, alone=recipe.machine.processes == 1)
        self.helm.restore(self.snapshot.state if self.snapshot else {})
        atomic.check_space(run, SPARE_FACTOR * saving.size(self.parts))

    def _open(self) -> None:
        """Build everything anew and go to the newest whole snapshot, if there is one."""
        self.parts = assemble(self.recipe, self.fabric)
        if self.share:
            torch.set_num_threads(self.share.threads)
        self.examiner = examiners.build(
            self.parts.best, self.parts.engine, self.recipe, self.parts.data, self.parts.net
        )
        if self.fabric.is_global_zero:
            self.examiner.prepare()
        self.snapshot = self._restore()
        if self.fabric.is_global_zero:
            history.cut_back(self.run, self.images_seen)
        self.saved_at = (self.images_seen, time.perf_counter())

    def events(self) -> Iterator[Event]:
        offset = int(checkpoint.number(self.snapshot, "log_offset")) if self.snapshot else 0
        if not self.parts.engine.is_global_zero:
            yield from self._all()
            return
        with EventLog(self.run, cut_to=offset) as self.log:
            self._recall()
            try:
                yield from self._all()
            except GeneratorExit:
                # The consumer has had enough: what it saw is kept.
                if self.images_seen or self.complete:
                    self._save()
                raise

    def _recall(self) -> None:
        """Tell the advisor what the log holds of earlier sittings, so that it goes on as if there had been no pause."""
        for record in read(self.run):
            event = parse.validate_python(record.event)
            if isinstance(event, Stepped | Measured):
                self.advisor.hear(event)

    def _all(self) -> Iterator[Event]:
        yield self._store(Started(**self._now(), run=self.run.name, resumed=self.snapshot is not None))
        for signal, message in self.notes:
            yield self._store(Noted(**self._now(), signal=signal, message=message))
        if not self.complete:
            yield from self._train()
        if self.complete:
            yield from self._finish()

    def _train(self) -> Iterator[Event]:
        budget = self.recipe.budget.budget(self._reserve() if self.recipe.budget.minutes else 0.0)
        diverged = yield from self._stretch(budget)
        if diverged is not None and self.rate == 1:
            yield self._retry(diverged)
            diverged = yield from self._stretch(budget)
        if diverged is not None:
            raise DivergedError(
                f"training diverged, and again with {SLOWER:g} times the rate: {diverged.message}; {self._kept()}; "
                "lower train.optimizer.rate"
            )

    def _stretch(self, budget: Budget) -> Generator[Event, None, Diverged | None]:
        """Train until the budget is used up, somebody asks to stop, or it diverges, which is then returned."""
        parts = self.parts
        yield from self._record()
        if (yield from self._obey()):
            return None
        pace, position = replace(parts.pace, budget=budget), (self.images_seen, self.seconds)
        for event in loop.fit(
            parts.objective, pace, parts.engine, parts.average, *position, steering=self.helm.steering
        ):
            self.images_seen, self.seconds = event.images_seen, event.seconds
            if isinstance(event, Diverged):
                yield self._store(event)
                return event
            self.helm.stepped()
            if self._logged(event):
                self._store(event)
            yield event
            yield from self._give_way()
            yield from self._advise(event)
            yield from self._record()
            if self._crossed(event, pace):
                yield from self._look_at_held_out()
            if (yield from self._obey()):
                return None
        self.complete = True
        yield from self._snapshot()
        return None

    def _give_way(self) -> Iterator[Event]:
        """Compute with as many threads as other programs leave processors, and say so when that changes."""
        if self.share and (words := self.share.look()):
            torch.set_num_threads(self.share.threads)
            yield self._store(Noted(**self._now(), signal="threads", message=words))

    def _obey(self) -> Generator[Event, None, bool]:
        """Do what was wished, and wait for as long as that is the wish. True: the sitting is to end."""
        helm, waited, told = self.helm, 0.0, False
        while self.parts.engine.is_global_zero:
            for heard in helm.hear():
                yield self._heard(heard)
            if helm.save or self._snapshot_due():
                helm.save = False
                yield from self._snapshot()
            if helm.stop:
                yield self._store(Stopped(**self._now(), reason=helm.stop))
                return True
            if helm.waiting and not told:
                told = self.paused = True
                yield self._store(Paused(**self._now()))
            if not helm.waiting and waited >= helm.slow:
                break
            helm.wait()
            waited += POLL_SECONDS
        if self.paused and not helm.paused:
            self.paused = False
            yield self._store(Resumed(**self._now()))
        helm.steer()
        return False

    def _heard(self, heard: str | Unclear) -> Event:
        if isinstance(heard, Unclear):
            return self._store(Noted(**self._now(), signal="wish", message=f"a wish is left out: {heard.reason}"))
        self.helm.steer()
        phase, rates = self.helm.steering.only, dict(self.helm.steering.rates)
        return self._store(Steered(**self._now(), message=heard, phase=phase, rates=rates, slow=self.helm.slow))

    def _retry(self, diverged: Diverged) -> Event:
        """Back to the newest snapshot, or to the start, with a lower rate; time that is spent stays spent."""
        spent = self.seconds
        self.images_seen = 0
        self._open()
        self.seconds, self.rate = spent, SLOWER
        # The peak rates are part of the optimizers' states: every snapshot from here on holds the lower ones.
        for phase in self.parts.objective.phases:
            for optimizer in phase.optimizers:
                for group in optimizer.param_groups:
                    group["peak_lr"] *= SLOWER
        message = f"training diverged: {diverged.message}; {self._kept()}; once more with {SLOWER:g} times the rate"
        return self._store(Noted(**self._now(), signal="retry", message=message))

    def _kept(self) -> str:
        return f"the snapshot of {self.snapshot.images_seen:,} images is kept" if self.snapshot else "nothing is kept"

    def _finish(self) -> Iterator[Event]:
        if not self.parts.engine.is_global_zero:
            return
        report = self.examiner.report(self.run, self.images_seen, self.seconds)
        figures = dict(report.figures())
        yield self._store(Measured(**self._now(), figures=figures, split="test", n=report.n))
        yield self._store(Finished(**self._now(), run=str(self.run), figures=figures))

    def _crossed(self, event: Stepped, pace: loop.Pace) -> bool:
        """Whether it is time to look: once an epoch for a classifier; for nets that draw, each time the pictures seen
        have grown by a fixed factor, as what they draw changes fast at first and slowly later."""
        before = event.images_seen - pace.batch
        if self.recipe.kind == "cnn":
            return int(event.epoch) > int(before / pace.dataset)
        return before == 0 or int(math.log(event.images_seen, LOOK_RATIO)) > int(math.log(before, LOOK_RATIO))

    def _look_at_held_out(self) -> Iterator[Event]:
        if not self.parts.engine.is_global_zero:
            return
        picture = self.examiner.preview()
        if picture is not None:
            file = f"{layout.PREVIEWS}/{layout.images_name(self.images_seen)}.png"
            try:
                write_png(self.run / file, picture)
                yield self._store(Previewed(**self._now(), file=file))
            except MachineError as error:
                yield Noted(**self._now(), signal="disk", message=f"no preview: {error}; training goes on")
        if len(self.parts.data.rows["val"]):
            report = self.examiner.measure("val", LOOKED_AT if picture is not None else None)
            measured = Measured(**self._now(), figures=dict(report.figures()), split="val", n=report.n)
            yield self._store(measured)
            yield from self._advise(measured)

    def _advise(self, event: Stepped | Measured) -> Iterator[Event]:
        """What the advisor has to say of a logged event. Only logged ones, so that a resumed run says the same."""
        if isinstance(event, Measured) or self._logged(event):
            for advice in self.advisor.hear(event):
                yield self._store(Noted(**self._now(), signal=advice.signal, message=advice.message))

    def _reserve(self) -> float:
        """Seconds that the last measurement will take, by timing a part of it."""
        rows = len(self.parts.data.rows["test"])
        part = min(rows, 500)
        times = []
        for _ in range(2):
            before = time.perf_counter()
            self.examiner.measure("test", most=part)
            times.append(time.perf_counter() - before)
        return 1.1 * times[-1] * rows / part

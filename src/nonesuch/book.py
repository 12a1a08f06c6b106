"""The book of a sitting: where training stands, which of it is logged, when a snapshot or a frame is kept."""

import time
from abc import ABC
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

from nonesuch import saving
from nonesuch.assembly import Parts
from nonesuch.errors import MachineError
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, checkpoint, history, layout
from nonesuch.runs.events_log import EventLog
from nonesuch.steering import Helm
from nonesuch.training.events import Event, Noted, Snapshotted, Stepped

FIRST_SNAPSHOT_SECONDS, SNAPSHOT_SECONDS = 4.0, 60.0
"""Between two snapshots: at first as long as training has lasted, for who wants to look; later a minute."""
EVERY_STEP_LOGGED = 1000
"""Up to here every step is in the log; beyond, about this many more per tenfold of steps."""


class Moment(TypedDict):
    images_seen: int
    seconds: float


class Book(ABC):
    """The part of a sitting that writes. Of several processes the first alone does; a full disk ends no training."""

    parts: Parts
    helm: Helm
    log: EventLog

    def __init__(self, recipe: Recipe, run: Path) -> None:
        self.recipe, self.run = recipe, run
        self.images_seen, self.seconds, self.complete, self.rate = 0, 0.0, False, 1.0
        self.notes: list[tuple[str, str]] = []
        self.saved_at = (0, time.perf_counter())

    def _now(self) -> Moment:
        return {"images_seen": self.images_seen, "seconds": self.seconds}

    def _logged(self, event: Stepped) -> bool:
        """Which steps go into the log depends on the step alone, so that a log repeats."""
        step = event.images_seen // self.recipe.train.batch
        return step <= EVERY_STEP_LOGGED or step % (10 ** (len(str(step // EVERY_STEP_LOGGED)) - 1) * 10) == 0

    def _store(self, event: Event) -> Event:
        """Log an event. A full disk must not end a training that could still be saved later."""
        if self.parts.engine.is_global_zero:
            try:
                self.log.append(event.model_dump())
            except MachineError as error:
                return Noted(**self._now(), signal="disk", message=f"an event was not logged: {error}")
        return event

    def _record(self) -> Iterator[Event]:
        """Keep the net as it is now, if this is a moment to look back at; only while snapshots have room too."""
        batch = self.recipe.train.batch
        if not self.parts.engine.is_global_zero or not history.is_moment(self.images_seen, batch):
            return
        try:
            atomic.require_space(self.run, saving.size(self.parts))
            history.record(self.run, self.images_seen, batch, self.parts.best.state_dict())
        except MachineError as error:
            yield Noted(**self._now(), signal="disk", message=f"no frame of the history: {error}; training goes on")

    def _snapshot_due(self) -> bool:
        images, clock = self.saved_at
        if self.recipe.snapshot_images:
            return self.images_seen // self.recipe.snapshot_images > images // self.recipe.snapshot_images
        patience = min(SNAPSHOT_SECONDS, max(FIRST_SNAPSHOT_SECONDS, self.seconds))
        return time.perf_counter() - clock > patience

    def _snapshot(self) -> Iterator[Event]:
        folder = f"{layout.SNAPSHOTS}/{layout.images_name(self.images_seen)}"
        event = self._store(Snapshotted(**self._now(), folder=folder))
        try:
            self._save()
            yield event
        except MachineError as error:
            yield Noted(**self._now(), signal="disk", message=f"no snapshot: {error}; training goes on")
        self.saved_at = (self.images_seen, time.perf_counter())

    def _save(self) -> None:
        if not self.parts.engine.is_global_zero:
            return
        state = {
            "seconds": self.seconds,
            "log_offset": self.log.offset(),
            "complete": self.complete,
            "rate": self.rate,
            **self.helm.state(),
        }
        saving.save(self.run, self.parts, self.images_seen, state)

    def _restore(self) -> checkpoint.Snapshot | None:
        found = checkpoint.latest(self.run)
        if found is None:
            return None
        for damaged in found.damaged:
            self.notes.append(
                ("damaged", f"snapshot {damaged.name} is damaged ({damaged.reason}); going on from the one before")
            )
        saving.restore(self.parts, found)
        self.images_seen = found.images_seen
        self.seconds = checkpoint.number(found, "seconds")
        self.complete = found.state.get("complete") is True
        self.rate = checkpoint.number(found, "rate") if "rate" in found.state else 1.0
        return found

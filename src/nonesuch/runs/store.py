"""Run folders: list, make, open, delete. Needs no torch, so that listing a thousand runs is a matter of moments."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Literal

from nonesuch.errors import RunError
from nonesuch.runs import atomic, events_log, layout, lock
from nonesuch.runs.layout import EVENTS, RECIPE, REPORT, SCHEMA_VERSION, shown
from nonesuch.runs.reading import read_bytes, read_json

RunState = Literal["running", "paused", "finished", "stopped", "failed", "damaged"]

_MOST_PREVIEW_BYTES = 64 << 20
_LISTED_TAIL_BYTES = 4 << 10
# What the newest telling event says about a run that nobody is training, but for paused, which somebody does hold;
# others (measured, noted ...) tell nothing.
_TELLING: Mapping[str, RunState] = {
    "finished": "finished",
    "diverged": "failed",
    "failed": "failed",
    "paused": "paused",
    "resumed": "stopped",
    "stopped": "stopped",
    "stepped": "stopped",
    "started": "stopped",
}


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of a listing. `figures`: finite numbers of the last measurement; `problem`: why it is damaged, or ""."""

    id: str
    path: Path
    kind: str
    data: str
    state: RunState
    images_seen: int
    figures: Mapping[str, float]
    problem: str = ""


class RunFolder:
    """One run on disk. Nothing is read before it is asked for; every read refuses links, giants and newer schemas."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        """The name of the folder."""
        return self.path.name

    def has_recipe(self) -> bool:
        """Whether a run was ever started here."""
        return (self.path / RECIPE).exists()

    def recipe(self) -> dict[str, object]:
        """recipe.json. Raises RunError when it is missing, damaged or from a newer nonesuch."""
        return self._document(RECIPE)

    def write_recipe(self, recipe: Mapping[str, object]) -> None:
        """Replace recipe.json; the schema version is added. Raises MachineError."""
        atomic.write_json(self.path / RECIPE, {"schema_version": SCHEMA_VERSION, **recipe})

    def report(self) -> dict[str, object] | None:
        """report.json, or None before the first measurement. Raises RunError like recipe()."""
        return self._document(REPORT) if (self.path / REPORT).exists() else None

    def write_report(self, report: Mapping[str, object]) -> None:
        """Replace report.json; the schema version is added. `report["figures"]`: name -> headline number."""
        atomic.write_json(self.path / REPORT, {"schema_version": SCHEMA_VERSION, **report})

    def snapshots(self) -> list[int]:
        """Images seen of each snapshot, oldest first; checkpoint.latest(path) proves and loads the newest."""
        return layout.snapshots(self.path)

    def previews(self) -> list[int]:
        """Images seen of each preview, oldest first."""
        return layout.previews(self.path)

    def preview(self, images_seen: int) -> bytes:
        """The PNG of one preview. Raises RunError when there is none."""
        name = f"{layout.PREVIEWS}/{layout.images_name(images_seen)}.png"
        try:
            return read_bytes(self.path, name, _MOST_PREVIEW_BYTES)
        except FileNotFoundError:
            raise RunError(f"{shown(self.path)} has no preview at {images_seen:,} images") from None

    def write_preview(self, images_seen: int, png: bytes) -> str:
        """Store a preview; returns its name within the run folder. Raises MachineError."""
        atomic.make_folder(self.path / layout.PREVIEWS)
        name = f"{layout.PREVIEWS}/{layout.images_name(images_seen)}.png"
        atomic.write_bytes(self.path / name, png)
        return name

    def is_alive(self) -> bool:
        """Whether a trainer holds this run now."""
        return lock.is_alive(self.path)

    def summary(self) -> RunSummary:
        """What a listing shows; a damaged run is described, never raised."""
        kind, data = layout.split_id(self.id) or ("", "")
        summary = RunSummary(self.id, self.path, kind, data, "damaged", 0, {})
        try:
            recipe = self.recipe()
            summary = replace(summary, kind=_text(recipe.get("kind")) or kind, data=data or _data_name(recipe))
            figures = _figures(self.report())
            state, images_seen = _last_said(self.path)
            if self.is_alive():
                state = "paused" if state == "paused" else "running"
            elif state == "paused":
                state = "stopped"
        except RunError as error:
            return replace(summary, problem=str(error))
        images_seen = max(images_seen, *self.snapshots()[-1:], 0)
        return replace(summary, state=state, images_seen=images_seen, figures=figures)

    def _document(self, name: str) -> dict[str, object]:
        try:
            document = read_json(self.path, name)
        except FileNotFoundError:
            raise RunError(f"{shown(self.path)} has no {name}: it is no run folder, or was never started") from None
        layout.check_schema(document, f"{self.id}/{name}")
        return document


class Store:
    """The folder that holds the runs. It is made when the first run is created."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: dict[str, tuple[tuple[int, ...], RunSummary]] = {}

    def list(self) -> list[RunSummary]:
        """Every run under the root, sorted by name; damaged ones say why, folders that are no runs are left out.

        Runs that did not change since the last call are not read again.
        """
        return [summary for name in self._names() if (summary := self._summary(name)) is not None]

    def alive(self) -> tuple[str, ...]:
        """Runs that a trainer holds now, by name."""
        return tuple(name for name in self._names() if lock.is_alive(self.root / name))

    def create(self, run_id: str) -> RunFolder:
        """Make an empty run folder. Raises RunError when it exists or the name cannot be one, MachineError."""
        if not layout.is_name(run_id):
            raise RunError(
                f"{shown(run_id, 80)!r} cannot name a run: letters, digits, '.', '_' and '-' only, 100 at most"
            )
        try:
            atomic.make_folders(self.root)
            (self.root / run_id).mkdir(0o700)
            atomic.sync_folder(self.root)
        except FileExistsError:
            raise RunError(f"{shown(self.root / run_id)} exists already; choose another name") from None
        except OSError as error:
            raise atomic.explain(error, self.root / run_id) from None
        return RunFolder(self.root / run_id)

    def create_new(self, kind: str, data: str, rng: Random | None = None) -> RunFolder:
        """Make an empty run folder with a fresh id of this moment. Raises like create()."""
        rng = rng or SystemRandom()
        while (self.root / (run_id := layout.new_id(kind, data, datetime.now(), rng))).exists():
            pass  # of 1,000 runs begun in one second, some would meet
        return self.create(run_id)

    def get(self, run_id: str) -> RunFolder:
        """A run under the root by its name, as it may come from the network: never a path. Raises RunError."""
        if layout.is_name(run_id):
            path = self.root / run_id
            if path.is_dir() and not path.is_symlink():
                return RunFolder(path)
        raise RunError(f"no run {shown(run_id, 80)!r} in {shown(self.root)}; `nonesuch runs` lists them")

    def open(self, where: str | Path) -> RunFolder:
        """A run by its name under the root, or by a path that a person typed. Raises RunError.

        The recipe is read to make sure that this is a run which this nonesuch can open.
        """
        text = str(where)
        inside = layout.is_name(text) and (self.root / text).is_dir()
        path = Path(where)
        if not inside and ("\0" in text or not path.is_dir()):
            raise RunError(f"no run {shown(text, 80)!r} in {shown(self.root)}, and no such folder; see `nonesuch runs`")
        run = self.get(text) if inside else RunFolder(path.resolve())
        run.recipe()
        return run

    def delete(self, run_id: str) -> None:
        """Delete a run under the root, all at once. Raises RunError when it is being trained or is not there."""
        run = self.get(run_id)
        # Holding the lock keeps a trainer from starting in a folder that is about to go.
        with lock.TrainerLock(run.path):
            atomic.remove_folder(run.path)
        self._seen.pop(run_id, None)

    def _names(self) -> tuple[str, ...]:
        try:
            with os.scandir(self.root) as entries:
                found = (one.name for one in entries if layout.is_name(one.name) and one.is_dir(follow_symlinks=False))
                return tuple(sorted(found))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise RunError(f"{shown(self.root)} cannot be listed: {error.strerror}") from None

    def _summary(self, name: str) -> RunSummary | None:
        run = RunFolder(self.root / name)
        stamp = _stamp(run.path)
        if stamp is None and not layout.is_id(name):
            return None
        known = self._seen.get(name)
        # A running one is looked at again even when its files did not change: its trainer may have died.
        if known is not None and known[0] == stamp and (known[1].state in ("running", "paused")) == run.is_alive():
            return known[1]
        summary = run.summary()
        if stamp is not None:
            self._seen[name] = (stamp, summary)
        return summary


def open_or_create(path: Path) -> RunFolder:
    """The folder given with `--run`: a run to go on with, an empty folder, or one to make.

    Raises RunError for a folder with other things in it or a run of a newer nonesuch, MachineError.
    """
    try:
        atomic.make_folders(path)
        names = [entry.name for entry in path.iterdir()]
    except (FileExistsError, NotADirectoryError):
        raise RunError(f"{shown(path)} is a file; give a folder for the run") from None
    except OSError as error:
        raise atomic.explain(error, path) from None
    run = RunFolder(path.resolve())
    if run.has_recipe():
        run.recipe()
    elif any(name != layout.LOCK and not name.startswith(layout.TEMPORARY) for name in names):
        raise RunError(f"{shown(path)} holds other files and no {RECIPE}; give an empty or new folder for the run")
    return run


def _stamp(path: Path) -> tuple[int, ...] | None:
    """Sizes and times of what a summary is made of, or None where there is no recipe."""
    stamp: list[int] = []
    for name in (RECIPE, REPORT, EVENTS, layout.SNAPSHOTS):
        try:
            found = (path / name).lstat()
        except OSError:
            if name == RECIPE:
                return None
            stamp += (0, 0)
        else:
            stamp += (found.st_mtime_ns, found.st_size)
    return tuple(stamp)


def _last_said(run: Path) -> tuple[RunState, int]:
    """The state by the newest telling event, and the most images seen in the events since."""
    images_seen = 0
    for event in events_log.last_events(run, _LISTED_TAIL_BYTES):
        if type(seen := event.get("images_seen")) is int and images_seen < seen < 10**12:
            images_seen = seen
        if (kind := _text(event.get("kind"))) in _TELLING:
            return _TELLING[kind], images_seen
    return "stopped", images_seen


def _figures(report: Mapping[str, object] | None) -> dict[str, float]:
    figures = (report or {}).get("figures")
    if not isinstance(figures, dict):
        return {}
    return {
        shown(name, 40): float(value)
        for name, value in figures.items()
        if type(value) in (int, float) and math.isfinite(value)
    }


def _data_name(recipe: Mapping[str, object]) -> str:
    data = recipe.get("data")
    source = data.get("source") if isinstance(data, dict) else data
    return shown(Path(_text(source)).name, 40)


def _text(value: object) -> str:
    return shown(value, 40) if isinstance(value, str) else ""

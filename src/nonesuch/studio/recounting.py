"""From run folders to what the studio says of them. Reads recipe.json as it is: no torch, and old runs show too."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nonesuch.errors import RunError
from nonesuch.runs import layout
from nonesuch.runs.layout import shown
from nonesuch.runs.reading import read_bytes
from nonesuch.runs.store import RunFolder, RunSummary
from nonesuch.runs.thinning import Thinned
from nonesuch.studio.errors import MissingError
from nonesuch.studio.wire.network import Confusion
from nonesuch.studio.wire.runs import Corrupt, RecipeSummary, RunDetail, RunEvents, RunLine
from nonesuch.training.events import parse

MOST_PICTURE_BYTES = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"


def line(summary: RunSummary, alive: bool = False) -> RunLine:
    """A run in a list. `alive`: somebody is about to train it, though no lock says so yet."""
    return RunLine(
        id=summary.id,
        kind=summary.kind,
        data=summary.data,
        state="running" if alive and summary.state != "paused" else summary.state,
        images_seen=summary.images_seen,
        figures=dict(summary.figures),
        problem=summary.problem,
        recipe=_recipe_of(RunFolder(summary.path)),
    )


def detail(run: RunFolder, alive: bool = False) -> RunDetail:
    """One run in full. Raises RunError where recipe.json cannot be read."""
    return RunDetail(
        run=line(run.summary(), alive),
        recipe=_json(run.recipe()),
        report=_json(report) if (report := run.report()) is not None else None,
        previews=run.previews(),
        snapshots=run.snapshots(),
        history=layout.history(run.path),
        pictures=_pictures(run),
    )


def log(found: Thinned) -> RunEvents:
    """A log with every line as a typed event."""
    return RunEvents(events=[event_of(event) for event in found.events], lines=found.lines, end=found.end)


def confusion(run: RunFolder) -> Confusion:
    """The confusion matrix in report.json, as it was measured. Raises RunError where that file is damaged."""
    report = _json(run.report() or {})
    try:
        return Confusion(
            classes=report["classes"],
            counts=report["confusion"],
            n=report["n"],
            images_seen=report["images_seen"],
            accuracy=report["accuracy"],
            current=layout.snapshots(run.path)[-1:] in ([], [report["images_seen"]]),
            why_none="",
        )
    except (KeyError, ValidationError):
        why = "this run's report holds no confusion matrix" if report else "this run has not been measured yet"
        return Confusion(classes=[], counts=None, n=0, images_seen=0, accuracy=None, current=True, why_none=why)


def event_of(event: Mapping[str, object]) -> Any:
    """A typed event; what is none, or of a newer nonesuch, becomes Corrupt."""
    try:
        return parse.validate_python(event)
    except ValidationError:
        reason = event.get("reason") if event.get("kind") == "corrupt" else None
        return Corrupt(reason=reason if isinstance(reason, str) else f"no event is like this: {shown(event, 120)}")


def file(run: RunFolder, name: str) -> bytes:
    """A PNG of the run's own. Raises MissingError, or RunError for a link or for what is no PNG."""
    try:
        data = read_bytes(run.path, name, MOST_PICTURE_BYTES)
    except FileNotFoundError:
        raise MissingError(f"{run.id} has no {shown(name, 80)}") from None
    if not data.startswith(_PNG):
        raise RunError(f"{run.id}/{shown(name, 80)} is no PNG")
    return data


def _pictures(run: RunFolder) -> list[str]:
    try:
        with os.scandir(run.path / layout.PICTURES) as entries:
            return sorted(
                one.name for one in entries if one.name.endswith(".png") and one.is_file(follow_symlinks=False)
            )
    except OSError:
        return []


def _recipe_of(run: RunFolder) -> RecipeSummary | None:
    try:
        found = (run.path / layout.RECIPE).lstat()
    except OSError:
        return None
    return _summary(run.path, found.st_mtime_ns, found.st_size)


@lru_cache(4096)
def _summary(path: Path, _modified: int, _size: int) -> RecipeSummary | None:
    """By the file's time and size, so that a long list reads each recipe once."""
    try:
        recipe = RunFolder(path).recipe()
        data, net, train, budget = (_group(recipe, name) for name in ("data", "net", "train", "budget"))
        height, width = data["size"]
        return RecipeSummary(
            net=net["name"],
            objective=_group(recipe, "objective")["name"],
            source=Path(data["source"]).name,
            height=height,
            width=width,
            channels=data["channels"],
            classes=list(data.get("classes", ())),
            batch=train["batch"],
            seed=recipe.get("seed"),  # type: ignore[arg-type]  # checked by the model
            images=budget.get("images"),
            minutes=budget.get("minutes"),
        )
    except (RunError, KeyError, TypeError, ValueError):
        return None


def _group(recipe: Mapping[str, object], name: str) -> dict[str, Any]:
    group = recipe[name]
    if not isinstance(group, dict):
        raise TypeError(name)
    return group


def _json(document: Mapping[str, object]) -> dict[str, Any]:
    return dict(document)

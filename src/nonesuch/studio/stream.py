"""The one event stream: any number of runs and tasks in one connection, resumed byte for byte after a break.

Browsers allow six connections to a host, so that every page has one stream and names in it what it follows. The id of
a message is the place reached in each followed log, in the order of `follow`; a browser that was cut off sends the last
one back by itself and loses nothing.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from starlette.requests import Request

from nonesuch.errors import RecipeError
from nonesuch.runs.events_log import Reader
from nonesuch.studio import recounting, tasks
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.stream import Heard, Liveness
from nonesuch.studio.work.desk import PROGRESS

POLL_SECONDS = 0.1
SILENCE_SECONDS = 10.0
AT_ONCE = 200
MOST_FOLLOWED = 16

_PLACES = re.compile(r"[0-9]{1,16}(?:,[0-9]{1,16})*")


@dataclass
class Followed:
    """One log that is followed, and what is known of it so far."""

    source: str
    reader: Reader
    place: int
    event_of: Callable[[dict[str, object]], Any]
    is_alive: Callable[[], bool]
    told_alive: bool | None = None


def followed(studio: Studio, follow: str, after: str) -> list[Followed]:
    """What `follow` names, from the places `after`, or from the beginning. Raises MissingError, RecipeError."""
    names = follow.split(",")
    if len(set(names)) < len(names) or len(names) > MOST_FOLLOWED:
        raise RecipeError(f"follow up to {MOST_FOLLOWED} runs and tasks, each once; found {len(names)}")
    places = [0] * len(names)
    if _PLACES.fullmatch(after) and after.count(",") == len(names) - 1:
        places = [int(place) for place in after.split(",")]
    return [_one(studio, name, place) for name, place in zip(names, places, strict=True)]


def _one(studio: Studio, name: str, place: int) -> Followed:
    kind, _, found = name.partition(":")
    if kind == "run":
        run = studio.run(found)
        return Followed(name, Reader(run.path, place), place, recounting.event_of, lambda: studio.jobs.is_alive(run))
    if kind == "task":
        folder: Path = studio.tasks.folder(found)
        reader = Reader(folder, place, PROGRESS)
        return Followed(name, reader, place, tasks.event_of, lambda: studio.tasks.is_alive(found))
    raise RecipeError(f"one follows run:ID or task:ID; found {name[:80]!r}")


async def messages(studio: Studio, logs: Sequence[Followed], request: Request) -> AsyncIterator[bytes]:
    """Server-sent events, until the page or the studio goes. `request` is asked whether the page is still there."""
    yield b"retry: 1000\n\n"
    spoke = time.monotonic()
    while not studio.stopping.is_set() and not await request.is_disconnected():
        news = [message for log in logs for message in _news(log, logs)]
        if not news and time.monotonic() - spoke > SILENCE_SECONDS:
            news = [b": still here\n\n"]
        for message in news:
            spoke = time.monotonic()
            yield message
        # A log that is far behind is read on at once; others can be answered in between.
        await _pause(studio, 0 if len(news) >= AT_ONCE else POLL_SECONDS)


def _news(log: Followed, logs: Sequence[Followed]) -> list[bytes]:
    found = []
    # Asked before reading: what a process wrote before its end is told before its end.
    alive = log.is_alive()
    for record in islice(log.reader.advance(), AT_ONCE):
        log.place = record.end
        heard = Heard(source=log.source, start=record.start, event=log.event_of(record.event))
        found.append(_framed(heard.model_dump_json(), ",".join(str(each.place) for each in logs)))
    if alive != log.told_alive and len(found) < AT_ONCE:
        log.told_alive = alive
        found.append(_framed(Liveness(source=log.source, alive=alive).model_dump_json(), None))
    return found


def _framed(data: str, place: str | None) -> bytes:
    # JSON has no line breaks of its own, so that one `data:` line is enough.
    return f"id: {place}\ndata: {data}\n\n".encode() if place is not None else f"data: {data}\n\n".encode()


async def _pause(studio: Studio, seconds: float) -> None:
    await asyncio.sleep(0)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await studio.stopping.wait()

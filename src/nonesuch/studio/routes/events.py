"""The one event stream of a page."""

from typing import Annotated, Any

from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse

from nonesuch.studio import stream
from nonesuch.studio.routes.room import Here, room

router = room("events")

_ONE = r"(?:run|task):[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
Follow = Annotated[str, Query(pattern=rf"^{_ONE}(?:,{_ONE}){{0,15}}$", description="run:ID and task:ID, with commas")]
After = Annotated[
    str, Query(pattern=r"^(?:[0-9]{1,16}(?:,[0-9]{1,16}){0,15})?$", description="a place in each log, as in an id")
]
Last = Annotated[str, Header(alias="last-event-id", description="sent by the browser when it comes back")]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events; `data` of each is a Heard or a Liveness",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class Events(StreamingResponse):
    """A stream that nobody keeps or gathers on its way. The class names no media type: errors are JSON."""

    def __init__(self, content: Any, status_code: int = 200) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(content, status_code, headers, media_type="text/event-stream")


@router.get("/events", response_class=Events, responses=STREAM)
async def follow_events(studio: Here, request: Request, follow: Follow, after: After = "", last: Last = "") -> Events:
    """Everything that happens in these runs and tasks, from the beginning or after a place, as it happens."""
    return Events(stream.messages(studio, stream.followed(studio, follow, last or after), request))

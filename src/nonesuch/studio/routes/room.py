"""What every file of routes begins with: its router, and the studio that a request came to."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from nonesuch.studio.errors import DOCUMENTED
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.base import RunId

__all__ = ["PNG", "Here", "Png", "RunPath", "room"]


def room(name: str) -> APIRouter:
    """A router for one room's addresses, all of them under /api, with their errors documented."""
    return APIRouter(prefix="/api", tags=[name], responses=DOCUMENTED)


async def _studio(request: Request) -> Studio:
    # async although it waits for nothing: FastAPI would send a plain function to a thread and back, for each request.
    found: Studio = request.app.state.studio
    return found


Here = Annotated[Studio, Depends(_studio)]
"""The studio, as a parameter of a handler."""
RunPath = Annotated[RunId, Path(description="a run's id")]


class Png(Response):
    """A picture that we encoded ourselves. The class names no media type: its routes' errors are JSON."""

    def __init__(self, content: bytes, status_code: int = 200) -> None:
        super().__init__(content, status_code, media_type="image/png")


PNG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
"""For OpenAPI: `responses=PNG` of a route that gives a picture."""

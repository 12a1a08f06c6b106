"""One error shape for every answer that is none: {"error": {"kind": ..., "message": one line}}."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from nonesuch.errors import DataError, MachineError, NetError, NonesuchError, RecipeError, RunError
from nonesuch.runs.layout import shown
from nonesuch.studio.wire.base import Problem, Trouble

LONGEST_MESSAGE = 600


class MissingError(NonesuchError):
    """Nothing is known by this id."""


class BusyError(NonesuchError):
    """The studio does as much as this machine can already."""


class GoneError(NonesuchError):
    """Whoever asked has left before the work began."""


class UnpackedError(NonesuchError):
    """These pictures have not been made alike yet: a task does that, then they can be looked at. A 409."""


STATUS: Mapping[type[NonesuchError], int] = {
    MissingError: 404,
    BusyError: 429,
    GoneError: 499,
    DataError: 400,
    NetError: 400,
    RecipeError: 400,
    RunError: 409,
    MachineError: 409,
}
"""What each expected error becomes; any other kind of NonesuchError is a conflict with how things stand: 409."""

KINDS: Mapping[int, str] = {404: "MissingError", 405: "MethodError", 413: "TooLongError", 422: "InvalidError"}
"""What the framework itself refuses, by status."""

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Not possible with these pictures, this net or these settings"},
    401: {"model": Problem, "description": "No token"},
    403: {"model": Problem, "description": "Asked by another site, or under another name of this machine"},
    404: {"model": Problem, "description": "Nothing has this id"},
    409: {"model": Problem, "description": "Not as things stand"},
    413: {"model": Problem, "description": "Too long"},
    422: {"model": Problem, "description": "Not what this address takes"},
    429: {"model": Problem, "description": "As much as this machine can do is under way"},
}
"""The errors that every route may give, for OpenAPI."""


def problem(status: int, kind: str, message: str) -> JSONResponse:
    """The answer for an error; `message` becomes one printable line."""
    line = shown(" ".join(message.split()), LONGEST_MESSAGE)
    return JSONResponse(Problem(error=Trouble(kind=kind, message=line)).model_dump(), status)


def status_of(error: NonesuchError) -> int:
    """The HTTP status of an expected error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 409)


def install(app: FastAPI) -> None:
    """Make the app answer every error in the one shape."""
    app.add_exception_handler(NonesuchError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NonesuchError)
    return problem(status_of(error), type(error).__name__, str(error))


async def _gone(_request: Request, _error: Exception) -> JSONResponse:
    return problem(499, "GoneError", "whoever asked has left")


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    found = first.get("input")
    words = f"; found {found!r}" if isinstance(found, str | int | float | bool) else ""
    return problem(422, "InvalidError", f"{where}: {first['msg'].removeprefix('Value error, ')}{shown(words, 120)}")


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        answer = problem(405, "MethodError", f"{request.method} is not for this address; it takes {allowed}")
        answer.headers["allow"] = allowed
        return answer
    words = "there is nothing at this address" if error.detail == "Not Found" else error.detail
    return problem(error.status_code, KINDS.get(error.status_code, "RefusedError"), words)


def _methods(request: Request) -> list[str]:
    """What this address takes: routes of one path are several, and Starlette names those of the first."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        match, _ = route.original_route.matches(request.scope)
        found |= (route.methods or set()) if match is not Match.NONE else set()
    return sorted(found)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Details stay in the terminal: an answer with a traceback would tell a stranger about this machine.
    logging.getLogger("nonesuch.studio").error("%s %s", request.method, shown(request.url.path), exc_info=error)
    return problem(500, "InternalError", "something went wrong inside the studio; its terminal says what")

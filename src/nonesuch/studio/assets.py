"""The built front end: index.html for every room, and the files beside it; only what was listed is ever opened."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from nonesuch.studio.gate import is_api

ROOMS = ("data", "kernels", "network", "train", "latent", "publish")
STATIC = Path(__file__).parent / "static"
INDEX = "index.html"

_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".svg": "image/svg+xml"}
_UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>nonesuch</title>
<h1>Front end not built</h1>
<p>The studio is running, but its pages are not there yet. Build them with <code>make web</code>, then reload.</p>
</html>"""


def install(app: FastAPI, folder: Path = STATIC) -> None:
    """Serve the pages; any other address is a 404 in the one error shape."""
    files = Assets(folder)

    async def page(_request: Request) -> Response:
        return files.answer(INDEX) or HTMLResponse(_UNBUILT, 404)

    async def asset(request: Request) -> Response:
        answer = files.answer(request.path_params["name"])
        if answer is None:
            raise HTTPException(404, "there is nothing at this address")
        return answer

    for path in ("/", *(f"/{room}" for room in ROOMS)):
        app.add_route(path, page, ["GET"], include_in_schema=False)
    app.router.routes.append(_AssetRoute("/{name:path}", asset, methods=["GET"], include_in_schema=False))


class _AssetRoute(Route):
    """Any address but those of the api, which say for themselves what they do not know."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route."""
        return (Match.NONE, {}) if is_api(scope["path"]) else super().matches(scope)


class Assets:
    """The files of a folder by their names: a name is looked up, never joined to a path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}

    def answer(self, name: str) -> Response | None:
        """A file of this name, or None."""
        if name not in self._files:
            # Looked for again: the front end may have been built while we run.
            self._files = {path.relative_to(self._folder).as_posix(): path for path in self._listed()}
        path = self._files.get(name)
        if path is None or not path.is_file():
            return None
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        # Built files carry a hash of their content in their names; index.html names the newest of them.
        lasting = "no-cache" if name == INDEX else "private, max-age=31536000, immutable"
        return FileResponse(path, media_type=kind, headers={"cache-control": lasting})

    def _listed(self) -> list[Path]:
        return [path for path in self._folder.rglob("*") if path.is_file() and not path.is_symlink()]

"""The studio as an ASGI app: gate, limits, routes, pages. No globals: everything hangs on the Studio it is given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_type_hints

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from nonesuch.studio import assets, errors
from nonesuch.studio.body import Bodies
from nonesuch.studio.gate import Gate
from nonesuch.studio.routes import ROUTERS
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.stream import Message


class App(FastAPI):
    """FastAPI behind the gate: nothing is outside of it, not even the answer to an error nobody expected."""

    def build_middleware_stack(self) -> ASGIApp:
        """Gate, then limits, then FastAPI's own."""
        studio: Studio = self.state.studio
        return Gate(Bodies(super().build_middleware_stack()), studio.address)

    def openapi(self) -> dict[str, Any]:
        """FastAPI's description, with what it does not know: types of the event stream and of results, and the gate."""
        document = super().openapi()
        streamed = Message.json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        document["components"]["schemas"].update(streamed["$defs"])
        # What comes of long work goes through one route as plain JSON; its types are told beside it.
        for name, schema in _results().items():
            document["components"]["schemas"].setdefault(name, schema)
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
        return document


def create_app(studio: Studio) -> App:
    """The whole app for one studio. Its documents and its OpenAPI description are not served: they are checked in."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        studio.close()

    app = App(
        title="nonesuch studio",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_camel,
        lifespan=life,
    )
    app.state.studio = studio
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    assets.install(app)
    return app


def _results() -> dict[str, Any]:
    """The type of what comes of each kind of long work, by name, as JSON schema."""
    # Here, as what does the work loads numpy, and no page waits for the document.
    from nonesuch.studio.work.catalogue import WORKS

    results = {get_type_hints(work.do)["return"] for work in WORKS.values()}
    modes = [(result, "serialization") for result in sorted(results, key=lambda result: str(result.__name__))]
    _, found = models_json_schema(modes, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _camel(route: APIRoute) -> str:
    """list_runs -> listRuns: the name of the function in the generated TypeScript."""
    first, *rest = route.name.split("_")
    return first + "".join(part.capitalize() for part in rest)

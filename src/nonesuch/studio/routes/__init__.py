"""The studio's routes, a file a room; what is not in this tuple does not exist."""

from fastapi import APIRouter

from nonesuch.studio.routes import pictures, runs

ROUTERS: tuple[APIRouter, ...] = (runs.router, pictures.router)

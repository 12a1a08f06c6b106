"""The studio's routes, a file a room; what is not in this tuple does not exist."""

from fastapi import APIRouter

from nonesuch.studio.routes import data, events, jobs, kernels, latent, network, pictures, publish, runs, tasks, train

ROUTERS: tuple[APIRouter, ...] = (
    runs.router,
    jobs.router,
    train.router,
    kernels.router,
    latent.router,
    network.router,
    publish.router,
    pictures.router,
    data.router,
    tasks.router,
    events.router,
)

"""A film through key frames of latent space, as a GIF."""

from nonesuch.errors import RecipeError
from nonesuch.studio.wire.latent import FilmAsked, FilmDone
from nonesuch.studio.work.desk import Desk

MOST_FRAMES = 600
TOGETHER = 24
NAME = "film.gif"


def do(asked: FilmAsked, desk: Desk) -> FilmDone:
    """Draw; raises RecipeError for seconds that do not grow, or more than 600 frames, RunError for a classifier."""
    import numpy as np
    import torch

    from nonesuch.evaluation.run import Run
    from nonesuch.latent.path import keyframed
    from nonesuch.pixels import enlarge, gif_bytes
    from nonesuch.studio import walking

    seconds = [stop.second for stop in asked.stops]
    if (seconds[-1] - seconds[0]) * asked.speed > MOST_FRAMES:
        raise RecipeError(f"a film has up to {MOST_FRAMES} frames; make it shorter, or show fewer a second")
    run = Run(desk.places.run(asked.run))
    size = walking.drawer(run).latent
    codes = torch.stack([walking.code_of(stop.point, size) for stop in asked.stops])
    path = keyframed(codes, seconds, asked.speed, asked.way, asked.ease, asked.loop)
    frames = []
    for part in torch.split(path, TOGETHER):
        frames.append(run.drawn_at(part, walking.told_class(run, asked.named)))
        desk.say(sum(map(len, frames)), len(path), "frames")
    pictures = np.concatenate(frames)
    large = enlarge(pictures, max(1, asked.side // max(pictures.shape[1:3])))
    desk.write(NAME, gif_bytes(large, asked.speed))
    return FilmDone(frames=len(large), seconds=len(large) / asked.speed, height=large.shape[1], width=large.shape[2])

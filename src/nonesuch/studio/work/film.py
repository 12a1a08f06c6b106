"""A film through key frames of latent space, as a GIF, or as an MP4 where that can be written."""

from nonesuch.errors import RecipeError
from nonesuch.studio.wire.latent import FilmAsked, FilmDone
from nonesuch.studio.work.desk import Desk

MOST_FRAMES = 600
TOGETHER = 24


def do(asked: FilmAsked, desk: Desk) -> FilmDone:
    """Draw; raises RecipeError for seconds that do not grow, or more than 600 frames, RunError for a classifier.

    Raises MachineError for an MP4 where it cannot be written, before anything is drawn.
    """
    import numpy as np
    import torch

    from nonesuch.evaluation.run import Run
    from nonesuch.film import check_mp4, mp4_bytes
    from nonesuch.latent.path import keyframed
    from nonesuch.pixels import enlarge, gif_bytes
    from nonesuch.studio import walking

    seconds = [stop.second for stop in asked.stops]
    if (seconds[-1] - seconds[0]) * asked.speed > MOST_FRAMES:
        raise RecipeError(f"a film has up to {MOST_FRAMES} frames; make it shorter, or show fewer a second")
    if asked.written == "mp4":
        check_mp4()
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
    name = f"film.{asked.written}"
    desk.write(name, (mp4_bytes if asked.written == "mp4" else gif_bytes)(large, asked.speed))
    return FilmDone(
        name=name,
        frames=len(large),
        seconds=len(large) / asked.speed,
        height=large.shape[1],
        width=large.shape[2],
    )

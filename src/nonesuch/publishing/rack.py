"""The directions of latent space that a page has sliders for: the run's own, or those of a file like its own."""

import warnings
from pathlib import Path

from nonesuch.errors import NonesuchWarning, RunError
from nonesuch.evaluation.run import Run
from nonesuch.export.manifest import DirectionEntry
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.runs import directions, weights


def directions_of(run: Run, file: Path | None = None) -> tuple[DirectionEntry, ...]:
    """Those of `file`, or of the run's own file, and none where it has none or has been trained on since.

    Raises RunError for a file that is not there, is damaged or belongs to another net, and for a classifier's.
    """
    net = run.net
    if not isinstance(net, Generator | Autoencoder):
        if file is not None:
            raise RunError(
                f"{run.folder.path.name} holds a classifier, which has no directions: leave --directions away"
            )
        return ()
    place = run.folder.path if file is None else file.absolute().parent
    name = directions.FILE if file is None else file.name
    if file is not None and not file.is_file():
        raise RunError(f"no file {file}; give a directions.json, as `nonesuch directions` writes it")
    try:
        kept = directions.read(place, weights.digest(net.state_dict())[:12], net.latent, name)
    except RunError as error:
        if file is not None:
            raise
        warnings.warn(f"the page has no sliders: {error}", NonesuchWarning, stacklevel=2)
        return ()
    return tuple(
        DirectionEntry(name=each.name, method=each.method, vector=each.vector, sigma=each.sigma) for each in kept
    )

"""The named directions that go with an export: those of a file, or those in the run's own folder."""

import warnings
from pathlib import Path

from nonesuch.errors import ExportError, NonesuchWarning, RunError
from nonesuch.evaluation.run import Run
from nonesuch.exporting.manifest import DirectionEntry
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.runs import directions, weights


def directions_of(run: Run, file: Path | None = None) -> tuple[DirectionEntry, ...]:
    """Of a classifier none. Those of the run's folder are left out, with a warning, where they belong to another net.

    Raises RunError for a file that was named and does not fit, ExportError where a classifier is given one.
    """
    if not isinstance(run.net, Generator | Autoencoder):
        if file is not None:
            raise ExportError(f"{run.folder.path.name} holds a classifier, which has no directions; leave them away")
        return ()
    folder, name = (run.folder.path, directions.FILE) if file is None else (file.absolute().parent, file.name)
    try:
        found = directions.read(folder, weights.digest(run.net.state_dict())[:12], run.net.latent, name)
    except RunError as error:
        if file is not None:
            raise
        warnings.warn(f"without directions: {error}", NonesuchWarning, stacklevel=2)
        return ()
    if file is not None and not file.exists():
        raise ExportError(f"{file}: no such file; give the directions.json of a run")
    return tuple(
        DirectionEntry(name=each.name, method=each.method, vector=each.vector, sigma=each.sigma) for each in found
    )

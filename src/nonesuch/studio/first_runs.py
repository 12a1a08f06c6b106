"""Three small finished runs for a studio that has none: the first open shows something in every room.

They lie in the package as one archive, made by tools/make_first_runs/make.py. Unpacked they are runs like any other, in
the person's own folder of runs: to look at, to delete, and to be used from the command line too.
"""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from nonesuch.runs import atomic

ARCHIVE = Path(__file__).with_name("first_runs.zip")


def provide(runs: Path, archive: Path = ARCHIVE) -> list[str]:
    """Unpack them into a folder of runs that is empty or not there; the ids of those that were. Raises MachineError.

    Each appears whole or not at all.
    """
    try:
        if any(runs.iterdir()):
            return []
    except FileNotFoundError:
        pass
    except OSError as error:
        raise atomic.explain(error, runs) from None
    with zipfile.ZipFile(archive) as packed:
        names = [PurePosixPath(name) for name in packed.namelist()]
        made = sorted({name.parts[0] for name in names})
        for run_id in made:
            files = {name: packed.read(str(name)) for name in names if name.parts[0] == run_id}
            try:
                _put(runs / run_id, files)
            except OSError as error:
                raise atomic.explain(error, runs / run_id) from None
    return made


def _put(run: Path, files: Mapping[PurePosixPath, bytes]) -> None:
    beside = atomic.temporary(run)
    try:
        for name, data in files.items():
            target = beside.joinpath(*name.parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        beside.rename(run)
    finally:
        shutil.rmtree(beside, ignore_errors=True)

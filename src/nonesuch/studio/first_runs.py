"""Three small finished runs for a studio that has none: the first open shows something in every room.

They lie in the package as one archive, made by tools/make_first_runs/make.py. Unpacked they are runs like any other, in
the person's own folder of runs: to look at, to delete, and to be used from the command line too.
"""

import zipfile
from pathlib import Path, PurePosixPath

from nonesuch.runs import atomic
from nonesuch.runs.layout import is_id
from nonesuch.runs.store import Store

ARCHIVE = Path(__file__).with_name("first_runs.zip")


def provide(runs: Path, archive: Path = ARCHIVE) -> list[str]:
    """Unpack them when there is no run in `runs`; the ids of those that were. Raises MachineError.

    Each appears whole or not at all.
    """
    if Store(runs).list():
        return []
    made = []
    with zipfile.ZipFile(archive) as packed:
        names = [PurePosixPath(name) for name in packed.namelist()]
        for run_id in sorted({name.parts[0] for name in names if is_id(name.parts[0])}):
            beside = atomic.temporary(runs / run_id)
            try:
                for name in names:
                    if name.parts[0] == run_id:
                        target = beside.joinpath(*name.parts[1:])
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(packed.read(str(name)))
                beside.rename(runs / run_id)
            except OSError as error:
                raise atomic.explain(error, runs / run_id) from None
            made.append(run_id)
    return made

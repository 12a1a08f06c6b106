"""The child process of a task in the studio's tests: packing waits, ends, fails or breaks, as the size asked for says.

python -m tiny_work TASK_FOLDER
"""

import sys
import time
from pathlib import Path

from nonesuch.errors import DataError
from nonesuch.studio.wire.base import Wire
from nonesuch.studio.wire.data import PackingAsked, PackingDone
from nonesuch.studio.work import __main__, catalogue
from nonesuch.studio.work.desk import Desk, Work

FAILS, BREAKS, ENDS = 1, 2, 3


def do(asked: PackingAsked, desk: Desk) -> PackingDone:
    """Half a minute of work, nothing to do, an expected error, or an unexpected one."""
    if asked.size == FAILS:
        raise DataError("no picture here can be used;\nadd some")
    if asked.size == BREAKS:
        raise ZeroDivisionError("/a/path/of/this/machine")
    for done in range(0 if asked.size == ENDS else 300):
        desk.say(done, 300)
        time.sleep(0.1)
    return PackingDone(pictures=0, rejects=0, height=1, width=1, channels=1)


def refuse(_asked: Wire, _desk: Desk) -> PackingDone:
    """Any other kind of work."""
    raise DataError("nothing else is done here")


def main(folder: Path) -> None:
    """As nonesuch.studio.work does it."""
    works = {name: Work(work.asked, do if name == "packing" else refuse) for name, work in catalogue.WORKS.items()}
    __main__.WORKS = works
    __main__.main(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

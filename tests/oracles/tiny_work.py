"""The child process of a task in the studio's tests: packing waits, fails or breaks, as the data's name says.

python -m tiny_work TASK_FOLDER
"""

import sys
import time
from pathlib import Path

from nonesuch.errors import DataError
from nonesuch.studio.wire.data import PackingAsked, PackingDone
from nonesuch.studio.work import __main__, catalogue
from nonesuch.studio.work.desk import Desk, Work


def do(asked: PackingAsked, desk: Desk) -> PackingDone:
    """Half a minute of work, an expected error, or an unexpected one."""
    if asked.size == 1:
        raise DataError("no picture here can be used;\nadd some")
    if asked.size == 2:
        raise ZeroDivisionError("/a/path/of/this/machine")
    for done in range(300):
        desk.say(done, 300)
        time.sleep(0.1)
    return PackingDone(pictures=0, rejects=0, height=1, width=1, channels=1)


if __name__ == "__main__":
    catalogue.WORKS = {"packing": Work(PackingAsked, do)}
    __main__.WORKS = catalogue.WORKS
    __main__.main(Path(sys.argv[1]))

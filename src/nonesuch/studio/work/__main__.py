"""The child process of one task: `python -m nonesuch.studio.work TASK_FOLDER` reads a question, leaves an answer."""

import json
import os
import sys
import traceback
from pathlib import Path

from nonesuch.errors import NonesuchError
from nonesuch.runs import atomic
from nonesuch.runs.layout import shown
from nonesuch.runs.lock import TrainerLock
from nonesuch.runs.reading import read_json
from nonesuch.studio.places import Places
from nonesuch.studio.wire.tasks import Ended
from nonesuch.studio.work.catalogue import WORKS
from nonesuch.studio.work.desk import RESULT, TASK, Desk


def main(folder: Path) -> None:
    """Do the work of a task folder, and write result.json whatever happens."""
    # What a person looks at should not wait for what they have set to work.
    os.nice(5)
    task = read_json(folder, TASK)
    with TrainerLock(folder):
        desk = Desk(folder, Places.from_json(task["places"]))  # type: ignore[arg-type]  # written by tasks.py
        work = WORKS[str(task["work"])]
        ended = Ended(state="done")
        result: dict[str, object] | None = None
        try:
            asked = work.asked.model_validate_json(json.dumps(task["asked"]))
            result = work.do(asked, desk).model_dump(mode="json")
        except NonesuchError as error:
            ended = Ended(state="failed", message=shown(" ".join(str(error).split()), 600))
        except Exception as error:
            traceback.print_exc()
            ended = Ended(state="failed", message=f"something went wrong inside: {type(error).__name__}")
        atomic.write_json(folder / RESULT, {"ended": ended.model_dump(), "result": result})
        desk.end(ended)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

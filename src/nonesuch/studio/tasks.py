"""Long work as child processes, one folder a task: question, progress, answer, files. Found again after a restart.

<cache>/studio/tasks/<id>/
  task.json         what was asked, and where everything is
  progress.jsonl    how far it is, one line a step
  result.json       what came of it, or why nothing did
  files/            pictures and other things that came of it
  trainer.lock      held by the process at work
  said.txt          what it printed
"""

import re
import secrets
import subprocess
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nonesuch.errors import RunError
from nonesuch.runs import atomic, lock
from nonesuch.runs.events_log import EventLog, last_events
from nonesuch.runs.layout import shown
from nonesuch.runs.reading import read_bytes, read_json
from nonesuch.studio.children import end, spawn
from nonesuch.studio.errors import BusyError, MissingError
from nonesuch.studio.places import Places
from nonesuch.studio.wire.base import FILE_PATTERN, Wire
from nonesuch.studio.wire.tasks import Ended, Progressed, TaskDetail, TaskEvent, TaskLine
from nonesuch.studio.work.desk import FILES, PROGRESS, RESULT, TASK

MOST_AT_ONCE = 2
MOST_KEPT = 50
MOST_FILE_BYTES = 256 << 20
WORKER = "nonesuch.studio.work"

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-([a-z]{2,20})-[0-9a-f]{8}")
_FILE = re.compile(FILE_PATTERN)
_event: TypeAdapter[TaskEvent] = TypeAdapter(TaskEvent)


class Tasks:
    """All tasks of this studio and of earlier ones on the same cache."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._root = places.cache / "tasks"
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._turn = threading.Lock()
        """Requests come in several threads: who counts the tasks must not be overtaken before starting one."""

    def start(self, work: str, asked: Wire) -> TaskLine:
        """Begin. Raises BusyError when as many as the machine can bear are under way, MachineError."""
        with self._turn:
            lines = self.known()
            if sum(line.state == "running" for line in lines) >= MOST_AT_ONCE:
                raise BusyError(f"{MOST_AT_ONCE} tasks are under way; wait for one, or cancel it")
            self._prune(lines)
            return self._begun(work, asked)

    def _begun(self, work: str, asked: Wire) -> TaskLine:
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{work}-{secrets.token_hex(4)}"
        folder = self._root / name
        task = {"work": work, "asked": asked.model_dump(mode="json"), "places": self._places.to_json()}
        try:
            atomic.make_folders(folder)
            atomic.write_json(folder / TASK, task)
            self._children[name] = spawn(WORKER, [str(folder)], folder / "said.txt")
        except OSError as error:
            raise atomic.explain(error, folder) from None
        return self.line(name)

    def known(self) -> list[TaskLine]:
        """Every task, oldest first."""
        try:
            names = sorted(path.name for path in self._root.iterdir() if _ID.fullmatch(path.name))
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [self.line(name) for name in names]

    def folder(self, task_id: str) -> Path:
        """Where a task is. Raises MissingError."""
        folder = self._root / task_id
        if _ID.fullmatch(task_id) is None or folder.is_symlink() or not folder.is_dir():
            raise MissingError(f"there is no task {shown(task_id, 80)!r}")
        return folder

    def is_alive(self, task_id: str) -> bool:
        """Whether its process is at work, or about to begin."""
        child = self._children.get(task_id)
        return (child is not None and child.poll() is None) or lock.is_alive(self._root / task_id)

    def line(self, task_id: str) -> TaskLine:
        """One task in short. Raises MissingError."""
        folder = self.folder(task_id)
        # Asked in this order: one that ends in between has left its result.
        alive = self.is_alive(task_id)
        ended = self._ended(folder)
        last = _last(folder)
        return TaskLine(
            id=task_id,
            work=task_id.split("-")[2],
            state=ended.state if ended else "running" if alive else "lost",
            done=last.done,
            total=last.total,
            words=ended.message if ended and ended.message else last.words,
        )

    def detail(self, task_id: str) -> TaskDetail:
        """One task in full. Raises MissingError, RunError when its folder is damaged."""
        folder = self.folder(task_id)
        asked: Any = _document(folder, TASK).get("asked", {})
        result: Any = _document(folder, RESULT).get("result")
        return TaskDetail(task=self.line(task_id), asked=asked, result=result, files=_files(folder))

    def file(self, task_id: str, name: str) -> bytes:
        """A file that came of it. Raises MissingError."""
        try:
            return read_bytes(self.folder(task_id), f"{FILES}/{name}", MOST_FILE_BYTES)
        except FileNotFoundError:
            raise MissingError(f"{task_id} has no {shown(name, 80)}") from None

    def cancel(self, task_id: str) -> TaskLine:
        """End its process and all that it has started; what it has done so far is lost. Blocks for a moment."""
        folder = self.folder(task_id)
        if not self.is_alive(task_id) or self._ended(folder):
            return self.line(task_id)
        child = self._children.get(task_id)
        pid = child.pid if child is not None and child.poll() is None else lock.holder(folder)
        if pid is not None:
            end(pid)
        if self._ended(folder) is None:
            ended = Ended(state="cancelled")
            atomic.write_json(folder / RESULT, {"ended": ended.model_dump(), "result": None})
            with EventLog(folder, name=PROGRESS) as log:
                log.append(ended.model_dump())
        return self.line(task_id)

    def delete(self, task_id: str) -> None:
        """Forget a task and its files. Raises RunError while it is under way."""
        folder = self.folder(task_id)
        if self.is_alive(task_id):
            raise RunError(f"{task_id} is under way; cancel it first")
        atomic.remove_folder(folder)
        self._children.pop(task_id, None)

    def _ended(self, folder: Path) -> Ended | None:
        try:
            return Ended.model_validate(_document(folder, RESULT)["ended"])
        except (KeyError, ValidationError, RunError):
            return None

    def _prune(self, lines: list[TaskLine]) -> None:
        over = [line.id for line in lines if line.state != "running"][: max(0, len(lines) - MOST_KEPT + 1)]
        for name in over:
            self.delete(name)


def event_of(event: dict[str, object]) -> Progressed | Ended:
    """A typed event; a line that holds none says nothing new."""
    try:
        return _event.validate_python(event)
    except ValidationError:
        return Progressed(done=0, total=0)


def _last(folder: Path) -> Progressed:
    told = (event_of(event) for event in last_events(folder, name=PROGRESS))
    return next((event for event in told if isinstance(event, Progressed)), Progressed(done=0, total=0))


def _document(folder: Path, name: str) -> dict[str, object]:
    try:
        return read_json(folder, name)
    except FileNotFoundError:
        return {}


def _files(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in (folder / FILES).iterdir() if _FILE.fullmatch(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []

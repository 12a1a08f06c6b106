"""One trainer a run. The kernel holds the lock and frees it when its process ends, however it ends."""

import fcntl
import json
import os
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from nonesuch.errors import RunError
from nonesuch.runs.atomic import explain, open_plain
from nonesuch.runs.layout import LOCK, shown

_PATIENCE_SECONDS = 0.3
_RETRY_SECONDS = 0.01


class TrainerLock:
    """The right to write into a run folder, held from creation to close(). The lock file itself is never removed.

    A second holder, in this process or another, gets a RunError that names the first one's process. Children made
    by fork or exec do not keep the lock alive: a worker that outlives a killed trainer does not block the run.
    """

    def __init__(self, run: Path) -> None:
        self.path = run / LOCK
        self._owner = os.getpid()
        try:
            self._file = open_plain(self.path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:
            raise RunError(f"no run folder {shown(run)}") from None
        try:
            self._take(run)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, json.dumps({"pid": os.getpid()}).encode(), 0)
        except OSError as error:
            self.close()
            raise explain(error, self.path) from None
        except BaseException:
            self.close()
            raise
        _close_in_children(self)

    def _take(self, run: Path) -> None:
        # A probe (is_alive) holds a shared lock for microseconds: a refusal counts only when it lasts.
        patience = time.monotonic() + _PATIENCE_SECONDS
        while not _try_lock(self._file, fcntl.LOCK_EX):
            if time.monotonic() > patience:
                raise RunError(_refusal(run, holder(run)))
            time.sleep(_RETRY_SECONDS)
        if not _still_there(self.path, self._file):
            raise RunError(f"{shown(run)} was deleted a moment ago; start again")

    def close(self) -> None:
        """Free the lock; harmless when it is free already."""
        if self._file < 0:
            return
        if os.getpid() == self._owner:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        os.close(self._file)
        self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def is_alive(run: Path) -> bool:
    """Whether some process holds the lock of this run now. Takes nothing away from a trainer that is starting."""
    try:
        file = open_plain(run / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        free = _try_lock(file, fcntl.LOCK_SH)
        # Said aloud, as a child forked by another thread at this moment would keep a lock that is only closed.
        fcntl.flock(file, fcntl.LOCK_UN)
        return not free
    finally:
        os.close(file)


def holder(run: Path) -> int | None:
    """The process id that the last trainer of this run wrote down; meaningful while is_alive(run)."""
    try:
        file = open_plain(run / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        found = json.loads(os.pread(file, 100, 0))["pid"]
    except (ValueError, KeyError, TypeError):
        return None
    finally:
        os.close(file)
    return found if type(found) is int else None


def _refusal(run: Path, pid: int | None) -> str:
    process = "another process" if pid is None else f"process {pid}"
    stop = "stop it" if pid is None else f"stop it (kill {pid})"
    return f"{shown(run)} is being trained by {process}; wait for its end, {stop}, or choose another run folder"


def _still_there(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        return False


def _try_lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _close_in_children(lock: TrainerLock) -> None:
    """In a forked child close and never unlock: the lock belongs to the open file, which the parent goes on holding."""
    held = weakref.ref(lock)

    def close() -> None:
        here = held()
        if here is not None:
            here.close()

    os.register_at_fork(after_in_child=close)

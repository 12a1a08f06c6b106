"""Training in child processes: started by the studio, living on without it, found again by the lock they hold."""

import os
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from nonesuch.errors import RunError
from nonesuch.runs import atomic, control, lock
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio.children import last_words, spawn
from nonesuch.studio.errors import BusyError

TRAINER = "nonesuch.studio.trainer"
MOST_AT_ONCE = 2


class Jobs:
    """Who trains. The run folders say it by their locks; kept here are children that have not taken theirs yet."""

    def __init__(self, runs: Store, logs: Path) -> None:
        self._runs, self._logs = runs, logs
        self._children: dict[str, tuple[RunFolder, subprocess.Popen[bytes]]] = {}
        self._turn = threading.Lock()
        """Requests come in several threads: who counts the children must not be overtaken before starting one."""

    def start(self, run: RunFolder) -> None:
        """Train here, from the newest snapshot or from the start. Raises RunError, MachineError, BusyError."""
        run.recipe()
        with self._turn:
            if self.is_alive(run):
                raise RunError(f"{run.id} is being trained already")
            self.check_room()
            control.begin(run.path)
            try:
                self._children[run.id] = run, spawn(TRAINER, [str(run.path.resolve())], self._log(run))
            except OSError as error:
                raise atomic.explain(error, self._log(run)) from None

    def check_room(self) -> None:
        """Raises BusyError when as many train as this machine can bear: those of an earlier studio are counted too."""
        if len({*self.alive(), *self._runs.alive()}) >= MOST_AT_ONCE:
            raise BusyError(f"{MOST_AT_ONCE} trainings are under way; stop one of them first")

    def stop(self, run: RunFolder) -> None:
        """Ask its trainer to save and end. Raises RunError when nobody trains it."""
        pid = lock.holder(run.path) if run.is_alive() else None
        child = self._children.get(run.id)
        if pid is None and child is not None and child[1].poll() is None:
            pid = child[1].pid
        if pid is None:
            raise RunError(f"{run.id} is not being trained")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    def is_alive(self, run: RunFolder) -> bool:
        """Whether it is being trained, or about to be: by a child of ours, or by any other process."""
        child = self._children.get(run.id)
        return (child is not None and child[1].poll() is None) or run.is_alive()

    def alive(self) -> list[str]:
        """The runs that children of this studio train now. (Those of an earlier one are seen by their locks.)"""
        ended = [name for name, (_, child) in self._children.items() if child.poll() is not None]
        for name in ended:
            del self._children[name]
        return sorted(self._children)

    def last_words(self, run: RunFolder) -> str:
        """What the last trainer of this run printed at its end: of one that died, the reason."""
        return last_words(self._log(run))

    def _log(self, run: RunFolder) -> Path:
        return self._logs / f"{run.id}.log"

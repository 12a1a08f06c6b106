"""Children in a hundredth of a second: one process that has loaded everything a stub needs forks for each of them.

Stands for `nonesuch.studio.children.spawn` in tests that start thousands of children. What a child does, the session of
its own and the log it writes are as they are there; only the loading of Python is left out.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Child:
    """What the studio asks of a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives. Nobody waits for it: the kernel takes it away at once."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return 0
        return 0 if state in "ZX" else None


class Nursery:
    """Begins children; `close()` ends all of them."""

    def __init__(self) -> None:
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "oracles.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])},
        )
        self._born: list[int] = []

    def spawn(self, module: str, arguments: Sequence[str], log: Path) -> Any:
        """As children.spawn."""
        log.parent.mkdir(parents=True, exist_ok=True)
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(json.dumps([module, list(arguments), str(log)]) + "\n")
        self._mother.stdin.flush()
        self._born.append(int(self._mother.stdout.readline()))
        return Child(self._born[-1])

    def end_children(self) -> None:
        """Kill what still lives of them."""
        for pid in self._born:
            if Child(pid).poll() is None:
                os.kill(pid, signal.SIGKILL)
        self._born.clear()

    def close(self) -> None:
        """End all."""
        self.end_children()
        self._mother.kill()
        self._mother.wait()
        for pipe in (self._mother.stdin, self._mother.stdout):
            if pipe is not None:
                pipe.close()


def _mother() -> None:
    from oracles import tiny_job, tiny_work

    mains = {"tiny_job": tiny_job.main, "tiny_work": tiny_work.main}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        module, arguments, log = json.loads(line)
        told, tells = os.pipe()
        pid = os.fork()
        if pid == 0:
            _child(mains[module], arguments, log, tells)
        os.close(tells)
        os.read(told, 1)  # not before it has a session of its own, as with Popen
        os.close(told)
        print(pid, flush=True)


def _child(main: Any, arguments: list[str], log: str, tells: int) -> None:
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        said, nothing = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), os.open(os.devnull, os.O_RDONLY)
        for kept, stream in ((nothing, 0), (said, 1), (said, 2)):
            os.dup2(kept, stream)
        os.write(tells, b".")
        os.close(tells)
        main(*(Path(each) for each in arguments))
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    _mother()

"""Child processes that outlive the studio: in a session of their own, reaped when they end, ended on request."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nonesuch.runs import atomic

GRACE_SECONDS = 3.0
LAST_WORDS_BYTES = 4096


def spawn(module: str, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start `python -m module arguments`; what it prints goes into `log`. It goes on when the studio ends."""
    atomic.make_folders(log.parent)
    with log.open("ab") as said:
        child = subprocess.Popen(
            # -P: the folder we were started in is no place to import from.
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    # Waited for in a thread, so that an ended child never stays behind as a zombie.
    threading.Thread(target=child.wait, name=f"reaper-{child.pid}", daemon=True).start()
    return child


def end(pid: int) -> None:
    """End a child and all that it has started: asked first, made to after three seconds."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline:
            os.killpg(pid, 0)
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)


def last_words(log: Path) -> str:
    """The last line that a child printed, or ""."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LAST_WORDS_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")

"""One trainer a run, across processes, threads, forks and kill -9."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nonesuch.errors import RunError
from nonesuch.runs.lock import TrainerLock, holder, is_alive

HOLD = """
import sys, time
from pathlib import Path
from nonesuch.runs.lock import TrainerLock
lock = TrainerLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def _holder(run: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(run)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_trainer_is_told_who_the_first_one_is(tmp_path: Path) -> None:
    first = _holder(tmp_path)
    try:
        assert is_alive(tmp_path)
        assert holder(tmp_path) == first.pid
        with pytest.raises(RunError, match=rf"trained by process {first.pid}; wait .*kill {first.pid}.* another run"):
            TrainerLock(tmp_path)
        assert is_alive(tmp_path)
    finally:
        _kill(first)
    assert not is_alive(tmp_path)
    with TrainerLock(tmp_path):
        assert holder(tmp_path) == os.getpid()


def test_within_one_process_too(tmp_path: Path) -> None:
    assert not is_alive(tmp_path)
    with TrainerLock(tmp_path) as lock:
        assert is_alive(tmp_path)
        with pytest.raises(RunError, match=f"process {os.getpid()}"):
            TrainerLock(tmp_path)
        lock.close()
        lock.close()
        assert not is_alive(tmp_path)
    for _ in range(20):
        with TrainerLock(tmp_path):
            pass
    assert (tmp_path / "trainer.lock").stat().st_mode & 0o777 == 0o600


FORKS = """
import os, sys, time
from pathlib import Path
from nonesuch.runs.lock import TrainerLock
lock = TrainerLock(Path(sys.argv[1]))
worker = os.fork()
if worker == 0:
    time.sleep(60)
    os._exit(0)
print(worker, flush=True)
time.sleep(60)
"""


def test_a_worker_that_outlives_a_killed_trainer_does_not_hold_its_run(tmp_path: Path) -> None:
    trainer = subprocess.Popen([sys.executable, "-c", FORKS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert trainer.stdout is not None
    worker = int(trainer.stdout.readline())
    try:
        assert is_alive(tmp_path)
        trainer.kill()
        trainer.wait()
        os.kill(worker, 0)
        # The fork may not have run its hook yet when it is looked at.
        deadline = time.monotonic() + 5
        while is_alive(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_alive(tmp_path)
        TrainerLock(tmp_path).close()
    finally:
        os.kill(worker, signal.SIGKILL)
        trainer.stdout.close()


def test_a_worker_that_ends_does_not_free_its_trainers_run(tmp_path: Path) -> None:
    end = "import sys, os\n" + FORKS.split("\n", 2)[2].replace("    time.sleep(60)\n    os", "    lock.close(); os")
    trainer = subprocess.Popen(
        [sys.executable, "-c", "import time\n" + end, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert trainer.stdout is not None
    try:
        trainer.stdout.readline()
        time.sleep(0.1)
        assert is_alive(tmp_path)
    finally:
        _kill(trainer)


def test_probing_never_keeps_a_trainer_out(tmp_path: Path) -> None:
    """Four threads probe without a pause while a trainer starts again and again."""
    TrainerLock(tmp_path).close()
    done = threading.Event()

    def probe() -> None:
        while not done.is_set():
            is_alive(tmp_path)

    threads = [threading.Thread(target=probe) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            TrainerLock(tmp_path).close()
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    assert not is_alive(tmp_path / "none")
    assert holder(tmp_path / "none") is None
    with pytest.raises(RunError, match="no run folder"):
        TrainerLock(tmp_path / "none")


def test_a_lock_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "trainer.lock").symlink_to(tmp_path / "target")
    for ask in (TrainerLock, is_alive):
        with pytest.raises(RunError, match="link"):
            ask(tmp_path)
    assert (tmp_path / "target").read_text() == "precious"
    (tmp_path / "trainer.lock").unlink()
    for content in (b"", b"{}", b'{"pid": "1; rm"}', b"[]", b"\xff"):
        (tmp_path / "trainer.lock").write_bytes(content)
        assert holder(tmp_path) is None
        assert not is_alive(tmp_path)

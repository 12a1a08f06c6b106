"""The command itself, in a process of its own: first page, no torch, no token in what it says, a clean end."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from nonesuch.errors import MachineError
from nonesuch.studio.serve import bound


@contextmanager
def _started(tmp_path: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`nonesuch studio` and the link it printed."""
    command = [sys.executable, "-m", "nonesuch", "studio", "--no-browser", "--runs", str(tmp_path / "runs"), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if found is None:
            process.kill()  # else there would be no end to read up to
        assert found is not None, line + process.stdout.read()
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _status(link: str, **headers: str) -> int:
    try:
        with urlopen(Request(link, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as refused:
        with refused:
            return refused.code


def test_the_first_page_needs_no_torch_and_the_log_holds_no_token(tmp_path: Path) -> None:
    with _started(tmp_path) as (process, link):
        base, _, token = link.partition("/?token=")
        assert len(token) * 6 >= 192
        bearer = {"authorization": f"Bearer {token}"}
        for path in ("/", "/train", "/api/runs", f"/?token={token}", "/?token=wrong", "/api/runs?token=wrong", "/%0a"):
            assert _status(base + path, **bearer) in (200, 303, 401, 404)
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "libtorch" not in maps
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10)
    assert token not in out
    assert "Traceback" not in out
    assert len(list((tmp_path / "runs").iterdir())) == 3  # the first open shows something
    assert process.returncode in (0, 130, -signal.SIGINT)


def test_importing_the_app_and_answering_a_page_imports_no_torch(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from made_studio import made_client
with made_client(Path({str(tmp_path)!r})) as client:
    for path in ("/", "/api/runs", "/api/tasks", "/api/runs/none"):
        client.get(path)
assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "sklearn")]
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_nothing_heavy_is_imported_before_the_first_page_can_be_served() -> None:
    script = "import sys, nonesuch.studio.serve; assert not {'torch', 'numpy', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_taken_port_is_passed_over_and_a_second_studio_has_its_own_key(tmp_path: Path) -> None:
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with _started(tmp_path, "--port", str(port)) as (_, first):
            assert int(first.split(":")[2].split("/")[0]) != port


def test_answers_in_several_pieces_are_sent_at_once() -> None:
    """asyncio turns Nagle's delay off for sockets that say they are TCP, and those they accept say what they say."""
    with bound("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_the_key_of_ones_own_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "a-key-of-my-own-with-enough-characters-0123"
    monkeypatch.setenv("NONESUCH_TOKEN", own)
    with _started(tmp_path) as (_, link):
        assert link.endswith(f"/?token={own}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "every address"),
        (["--host", "203.0.113.7"], "NONESUCH_TOKEN"),
        (["nowhere"], "no folder"),
        (["--port", "0"], "port"),
    ],
)
def test_what_cannot_be_served_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    command = [sys.executable, "-m", "nonesuch", "studio", "--no-browser", *words]
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_an_address_of_another_machine_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MachineError, match="another --host"):
        bound("203.0.113.7", 8470)


def test_it_stops_within_two_seconds(tmp_path: Path) -> None:
    with _started(tmp_path) as (process, link):
        assert _status(link) in (200, 401, 404)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - began < 2

"""The downloader against a local server that misbehaves in every way a real one has."""

import errno
import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.request import Request

import pytest

from nonesuch.data import download
from nonesuch.data.download import fetch
from nonesuch.data.published import Remote
from nonesuch.errors import DataError, MachineError

BODY = bytes(i * 7 % 251 for i in range(300_000))
SHA256 = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Gives each request to the next reply of the server's script; the last one answers all further requests."""

    server: "Script"

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        position = min(len(self.server.ranges), len(self.server.replies)) - 1
        self.server.replies[position](self)

    def start(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Script(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, replies: list[Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies
        self.ranges: list[str | None] = []
        self.released = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}/set.gz"


@contextmanager
def serving(*replies: Reply) -> Iterator[Script]:
    server = Script(list(replies))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join(5)
        server.server_close()


def asked(handler: Handler) -> int:
    return int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))


def whole(handler: Handler) -> None:
    """A good server: 206 and the rest when a range is asked for."""
    start = asked(handler)
    if start:
        handler.start(206, len(BODY) - start, Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
    else:
        handler.start(200, len(BODY))
    handler.wfile.write(BODY[start:])


def no_ranges(handler: Handler) -> None:
    handler.start(200, len(BODY))
    handler.wfile.write(BODY)


def breaks_after(count: int, announce: bool = True) -> Reply:
    """Sends `count` bytes and hangs up, having announced the full length, or only as much as it sends."""

    def reply(handler: Handler) -> None:
        start = asked(handler)
        length = len(BODY) - start if announce else count
        if start:
            handler.start(206, length, Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        else:
            handler.start(200, length)
        handler.wfile.write(BODY[start : start + count])

    return reply


def stalls(handler: Handler) -> None:
    handler.start(200, len(BODY))
    handler.wfile.write(BODY[:1000])
    handler.wfile.flush()
    handler.server.released.wait(10)


def says_nothing(handler: Handler) -> None:
    handler.server.released.wait(10)


def status(code: int) -> Reply:
    return lambda handler: handler.start(code, 0)


def redirects(target: str) -> Reply:
    return lambda handler: handler.start(302, 0, Location=target)


def sends(data: bytes) -> Reply:
    def reply(handler: Handler) -> None:
        handler.start(200, len(data))
        handler.wfile.write(data)

    return reply


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def remote(*addresses: str, checksum: str = SHA256) -> Remote:
    return Remote("set.gz", addresses, len(BODY), checksum)


def get(folder: Path, *addresses: str, checksum: str = SHA256, **options: Any) -> Path:
    return fetch(remote(*addresses, checksum=checksum), folder, pause_s=0.0, **{"timeout_s": 5.0, **options})


def files(folder: Path) -> list[str]:
    """All files but the lock, which may stay."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_whole_transfer_reports_progress_and_leaves_one_file(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with serving(whole) as server:
        path = get(tmp_path, server.address, progress=lambda done, total: seen.append((done, total)))
        assert get(tmp_path, server.address) == path
        assert server.ranges == [None]  # the second call found the file
    assert path.read_bytes() == BODY
    assert files(tmp_path) == ["set.gz"]
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize("announce", [True, False])
def test_broken_transfers_are_continued_where_they_broke(tmp_path: Path, announce: bool) -> None:
    with serving(breaks_after(100_000, announce), breaks_after(50_000, announce), whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_a_later_call_continues_what_an_earlier_one_left(tmp_path: Path) -> None:
    broken = pytest.raises(DataError, match="broke off after 120,000 of 300,000 bytes")
    with serving(breaks_after(120_000), breaks_after(0)) as server, broken:
        get(tmp_path, server.address)
    assert files(tmp_path) == ["set.gz.part"]
    with serving(whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == ["bytes=120000-"]


def test_a_server_without_ranges_starts_again_from_zero(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(b"x" * 5000)  # would spoil the file if it were continued
    with serving(no_ranges) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == ["bytes=5000-"]


def test_starting_again_from_zero_drops_the_old_tail(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(b"x" * 5000)

    def breaks_at_1000(handler: Handler) -> None:
        handler.start(200, len(BODY))
        handler.wfile.write(BODY[:1000])

    with serving(breaks_at_1000, whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == ["bytes=5000-", "bytes=1000-"]


def test_stale_bytes_of_an_earlier_run_get_a_second_chance_from_zero(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(b"x" * 5000)
    with serving(whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == ["bytes=5000-", None]


def test_a_part_longer_than_the_file_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(b"x" * (len(BODY) + 1))
    with serving(whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY


def test_a_complete_part_needs_no_transfer(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(BODY)
    with serving(whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == []


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_wrong_checksum_leaves_nothing(tmp_path: Path, algorithm: str) -> None:
    wrong = f"{algorithm}:{hashlib.new(algorithm, b'another file').hexdigest()}"
    with serving(whole) as server, pytest.raises(DataError, match="wrong checksum") as raised:
        get(tmp_path, server.address, checksum=wrong)
    assert "\n" not in str(raised.value)
    assert files(tmp_path) == []
    assert server.ranges == [None]


def test_the_second_address_helps_when_the_first_has_another_file(tmp_path: Path) -> None:
    with serving(sends(bytes(len(BODY)))) as bad, serving(whole) as good:
        assert get(tmp_path, bad.address, good.address).read_bytes() == BODY


def test_longer_than_published_is_refused(tmp_path: Path) -> None:
    with serving(sends(BODY + b"more")) as server, pytest.raises(DataError, match="more than the 300,000 bytes"):
        get(tmp_path, server.address)
    assert files(tmp_path) == []


def test_404_is_asked_once(tmp_path: Path) -> None:
    with serving(status(404)) as server, pytest.raises(DataError, match="404"):
        get(tmp_path, server.address)
    assert len(server.ranges) == 1
    assert files(tmp_path) == []


def test_a_server_error_is_tried_again(tmp_path: Path) -> None:
    with serving(status(503), status(503), whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY


def test_a_range_the_server_refuses_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(BODY[:1000])
    with serving(status(416), whole) as server:
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == ["bytes=1000-", None]


def test_another_range_than_asked_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set.gz.part").write_bytes(BODY[:1000])

    def shifted(handler: Handler) -> None:
        handler.start(206, 10, Content_Range=f"bytes 5-14/{len(BODY)}")
        handler.wfile.write(BODY[5:15])

    with serving(shifted) as server, pytest.raises(DataError, match="another range"):
        get(tmp_path, server.address)


def test_connection_refused_is_one_line_at_once(tmp_path: Path) -> None:
    with serving(whole) as server:
        address = server.address
    started = time.monotonic()
    with pytest.raises(DataError, match="no connection") as raised:
        get(tmp_path, address)
    assert time.monotonic() - started < 2
    assert "\n" not in str(raised.value)
    assert files(tmp_path) == []


def test_a_stall_ends_by_the_timeout_and_is_continued(tmp_path: Path) -> None:
    with serving(stalls, whole) as server:
        assert get(tmp_path, server.address, timeout_s=0.3).read_bytes() == BODY
    assert server.ranges == [None, "bytes=1000-"]
    silent = pytest.raises(DataError, match=r"no answer within 0\.2 s")
    with serving(says_nothing) as server, silent:
        get(tmp_path / "other", server.address, timeout_s=0.2, tries=2)


def test_redirects_are_followed_to_the_web_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(BODY)
    with serving(whole) as good, serving(redirects(good.address)) as server:
        assert get(tmp_path / "a", server.address).read_bytes() == BODY
    for target, reason in (
        (secret.as_uri(), "302"),  # urllib itself refuses to follow
        ("data:,x", "302"),
        ("ftp://127.0.0.1/set.gz", "neither http nor https"),
    ):
        with serving(redirects(target)) as server, pytest.raises(DataError, match=reason):
            get(tmp_path / "b", server.address)
        assert files(tmp_path / "b") == []
    with pytest.raises(DataError, match="neither http nor https"):
        get(tmp_path / "c", secret.as_uri())


def test_no_redirect_from_https_down_to_http() -> None:
    request = Request("https://example.org/set.gz")
    with pytest.raises(Exception, match="from https down to"):
        download._WebRedirects().redirect_request(request, io.BytesIO(), 302, "", Message(), "http://example.org/")


def test_a_full_disk_keeps_what_arrived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        """A file that takes 100,000 bytes."""

        def __init__(self, file: IO[bytes]) -> None:
            self.file = file

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> None:
            if self.file.tell() + len(data) > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.file.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    real = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any) -> Any:
        file = real(path, mode, *rest)
        return Full(file) if mode == "r+b" else file

    with serving(whole) as server:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", opened)
            with pytest.raises(MachineError, match="No space left on device"):
                get(tmp_path, server.address)
        kept = (tmp_path / "set.gz.part").stat().st_size
        assert 0 < kept <= 100_000
        assert get(tmp_path, server.address).read_bytes() == BODY
    assert server.ranges == [None, f"bytes={kept}-"]


def test_room_is_checked_before_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: Usage)
    with serving(whole) as server, pytest.raises(MachineError, match=r"300,000 bytes more and .* has 1,000 free"):
        get(tmp_path, server.address)
    assert server.ranges == []


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match="set NONESUCH_CACHE"):
        get(tmp_path / "file" / "below", "http://127.0.0.1:9/set.gz")


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    with download._alone(tmp_path / "set.gz.part"), pytest.raises(DataError, match="another process"):
        get(tmp_path, "http://127.0.0.1:9/set.gz")

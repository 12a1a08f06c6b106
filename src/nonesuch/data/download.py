"""Fetches one published file: resumes after a break, checks the checksum, and never leaves a wrong file behind."""

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from nonesuch.data.published import Remote
from nonesuch.errors import DataError, MachineError

Progress = Callable[[int, int], None]  # bytes done, bytes in all

_CHUNK = 1 << 16


class _BrokenError(Exception):
    """A transfer failed; `again` says whether the same address may still give the rest."""

    def __init__(self, reason: str, again: bool) -> None:
        super().__init__(reason)
        self.again = again


def fetch(
    remote: Remote,
    folder: Path,
    progress: Progress | None = None,
    timeout_s: float = 20.0,
    tries: int = 4,
    pause_s: float = 1.0,
) -> Path:
    """Return `folder / remote.file`, downloading it first unless it is there.

    The bytes gather in a `.part` file beside it, which a later call continues; only a file whose size and checksum
    are right gets the final name. `timeout_s` bounds every wait for the server, `tries` the attempts in a row that
    bring nothing new. Raises DataError when no address gives the file, MachineError when it cannot be written.
    """
    target = folder / remote.file
    if target.is_file():
        return target
    part = folder / f"{remote.file}.part"
    with _alone(part):
        if target.is_file():  # another process may have finished it just before the lock was ours
            return target
        _check_room(remote, part)
        reason = _gather(remote, part, progress, timeout_s, tries, pause_s)
        if reason is not None:
            raise DataError(f"could not download {remote.file}: {reason}")
        part.replace(target)
    return target


def _gather(
    remote: Remote, part: Path, progress: Progress | None, timeout_s: float, tries: int, pause_s: float
) -> str | None:
    """Fill `part` from whichever address works. Returns None when it is whole and right, else the last reason."""
    addresses = list(remote.addresses)
    left_over = _length(part) > 0  # bytes of an earlier run may be stale, so they get a second chance from zero
    best, idle = _length(part), 0
    reason: str | None = None
    while addresses and idle < tries:
        try:
            _transfer(remote, addresses[0], part, progress, timeout_s)
        except _BrokenError as broken:
            reason = f"{broken} ({addresses[0]})"
            if not broken.again:
                addresses.pop(0)
                continue
            idle = 0 if _length(part) > best else idle + 1
            best = max(best, _length(part))
            addresses.append(addresses.pop(0))
            time.sleep(pause_s * idle)
            continue
        found = _digest(part, remote.checksum.partition(":")[0])
        if found == remote.checksum:
            return None
        os.truncate(part, 0)
        reason = f"wrong checksum, {found} instead of {remote.checksum}; the file was removed ({addresses[0]})"
        if not left_over:
            addresses.pop(0)
        left_over, best = False, 0
    return reason


def _transfer(remote: Remote, address: str, part: Path, progress: Progress | None, timeout_s: float) -> None:
    """Append what is missing from one address. Raises _BrokenError unless `part` then has the published size."""
    done = _length(part)
    if done > remote.size:
        os.truncate(part, 0)
        done = 0
    if done == remote.size:
        return
    try:
        with _open(address, done, timeout_s) as response:
            if response.status == 206 and not _continues(response, done):
                raise _BrokenError("the server sent another range than asked for", again=False)
            done = done if response.status == 206 else 0
            _copy(response, part, done, remote.size, progress)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            os.truncate(part, 0)
        raise _BrokenError(
            f"the server said {error.code} {error.reason}", error.code == 416 or error.code >= 500
        ) from None
    except TimeoutError:
        raise _BrokenError(f"no answer within {timeout_s:g} s", again=True) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _BrokenError(f"no answer within {timeout_s:g} s", again=True) from None
        raise _BrokenError(f"no connection, {error.reason}", again=False) from None
    except (http.client.HTTPException, OSError) as error:
        raise _BrokenError(f"the connection broke, {error}", again=True) from None
    if _length(part) < remote.size:
        raise _BrokenError(f"the transfer broke off after {_length(part):,} of {remote.size:,} bytes", again=True)


def _copy(response: http.client.HTTPResponse, part: Path, done: int, size: int, progress: Progress | None) -> None:
    """Write the answer into `part` from byte `done` on; a write error must not look like a network error."""
    with part.open("r+b") as out:
        out.truncate(done)
        out.seek(done)
        while chunk := response.read1(_CHUNK):
            done += len(chunk)
            if done > size:
                out.truncate(0)
                raise _BrokenError(f"the server sent more than the {size:,} bytes published", again=False)
            try:
                out.write(chunk)
                out.flush()
            except OSError as error:
                raise MachineError(
                    f"cannot write {part}: {error.strerror}; what has arrived is kept, "
                    "make room or set NONESUCH_CACHE to a folder on another disk"
                ) from error
            if progress is not None:
                progress(done, size)


def _check_room(remote: Remote, part: Path) -> None:
    missing = remote.size - _length(part)
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise MachineError(
            f"{remote.file} needs {missing:,} bytes more and {part.parent} has {free:,} free; "
            "make room or set NONESUCH_CACHE to another disk"
        )


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Create the part file and keep other processes off it; the lock ends with the process, however that ends."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{part}.lock", timeout=0):
            part.touch()
            try:
                yield
            finally:
                if _length(part) == 0:
                    part.unlink(missing_ok=True)
    except Timeout:
        raise DataError(f"another process is downloading {part.name}; wait for it and try again") from None
    except OSError as error:
        raise MachineError(
            f"cannot write {part}: {error.strerror}; set NONESUCH_CACHE to a folder you may write"
        ) from None


def _open(address: str, done: int, timeout_s: float) -> http.client.HTTPResponse:
    headers = {"User-Agent": "nonesuch", "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    _require_web(address)
    opener = urllib.request.OpenerDirector()
    for handler in (  # the default opener would also read file:, ftp: and data: addresses
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _WebRedirects(),
    ):
        opener.add_handler(handler)
    response: http.client.HTTPResponse = opener.open(
        urllib.request.Request(address, headers=headers), timeout=timeout_s
    )
    return response


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never from https down to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        try:
            _require_web(newurl)
            if req.type == "https" and urlsplit(newurl).scheme == "http":
                raise _BrokenError(f"redirected from https down to {newurl}", again=False)
        except _BrokenError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _require_web(address: str) -> None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise _BrokenError(f"{address} is neither http nor https", again=False)


def _continues(response: http.client.HTTPResponse, done: int) -> bool:
    return (response.headers.get("Content-Range") or "").startswith(f"bytes {done}-")


def _length(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"

"""Guarded decoders for many pictures: children that stay, take one picture after the other, and may be lost at any."""

import contextlib
import os
import queue
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

from nonesuch.errors import DataError
from nonesuch.studio import decoder

PATIENCE_SECONDS = 30.0
LENGTH = struct.Struct("<BI")
"""What goes before every message both ways: a kind, and how many bytes follow."""


class GuardedDecoder:
    """One child at a time, started when it is needed and replaced when a picture has killed it. For one thread."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def png(self, data: bytes) -> bytes:
        """The bytes of a picture, decoded and encoded anew as PNG: nothing of the sender's own bytes is in it.

        Raises DataError with the reason.
        """
        child = self._child
        if child is None or child.poll() is not None:
            self.close()
            child = self._child = _started()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(LENGTH.pack(decoder.DONE, len(data)) + data)
            child.stdin.flush()
            deadline = time.monotonic() + PATIENCE_SECONDS
            kind, length = LENGTH.unpack(_read(child.stdout, LENGTH.size, deadline))
            if length > decoder.OUTPUT:
                raise EOFError
            answer = _read(child.stdout, length, deadline)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            slow = isinstance(error, TimeoutError)
            raise DataError(refused("it takes too long to read" if slow else "reading it needs too much")) from None
        if kind != decoder.DONE:
            raise DataError(refused(answer.decode("utf-8", "replace")))
        return answer

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


class Decoders:
    """As many as may work at once, for threads."""

    def __init__(self, count: int = 2) -> None:
        self._free: queue.SimpleQueue[GuardedDecoder] = queue.SimpleQueue()
        self._all = [GuardedDecoder() for _ in range(count)]
        for one in self._all:
            self._free.put(one)

    @contextlib.contextmanager
    def one(self) -> Iterator[GuardedDecoder]:
        """A decoder for this thread alone; waits until one is free."""
        found = self._free.get()
        try:
            yield found
        finally:
            self._free.put(found)

    def close(self) -> None:
        """End all children."""
        for one in self._all:
            one.close()


def refused(reason: str) -> str:
    """For a person."""
    return f"this is no picture that can be used: {reason}; give a PNG, JPEG, WebP, GIF, BMP or TIFF"


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: the folder we were started in is no place to import from.
        [sys.executable, "-P", "-m", decoder.__name__, decoder.MANY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def _read(pipe: IO[bytes], count: int, deadline: float) -> bytes:
    """Just so many bytes. Raises EOFError when the child has gone, TimeoutError when it stands still."""
    found = bytearray()
    while len(found) < count:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        part = os.read(pipe.fileno(), min(count - len(found), 1 << 20))
        if not part:
            raise EOFError
        found += part
    return bytes(found)

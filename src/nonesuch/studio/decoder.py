"""The child process that decodes one picture: raw bytes on stdin, a PNG on stdout, the reason of a refusal on stderr.

Called with MANY it takes one picture after the other, each with its length before it, as decoders.py speaks to it.
It can crash, hang or swell without harm to the studio: time and memory are limited, it knows no path, and whatever the
bytes make it do it can only fill one file of limited length.
"""

import resource
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nonesuch.pixels import Picture

MOST_SIDE = 2048
"""Pixels of the longer side; larger pictures are shrunk, as no net and no screen here takes more."""
SECONDS = 20
MEMORY = 2 << 30
OUTPUT = 64 << 20
REFUSED = 3
"""The exit code for bytes that are no picture."""
MANY = "many"
DONE = 0
"""The kind of a message that holds a picture; REFUSED is that of one that holds a reason."""


def main() -> int:
    """Decode stdin; returns the exit code."""
    # Here and not above: the studio reads this file's constants when it starts, and must not wait for decoders.
    from nonesuch.data.decode import Undecodable, decode
    from nonesuch.pixels import png_bytes

    _limit()
    try:
        picture = shrunk(decode(sys.stdin.buffer.read()))
    except Undecodable as error:
        print(error.reason, file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(png_bytes(picture))
    return 0


def many() -> None:
    """Decode what comes, until nothing comes any more."""
    from nonesuch.data.decode import Undecodable, decode
    from nonesuch.pixels import png_bytes

    _limit()
    head = struct.Struct("<BI")
    given, taken = sys.stdin.buffer, sys.stdout.buffer
    while len(said := given.read(head.size)) == head.size:
        _wind_up()
        try:
            answer, kind = png_bytes(shrunk(decode(given.read(head.unpack(said)[1])))), DONE
        except Undecodable as error:
            answer, kind = error.reason.encode(), REFUSED
        except MemoryError:
            answer, kind = b"reading it needs too much memory", REFUSED
        taken.write(head.pack(kind, len(answer)) + answer)
        taken.flush()


def _limit() -> None:
    """Hold this process to its limits."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _wind_up() -> None:
    """Give the next picture its own seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def shrunk(picture: "Picture") -> "Picture":
    """The picture (H, W, C) with its longer side at most MOST_SIDE pixels."""
    from nonesuch.data.decode import fit

    height, width, channels = picture.shape
    scale = MOST_SIDE / max(height, width)
    if scale >= 1 or channels not in (1, 3, 4):
        return picture
    return fit(picture, (max(1, round(height * scale)), max(1, round(width * scale))), "stretch", channels)


if __name__ == "__main__":
    if sys.argv[1:] == [MANY]:
        many()
    else:
        sys.exit(main())

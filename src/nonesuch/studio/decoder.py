"""The child process that decodes one picture: raw bytes on stdin, a PNG on stdout, the reason of a refusal on stderr.

It can crash, hang or swell without harm to the studio: time and memory are limited, it knows no path, and whatever the
bytes make it do it can only fill one file of limited length.
"""

import resource
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


def main() -> int:
    """Decode stdin; returns the exit code."""
    # Here and not above: the studio reads this file's constants when it starts, and must not wait for decoders.
    from nonesuch.data.decode import Undecodable, decode
    from nonesuch.pixels import png_bytes

    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        picture = shrunk(decode(sys.stdin.buffer.read()))
    except Undecodable as error:
        print(error.reason, file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(png_bytes(picture))
    return 0


def shrunk(picture: "Picture") -> "Picture":
    """The picture (H, W, C) with its longer side at most MOST_SIDE pixels."""
    from nonesuch.data.decode import fit

    height, width, channels = picture.shape
    scale = MOST_SIDE / max(height, width)
    if scale >= 1 or channels not in (1, 3, 4):
        return picture
    return fit(picture, (max(1, round(height * scale)), max(1, round(width * scale))), "stretch", channels)


if __name__ == "__main__":
    sys.exit(main())

"""A published page, looked at before it goes anywhere: served on a port of its own, beside the studio, not within it.

The page is code, and it carries texts of people we do not know (class names of somebody's data, an imported run). So it
is another origin than the studio: it can read nothing of it, and the gate refuses what it sends. It is opened under
another name of this machine than the studio was, so that the studio's cookie, which knows no ports, does not go to it.
The address carries a key, as the page is nobody's business before it is published; the archive is read once, and served
from memory by `publishing/preview.py`.
"""

import io
import threading
import zipfile
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from nonesuch.errors import RunError

if TYPE_CHECKING:
    from nonesuch.publishing.preview import Server

MOST_BYTES = 512 << 20


class Previews:
    """At most one page is served at a time: the one that was asked for last."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._lock = threading.Lock()

    def open(self, archive: bytes, name: str) -> str:
        """Serve a site's archive until the next one, or `close`; its address under `name` of this machine.

        Raises RunError for an archive that is none of ours, MachineError when no port is free.
        """
        from nonesuch.publishing.preview import opened  # only here: the studio's first page must not wait for it

        files = _files(archive)
        with self._lock:
            self._end()
            self._server = server = opened(files.get, prefix=f"/{token_urlsafe(16)}/")
            threading.Thread(target=server.serve_forever, args=(0.2,), name="preview", daemon=True).start()
            return f"http://{name}:{server.server_port}{server.prefix}"

    def close(self) -> None:
        """Serve nothing more."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def other_name(host: str) -> str:
    """Another name of this machine than the Host that the studio was asked under."""
    return "127.0.0.1" if host.startswith("localhost") else "localhost"


def _files(archive: bytes) -> dict[str, bytes]:
    from nonesuch.publishing.folder import TOP

    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            entries = [each for each in packed.infolist() if each.filename.startswith(TOP)]
            if sum(each.file_size for each in entries) > MOST_BYTES:
                raise RunError("this page is too large to be looked at here; download it")
            return {each.filename.removeprefix(TOP): packed.read(each) for each in entries}
    except (zipfile.BadZipFile, OSError, ValueError):
        raise RunError("this page is damaged; make it again") from None

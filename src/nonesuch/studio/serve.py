"""`nonesuch studio`: bind, print the link, open the browser, serve until told to stop."""

import errno
import os
import socket
import sys
import threading
import webbrowser
from pathlib import Path

import uvicorn

from nonesuch.data.places import cache_root
from nonesuch.errors import MachineError
from nonesuch.studio import first_runs
from nonesuch.studio.app import create_app
from nonesuch.studio.gate import Address, is_loopback, new_token
from nonesuch.studio.places import Places, named
from nonesuch.studio.studio import Studio

PORT = 8470
TOKEN = "NONESUCH_TOKEN"
TRIES = 20


class Server(uvicorn.Server):
    """uvicorn, which tells the studio first: open streams end by themselves instead of being waited for."""

    studio: Studio

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self.studio.close()
        await super().shutdown(sockets)


def serve(data: list[str], runs: Path, root: Path, host: str, port: int, browser: bool) -> None:
    """Serve the studio until SIGINT or SIGTERM. Raises DataError and MachineError before anything is served."""
    token = _token(host)
    places = Places(runs.absolute(), root.absolute(), named(data), cache_root() / "studio")
    # What a page asks for must not make this machine fetch anything from elsewhere.
    os.environ["NONESUCH_OFFLINE"] = "1"
    with bound(host, port) as listening:
        address = Address(listening.getsockname()[1], token, host)
        server = server_of(Studio(places, address))
        print(f"nonesuch studio: {address.link}", flush=True)
        print("Keep this link to yourself: it carries the key. Stop with Ctrl-C.", file=sys.stderr, flush=True)
        _provide(places.runs)
        if browser:
            threading.Thread(target=webbrowser.open, args=(address.link,), daemon=True).start()
        server.run(sockets=[listening])


def _provide(runs: Path) -> None:
    """The first runs. Where they cannot be put, the studio is still of use."""
    try:
        if made := first_runs.provide(runs):
            print(f"There was no run in {runs} yet: {len(made)} small ones were put there.", file=sys.stderr)
    except MachineError as error:
        print(f"No first runs to look at: {error}", file=sys.stderr)


def server_of(studio: Studio) -> Server:
    """A server for a studio. Nothing it logs holds the token: addresses are not logged at all."""
    config = uvicorn.Config(
        create_app(studio),
        http="h11",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=15,
    )
    server = Server(config)
    server.studio = studio
    return server


def bound(host: str, port: int) -> socket.socket:
    """A listening socket on the wanted port, or on the next free one. Raises MachineError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for wanted in (*range(port, min(port + TRIES, 65536)), 0):
        # Named a TCP socket, or asyncio leaves Nagle's delay on: 40 ms for every answer that is sent in two pieces.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host.strip("[]"), wanted))
            found.listen(128)
        except OSError as error:
            found.close()
            if wanted == 0 or not _is_taken(error):
                raise MachineError(f"cannot serve on {host}:{wanted}: {error.strerror}; try another --host") from None
        else:
            return found
    raise MachineError(f"no port is free on {host}")


def _is_taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def _token(host: str) -> str:
    """The key: a fresh one, or the person's own. Who lets other machines in must have chosen it."""
    if host in ("0.0.0.0", "::", "[::]"):
        raise MachineError(
            f"--host {host} is every address at once; give the one under which others reach this machine"
        )
    # Taken away: no child process has to know it.
    chosen = os.environ.pop(TOKEN, None)
    if not is_loopback(host) and not chosen:
        raise MachineError(
            f"--host {host} lets other machines in: set {TOKEN} to a key of your own, 32 characters or more, "
            "or serve on 127.0.0.1"
        )
    return chosen or new_token()

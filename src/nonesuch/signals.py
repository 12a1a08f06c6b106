"""The signals by which a training is asked to end: the first one lets it save, a second one leaves at once."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


@contextmanager
def heard() -> Iterator[Callable[[], str | None]]:
    """While this lasts Ctrl-C, SIGTERM and SIGHUP ask for an orderly end: the call gives the signal's name, or None."""
    asked: list[str] = []

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        name = signal.Signals(number).name
        if asked:
            os._exit(EXIT_CODES[name])
        asked.append(name)
        print("\nnonesuch: saving; once more to leave at once", file=sys.stderr)

    before = {name: signal.signal(getattr(signal, name), handle) for name in EXIT_CODES}
    try:
        yield lambda: asked[0] if asked else None
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

"""Studio: what the server knows and may do: its places, its address, opened runs, and one thread for nets."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import Request

from nonesuch.runs import layout
from nonesuch.runs.store import RunFolder, Store
from nonesuch.studio.albums import Intake
from nonesuch.studio.decoders import Decoders
from nonesuch.studio.decoding import Decoding
from nonesuch.studio.errors import BusyError, GoneError
from nonesuch.studio.gate import Address
from nonesuch.studio.jobs import Jobs
from nonesuch.studio.places import Places, found_run
from nonesuch.studio.tasks import Tasks

if TYPE_CHECKING:
    from nonesuch.evaluation.run import Run

MOST_OPENED = 4
MOST_WAITING = 128
"""Questions to nets, that which is being answered included; a page has a handful under way at most."""
MOST_REMEMBERED = 12

T = TypeVar("T")


class Studio:
    """One for each server. `close()` ends its thread; children that train or work go on without it."""

    def __init__(self, places: Places, address: Address) -> None:
        self.places, self.address = places, address
        self.runs = Store(places.runs)
        self.decoding = Decoding()
        self.decoders = Decoders()
        self.intake = Intake()
        self.jobs = Jobs(self.runs, places.cache / "trainers")
        self.tasks = Tasks(places)
        self.stopping = asyncio.Event()
        """Set when the server is told to stop: streams end by themselves."""
        self._thread = ThreadPoolExecutor(1, "nets")
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._opened: OrderedDict[str, tuple[list[int], Run]] = OrderedDict()
        self._remembered: WeakKeyDictionary[Run, OrderedDict[str, Any]] = WeakKeyDictionary()

    def run(self, run_id: str) -> RunFolder:
        """A run by its id. Raises MissingError."""
        return found_run(self.runs, run_id)

    async def compute(self, work: Callable[[], T], request: Request | None = None) -> T:
        """Do what needs a net, in the one thread for it: clicks queue up instead of fighting for the processor.

        Work of a `request` whose client has left before its turn is dropped: raises GoneError. Raises BusyError when
        too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError("many pictures are being drawn; try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:
                if request is not None and await request.is_disconnected():
                    raise GoneError("the page that asked has gone")
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def opened(self, run_id: str) -> "Run":
        """A run with its net, ready to be asked; the last four stay open. Only within `compute`.

        A run that has a newer snapshot by now is opened again. Raises MissingError, RunError.
        """
        from nonesuch.evaluation.run import Run

        folder = self.run(run_id)
        newest = layout.snapshots(folder.path)[-1:]
        known = self._opened.get(run_id)
        if known is None or known[0] != newest:
            known = newest, Run(folder)
        self._opened[run_id] = known
        self._opened.move_to_end(run_id)
        while len(self._opened) > MOST_OPENED:
            self._opened.popitem(last=False)
        return known[1]

    def remembered(self, run: "Run", name: str, make: Callable[[], T]) -> T:
        """What was made of an opened run under a name, made at the first call; gone with the run. Within `compute`."""
        kept = self._remembered.setdefault(run, OrderedDict())
        if name not in kept:
            kept[name] = make()
            while len(kept) > MOST_REMEMBERED:
                kept.popitem(last=False)
        kept.move_to_end(name)
        found: T = kept[name]
        return found

    def close(self) -> None:
        """Begin nothing more; what is being computed is left to end by itself."""
        self.stopping.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self.decoders.close()

"""What the one event stream carries: events of logs as they are written, and who begins or ends to work."""

from pydantic import TypeAdapter

from nonesuch.studio.wire.base import Whole, Wire
from nonesuch.studio.wire.runs import LoggedEvent
from nonesuch.studio.wire.tasks import TaskEvent


class Heard(Wire):
    """An event of a followed run or task. `start` 0 after others: its log was cut back and is told anew."""

    source: str
    start: Whole
    event: LoggedEvent | TaskEvent


class Liveness(Wire):
    """Whether a process works on a followed run or task now; said first, and whenever it changes."""

    source: str
    alive: bool


Message: TypeAdapter[Heard | Liveness] = TypeAdapter(Heard | Liveness)

"""The optional TensorBoard log (`pip install nonesuch[tensorboard]`): curves over images seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nonesuch.errors import MachineError
from nonesuch.training.events import Event, Measured, Started, Stepped


@contextmanager
def board(folder: Path) -> Iterator[Callable[[Event], None]]:
    """A function that logs each event it is given; on disk whenever something was measured, and at the end.

    What an earlier sitting logged beyond the snapshot from which this one goes on is told TensorBoard to be dropped.
    Raises MachineError when the extra is not installed, or the folder cannot be written.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MachineError("no TensorBoard here; install it with: pip install 'nonesuch[tensorboard]'") from None
    try:
        log = SummaryWriter(str(folder))
    except OSError as error:
        raise MachineError(f"cannot log to {folder}: {error.strerror}; give --tensorboard another folder") from None

    def write(event: Event) -> None:
        nonlocal log
        match event:
            case Started(resumed=True):
                log.close()
                log = SummaryWriter(str(folder), purge_step=event.images_seen + 1)
            case Stepped():
                for name, value in {**event.figures, "learning_rate": event.learning_rate}.items():
                    log.add_scalar(f"train/{name}", value, event.images_seen)
            case Measured():
                for name, value in event.figures.items():
                    log.add_scalar(f"{event.split}/{name}", value, event.images_seen)
                log.flush()
            case _:
                pass

    try:
        yield write
    finally:
        log.close()

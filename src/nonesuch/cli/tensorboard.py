"""The optional TensorBoard log (`pip install nonesuch[tensorboard]`): curves over images seen."""

from collections.abc import Callable
from pathlib import Path

from nonesuch.errors import MachineError
from nonesuch.training.events import Event, Measured, Stepped


def writer(folder: Path) -> Callable[[Event], None]:
    """A function that logs each event it is given. Raises MachineError when the extra is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MachineError("no TensorBoard here; install it with: pip install 'nonesuch[tensorboard]'") from None
    log = SummaryWriter(str(folder))

    def write(event: Event) -> None:
        prefix = f"{event.split}/" if isinstance(event, Measured) else "train/"
        if isinstance(event, Stepped | Measured):
            for name, value in event.figures.items():
                log.add_scalar(prefix + name, value, event.images_seen)
            log.flush()

    return write

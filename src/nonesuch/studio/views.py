"""How a person looks at a data set; apart from the looks themselves, which load numpy."""

from dataclasses import dataclass

from nonesuch.studio.wire import data as wire


@dataclass(frozen=True)
class View:
    """How a person looks at a data set: size, channels and fit of its pack, the column of its labels, split shares."""

    size: int | None
    channels: wire.Channels | None
    fit: wire.Fit
    label: str
    val: float = 0.1
    test: float = 0.1

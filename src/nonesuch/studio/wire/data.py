"""What is asked and said of data sets."""

from typing import Literal

from pydantic import Field

from nonesuch.studio.wire.base import DataId, Whole, Wire


class PackingAsked(Wire):
    """Which pictures to pack, and how. Without a size or channels, the pictures decide."""

    data: DataId
    size: int | None = Field(None, ge=1, le=1024)
    channels: Literal[1, 3, 4] | None = None
    fit: Literal["crop", "pad", "stretch"] = "crop"


class PackingDone(Wire):
    """What was packed."""

    pictures: Whole
    rejects: Whole
    height: Whole
    width: Whole
    channels: Whole

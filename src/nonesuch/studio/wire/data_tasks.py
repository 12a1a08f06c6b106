"""What is asked and said of long work over data sets: a map, an import from an archive, a copy to change."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from nonesuch.studio.wire.album import ClassName
from nonesuch.studio.wire.base import Block, DataId, Figure, Line, Whole, Wire
from nonesuch.studio.wire.data import By, Channels, Fit, RejectLine, Side


class MappingAsked(Wire):
    """Which pictures to lay out on a map, by what, and how. label: the column that the measuring net learns from."""

    data: DataId
    size: Side | None = None
    channels: Channels | None = None
    fit: Fit = "crop"
    by: By
    method: Literal["pca", "tsne", "umap"] = "pca"
    label: Line = "label"
    most: int = Field(1500, ge=3, le=5000)


class MappingDone(Wire):
    """The map: rows of the pack, and places (M, 2) in shares of the frame from its upper left corner.

    sprites.png holds the pictures in the same order, `across` a line, each `height` x `width`.
    """

    rows: list[Whole]
    codes: list[int]
    classes: list[str]
    names: list[str]
    places: Block
    words: str
    shares: list[Figure]
    by: By
    height: Whole
    width: Whole
    across: Whole


class ImportingAsked(Wire):
    """An archive that was given, by its id, and the data set it goes into. label: for what lies in no folder."""

    data: DataId
    archive: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    label: ClassName = "pictures"


class CopyingAsked(Wire):
    """A data set to be copied into one of one's own. column: which labels become folders; most: of each class."""

    data: DataId
    name: Line
    column: Line
    most: int = Field(200, ge=1, le=100_000)


class TakenDone(Wire):
    """What came into a data set: new pictures, those it had already, and what was refused (the first 200 of them)."""

    data: DataId
    added: Whole
    known: Whole
    refused: Whole
    refusals: list[RejectLine]

"""What is asked and said of data sets: which there are, what is in one, its pages, and tasks over it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from nonesuch.studio.wire.base import Block, DataId, Figure, Whole, Wire

Fit = Literal["crop", "pad", "stretch"]
Channels = Literal[1, 3, 4]
By = Literal["features", "pixels"]
Side = Annotated[int, Field(ge=1, le=1024)]
PackId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class DataLine(Wire):
    """A data set in the list. named: of the catalogue; own: a folder under the data root; given: on the command line.

    pictures: null where nobody has counted. missing: why a named set cannot be opened here, or "".
    """

    id: DataId
    kind: Literal["named", "own", "given"]
    about: str
    pictures: Whole | None
    missing: str


class DataList(Wire):
    """Every data set, and the limits of what can be given to one."""

    sets: list[DataLine]
    most_pictures: Whole
    most_picture_bytes: Whole
    most_archive_bytes: Whole


class SidesFound(Wire):
    """(height, width) as they were found; often: (height, width, pictures)."""

    smallest: list[Whole]
    largest: list[Whole]
    typical: list[Whole]
    often: list[list[Whole]]
    kinds: int


class FittedLine(Wire):
    """What bringing the pictures to one size did; see `nonesuch.data.inspection.Fitted`."""

    enlarged: Whole
    shrunk: Whole
    kept: Whole
    largest: Figure
    shrunk_to: Figure
    changed: Whole
    typical: Figure
    most: Figure


class RefusalLine(Wire):
    """Files refused for one kind of reason."""

    reason: str
    count: Whole
    example: str


class ClassCount(Wire):
    """One class: pictures in all and in each split."""

    name: str
    code: Whole
    count: Whole
    train: Whole
    val: Whole
    test: Whole
    off: bool


class DataDetail(Wire):
    """What is in a packed data set. split: train, val, test. absent: classes that a split lacks."""

    data: DataId
    pack: PackId
    pictures: Whole
    height: Whole
    width: Whole
    channels: Whole
    fit: Fit
    column: str
    columns: list[str]
    classes: list[ClassCount]
    unlabelled: Whole
    split: list[Whole]
    absent: dict[str, list[str]]
    sides: SidesFound
    fitted: FittedLine
    enlargement: str
    rejects: Whole
    refusals: list[RefusalLine]


class DataLook(Wire):
    """What is in a data set; null until a task has packed it under this view."""

    detail: DataDetail | None


class PictureLine(Wire):
    """One picture: its row, its name, its class (-1: none), its split."""

    row: Whole
    name: str
    code: int
    split: Literal["train", "val", "test"]


class PicturePage(Wire):
    """Some pictures of a class, or of all: `total` there are, these begin at `start`. pixels: (n, H, W, C)."""

    start: Whole
    total: Whole
    lines: list[PictureLine]
    pixels: Block


class RejectLine(Wire):
    """A file that was refused, and why."""

    name: str
    reason: str


class RejectPage(Wire):
    """Some of the refused files."""

    start: Whole
    total: Whole
    lines: list[RejectLine]


class CopyGroup(Wire):
    """Pictures that are the same. difference: null for identical files, else the mean one in grey levels of 255."""

    lines: list[PictureLine]
    difference: Figure
    across: bool


class Copies(Wire):
    """Duplicates: how many there are, and the first of them with thumbnails (n, H, W, C), one for each line."""

    words: str
    exact: Whole
    near: Whole
    across: Whole
    groups: list[CopyGroup]
    pixels: Block


class WayLine(Wire):
    """One way to bring a picture to a size; scale and cost as in `nonesuch.data.fitting.Fitting`."""

    how: Fit
    pixels: Block
    scale: Figure
    cost: Figure


class Fits(Wire):
    """A picture as it was (shrunk for the screen), its true height and width, and the three ways."""

    name: str
    height: Whole
    width: Whole
    original: Block
    ways: list[WayLine]


class AugmentAsked(Wire):
    """One picture and what may happen to it in training: the settings under `train.augment`. shown at (size, size)."""

    row: Whole
    size: Side | None = None
    channels: Channels | None = None
    fit: Fit = "crop"
    count: int = Field(11, ge=1, le=48)
    seed: int = Field(0, ge=0, le=2**31)
    flip: bool | Literal["alternating"] = False
    shift: int = Field(0, ge=0, le=64)
    edge: Literal["reflect", "zero"] = "reflect"
    rotate: float = Field(0.0, ge=0, le=180)
    scale: float = Field(0.0, ge=0, le=4)
    shear: float = Field(0.0, ge=0, le=2)
    elastic: float = Field(0.0, ge=0, le=64)
    elastic_sigma: float = Field(4.0, gt=0, le=64)
    erase: float = Field(0.0, ge=0, lt=1)


class Augmented(Wire):
    """The picture itself, (H, W, C), and what training would show of it, (count, H, W, C)."""

    original: Block
    pixels: Block


class NearLine(Wire):
    """A neighbour and how far it is."""

    line: PictureLine
    distance: Figure


class Near(Wire):
    """The pictures nearest to one; pixels (1 + n, H, W, C): it first, then they."""

    asked: PictureLine
    lines: list[NearLine]
    pixels: Block


class PackingAsked(Wire):
    """Which pictures to pack, and how. Without a size or channels, the pictures decide."""

    data: DataId
    size: Side | None = None
    channels: Channels | None = None
    fit: Fit = "crop"


class PackingDone(Wire):
    """What was packed."""

    pictures: Whole
    rejects: Whole
    height: Whole
    width: Whole
    channels: Whole

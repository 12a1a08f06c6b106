"""What is asked and said in the room Kernels: kernels by name, filters of a run, one put back, a lesson."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nonesuch.studio.wire.base import Block, Figure, FileName, Line, PictureId, Whole, Wire

LARGEST_SIDE = 15
MOST_PIXELS = 512 * 512
"""Of a picture that comes along with a question, as a camera's frame does."""

# The same as in lens/kernels.py, which imports torch; a test holds them equal.
EdgeName = Literal["zero", "reflect", "replicate", "wrap"]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Row = Annotated[list[Number], Field(min_length=1, max_length=LARGEST_SIDE)]
Square = Annotated[list[Row], Field(min_length=1, max_length=LARGEST_SIDE)]


class KernelLine(Wire):
    """A kernel by name: weights (k, k) row by row, and what it does, in a sentence."""

    name: str
    caption: str
    weights: list[list[float]]
    scale: float
    offset: float
    edge: EdgeName


class WordLine(Wire):
    """A word of a chain, and its numbers as they usually are."""

    name: str
    usual: list[float]


class KernelList(Wire):
    """Every kernel that has a name, and the words of a chain that are no such kernel."""

    kernels: list[KernelLine]
    words: list[WordLine]


class LearntFilters(Wire):
    """All filters of a run's first convolution: weights (N, C, k, k), offsets, and what the net takes and says.

    maps (N, h, w): what each makes of the picture that was asked about, as the net sees it in [-1, 1].
    """

    run: str
    kind: str
    weights: Block
    offsets: list[Figure]
    stride: int
    edge: EdgeName
    height: Whole
    width: Whole
    channels: Whole
    classes: list[str]
    picture: Block | None
    maps: Block | None


class FilterAsked(Wire):
    """A filter's new weights (C, k, k) and offset, and a picture to ask about: by its id, or its pixels (H, W, C)."""

    weights: list[Square] = Field(min_length=1, max_length=4)
    offset: Number = 0.0
    picture: PictureId | None = None
    pixels: Block | None = None

    @model_validator(mode="after")
    def _one_picture(self) -> Self:
        if (self.picture is None) == (self.pixels is None):
            raise ValueError("give either picture or pixels")
        _rectangular(self.weights)
        if self.pixels is not None:
            height, width, channels = (*self.pixels.shape, 0, 0, 0)[:3]
            right = len(self.pixels.shape) == 3 and channels in (1, 3, 4) and self.pixels.dtype == "uint8"
            if not right or not 0 < height * width <= MOST_PIXELS:
                raise ValueError(f"pixels are uint8 (H, W, 1, 3 or 4), at most {MOST_PIXELS} of them")
        return self


class FilterPut(Wire):
    """What the net says of a picture with its own filter and with the new one; its maps (h, w) of both.

    picture (H, W, C): as the net sees it. before, after: probabilities, in the order of the classes.
    """

    classes: list[str]
    before: list[Figure]
    after: list[Figure]
    picture: Block
    was: Block
    now: Block


class TypedKernel(Wire):
    """A kernel of a person's own, laid over every channel by itself."""

    weights: Square
    scale: Number = 1.0
    offset: Number = 0.0
    stride: int = Field(1, ge=1, le=16)
    edge: EdgeName = "zero"

    @model_validator(mode="after")
    def _square(self) -> Self:
        _rectangular([self.weights])
        return self


class LessonAsked(Wire):
    """Random kernels are to learn what a chain does to a picture, or to make another picture (`towards`) of it.

    chain: words between commas; "mine" stands for `mine`.
    """

    picture: PictureId
    chain: Line
    mine: TypedKernel | None = None
    edge: EdgeName | None = None
    steps: int = Field(300, ge=1, le=5000)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    towards: PictureId | None = None


class MomentLine(Wire):
    """The kernels after so many steps, the error, and the file with what they make of the picture."""

    step: Whole
    loss: Figure
    kernels: list[TypedKernel]
    file: FileName


class LessonDone(Wire):
    """Moments from the random start to the end; `wanted` is the file of what they were to make."""

    wanted: FileName
    moments: list[MomentLine]


def _rectangular(blocks: list[list[list[float]]]) -> None:
    sides = {len(row) for block in blocks for row in block} | {len(block) for block in blocks}
    if len(sides) != 1:
        raise ValueError("weights are squares of one size, row by row")

"""What is asked and said in the room Latent: places, what is drawn there, directions, clouds, and long work on them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nonesuch.studio.wire.base import Block, Figure, FileName, Line, PictureId, RunId, Seed, Split, Whole, Wire

# The same as in latent/directions.py, latent/path.py and latent/atlas.py, which import torch; a test holds them equal.
Method = Literal["codes", "weights", "activations", "random", "mean", "logistic"]
Way = Literal["slerp", "lerp"]
Ease = Literal["linear", "smooth"]
Layout = Literal["pca", "tsne", "umap"]
FilmKind = Literal["gif", "mp4"]

MOST_POINTS = 128
Weight = Annotated[float, Field(ge=-1e4, le=1e4)]
DirectionName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=80)]


class OnPlane(Wire):
    """A place on the plane of seeds: at whole numbers seed x + 100 y, between them a smooth mix of four neighbours."""

    x: float = Field(ge=0, le=1e15)
    y: float = Field(ge=0, le=9e13)


class Term(Wire):
    """So much of one code: of a seed, of a place on the plane of seeds, or of the code itself, float32 (latent,)."""

    weight: Weight = 1.0
    seed: Seed | None = None
    plane: OnPlane | None = None
    code: Block | None = None

    @model_validator(mode="after")
    def _one(self) -> "Term":
        if sum(each is not None for each in (self.seed, self.plane, self.code)) != 1:
            raise ValueError("a term is one of seed, plane and code")
        return self


class Point(Wire):
    """A place in latent space: centre + psi (sum of mix - centre) + sum of moves. Without a centre that is 0."""

    mix: list[Term] = Field(min_length=1, max_length=64)
    moves: list[Term] = Field([], max_length=64)
    psi: float = Field(1.0, ge=-2, le=4)
    centre: Block | None = None


class PictureAsked(Wire):
    """One place to draw, or one on the way from `at` to `towards`. `named`: of a conditional generator, its class."""

    at: Point
    towards: Point | None = None
    share: float = Field(0.0, ge=0, le=1)
    way: Way = "slerp"
    named: Line | None = None


class SheetAsked(Wire):
    """Several places to draw at once."""

    points: list[Point] = Field(min_length=1, max_length=MOST_POINTS)
    named: Line | None = None


class Sheet(Wire):
    """Their pictures, uint8 (N, H, W, C)."""

    pictures: Block


class Code(Wire):
    """A code, float32 (latent,)."""

    code: Block


class FoundDirection(Wire):
    """`vector` (latent,) has length 1; one sigma along it is `sigma` times the vector."""

    name: DirectionName
    method: Method
    vector: Block
    sigma: float = Field(ge=0, le=1e6)
    share: Figure = None


class Directions(Wire):
    """Directions of one run."""

    directions: list[FoundDirection]


class LabelColumn(Wire):
    """A column of labels, and its values."""

    name: str
    values: list[str]


class Space(Wire):
    """A run's latent space. classes: what a conditional generator can be told. columns: labels of its pictures.

    problem: why its pictures cannot be had, or "". no_likelihood: why it gives no probability of a picture, or "".
    damaged: why its kept directions cannot be read, or "".   films: what a film can be written as on this machine.
    """

    run: RunId
    kind: str
    latent: Whole
    height: Whole
    width: Whole
    channels: Whole
    gaussian: bool
    classes: list[str]
    columns: list[LabelColumn]
    directions: list[FoundDirection]
    problem: str
    damaged: str
    no_likelihood: str
    films: list[FilmKind]


class Extent(Wire):
    """What part of a plane is shown."""

    left: float
    right: float
    bottom: float
    top: float


class Cloud(Wire):
    """Pictures of a run in two dimensions: places (N, 2), rows in their split, labels (-1 for none) among `names`.

    covariances (N, 2, 2): of a VAE's Gaussians.   centre (latent,), axes (2, latent): the way back from a place to a
    code, where there is one.   made (M, 2): places of what a generator draws from seeds 0 to M - 1.
    """

    words: str
    space: str
    split: Split
    rows: list[Whole]
    places: Block
    covariances: Block | None
    made: Block | None
    column: str
    names: list[str]
    labels: list[int]
    frame: Extent
    centre: Block | None
    axes: Block | None


class CodeUse(Wire):
    """Mean KL from the prior of each dimension of a VAE's code, in nats; dead: how many say nothing."""

    n: Whole
    split: Split
    nats: list[Figure]
    dead: Whole


class EncodeAsked(Wire):
    """A picture for an autoencoder's encoder."""

    picture: PictureId


class DirectionsAsked(Wire):
    """Directions to find. `label`: what "mean" and "logistic" look for, as glasses=yes."""

    run: RunId
    method: Method
    count: int = Field(6, ge=1, le=32)
    label: Line | None = None

    @model_validator(mode="after")
    def _label(self) -> "DirectionsAsked":
        if (self.label is None) == (self.method in ("mean", "logistic")):
            raise ValueError("mean and logistic take a label; the other methods take none")
        return self


class PilesAsked(Wire):
    """Two piles of places: a direction goes from what those of `lacking` share to what those of `having` share."""

    name: DirectionName
    having: list[Point] = Field(min_length=1, max_length=64)
    lacking: list[Point] = Field(min_length=1, max_length=64)


class CompassAsked(Wire):
    """From a place to where the classifier `guide` is surest that it sees the class `towards`, in so many steps."""

    start: Point
    guide: RunId
    towards: Line
    steps: int = Field(40, ge=1, le=200)
    shown: int = Field(9, ge=2, le=24)
    named: Line | None = None


class CompassWay(Wire):
    """`shown` places of the way, codes (shown, latent) with their steps and pictures, and the probability of the class
    after each step. resized: how pictures were brought to what the classifier takes, or ""."""

    codes: Block
    steps: list[Whole]
    pictures: Block
    probabilities: list[Figure]
    resized: str


class InversionAsked(Wire):
    """A picture to find in a run's latent space."""

    run: RunId
    picture: PictureId
    steps: int = Field(200, ge=1, le=2000)


class Closeness(Wire):
    """How close a drawn picture is: PSNR in dB, and unlikeness on the measuring net's features, 0 for alike."""

    of: str
    psnr: Figure
    unlike: Figure


class InversionDone(Wire):
    """The encoder's answer and the refined one; classes of a conditional generator. losses: of the chosen way.

    Files: photo.png, encoder.png, refined.png, nearest.png (training picture), strip.png (the way in `shown` steps).
    """

    run: RunId
    encoded: Block
    refined: Block
    encoded_class: str | None
    refined_class: str | None
    start: str
    close: list[Closeness]
    losses: list[Figure]
    shown: list[Whole]


class LikelihoodAsked(Wire):
    """A picture whose probability is asked for."""

    run: RunId
    picture: PictureId
    codes: int = Field(50, ge=1, le=5000)


class LikelihoodDone(Wire):
    """A lower bound on log p(x) in nats, and the share of `among` training pictures that are less probable."""

    run: RunId
    nats: Figure
    above: float
    among: Whole


class KeyFrame(Wire):
    """A key frame: a place, and its second."""

    second: float = Field(ge=0, le=600)
    point: Point


class FilmAsked(Wire):
    """A film through key frames in the order of their seconds."""

    run: RunId
    stops: list[KeyFrame] = Field(min_length=2, max_length=32)
    speed: float = Field(12.0, ge=1, le=50)
    way: Way = "slerp"
    ease: Ease = "smooth"
    loop: bool = True
    side: int = Field(192, ge=16, le=512, description="frames are enlarged by whole factors to about this side")
    named: Line | None = None
    written: FilmKind = "gif"


class FilmDone(Wire):
    """The film is the file `name`: film.gif or film.mp4."""

    name: FileName
    frames: Whole
    seconds: float
    height: Whole
    width: Whole


class PadAsked(Wire):
    """Runs of the same pictures, one of them an ae or a vae, to be tied to one pad."""

    runs: list[RunId] = Field(min_length=2, max_length=4)
    named: Line | None = None


class TiedNet(Wire):
    """A net on the pad: at (x, y) lies its code offset + x across + y up. fit: R^2 of the tie; lands: R^2 of where the
    encoder of the axes sees what it draws."""

    run: RunId
    kind: str
    offset: Block
    across: Block
    up: Block
    fit: Figure
    lands: Figure
    named: str | None


class PadDone(Wire):
    """The pad has the axes of `base`, in standard deviations, and is worth looking at from -reach to reach."""

    base: RunId
    reach: float
    nets: list[TiedNet]


class CloudAsked(Wire):
    """A map to lay out: by t-SNE or UMAP, or of a generator."""

    run: RunId
    layout: Layout = "pca"
    column: Line | None = None
    most: int = Field(1000, ge=2, le=5000)

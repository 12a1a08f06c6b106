"""What each unit of a layer looks at: the pictures of a run's data that excite it most, cropped to what it sees."""

from collections.abc import Sequence
from dataclasses import dataclass

from nonesuch.assembly import Pictures, reopen
from nonesuch.errors import NetError
from nonesuch.evaluation.codes import Split
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.seeing import among, batches, eye, shape
from nonesuch.lens.crops import Strongest, strongest
from nonesuch.lens.influence import Box, Fields
from nonesuch.lens.layers import fields
from nonesuch.pixels import Picture


@dataclass(frozen=True, eq=False)
class Crop:
    """One picture that excites a unit.

    row: in the pack. name: the picture's, in its source. label: its class, "" without classes.
    value: the unit's highest activation in it, at `place`, row and column of the map ((0, 0) of a dense layer).
    box: the pixels that the unit there can depend on. picture: the whole one, uint8 (H, W, C).
    """

    row: int
    name: str
    label: str
    value: float
    place: tuple[int, int]
    box: Box
    picture: Picture

    @property
    def crop(self) -> Picture:
        """What the unit sees of the picture, uint8 (h, w, C)."""
        return self.picture[self.box.top : self.box.bottom, self.box.left : self.box.right]


@dataclass(frozen=True, eq=False)
class Crops:
    """units: unit number to its crops, the strongest first. looked: how many pictures of the split were tried.

    field: (height, width) of the largest receptive field in the layer.
    """

    layer: str
    split: Split
    looked: int
    field: tuple[int, int]
    units: dict[int, tuple[Crop, ...]]


def crops(
    run: Run,
    layer: str,
    units: Sequence[int] | None = None,
    most: int = 9,
    split: Split = "train",
    limit: int | None = None,
) -> Crops:
    """The `most` pictures of a split that excite each unit of a layer most; all units without `units`.

    A unit is a map of a convolution (its strongest place counts), or a feature of a dense layer. limit: so many
    pictures, evenly spread over the split. Of an autoencoder the encoder's layers are meant, by the names that
    `describe` gives them. Raises RunError for a generator, NetError for an unknown layer or unit, DataError when the
    run's pictures are gone or have changed.
    """
    net = eye(run)
    looking = fields(net, shape(run), layer)
    data = reopen(run.recipe.data)
    rows = among(data, split, limit)
    found = strongest(net, batches(run, data, rows), layer, most)
    count = len(found.values)
    wrong = [unit for unit in units or () if not 0 <= unit < count]
    if wrong:
        raise NetError(f"{layer} has units 0 to {count - 1}; found {wrong[0]}")
    chosen = range(count) if units is None else units

    def crop(unit: int, rank: int) -> Crop:
        return _crop(data, int(rows[found.pictures[unit, rank]]), found, looking, unit, rank)

    ranks = range(found.values.shape[1])
    sides = [max(end - start for start, end in spans) for spans in (looking.rows, looking.columns)]
    named = {unit: tuple(crop(unit, rank) for rank in ranks) for unit in chosen}
    return Crops(layer, split, found.seen, (sides[0], sides[1]), named)


def field(run: Run, layer: str, row: int, column: int) -> Box:
    """The pixels that the units of a layer at a row and column of its maps can depend on; (0, 0) of a dense layer.

    Raises RunError for a generator, NetError for an unknown layer and outside of its maps.
    """
    return fields(eye(run), shape(run), layer).box(row, column)


def _crop(data: Pictures, row: int, found: Strongest, looking: Fields, unit: int, rank: int) -> Crop:
    place = found.place(unit, rank)
    target = int(data.targets[row])
    return Crop(
        row=row,
        name=data.pack.names[row],
        label=data.classes[target] if target >= 0 else "",
        value=float(found.values[unit, rank]),
        place=place,
        box=looking.box(*place),
        picture=data.pack.pixels[row],
    )

"""Which pictures excite the units of a layer most, and where in them: found in one pass, in little memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import answer
from nonesuch.lens.layers import left_as_found


@dataclass(frozen=True, eq=False)
class Strongest:
    """Of each of n units (maps, or features of a dense layer) the k pictures that excite it most, the strongest first.

    values (n, k) float32: the highest activation in the picture. pictures (n, k) int64: which picture of the stream.
    places (n, k) int64: where in the flattened map that was; 0 of a dense layer.
    width: units in a row of the map; 1 of a dense layer. seen: how many pictures there were.
    """

    values: Tensor
    pictures: Tensor
    places: Tensor
    width: int
    seen: int

    def place(self, unit: int, rank: int) -> tuple[int, int]:
        """Row and column in the map of the strongest activation."""
        row, column = divmod(int(self.places[unit, rank]), self.width)
        return row, column


def strongest(net: nn.Module, batches: Iterable[Tensor], layer: str, most: int) -> Strongest:
    """Over batches of pictures (B, C, H, W) in [-1, 1]; of equal activations the earlier picture comes first.

    Each picture counts once a unit, however often the unit finds something in it. The net is left as found. Raises
    NetError for a layer that does not run, and without any picture.
    """
    kept: tuple[Tensor, Tensor, Tensor] | None = None
    width, seen = 1, 0
    with left_as_found(net), torch.no_grad():
        for images in batches:
            found = answer(net, images, layer).float()
            maps = found if found.dim() == 4 else found.flatten(1)[:, :, None, None]
            values, places = maps.flatten(2).max(2)
            numbers = torch.arange(seen, seen + len(images))[None].expand_as(values.T)
            fresh = values.T.cpu(), numbers, places.T.cpu()
            kept = _best(fresh if kept is None else _joined(kept, fresh), most)
            width, seen = maps.shape[3], seen + len(images)
    if kept is None:
        raise NetError("no pictures to look at; raise the limit or take another split")
    return Strongest(*kept, width, seen)


def _joined(first: tuple[Tensor, Tensor, Tensor], second: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, ...]:
    return tuple(torch.cat(pair, dim=1) for pair in zip(first, second, strict=True))


def _best(rows: tuple[Tensor, ...], most: int) -> tuple[Tensor, Tensor, Tensor]:
    """The first columns by value; `stable` keeps the order of the stream among equals."""
    values, numbers, places = rows
    order = values.argsort(dim=1, descending=True, stable=True)[:, :most]
    return values.gather(1, order), numbers.gather(1, order), places.gather(1, order)

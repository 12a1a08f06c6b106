"""What batch norm, dropout and pooling did in a net, as a sheet of small histograms for a person."""

from collections.abc import Sequence

import numpy as np

from nonesuch.evaluation.spread import Draws, Pair, Spreads
from nonesuch.lens.spread import Shifted, Spread
from nonesuch.measure.canvas import Canvas, within
from nonesuch.measure.histograms import DOTS_HIGH, WIDE, dots, histogram, shares
from nonesuch.measure.sheet import GAP, Band, Tile, sheet
from nonesuch.pixels import to_rgb


def spread_sheet(found: Spreads, classes: Sequence[str], title: str) -> np.ndarray:
    """One band a question, (H, W, 3) uint8."""
    bands = [*_norm_bands(found), *_dropout_bands(found, classes)]
    if found.pools:
        bands.append(Band(_pool_title(found), [_pool_tile(each) for each in found.pools], WIDE))
    if not found.norms:
        bands.insert(0, Band("what each layer hands on", [_tile(pair, "", "") for pair in found.depth], WIDE))
    return sheet(
        title,
        f"{found.n} held-out pictures; each histogram has a range of its own; below it mean ± standard deviation",
        bands,
    )


def _norm_bands(found: Spreads) -> list[Band]:
    if not found.norms:
        return []
    bands = []
    if len(found.fresh) > 1:
        ends = [_deviations(found.fresh, at) for at in (0, 1)]
        words = f"deviation {ends[0]} with batch norm (blue), {ends[1]} without (line)"
        tiles = [_tile(pair, "with", "without") for pair in found.fresh]
        bands.append(Band(f"before the first step, layer by layer: {words}", tiles, WIDE))
    tiles = [_norm_tile(before, after) for before, after in found.norms if after is not None]
    bands.append(Band("as trained: what each norm is given (blue) and hands on (line)", tiles, WIDE))
    lost = ""
    if found.accuracy is not None and found.without_norms is not None:
        lost = f": accuracy {found.accuracy:.1%} with, {found.without_norms:.1%} without"
    tiles = [_tile(pair, "with", "without") for pair in found.depth]
    bands.append(Band(f"the trained net with its norms (blue) and with them taken out (line){lost}", tiles, WIDE))
    return bands


def _deviations(pairs: Sequence[Pair], at: int) -> str:
    """ "0.9 to 1.1", from the first layer to the last."""
    ends = [pairs[row][at] for row in (0, -1)]
    return " to ".join(f"{each.std:.2g}" for each in ends if each is not None)


def _tile(pair: Pair, first: str, second: str) -> Tile:
    one, other = pair
    words = [one.name, f"{first} {_figures(one)}".strip()]
    if other is not None:
        words.append(f"{second} {_figures(other)}")
    if one.dead:
        words.append(f"{one.dead:.0%} of units say nothing")
    return Tile(histogram(one.counts, None if other is None else other.counts, one.edges), tuple(words))


def _figures(each: Spread) -> str:
    return f"{each.mean:.2g} ± {each.std:.2g}, skew {each.skew:.1f}"


def _norm_tile(before: Spread, after: Spread) -> Tile:
    """With how far the units' own means and deviations lie apart: what a norm makes alike."""

    def apart(each: Spread) -> str:
        # + 0.0: there is no "-0.0".
        low, high = (round(float(end), 1) + 0.0 for end in (each.unit_mean.min(), each.unit_mean.max()))
        return f"means {low:.1f} to {high:.1f}"

    def wide(each: Spread) -> str:
        return f"deviations {each.unit_std.min():.2g} to {each.unit_std.max():.2g}"

    words = (before.name, f"in: {apart(before)}", wide(before), f"out: {apart(after)}", wide(after))
    return Tile(histogram(before.counts, after.counts, before.edges), words)


def _dropout_bands(found: Spreads, classes: Sequence[str]) -> list[Band]:
    tiles = []
    for before, after in found.dropouts:
        if after is not None:
            zeros = f"zeros: {before.zeros:.0%} before, {after.zeros:.0%} after"
            words = (before.name, f"in {_figures(before)}", f"out {_figures(after)}", zeros)
            tiles.append(Tile(histogram(before.counts, after.counts, before.edges), words))
    bands = [Band("dropout while training: what it is given (blue) and hands on (line)", tiles, WIDE)] if tiles else []
    if found.draws is not None:
        title = f"the same picture asked {len(found.draws.drawn)} times with dropout on (dots), once without (line)"
        bands.append(Band(title, _draw_tiles(found.draws, classes), DOTS_HIGH + GAP + WIDE))
    return bands


def _draw_tiles(draws: Draws, classes: Sequence[str]) -> list[Tile]:
    tiles = []
    for at, answer in enumerate(draws.answers.tolist()):
        drawn = draws.drawn[:, at].double().numpy()
        words = (f"{classes[answer]}: {float(draws.plain[at]):.0%}", f"draws {drawn.min():.0%} to {drawn.max():.0%}")
        shown = dots(drawn, float(draws.plain[at]))
        picture = within(to_rgb(draws.pictures[at].numpy()[None])[0], DOTS_HIGH)
        both = Canvas(DOTS_HIGH + GAP + WIDE, DOTS_HIGH)
        both.picture(0, 0, picture)
        both.picture(DOTS_HIGH + GAP, 0, shown)
        tiles.append(Tile(both.pixels(), words))
    return tiles


def _pool_title(found: Spreads) -> str:
    answers = "" if found.moved_answers is None else f"; {found.moved_answers:.1%} of the answers change"
    return f"pooling, when pictures move one pixel to the right: which numbers stay as they were{answers}"


def _pool_tile(each: Shifted) -> Tile:
    rows = [
        ("before it", each.stays_before),
        ("every second, not pooled", each.stays_picked),
        ("pooled", each.stays_after),
    ]
    words = [each.name, f"{'x'.join(map(str, each.before))} to {'x'.join(map(str, each.after))}"]
    if each.moved is not None and each.unnoticed is not None:
        words.append(f"{each.moved:.0%} of maxima change place,")
        words.append(f"{each.unnoticed:.0%} of those unnoticed")
    return Tile(shares(rows), tuple(words))

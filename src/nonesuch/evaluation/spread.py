"""What batch norm, dropout and pooling do in a trained net, on its own held-out pictures."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nonesuch.assembly import build_net, engine, reopen
from nonesuch.errors import DataError, RunError
from nonesuch.evaluation.classifier import logits_of
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_trained
from nonesuch.lens.layers import Kind, layers
from nonesuch.lens.spread import Shifted, Spread, common_edges, dropped, outputs, pooling, shifted, spread, without
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import to_signed

LOOKED_AT = 500
"""Pictures whose activations are looked at, unless there is no room for as many."""
LARGEST_BYTES = 1 << 29
DRAWS, DRAWN_PICTURES = 40, 6

Pair = tuple[Spread, Spread | None]
"""Of one layer with and without something, or before and after it."""
Calls = list[tuple[str, Kind, Tensor, Tensor]]


@dataclass(frozen=True, eq=False)
class Draws:
    """Pictures (P, H, W, C) uint8, the class answered to each without dropout (P,), its probability then (P,), and with
    dropout on, draw by draw (DRAWS, P)."""

    pictures: Tensor
    answers: Tensor
    plain: Tensor
    drawn: Tensor


@dataclass(frozen=True, eq=False)
class Spreads:
    """What was found on n held-out pictures. Lists are empty, and figures None, where a net has no such layer.

    depth: of each layer behind which the numbers are bent, as trained, and with the norms taken out of the net.
    fresh: the same of a net of this recipe before its first step, normed by this batch. norms: before and after each.
    accuracy, without_norms: on n pictures, of a classifier. dropouts: before and after each, masks drawn. draws: the
    same pictures asked again and again with dropout on. pools: of pictures that move by a pixel; moved_answers: share
    of all pictures that get another answer then.
    """

    n: int
    depth: list[Pair]
    fresh: list[Pair]
    norms: list[Pair]
    accuracy: float | None
    without_norms: float | None
    dropouts: list[Pair]
    draws: Draws | None
    pools: list[Shifted]
    moved_answers: float | None


def spreads(run: Run, most: int = LOOKED_AT) -> Spreads:
    """Look at the first pictures of the test split, spread over all of it: at most `most`, fewer of large nets.

    Of an autoencoder it is the encoder that is looked at. Raises RunError for a generator, which is shown no pictures,
    and DataError when the pictures are gone or have changed.
    """
    net, pixels, targets = _subject(run, most)
    images = _images(run, pixels)
    calls = outputs(net, images)
    kinds = {kind for _, kind, _, _ in calls}
    bare = without(net, Kind.NORM) if Kind.NORM in kinds else None
    classifies = run.recipe.kind == "cnn"
    trained = outputs(net, images, seed=run.recipe.seed)
    return Spreads(
        n=len(pixels),
        depth=_depth(calls, None if bare is None else outputs(bare, images)),
        fresh=[] if bare is None else _fresh(run, images),
        norms=[_around(*call) for call in calls if call[1] is Kind.NORM],
        accuracy=_accuracy(run, run.net, pixels, targets) if classifies else None,
        without_norms=_accuracy(run, bare, pixels, targets) if classifies and bare is not None else None,
        dropouts=[_around(*call) for call in trained if call[1] is Kind.DROPOUT],
        draws=_draws(net, pixels, images, run.recipe.seed) if Kind.DROPOUT in kinds and classifies else None,
        pools=pooling(net, images),
        moved_answers=_moved_answers(net, images) if classifies else None,
    )


def _subject(run: Run, most: int) -> tuple[nn.Module, Tensor, Tensor]:
    """The net that sees pictures, pictures uint8 (n, C, H, W), and their classes (n,)."""
    if isinstance(run.net, Generator):
        raise RunError(f"{run.folder.path.name} holds a generator, which sees no pictures; take a cnn, an ae or a vae")
    net = _seeing(run.net)
    rows_of_layers = layers(net, (run.recipe.data.channels, *run.recipe.data.size))
    numbers = sum(torch.Size(row.output_shape).numel() for row in rows_of_layers)
    data = reopen(run.recipe.data)
    rows = rows_of(data, "test", max(2, min(most, LARGEST_BYTES // (4 * numbers))))
    if len(rows) < 2:
        raise DataError("a spread needs 2 held-out pictures; add pictures or enlarge data.test_share")
    return net, torch.from_numpy(data.pack.pixels[rows]).permute(0, 3, 1, 2), torch.from_numpy(data.targets[rows])


def _seeing(net: nn.Module) -> nn.Module:
    """What of a net takes one picture: the encoder of an autoencoder, else all of it."""
    if isinstance(net, Autoencoder):
        return nn.Sequential(OrderedDict(encoder=net.encoder, code=net.code))
    return net


def _images(run: Run, pixels: Tensor) -> Tensor:
    if isinstance(run.net, Autoencoder):
        return as_trained(run.recipe, pixels.permute(0, 2, 3, 1).numpy())
    return to_signed(pixels).contiguous(memory_format=torch.channels_last)


def _bent(calls: Calls) -> list[tuple[str, Tensor]]:
    """Outputs of activation layers, or, of a net that has none, of all layers with weights."""
    found = [(name, output) for name, kind, _, output in calls if kind is Kind.ACTIVATION]
    weights = (Kind.CONV, Kind.LINEAR)
    return found or [(name, output) for name, kind, _, output in calls if kind in weights]


def _depth(calls: Calls, bare: Calls | None) -> list[Pair]:
    """One layer after the other, with norms and without; each pair in bins of its own."""
    if bare is None:
        return [(spread(name, values, common_edges([values])), None) for name, values in _bent(calls)]
    return [_pair(name, values, other) for (name, values), (_, other) in zip(_bent(calls), _bent(bare), strict=True)]


def _fresh(run: Run, images: Tensor) -> list[Pair]:
    """The recipe's net before its first step, in training mode, with the norms and without."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.recipe.seed)
        net = build_net(run.recipe)
    net, seed = _seeing(net), run.recipe.seed
    return _depth(outputs(net, images, seed), outputs(without(net, Kind.NORM), images, seed))


def _around(name: str, _kind: Kind, given: Tensor, output: Tensor) -> Pair:
    return _pair(name, given, output)


def _pair(name: str, one: Tensor, other: Tensor) -> Pair:
    edges = common_edges([one, other])
    return spread(name, one, edges), spread(name, other, edges)


def _accuracy(run: Run, net: nn.Module, pixels: Tensor, targets: Tensor) -> float:
    answers = logits_of(net, engine(run.recipe.machine), run.recipe, pixels).argmax(1)
    return float((answers == targets).double().mean())


def _draws(net: nn.Module, pixels: Tensor, images: Tensor, seed: int) -> Draws:
    """Of pictures from the surest to the least sure answer, evenly spread."""
    _, _, _, logits = outputs(net, images)[-1]
    plain, answers = logits.softmax(1).max(1)
    order = plain.argsort(descending=True)
    rows = order[torch.linspace(0, len(order) - 1, min(DRAWN_PICTURES, len(order))).long()]
    drawn = dropped(net, images[rows], DRAWS, seed)
    own = drawn.gather(2, answers[rows].expand(DRAWS, -1)[..., None])[..., 0]
    return Draws(pixels[rows].permute(0, 2, 3, 1), answers[rows], plain[rows], own)


def _moved_answers(net: nn.Module, images: Tensor) -> float:
    before, after = (outputs(net, each)[-1][3].argmax(1) for each in (images, shifted(images)))
    return float((before != after).double().mean())

"""Which saliency map to trust, measured: for one picture file, or on average over held-out pictures of a run."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nonesuch.assembly import reopen
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, RunError
from nonesuch.evaluation.look import last_maps, maps
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.seeing import among, batches
from nonesuch.lens.capture import activations
from nonesuch.lens.trust import CHANCE, SHARES, Curves, curves
from nonesuch.measure.bootstrap import Interval, interval
from nonesuch.pixels import to_signed


@dataclass(frozen=True)
class Standing:
    """How far a map is to be trusted: means over the pictures, `lens.trust.Curves` defines the areas.

    deletion, insertion: gains over the random order, both better the larger. gap: their sum, with its interval; where
    the interval holds 0 or less the map knows no more of this net's answers than chance. None of a single picture.
    """

    method: str
    deletion: float
    insertion: float
    gap: float
    interval: Interval | None


@dataclass(frozen=True, eq=False)
class Trust:
    """standings: the most trustworthy first. most, least: the mean curves by method, (len(SHARES),), "chance" too.

    pictures, seed: what the numbers rest on. The class asked about is each picture's own answer.
    """

    standings: tuple[Standing, ...]
    most: dict[str, Tensor]
    least: dict[str, Tensor]
    pictures: int
    seed: int

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of the pixels taken away, along the curves."""
        return SHARES


def trust(run: Run, count: int = 200, layer: str | None = None, seed: int = 0) -> Trust:
    """Over `count` pictures, evenly spread over the test split. layer: of Grad-CAM, by default the last with maps.

    Raises RunError unless a classifier, NetError for a layer without maps, DataError when its pictures are gone.
    """
    _check(run)
    data = reopen(run.recipe.data)
    return _stands(run, list(batches(run, data, among(data, "test", count))), layer, seed)


def trust_on(run: Run, file: str | Path, layer: str | None = None, seed: int = 0) -> Trust:
    """For one picture file: a single picture, so without intervals. Raises as `trust`, and DataError for the file."""
    _check(run)
    (found,) = run.read([file])
    if isinstance(found, Reject):
        raise DataError(f"{found.name}: {found.reason}")
    return _stands(run, [to_signed(found[1])], layer, seed)


def _check(run: Run) -> None:
    if run.recipe.kind != "cnn":
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}; only a cnn's answers hang on pictures")


def _stands(run: Run, parts: list[Tensor], layer: str | None, seed: int) -> Trust:
    chosen = layer or last_maps(activations(run.net, parts[0][0]))
    found: dict[str, list[Curves]] = {}
    for number, images in enumerate(parts):
        with torch.no_grad():
            classes = run.net(images).argmax(1)
        asked = maps(run.net, images, classes, chosen)
        for name, each in curves(run.net, images, classes, asked, seed + number).items():
            found.setdefault(name, []).append(each)
    joined = {
        name: Curves(torch.cat([each.most for each in several]), torch.cat([each.least for each in several]))
        for name, several in found.items()
    }
    standings = [_standing(name, each, joined[CHANCE], seed) for name, each in joined.items() if name != CHANCE]
    return Trust(
        tuple(sorted(standings, key=lambda standing: -standing.gap)),
        {name: each.most.mean(0) for name, each in joined.items()},
        {name: each.least.mean(0) for name, each in joined.items()},
        sum(len(images) for images in parts),
        seed,
    )


def _standing(name: str, found: Curves, chance: Curves, seed: int) -> Standing:
    """Gains are taken picture by picture, over the mean of both curves of the random order, which is one order too."""
    usual = (chance.deletion + chance.insertion) / 2
    gaps = found.gap.double().numpy()
    return Standing(
        name,
        float((usual - found.deletion).mean()),
        float((found.insertion - usual).mean()),
        float(gaps.mean()),
        interval(gaps, seed) if len(gaps) > 1 else None,
    )

"""What units and classes of a run dream of: pictures that excite them more than any of the run's own pictures do."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nonesuch.assembly import reopen
from nonesuch.errors import NetError, RecipeError
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_pictures
from nonesuch.evaluation.seeing import PIXELS_AT_ONCE, among, batches, eye, shape
from nonesuch.lens.basis import learnt
from nonesuch.lens.capture import activations
from nonesuch.lens.dream import Aim, Dreams, Usual, dream, usual
from nonesuch.pixels import Picture

MOST_LEARNT, MOST_NUMBERS = 4000, 1 << 24
"""Pictures that the coordinates are learnt from, and numbers in all of them."""


@dataclass(frozen=True)
class DreamSettings:
    """basis: "components", "waves" or "" for what the size of the pictures allows. The rest as `lens.dream.dream`."""

    seed: int = 0
    steps: int = 100
    reach: float = 1.5
    basis: str = ""

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.reach > 0:
            raise RecipeError(f"a dream takes 1 step or more and a reach above 0; found {self.steps}, {self.reach}")


@dataclass(frozen=True, eq=False)
class Dream:
    """picture, real: uint8 (H, W, C), what was dreamt and the run's own picture that excites this unit most.

    value, best: the activations of the two; mean, spread: over the pictures that were looked at.
    history (steps,): activations on the way.
    name: the class, or LAYER:UNIT or LAYER:UNIT,ROW,COLUMN.
    """

    name: str
    picture: Picture
    real: Picture
    value: float
    best: float
    mean: float
    spread: float
    history: tuple[float, ...]


def aims(run: Run, targets: Sequence[str]) -> list[Aim]:
    """What people call units: a class, LAYER (all its units), LAYER:UNIT or LAYER:UNIT,ROW,COLUMN; without a target all
    classes, or all numbers of an encoder's code. Neighbours in one layer are joined, to be dreamt together.

    Raises RecipeError for words that are none of these, NetError for an unknown layer or unit, RunError for a
    generator.
    """
    recorded = {each.name: each.values for each in reversed(activations(eye(run), torch.zeros(shape(run))))}
    last = next(iter(recorded))
    names = run.classes if run.recipe.kind == "cnn" else ()
    found: list[Aim] = []
    for target in targets or (last,):
        aim = Aim(last, (names.index(target),)) if target in names else _aim(target, recorded)
        aim.of(recorded[aim.layer][None])
        if found and (found[-1].layer, found[-1].place) == (aim.layer, aim.place):
            aim = Aim(aim.layer, found.pop().units + aim.units, aim.place)
        found.append(aim)
    return found


def _aim(target: str, recorded: dict[str, Tensor]) -> Aim:
    layer, colon, address = target.partition(":")
    numbers = address.split(",") if colon else []
    if len(numbers) not in (0, 1, 3) or not all(number.strip().isdecimal() for number in numbers):
        raise RecipeError(f"a dream is of a CLASS, LAYER, LAYER:UNIT or LAYER:UNIT,ROW,COLUMN; found {target!r}")
    if layer not in recorded:
        raise NetError(f"no class or layer is called {layer!r}; found: {', '.join(reversed(recorded))}")
    units = (int(numbers[0]),) if numbers else tuple(range(len(recorded[layer])))
    return Aim(layer, units, (int(numbers[1]), int(numbers[2])) if len(numbers) == 3 else None)


def dreams(
    run: Run, aimed: Sequence[Aim], settings: DreamSettings | None = None, limit: int | None = None
) -> list[Dream]:
    """One a unit, in order. limit: so many of the training pictures, evenly spread, are looked at for the real ones.

    Raises RunError for a generator, NetError for a unit that a layer does not have or a basis that does not fit,
    DataError when the run's pictures are gone or have changed.
    """
    chosen = settings or DreamSettings()
    net, size = eye(run), torch.Size(shape(run))
    data = reopen(run.recipe.data)
    few = among(data, "train", min(MOST_LEARNT, max(2, MOST_NUMBERS // size.numel())))
    basis = learnt(torch.cat(list(batches(run, data, few))), chosen.basis)
    rows = among(data, "train", limit)
    at_once = max(1, PIXELS_AT_ONCE // (size[1] * size[2]))
    found: list[Dream] = []
    for aim in aimed:
        for start in range(0, len(aim.units), at_once):
            part = Aim(aim.layer, aim.units[start : start + at_once], aim.place)
            real = usual(net, batches(run, data, rows), part)
            made = dream(net, basis, part, real, chosen.seed, chosen.steps, chosen.reach)
            champions = data.pack.pixels[rows[real.champions.numpy()]]
            found += _told(_names(run, part), made, real, champions)
    return found


def _names(run: Run, aim: Aim) -> list[str]:
    """Classes by their names, where these units are the logits."""
    last = activations(run.net, torch.zeros(shape(run)))[-1].name if run.recipe.kind == "cnn" else None
    if aim.layer == last:
        return [run.classes[unit] for unit in aim.units]
    place = "" if aim.place is None else f",{aim.place[0]},{aim.place[1]}"
    return [f"{aim.layer}:{unit}{place}" for unit in aim.units]


def _told(names: list[str], made: Dreams, real: Usual, champions: Picture) -> list[Dream]:
    pictures = as_pictures(made.pictures)
    return [
        Dream(
            name,
            pictures[at],
            champions[at],
            float(made.values[at]),
            float(real.best[at]),
            float(real.mean[at]),
            float(real.spread[at]),
            tuple(made.history[:, at].tolist()),
        )
        for at, name in enumerate(names)
    ]

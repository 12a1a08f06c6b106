"""Does a direction do what its name says, and what else? Read off drawn pictures, before and after a move."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nonesuch.evaluation.directions import LABELS, Space
from nonesuch.evaluation.inversion import Places
from nonesuch.latent.directions import Direction, Method, moved
from nonesuch.measure.bootstrap import Interval, share_interval

AMOUNTS = (1.0, 2.0, 3.0, 4.0)
"""In sigma. What is asked is the least of them that brings the label to half of the pictures, or else the last."""
HALF = 0.5
CANDIDATES = 12
"""Of a method that finds by itself: among so many, both ways, the best for a label is taken."""


@dataclass(frozen=True)
class Effect:
    """Of a move by `amount` sigma, on `n` pictures that did not show the label before.

    reached: share of them that shows it after, with its interval.   kept: mean over all other columns of the share that
    reads as before, None without others; `columns`: the same, column by column.   grey: mean change
    of a pixel, in grey levels of 255.
    """

    direction: str
    method: Method
    label: str
    amount: float
    n: int
    reached: float
    interval: Interval
    kept: float | None
    columns: dict[str, float]
    grey: float


def effect(space: Space, direction: Direction, label: str, amount: float, points: Places) -> Effect | None:
    """What a move does to pictures at `points`; None when all of them show the label already.

    Labels are read by `space.reader`, which errs: its accuracy is in its own figures. Raises RecipeError for an unknown
    label.
    """
    column, value = space.place(label)
    before_pictures = space.draw(points)
    before = space.reader.read(before_pictures)
    after_pictures = space.draw(replace(points, z=moved(points.z, direction, amount)))
    after = space.reader.read(after_pictures)
    asked = before[:, column] != value
    if not asked.any():
        return None
    same = (before == after)[asked].mean(0)
    others = {
        name: float(share)
        for place, (name, share) in enumerate(zip(space.columns, same, strict=True))
        if place != column
    }
    arrived = (after[:, column] == value)[asked]
    change = np.abs(before_pictures.astype(np.int16) - after_pictures)[asked].mean()
    return Effect(
        direction=direction.name,
        method=direction.method,
        label=label,
        amount=amount,
        n=int(asked.sum()),
        reached=float(arrived.mean()),
        interval=share_interval(int(arrived.sum()), len(arrived), seed=0),
        kept=float(np.mean(list(others.values()))) if others else None,
        columns=others,
        grey=float(change),
    )


def best_effect(space: Space, direction: Direction, label: str, points: Places) -> Effect | None:
    """At the least of AMOUNTS that brings the label to half of the pictures, or at the last."""
    found = None
    for amount in AMOUNTS:
        found = effect(space, direction, label, amount, points)
        if found is None or found.reached >= HALF:
            break
    return found


def compared(space: Space, labels: Sequence[str], methods: Sequence[Method], count: int) -> list[Effect]:
    """Every method for every label, on `count` pictures or draws that no direction was found from.

    A method that finds by itself is given its best chance: of its first directions, both ways, the one that reaches the
    label in most of the first half of the pictures; what is reported is read off the second half. Raises RecipeError.
    """
    points = space.held_out(2 * count)
    half = len(points.z) // 2
    choosing, judging = points.of(slice(None, half)), points.of(slice(half, None))
    found: list[Effect] = []
    for method in methods:
        candidates = [] if method in LABELS else _both_ways(space.find(method, min(CANDIDATES, space.net.latent)))
        for label in labels:
            direction = (
                space.towards(method, label) if method in LABELS else _chosen(space, candidates, label, choosing)
            )
            judged = None if direction is None else best_effect(space, direction, label, judging)
            if judged is not None:
                found.append(judged)
    return found


def _chosen(space: Space, candidates: Sequence[Direction], label: str, points: Places) -> Direction | None:
    """The one that reaches the label in most pictures, and of equal ones that which keeps most else."""
    effects = [(best_effect(space, each, label, points), each) for each in candidates]
    judged = [(each.reached, each.kept or 0.0, place) for place, (each, _) in enumerate(effects) if each is not None]
    return effects[max(judged)[2]][1] if judged else None


def _both_ways(directions: Sequence[Direction]) -> list[Direction]:
    """Each and its opposite, named +1, -1, +2 ..."""
    return [
        replace(each, name=f"{sign}{number}", vector=way * each.vector)
        for number, each in enumerate(directions, 1)
        for sign, way in (("+", 1), ("-", -1))
    ]

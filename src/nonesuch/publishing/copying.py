"""Before a net goes out: does it give away pictures that it was trained on? The measurement, and what it means.

A page is drawn by anyone as often as they like, so what a net has learnt by heart is published with it. What is judged
is how `measure/memorisation.py` finds the net's pictures to lie beside held-out ones:

- ratio below 0.7, the threshold of the advice while training (`training/advice.py`): the usual picture is a near copy;
- near_share above 0.05: one picture in twenty lies as near to a training picture as only the nearest one in a hundred
  held-out pictures does. That finds a net that copies now and then, whose median says nothing. With few held-out
  pictures the nearest of them is a matter of luck: of h, it stands for a share above 4/h once in fifty times (e^-4),
  and that is the threshold where it is the larger.
- Where most held-out pictures are in the training set themselves, nothing tells a copy from a picture of that kind.

Blurred pictures lie nearer than sharp ones, moved and mirrored copies are not found: the words say what was looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nonesuch.assembly import reopen
from nonesuch.errors import DataError
from nonesuch.evaluation.drawings import pictures_of
from nonesuch.evaluation.run import Run
from nonesuch.measure.memorisation import MOST, MemorisationReport, memorisation
from nonesuch.pixels import Picture
from nonesuch.publishing.texts import Spoken
from nonesuch.training.advice import COPYING

Verdict = Literal["good", "bad", "unclear", "none"]
"""none: the net draws nothing, so that there is nothing to check."""

MOST_NEAR = 0.05
LUCK = 4.0
LARGEST_BYTES = 1 << 29
"""Of training pictures that samples are compared with, as in the run's own report."""
SHOWN = 8
"""Neighbours that a page shows, of the samples that lie nearest to a training picture."""


_WORDS: Mapping[Spoken, Mapping[str, str]] = {
    "en": {
        "classifier": "A classifier draws no pictures, so that none of its training pictures can come out of it by "
        "drawing. Whether its answers give away which pictures it was trained on was not looked at.",
        "unchecked": "It could not be checked whether this net repeats its training pictures.",
        "same": "Most held-out pictures are in the training set themselves, so that a copy cannot be told from a new "
        "picture; {near:.0%} of the net's own are in it too.",
        "ratio": "This net repeats what it was shown: its pictures lie {ratio:.2f} times as far from the training "
        "pictures as held-out ones do; {least} and above is innocent.",
        "near": "This net repeats some of what it was shown: {near:.0%} of its pictures lie nearer to a training "
        "picture than 99% of held-out ones do; up to {most:.0%} is innocent.",
        "good": "Its pictures lie {ratio:.2f} times as far from the training pictures as held-out ones do, and "
        "{near:.1%} of them unusually near.",
        "looked": " {n:,} pictures were compared with {training:,} training pictures, pixel by pixel.",
    },
    "de": {
        "classifier": "Dieses Netz zeichnet keine Bilder, also kann durch Zeichnen auch keines seiner Trainingsbilder "
        "zum Vorschein kommen. Ob seine Antworten verraten, womit es trainiert wurde, ist nicht geprüft.",
        "unchecked": "Ob dieses Netz seine Trainingsbilder wiederholt, konnte nicht geprüft werden.",
        "same": "Die meisten zurückgehaltenen Bilder stehen auch im Trainingssatz, also ist eine Kopie nicht von einem "
        "neuen Bild zu unterscheiden; von denen des Netzes stehen {near:.0%} darin.",
        "ratio": "Dieses Netz wiederholt, was es gesehen hat: Seine Bilder liegen nur {ratio:.2f}-mal so weit von den "
        "Trainingsbildern weg wie zurückgehaltene; ab {least} ist es unverdächtig.",
        "near": "Dieses Netz wiederholt manches, was es gesehen hat: {near:.0%} seiner Bilder liegen näher an einem "
        "Trainingsbild als 99 % der zurückgehaltenen; bis {most:.0%} ist es unverdächtig.",
        "good": "Seine Bilder liegen {ratio:.2f}-mal so weit von den Trainingsbildern weg wie zurückgehaltene, und "
        "{near:.1%} von ihnen auffällig nah.",
        "looked": " {n} Bilder wurden Pixel für Pixel mit {training} Trainingsbildern verglichen.",
    },
}


@dataclass(frozen=True)
class Check:
    """What was found of `n` samples beside `held_out` pictures, among `training` ones; figures are None without any.

    why: which of the sentences applies.   problem: why nothing could be measured, or "".   seeds: of the samples
    nearest to a training picture, nearest first, and rows: which that is, in the order of the run's training split.
    """

    verdict: Verdict
    why: str
    ratio: float | None = None
    near_share: float | None = None
    most_near: float = MOST_NEAR
    median: float | None = None
    held_out_median: float | None = None
    n: int = 0
    held_out: int = 0
    training: int = 0
    problem: str = ""
    seeds: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether it may be published without a second word."""
        return self.verdict in ("good", "none")

    def sentence(self, language: Spoken = "en") -> str:
        """What was found, for a person."""
        words = _WORDS[language]
        said = words[self.why].format(ratio=self.ratio, near=self.near_share, least=COPYING, most=self.most_near)
        return said + (words["looked"].format(n=self.n, training=self.training) if self.n else "")

    def to_json(self, language: Spoken = "en") -> dict[str, object]:
        """What the page says of it. Which training pictures it were, and where they lie, stays here."""
        return {
            "verdict": self.verdict, "sentence": self.sentence(language), "ratio": self.ratio,
            "near_share": self.near_share, "median": self.median, "held_out_median": self.held_out_median,
            "n": self.n, "held_out": self.held_out, "training": self.training,
        }  # fmt: skip


def check(run: Run, mixture: bool = False) -> Check:
    """Judge a run: from its own report where that belongs to the same state of the net, else measured here.

    mixture: draw an autoencoder's codes from their mixture, as its page does.
    """
    if (known := kept(run)) is not None:
        return known
    try:
        data = reopen(run.recipe.data)
        training = pictures_of(data, "train", LARGEST_BYTES // data.pack.spec.picture_bytes)
        held_out = pictures_of(data, "test", None)
        samples = run.sample(range(min(MOST, max(len(held_out), 200))), mixture=mixture)
        return judged(memorisation(samples, training, held_out))
    except DataError as error:
        return Check("unclear", "unchecked", problem=str(error))


def judged(found: MemorisationReport) -> Check:
    """A measurement with its meaning."""
    order = np.argsort(found.distances, kind="stable")[:SHOWN]
    seeds, rows = (tuple(int(each) for each in few) for few in (order, found.nearest[order]))
    return _judged(Check("good", "good", **_figures(found.to_json()), seeds=seeds, rows=rows))


def _judged(found: Check) -> Check:
    """The same with its verdict."""
    assert found.near_share is not None
    most_near = max(MOST_NEAR, LUCK / found.held_out)
    verdict: Verdict = "good"
    why = "good"
    if found.ratio is None:
        verdict, why = "unclear", "same"
    elif found.ratio < COPYING:
        verdict, why = "bad", "ratio"
    elif found.near_share > most_near:
        verdict, why = "bad", "near"
    return replace(found, verdict=verdict, why=why, most_near=most_near)


def _figures(found: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a report on memorisation. Raises KeyError, TypeError or ValueError when it is none."""
    names = ("near_share", "median", "held_out_median")
    counts = {name: int(found[name]) for name in ("n", "held_out", "training")}
    if min(counts.values()) < 1:
        raise ValueError("nothing was compared")
    ratio = None if found["ratio"] is None else float(found["ratio"])
    return {"ratio": ratio, **{name: float(found[name]) for name in names}, **counts}


def kept(run: Run) -> Check | None:
    """What needs no measuring: of a classifier, and from report.json where that belongs to this state of the net."""
    if run.recipe.kind == "cnn":
        return Check("none", "classifier")
    report = run.report() or {}
    found = report.get("memorisation")
    if report.get("images_seen") != run.images_seen or not isinstance(found, dict):
        return None
    try:
        near = sorted(found["nearest"], key=lambda each: float(each["distance"]))[:SHOWN]
        seeds, rows = (tuple(int(each[name]) for each in near) for name in ("sample", "training"))
        return _judged(Check("good", "good", **_figures(found), seeds=seeds, rows=rows))
    except (KeyError, TypeError, ValueError):
        return None


def neighbours(run: Run, found: Check, mixture: bool = False) -> list[tuple[int, Picture, Picture]]:
    """(seed, sample, nearest training picture) of the samples nearest to one. For those who agreed to show them.

    Raises DataError when the training pictures are not there.
    """
    if not found.seeds:
        return []
    training = reopen(run.recipe.data)
    limit = LARGEST_BYTES // training.pack.spec.picture_bytes
    known = pictures_of(training, "train", limit)
    rows: NDArray[np.int64] = np.array(found.rows)
    if rows.max() >= len(known):
        raise DataError("the training pictures are not those of the report; measure again with `nonesuch evaluate`")
    samples = run.sample(found.seeds, mixture=mixture)
    return list(zip(found.seeds, samples, known[rows], strict=True))

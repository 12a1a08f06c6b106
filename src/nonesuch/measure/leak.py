"""Does a generator draw what only the augmentation did: grey rectangles, grey borders, colours too far out?

A critic that always sees augmented pictures may take the marks for part of the picture, and a generator then draws
them (Karras et al. 2020, "Training GANs with limited data", section 2.2, calls this leaking). Each group of
`training/diffaugment.py` leaves a mark that can be counted in generated pictures, and in training pictures, which may
have such rectangles and borders of their own. Only the excess is a leak.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nonesuch.errors import DataError
from nonesuch.pixels import Picture

Group = Literal["colour", "translation", "cutout"]

GREY = (112, 143)
"""Bytes that count as mid-grey: 127.5 and up to 1/16 of the range either way, as a generator's grey is not exact."""
SOLID = 0.9
"""Share of a rectangle's or border's pixels that must be mid-grey."""
WINDOW = 3 / 8
"""Sides of the rectangle looked for. The cutout has half the sides, but lies wholly inside only one time in four; this
much of it is in the picture in more than half of the cases."""
LEAST_SHARE, LEAST_DISTANCE = 0.02, 0.15
"""An excess below these is none: one picture in fifty; and for colours, as no generator hits a distribution exactly."""
SIGMAS, CHANCE = 3.0, 0.005
"""How sure to be in small samples: standard errors of a difference of shares; probability of the Smirnov distance."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One group's mark. samples and training: the share of pictures that bear it, in [0, 1].

    excess: samples - training, at least 0; for colour the largest excess of the share farther than some distance from
    the training pictures' median (the one-sided Smirnov distance), whose two shares these are. threshold: an excess
    above it is a leak.
    """

    group: Group
    samples: float
    training: float
    excess: float
    threshold: float

    @property
    def leaks(self) -> bool:
        return self.excess > self.threshold

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "group": self.group, "samples": self.samples, "training": self.training,
            "excess": self.excess, "threshold": self.threshold, "leaks": self.leaks,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What `leak` found in `samples` generated pictures beside `training` pictures that were trained on."""

    samples: int
    training: int
    traces: tuple[Trace, ...]

    @property
    def share(self) -> float:
        """The largest excess of a group that leaks, in [0, 1]; 0 when none does."""
        return max((trace.excess for trace in self.traces if trace.leaks), default=0.0)

    @property
    def sentence(self) -> str:
        if not self.traces:
            return "No augmentation was on, so none can leak."
        found = [_words(trace) for trace in self.traces if trace.leaks]
        if not found:
            groups = " or ".join(trace.group for trace in self.traces)
            return f"No trace of {groups} in {self.samples} generated pictures."
        return f"The augmentation shows in {self.samples} generated pictures: {'; '.join(found)}."

    def to_json(self) -> dict[str, object]:
        """Plain values for strict JSON."""
        return {
            "samples": self.samples, "training": self.training, "share": self.share,
            "traces": [trace.to_json() for trace in self.traces], "sentence": self.sentence,
        }  # fmt: skip


def leak(samples_u8: Picture, train_u8: Picture, groups: Sequence[Group]) -> LeakReport:
    """The marks of these groups in generated pictures (N, H, W, C) and in pictures trained on (M, H, W, C), uint8.

    C = 1 grey, 3 colour, 4 with alpha, which is not looked at. Some hundred of each are needed to find a leak of a few
    per cent. Raises DataError without pictures, ValueError when the two differ in size.
    """
    if samples_u8.ndim != 4 or samples_u8.shape[1:] != train_u8.shape[1:]:
        raise ValueError(f"pictures (N, H, W, C) of one size are needed, got {samples_u8.shape} and {train_u8.shape}")
    if not len(samples_u8) or not len(train_u8):
        raise DataError(f"a leak cannot be looked for in {len(samples_u8)} generated and {len(train_u8)} real pictures")
    samples, train = samples_u8[..., :3], train_u8[..., :3]
    return LeakReport(len(samples), len(train), tuple(_TRACES[group](samples, train) for group in groups))


def _cutout(samples: Picture, train: Picture) -> Trace:
    return _counted("cutout", _has_rectangle(samples), _has_rectangle(train))


def _translation(samples: Picture, train: Picture) -> Trace:
    return _counted("translation", _has_border(samples), _has_border(train))


def _colour(samples: Picture, train: Picture) -> Trace:
    """The worse of brightness and saturation; narrower than the data (a collapse) is not a leak."""
    statistics = (_brightness,) if samples.shape[-1] == 1 else (_brightness, _saturation)
    pairs = [(statistic(samples), statistic(train)) for statistic in statistics]
    share, usual = max((_farther_out(*pair) for pair in pairs), key=lambda shares: shares[0] - shares[1])
    # P(distance > t) is about exp(-2 t^2 nm / (n + m)) if both come from one distribution (Smirnov 1939)
    noise = math.sqrt(-math.log(CHANCE) / 2 * (1 / len(samples) + 1 / len(train)))
    return Trace("colour", share, usual, share - usual, max(LEAST_DISTANCE, noise))


_TRACES: dict[Group, Callable[[Picture, Picture], Trace]] = {
    "colour": _colour,
    "translation": _translation,
    "cutout": _cutout,
}


def _counted(group: Group, in_samples: NDArray[np.bool_], in_train: NDArray[np.bool_]) -> Trace:
    share, usual = float(in_samples.mean()), float(in_train.mean())
    # One hit and one miss more: without them the error of 0 out of n would be 0.
    pooled = (in_samples.sum() + in_train.sum() + 1) / (len(in_samples) + len(in_train) + 2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / len(in_samples) + 1 / len(in_train)))
    return Trace(group, share, usual, max(0.0, share - usual), max(LEAST_SHARE, SIGMAS * error))


def _is_grey(pictures: Picture) -> NDArray[np.bool_]:
    """Pixels all of whose colours are mid-grey: (N, H, W)."""
    return np.asarray(((pictures >= GREY[0]) & (pictures <= GREY[1])).all(axis=-1))


def _has_rectangle(pictures: Picture) -> NDArray[np.bool_]:
    """Which pictures hold a solid mid-grey rectangle, from sums over windows out of a summed-area table: (N,)."""
    grey = _is_grey(pictures)
    count, height, width = grey.shape
    high, wide = max(1, round(WINDOW * height)), max(1, round(WINDOW * width))
    table = np.zeros((count, height + 1, width + 1), np.int32)
    table[:, 1:, 1:] = grey.cumsum(axis=1, dtype=np.int32).cumsum(axis=2)
    sums = table[:, high:, wide:] - table[:, :-high, wide:] - table[:, high:, :-wide] + table[:, :-high, :-wide]
    found: NDArray[np.bool_] = sums.max(axis=(1, 2)) >= SOLID * high * wide
    return found


def _has_border(pictures: Picture) -> NDArray[np.bool_]:
    """Which pictures have an outermost row or column that is solid mid-grey: (N,)."""
    grey = _is_grey(pictures)
    lines = (grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1])
    found: NDArray[np.bool_] = np.any([line.mean(axis=1) >= SOLID for line in lines], axis=0)
    return found


def _brightness(pictures: Picture) -> NDArray[np.float64]:
    return np.asarray(pictures.mean(axis=(1, 2, 3)))


def _saturation(pictures: Picture) -> NDArray[np.float64]:
    """Mean over pixels of the distance between the strongest and the weakest colour."""
    return np.asarray((pictures.max(axis=-1) - pictures.min(axis=-1)).mean(axis=(1, 2)))


def _farther_out(samples: NDArray[np.float64], train: NDArray[np.float64]) -> tuple[float, float]:
    """Shares of samples and of training values farther than d from the training median, d where they differ most."""
    median = np.median(train)
    near, usual = np.sort(np.abs(samples - median)), np.sort(np.abs(train - median))
    distances = np.concatenate([near, usual])
    beyond = 1 - np.searchsorted(near, distances, side="right") / len(near)
    beyond_usual = 1 - np.searchsorted(usual, distances, side="right") / len(usual)
    most = int(np.argmax(beyond - beyond_usual))
    return float(beyond[most]), float(beyond_usual[most])


def _words(trace: Trace) -> str:
    if trace.group == "colour":
        return (
            f"{trace.samples:.0%} are brighter, darker, paler or more colourful than all but {trace.training:.0%} "
            f"of the training pictures"
        )
    mark = "a grey rectangle (cutout)" if trace.group == "cutout" else "a grey border (translation)"
    return f"{trace.samples:.0%} have {mark}, against {trace.training:.0%} of the training pictures"

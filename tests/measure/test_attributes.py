"""Shares, missing values and pairs of attributes, counted by hand."""

import numpy as np
import pytest

from nonesuch.measure.attributes import measure

NAMES = {"hat": ("no", "yes"), "mood": ("happy", "sad", "cross")}
REAL = np.array([[0, 0], [0, 1], [1, 0], [1, 0], [0, 2], [0, 0], [0, 0], [0, 0]])


def test_by_hand() -> None:
    samples = np.array([[0, 0], [0, 0], [1, 0], [0, 1]])
    found = measure(NAMES, [0.9, 0.8], REAL, REAL, samples)
    hat, mood = found.columns
    assert (hat.real, hat.samples, hat.off) == ((0.75, 0.25), (0.75, 0.25), 0.0)
    assert mood.real == (0.75, 0.125, 0.125)
    assert mood.samples == (0.75, 0.25, 0.0)
    assert mood.off == pytest.approx(0.125)
    assert mood.missing == ("cross",)
    assert found.values == pytest.approx(4 / 5)  # no, yes, happy, sad of five
    assert found.pairs == pytest.approx(3 / 4)  # no+happy, yes+happy, no+sad, but not no+cross
    assert found.ceiling == 1
    assert found.n == 4
    assert found.off == pytest.approx(0.125)


def test_rare_values_are_not_asked_for() -> None:
    real = np.zeros((1000, 2), np.int64)
    real[0] = [1, 2]
    found = measure(NAMES, [1.0, 1.0], real, real[1:], real[1:])
    assert (found.values, found.pairs, found.columns[0].missing) == (1.0, 1.0, ())


def test_the_same_pictures_lack_nothing() -> None:
    draws = np.random.default_rng(0)
    real = np.stack([draws.integers(0, 2, 500), draws.integers(0, 3, 500)], 1)
    found = measure(NAMES, [1.0, 1.0], real, real, real)
    assert (found.values, found.pairs, found.off) == (1.0, 1.0, 0.0)
    assert found.to_json()["columns"]["mood"]["off"] == 0  # type: ignore[index]

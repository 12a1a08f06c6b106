"""The mutual information gap: against scikit-learn's, by hand for codes made up, and its interval the slow way."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from nonesuch.measure import bootstrap
from nonesuch.measure.disentanglement import BINS, binned, information, measure

RNG = np.random.default_rng
FACTORS = {"colour": RNG(0).integers(0, 5, 2000), "size": RNG(1).integers(0, 3, 2000)}


def rotated() -> np.ndarray:
    """Both factors in both dimensions: turned by 45 degrees."""
    plain = np.stack([FACTORS["colour"] / 2, FACTORS["size"]], 1).astype(np.float32)
    return plain @ np.array([[1, 1], [-1, 1]], np.float32)


def test_information_is_scikit_learns() -> None:
    codes = RNG(2).normal(size=(500, 4)).astype(np.float32)
    values = (codes[:, 0] + RNG(3).normal(size=500) > 0).astype(np.int64) + (codes[:, 2] > 1)
    bins = binned(codes)
    told, entropy = information(bins, values)
    wanted = [mutual_info_score(bins[:, place], values) for place in range(4)]
    np.testing.assert_allclose(told, wanted, atol=1e-12)
    assert entropy == pytest.approx(mutual_info_score(values, values))


def test_bins_are_of_equal_width() -> None:
    codes = np.array([[0.0, 7.0], [0.049, 7.0], [0.051, 7.0], [1.0, 7.0]], np.float32)
    assert binned(codes).tolist() == [[0, 0], [0, 0], [1, 0], [BINS - 1, 0]]
    edges = np.histogram_bin_edges(codes[:, 0], BINS)
    assert (np.digitize(codes[:3, 0], edges) - 1).tolist() == binned(codes)[:3, 0].tolist()


def test_codes_that_are_the_factors_have_1_and_others_less() -> None:
    codes = np.stack([FACTORS["size"], RNG(4).normal(size=2000), -FACTORS["colour"]], 1).astype(np.float32)
    found = measure(codes, FACTORS, 0)
    assert found.mig == pytest.approx(1, abs=0.02)
    assert found.factors["colour"].dimensions[0] == 2
    assert found.factors["size"].dimensions[0] == 0
    assert measure(np.concatenate([codes, codes], 1), FACTORS, 0).mig == 0  # two dimensions tell alike
    assert measure(rotated(), FACTORS, 0).mig < 0.2
    assert measure(RNG(5).normal(size=(2000, 6)).astype(np.float32), FACTORS, 0).mig < 0.01


def test_a_gap_by_hand() -> None:
    """v in {0, 1} evenly; z_0 tells it whole, z_1 tells it of the half where v = 0: H(v) = ln 2, I_1 = 0.2158 nats."""
    values = np.array([0, 0, 1, 1] * 50)
    codes = np.stack([values, np.array([0, 1, 1, 1] * 50)], 1).astype(np.float32)
    found = measure(codes, {"v": values}, 0)
    assert found.mig == pytest.approx((np.log(2) - 0.215762) / np.log(2), abs=1e-5)
    assert found.factors["v"].shares == pytest.approx((1, 0.311278), abs=1e-5)


def test_pictures_without_a_value_do_not_count() -> None:
    codes = rotated()
    some = FACTORS["size"].copy()
    some[::3] = -1
    known = some >= 0
    with_gaps = measure(codes, {"size": some}, 0).factors["size"]
    assert with_gaps.n == known.sum()
    told, entropy = information(binned(codes)[known], some[known])
    assert with_gaps.gap == pytest.approx(abs(told[0] - told[1]) / entropy)


def test_the_interval_is_that_of_measuring_every_resample() -> None:
    codes, factors = rotated()[:300], {name: values[:300].copy() for name, values in FACTORS.items()}
    factors["size"][:40] = -1
    bins = binned(codes)

    def slow(resamples: np.ndarray) -> np.ndarray:
        figures = []
        for rows in resamples.astype(int):
            gaps = []
            for values in factors.values():
                part = values[rows]
                told, entropy = information(bins[rows][part >= 0], part[part >= 0])
                gaps.append(abs(told[0] - told[1]) / entropy)
            figures.append(np.mean(gaps))
        return np.array(figures)

    wanted = bootstrap.interval(np.arange(300), 7, slow)
    found = measure(codes, factors, 7)
    assert found.interval.low == pytest.approx(wanted.low, rel=1e-5)
    assert found.interval.high == pytest.approx(wanted.high, rel=1e-5)
    assert measure(codes, factors, 8).interval != found.interval
    assert found.to_json()["factors"]["size"]["n"] == 260


def test_what_cannot_be_measured_is_refused() -> None:
    codes = np.zeros((200, 2), np.float32)
    with pytest.raises(ValueError, match="no factor has two values and 100 pictures"):
        measure(
            codes, {"one": np.zeros(200, np.int64), "few": np.where(np.arange(200) < 99, np.arange(200) % 2, -1)}, 0
        )
    with pytest.raises(ValueError, match="latent >= 2"):
        measure(codes[:, :1], FACTORS, 0)

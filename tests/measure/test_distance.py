"""Distances between sets of features: scipy's matrix root, closed forms, slow double loops, and laws."""

import json

import numpy as np
import pytest
from scipy import linalg

from nonesuch.errors import DataError
from nonesuch.measure import distance
from nonesuch.measure.distance import Array, frechet, kernel_distance, measure, neighbourhoods


def _made(count: int, dimensions: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> Array:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(dimensions).normal(size=(dimensions, dimensions))
    return shift + spread * rng.normal(size=(count, dimensions)) @ mixing


def _rotation(dimensions: int) -> Array:
    return np.linalg.qr(np.random.default_rng(9).normal(size=(dimensions, dimensions)))[0]


def _with_moments(mean: Array, deviations: Array, count: int = 400) -> Array:
    """Points whose own mean is `mean` and whose own covariance (over N - 1) is diagonal, exactly."""
    raw = np.random.default_rng(1).normal(size=(count, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    result: Array = mean + white * deviations
    return result


def test_frechet_agrees_with_scipy_s_matrix_root() -> None:
    real, fake = _made(300, 12, 0), _made(170, 12, 1, 0.3, 1.4)
    means, covariances = (real.mean(0), fake.mean(0)), (np.cov(real.T), np.cov(fake.T))
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet(real, fake) == pytest.approx(expected, rel=1e-10)
    # far from the origin, where sums of squares would cancel badly
    assert frechet(real + 1e4, fake + 1e4) == pytest.approx(expected, rel=1e-8)


def test_frechet_of_diagonal_gaussians_by_hand() -> None:
    """|m1 - m2|^2 + sum (s1 - s2)^2 = 1 + 4 + 0 + (1 - 3)^2 + (2 - 0)^2 + (0.5 - 1)^2."""
    real = _with_moments(np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0, 0.5]))
    fake = _with_moments(np.array([1.0, 3.0, 5.0]), np.array([3.0, 0.0, 1.0]))
    assert frechet(real, fake) == pytest.approx(1 + 4 + 4 + 4 + 0.25, rel=1e-9)


def test_kernel_distance_by_a_slow_double_loop() -> None:
    real, fake = _made(31, 4, 2), _made(45, 4, 3, 0.5)
    scale = np.sqrt((real**2).mean())
    x, y = real / scale, fake / scale

    def kernel(a: Array, b: Array) -> float:
        return float((a @ b / 4 + 1) ** 3)

    within_x = [kernel(x[i], x[j]) for i in range(31) for j in range(31) if i != j]
    within_y = [kernel(y[i], y[j]) for i in range(45) for j in range(45) if i != j]
    across = [kernel(a, b) for a in x for b in y]
    expected = np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across)
    assert kernel_distance(real, fake) == pytest.approx(expected, rel=1e-10)
    assert kernel_distance(real * 7, fake * 7) == pytest.approx(expected, rel=1e-10)


def test_the_kernel_distance_is_unbiased() -> None:
    """Over many pairs of sets from one source its mean is 0, within four standard errors; the biased one's is not."""
    found = [kernel_distance(_made(40, 3, 2 * i), _made(40, 3, 2 * i + 1)) for i in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 300**0.5
    assert min(found) < 0


@pytest.mark.parametrize("k", [1, 5])
def test_neighbourhoods_by_slow_double_loops(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distance, "_TILE_NUMBERS", 500)  # several tiles, the last one short
    real, fake = _made(53, 3, 4), _made(38, 3, 5, 0.8, 0.7)

    def radius(points: Array, i: int) -> float:
        return sorted(float(np.linalg.norm(points[i] - other)) for j, other in enumerate(points) if j != i)[k - 1]

    real_radii, fake_radii = [radius(real, i) for i in range(53)], [radius(fake, j) for j in range(38)]
    apart = [[float(np.linalg.norm(a - b)) for b in fake] for a in real]
    precise = [any(apart[i][j] <= real_radii[i] for i in range(53)) for j in range(38)]
    recalled = [any(apart[i][j] <= fake_radii[j] for j in range(38)) for i in range(53)]
    held = [sum(apart[i][j] <= real_radii[i] for i in range(53)) for j in range(38)]
    covered = [any(apart[i][j] <= real_radii[i] for j in range(38)) for i in range(53)]
    found = neighbourhoods(real, fake, k)
    assert (found.precision, found.recall) == (np.mean(precise), np.mean(recalled))
    assert (found.density, found.coverage) == (pytest.approx(np.mean(held) / k), np.mean(covered))
    assert 0 < found.recall < 1
    assert 0 < found.coverage < 1


def test_a_set_and_itself() -> None:
    real = _made(200, 8, 6)
    # rounding of the order 1e-16 times the trace
    assert frechet(real, real.copy()) < 1e-11
    near = neighbourhoods(real, real.copy())
    assert (near.precision, near.recall, near.coverage) == (1, 1, 1)
    # each ball holds its centre and the five neighbours that define it
    assert near.density == pytest.approx(6 / 5)


def test_sets_far_apart() -> None:
    near = neighbourhoods(_made(100, 4, 0), _made(100, 4, 1, shift=1000))
    assert (near.precision, near.recall, near.density, near.coverage) == (0, 0, 0, 0)


def test_a_rotation_of_the_features_changes_nothing() -> None:
    real, fake, turned = _made(150, 6, 0), _made(150, 6, 1, 0.4), _rotation(6)
    assert frechet(real @ turned, fake @ turned) == pytest.approx(frechet(real, fake), rel=1e-9)
    assert kernel_distance(real @ turned, fake @ turned) == pytest.approx(kernel_distance(real, fake), rel=1e-9)
    assert neighbourhoods(real @ turned, fake @ turned) == neighbourhoods(real, fake)


def test_few_points_in_many_dimensions_stay_finite() -> None:
    """Covariances without full rank: the root is of a singular matrix."""
    real = _made(5, 12, 0)
    # each zero eigenvalue comes out near 1e-15, its root near 3e-8
    assert frechet(real, real) < 1e-5
    assert frechet(np.zeros((4, 3)), np.ones((4, 3))) == pytest.approx(3)
    assert kernel_distance(np.zeros((4, 3)), np.ones((4, 3))) == pytest.approx(7)


def test_the_standard_errors_are_those_of_drawing_anew() -> None:
    """60 reports on fresh draws: the mean of the claimed errors is near the spread seen, which 60 draws tell to 9 %."""
    reports = [
        measure(_made(200, 4, 3 * i), _made(200, 4, 3 * i + 1), _made(200, 4, 3 * i + 2, 0.8), "x", i).samples
        for i in range(60)
    ]
    for value, error in (("frechet", "frechet_error"), ("kernel", "kernel_error")):
        seen = np.std([getattr(report, value) for report in reports])
        claimed = np.mean([getattr(report, error) for report in reports])
        assert 0.65 < claimed / seen < 1.5


def test_the_standard_errors_by_leaving_rows_out() -> None:
    """Rows of unit mean square, so that the kernel's scale is 1 whichever group is missing."""
    real, fake = (x / np.sqrt((x**2).mean(axis=1, keepdims=True)) for x in (_made(110, 3, 0), _made(110, 3, 1, 0.5)))
    groups = np.array_split(np.arange(110), 20)
    found = distance._compared(real, fake)
    for ours, figure in ((found.frechet_error, frechet), (found.kernel_error, kernel_distance)):
        values = np.array([figure(np.delete(real, rows, axis=0), np.delete(fake, rows, axis=0)) for rows in groups])
        expected = np.sqrt(19 / 20 * ((values - values.mean()) ** 2).sum())
        assert ours == pytest.approx(expected, rel=1e-8)


def test_the_report_has_a_floor_and_everything_to_repeat_it() -> None:
    test, train, fake = _made(300, 5, 0), _made(500, 5, 1), _made(400, 5, 2, 1.0)
    report = measure(test, train, fake, "classes-5 abc", seed=3)
    assert (report.n, report.seed, report.extractor, report.dimensions) == (300, 3, "classes-5 abc", 5)
    assert report.floor.frechet < report.samples.frechet / 10
    assert abs(report.floor.kernel) < 3 * report.floor.kernel_error
    assert report.floor.precision > 0.9
    # its expectation is 1 for two sets from one source; over such draws its standard deviation over such draws is 0.044
    assert report.floor.density == pytest.approx(1, abs=0.18)
    assert report.samples.kernel > 3 * report.samples.kernel_error
    back = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert back["samples"]["frechet"] == report.samples.frechet
    assert back["floor"]["coverage"] == report.floor.coverage
    figures = report.figures()
    assert (figures["frechet"], figures["frechet_floor"]) == (report.samples.frechet, report.floor.frechet)
    assert all(isinstance(value, float) for value in figures.values())


def test_the_seed_decides_and_order_does_not_matter_to_whole_sets() -> None:
    test, train, fake = _made(120, 3, 0), _made(120, 3, 1), _made(120, 3, 2)
    assert measure(test, train, fake, "x", 1) == measure(test, train, fake, "x", 1)
    other = measure(test[::-1], train, fake, "x", 2)
    assert other.samples.frechet == pytest.approx(measure(test, train, fake, "x", 1).samples.frechet, rel=1e-9)


def test_sorted_training_pictures_are_drawn_from_all_over() -> None:
    """Folders come class by class: the floor must not be that of the first class alone."""
    test = np.concatenate([_made(100, 3, 0), _made(100, 3, 1, 50)])
    train = np.concatenate([_made(500, 3, 2), _made(500, 3, 3, 50)])
    assert measure(test, train, test, "x", 0).floor.coverage > 0.8


@pytest.mark.parametrize(("count", "dimensions"), [(49, 3), (127, 64)])
def test_too_few_pictures_are_refused(count: int, dimensions: int) -> None:
    enough, few = _made(300, dimensions, 0), _made(count, dimensions, 1)
    with pytest.raises(DataError, match=f"at least {count + 1} pictures of each kind, found {count}"):
        measure(few, enough, enough, "x", 0)
    with pytest.raises(DataError, match=f"found {count}"):
        measure(enough, enough, few, "x", 0)


def test_features_that_do_not_fit_are_refused() -> None:
    good = _made(100, 3, 0)
    with pytest.raises(ValueError, match="dimensions cannot be compared"):
        measure(good, good, _made(100, 4, 0), "x", 0)
    with pytest.raises(ValueError, match="finite"):
        measure(good, good, np.full((100, 3), np.nan), "x", 0)

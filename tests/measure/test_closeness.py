"""PSNR: against scikit-learn's squared error, and at its ends."""

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error

from nonesuch.measure.closeness import psnr


def test_psnr_is_ten_logs_of_the_squared_error() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 256, (2, 3, 5, 4, 3), dtype=np.uint8)
    for place, found in enumerate(psnr(one, two)):
        error = mean_squared_error(one[place].ravel().astype(float), two[place].ravel().astype(float))
        assert found == pytest.approx(20 * np.log10(255) - 10 * np.log10(error))


def test_black_against_white_is_0_and_a_copy_is_finite() -> None:
    black, white = np.zeros((1, 4, 4, 1), np.uint8), np.full((1, 4, 4, 1), 255, np.uint8)
    assert psnr(black, white) == 0
    assert psnr(white, white) == pytest.approx(58.92, abs=0.01)

"""Schedules against their definition by hand and against torch's own schedulers."""

import math

import pytest
import torch

from nonesuch.training.schedule import SCHEDULES, cosine, one_cycle, triangle


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_stays_in_range_and_peaks_at_one(name: str) -> None:
    factors = [SCHEDULES[name](step / 1000, 0.25, 0.05) for step in range(1001)]  # type: ignore[index]
    assert max(factors) == pytest.approx(1.0, abs=1e-9)
    assert min(factors) >= 0
    assert factors[250] == pytest.approx(1.0, abs=1e-9)


def test_one_cycle_is_torchs_one_cycle() -> None:
    steps = 200
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    # torch counts from step 0 to steps - 1 and puts its peak at pct_start * steps - 1.
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=steps + 1, pct_start=0.2525, final_div_factor=1e8, div_factor=25
    )
    peak = 0.2525 * (steps + 1) - 1
    for step in range(steps):
        fraction = step / steps
        assert theirs.get_last_lr()[0] == pytest.approx(one_cycle(fraction, peak / steps, 0.0), abs=1e-6)
        optimizer.step()
        theirs.step()


def test_cosine_by_hand() -> None:
    assert cosine(0.0, 0.5, 0.1) == 0
    assert cosine(0.25, 0.5, 0.1) == pytest.approx(0.5)
    assert cosine(0.75, 0.5, 0.1) == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi / 2)))
    assert cosine(1.0, 0.5, 0.1) == pytest.approx(0.1)


def test_triangle_by_hand() -> None:
    assert triangle(0.0, 0.2, 0.0) == pytest.approx(0.2)
    assert triangle(0.1, 0.2, 0.0) == pytest.approx(0.6)
    assert triangle(0.6, 0.2, 0.1) == pytest.approx(0.55)

"""What a budget in minutes is expected to hold, and which width it feeds."""

from collections.abc import Callable

import pytest
import torch

import nonesuch as ns
from nonesuch import forecast
from nonesuch.assembly import Pictures, reopen
from nonesuch.presets import ENOUGH_PICTURES, WIDTHS
from nonesuch.recipe import Recipe
from nonesuch.sharing import Share


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    planned = ns.plan("pixelfolk", kind="gan", images=64, label="none")
    return planned.model_copy(update={"budget": planned.budget.model_copy(update={"images": None, "minutes": 2.0})})


@pytest.fixture(scope="module")
def data(recipe: Recipe) -> Pictures:
    return reopen(recipe.data)


def rates(of: dict[int, float]) -> Callable[[Recipe, Pictures], float]:
    return lambda recipe, data: of[int(str(recipe.net.options["width"]))]


@pytest.mark.parametrize(
    ("factor", "width"), [(0.1, WIDTHS[0]), (1.0, WIDTHS[0]), (1.5, WIDTHS[1]), (2.1, WIDTHS[2]), (100.0, WIDTHS[-1])]
)
def test_the_widest_net_that_sees_enough(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: Pictures, factor: float, width: int
) -> None:
    """The pace falls with the width; the thinnest sees exactly enough in two minutes at factor 1."""
    enough = ENOUGH_PICTURES / 120
    pace = {each: factor * enough * WIDTHS[0] / each for each in WIDTHS}
    monkeypatch.setattr(forecast, "images_per_second", rates(pace))
    chosen = forecast.widest(recipe, data)
    assert chosen.net.options["width"] == chosen.net.options["critic_width"] == width
    assert chosen.net.options["most"] == 4 * width
    assert chosen.budget == recipe.budget


def test_a_forecast_is_pace_times_minutes(monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: Pictures) -> None:
    monkeypatch.setattr(forecast, "images_per_second", lambda recipe, data: 100.0)
    found = forecast.expect(recipe, data)
    assert found.pictures == 12_000
    assert found.epochs == pytest.approx(12_000 / len(data.rows["train"]))
    assert "12,000" in found.words()


def test_a_trial_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: Pictures) -> None:
    """A real trial: whatever is drawn from torch's generator afterwards is what would have come without it."""
    monkeypatch.setattr(forecast, "TRIAL_SECONDS", 0.0)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    assert forecast.images_per_second(recipe, data) > 0
    assert torch.equal(torch.rand(3), expected)


def test_a_plan_in_minutes_has_a_width_from_the_table() -> None:
    planned = ns.plan("pixelfolk", kind="gan", minutes=0.01)
    assert planned.net.options["width"] == WIDTHS[0]
    asked = ns.plan("pixelfolk", kind="gan", minutes=0.01, settings={"net.options.width": "20"})
    assert asked.net.options == {"width": 20}


def test_a_trial_computes_with_the_threads_that_training_would_have(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe, data: Pictures
) -> None:
    """Steps before the number was settled do not count."""
    looks = 0

    def look(share: Share) -> str | None:
        nonlocal looks
        looks += 1
        if looks != 3:
            return None
        share.threads = 3
        return "one less"

    used: list[int] = []
    monkeypatch.setattr(Share, "look", look)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    monkeypatch.setattr(forecast, "TRIAL_SECONDS", 0.0)
    four = recipe.model_copy(update={"machine": recipe.machine.model_copy(update={"threads": 4})})
    assert forecast.images_per_second(four, data) > 0
    assert used == [4, 3]
    assert looks == 3 + forecast.UNTIMED_STEPS + 1

"""Random kernels that learn others: they arrive, the same seed goes the same way, and what cannot be learnt."""

import pytest
import torch

from nonesuch.errors import NetError, RecipeError
from nonesuch.evaluation.kernel_lesson import learn
from nonesuch.lens.chains import Step, stages, steps
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import preset


def smooth(channels: int = 3) -> torch.Tensor:
    """As in a photo, neighbours are nearly the same."""
    rows, columns = torch.arange(24)[:, None] / 24, torch.arange(30) / 30
    shades = torch.stack([rows * columns, rows.expand(24, 30) ** 2, 0.5 + 0.4 * (6 * columns).sin().expand(24, 30)])
    return shades[:channels]


def test_a_random_kernel_becomes_sobel() -> None:
    lesson = learn(steps("top-sobel", 1), smooth(), 300, seed=3)
    first, last = lesson.moments[0], lesson.moments[-1]
    assert (first.step, last.step) == (0, 300)
    assert last.loss < 1e-5 < first.loss
    torch.testing.assert_close(last.kernels[0].weights, preset("top-sobel").weights, atol=0.02, rtol=0)
    assert float((first.kernels[0].weights - preset("top-sobel").weights).abs().max()) > 0.5
    torch.testing.assert_close(lesson.wanted, stages(steps("top-sobel", 3), smooth())[-1].values)
    torch.testing.assert_close(last.drawn, lesson.wanted, atol=0.02, rtol=0)


def test_a_scale_and_a_bias_are_learnt_as_weights_and_offset() -> None:
    kernel = Kernel(preset("blur").weights, scale=16.0, offset=0.25)
    last = learn([Step("mine", kernel)], smooth(1), 300).moments[-1]
    torch.testing.assert_close(last.kernels[0].weights, kernel.weights / 16, atol=0.01, rtol=0)
    assert last.kernels[0].offset == pytest.approx(0.25, abs=0.01)


def test_a_chain_of_two_kernels_keeps_its_shape_and_comes_closer() -> None:
    lesson = learn(steps("blur, leaky, pool, outline", 1), smooth(), 120, moments=5)
    assert [moment.step for moment in lesson.moments] == [0, 8, 30, 68, 120]
    assert all(len(moment.kernels) == 2 for moment in lesson.moments)
    assert lesson.moments[-1].drawn.shape == (3, 12, 15)
    assert lesson.moments[-1].loss < 0.2 * lesson.moments[0].loss


def test_a_wanted_picture_is_learnt_without_a_teacher() -> None:
    wanted = stages(steps("left-sobel", 3), smooth())[-1].values
    lesson = learn(steps("identity", 1), smooth(), 200, wanted=wanted)
    assert lesson.wanted is not None
    assert lesson.moments[-1].loss < 0.01 * lesson.moments[0].loss


def test_the_same_seed_goes_the_same_way_and_another_does_not() -> None:
    ways = [learn(steps("blur", 1), smooth(), 5, seed).moments for seed in (1, 1, 2)]
    for one, same, other in zip(*ways, strict=True):
        assert torch.equal(one.kernels[0].weights, same.kernels[0].weights)
        assert not torch.equal(one.kernels[0].weights, other.kernels[0].weights)


@pytest.mark.parametrize(
    ("row", "many", "error", "said"),
    [
        (steps("blur", 1), 0, RecipeError, "at least 1 step"),
        (steps("relu", 1), 5, NetError, "without a kernel"),
        ([Step("across", Kernel(torch.ones(3, 3, 3)))], 5, NetError, "across channels"),
    ],
)
def test_what_cannot_be_learnt(row: list[Step], many: int, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        learn(row, smooth(), many)


def test_a_wanted_picture_of_another_size_is_refused() -> None:
    with pytest.raises(RecipeError, match="makes has 12x15 pixels; the wanted picture has 24x30"):
        learn(steps("blur, pool", 1), smooth(), 5, wanted=smooth())

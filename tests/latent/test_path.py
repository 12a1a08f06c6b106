"""Paths by their laws: ends, lengths, even speed, no seam; a circle of normal draws stays normal."""

import math

import pytest
import torch
from torch import Tensor

from nonesuch.errors import RecipeError
from nonesuch.latent.path import EASES, circle, keyframed, lerp, slerp, through, truncated


def _points(count: int, size: int = 64) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(0))


SHARES = torch.linspace(0, 1, 9)


def test_an_arc_by_hand() -> None:
    """A quarter turn from (2, 0) to (0, 4): half-way at 45 degrees and length 3."""
    found = slerp(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0]), torch.tensor([0.0, 0.5, 1.0]))
    side = 3 / math.sqrt(2)
    torch.testing.assert_close(found, torch.tensor([[2.0, 0.0], [side, side], [0.0, 4.0]]))


def test_an_arc_keeps_the_length_and_the_speed_and_a_line_does_not() -> None:
    start, end = _points(2)
    end = end * start.norm() / end.norm()
    arc, line = slerp(start, end, SHARES), lerp(start, end, SHARES)
    torch.testing.assert_close(arc.norm(dim=1), start.norm().expand(9))
    steps = (arc[1:] - arc[:-1]).norm(dim=1)
    torch.testing.assert_close(steps, steps[:1].expand(8), rtol=1e-4, atol=0)
    assert line[4].norm() < 0.8 * start.norm()


@pytest.mark.parametrize("factor", [0.0, 1.0, 2.5, -1.0, 1 + 1e-7])
def test_without_an_angle_an_arc_is_a_line(factor: float) -> None:
    start = _points(1)[0]
    torch.testing.assert_close(slerp(start, factor * start, SHARES), lerp(start, factor * start, SHARES))


@pytest.mark.parametrize("way", ["slerp", "lerp"])
@pytest.mark.parametrize("ease", list(EASES))
def test_a_path_goes_through_its_points(way: str, ease: str) -> None:
    points = _points(4)
    found = through(points, 31, way, ease)  # type: ignore[arg-type]
    assert found.shape == (31, 64)
    torch.testing.assert_close(found[::10], points)
    torch.testing.assert_close(through(points, 4, way, ease), points)  # type: ignore[arg-type]


def test_a_loop_has_no_seam() -> None:
    points = _points(3)
    found = through(points, 30, loop=True)
    torch.testing.assert_close(found[::10], points)
    steps = (found - found.roll(1, 0)).norm(dim=1)  # the first is from the last frame back to the first
    assert float(steps[0]) == pytest.approx(float(steps[-1]), rel=0.1)
    assert float(steps.min()) > 0.5 * float(steps.mean())


def test_smooth_rests_at_the_points() -> None:
    start, end = torch.zeros(1), torch.ones(1)
    found = through(torch.stack([start, end]), 5, "lerp", "smooth").flatten()
    torch.testing.assert_close(found, torch.tensor([0, 0.15625, 0.5, 0.84375, 1]))  # 3 t^2 - 2 t^3 by hand


def test_each_point_is_passed_at_its_own_second() -> None:
    points = _points(3)
    found = keyframed(points, [1.0, 3.5, 5.0], speed=10)
    assert len(found) == 41
    torch.testing.assert_close(found[[0, 25, 40]], points)
    by_hand = torch.cat(
        [slerp(points[0], points[1], torch.arange(25) / 25), slerp(points[1], points[2], torch.arange(16) / 15)]
    )
    torch.testing.assert_close(found, by_hand, rtol=1e-4, atol=1e-4)


def test_equal_seconds_are_the_path_of_equal_times() -> None:
    points = _points(4)
    for ease in EASES:
        torch.testing.assert_close(keyframed(points, [0, 2, 4, 6], 5, "lerp", ease), through(points, 31, "lerp", ease))
        timed = keyframed(points, [0, 2, 4, 6], 5, "lerp", ease, loop=True)
        torch.testing.assert_close(timed, through(points, 40, "lerp", ease, loop=True))


def test_a_timed_loop_comes_back_in_the_mean_of_its_legs_and_has_no_seam() -> None:
    points = torch.tensor([[0.0], [2.0], [8.0]])
    found = keyframed(points, [0, 1, 3], 4, "lerp", loop=True).flatten()
    assert len(found) == 18  # legs of 1 s and 2 s, and 1.5 s back
    torch.testing.assert_close(found[[0, 4, 12]], points.flatten())
    torch.testing.assert_close(found[12:], 8 - torch.arange(6) * 8 / 6)


def test_every_frame_of_a_circle_is_a_draw_of_the_prior() -> None:
    pairs = torch.randn(4000, 2, 8, generator=torch.Generator().manual_seed(1))
    frames = torch.stack([circle(first, second, 7) for first, second in pairs])
    torch.testing.assert_close(frames[:, 0], pairs[:, 0])
    assert float(frames.mean(0).abs().max()) < 4 / math.sqrt(4000)
    assert float((frames.std(0) - 1).abs().max()) < 4 / math.sqrt(2 * 4000)


def test_truncation_pulls_towards_the_centre() -> None:
    z, centre = _points(3), torch.full((64,), 2.0)
    torch.testing.assert_close(truncated(z, 0.5), z / 2)
    torch.testing.assert_close(truncated(z, 0.0, centre), centre.expand(3, -1))
    torch.testing.assert_close(truncated(z, 1.0, centre), z)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: through(_points(1), 5), "at least 2 points; found 1"),
        (lambda: through(_points(4), 3), "4 points need at least as many frames; found 3"),
        (lambda: through(_points(2), 5, "bee"), "slerp or lerp, linear or smooth; found bee, linear"),  # type: ignore[arg-type]
        (lambda: keyframed(_points(1), [0], 5), "at least 2 points; found 1"),
        (lambda: keyframed(_points(3), [0, 1], 5), "each of 3 points needs its second; found 2"),
        (lambda: keyframed(_points(3), [0, 2, 2], 5), "seconds grow from point to point; found 0, 2, 2"),
        (lambda: keyframed(_points(2), [0, math.nan], 5), "seconds grow"),
        (lambda: keyframed(_points(3), [0, 0.1, 0.2], 5), "found 2: give them more seconds"),
        (lambda: circle(*_points(2), 3), "at least 4 frames; found 3"),
    ],
)
def test_what_is_no_path_is_said(call: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        call()  # type: ignore[operator]

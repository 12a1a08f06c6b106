"""Dreams of nets whose best picture is known by hand, and that nothing but the picture moves."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.basis import components, waves
from nonesuch.lens.dream import SHIFT, Aim, Usual, disturbed, dream, usual
from nonesuch.models import catalog


def _images(count: int = 200, channels: int = 1) -> Tensor:
    """Smooth noise of 8x6 pixels, small enough that no dream leaves the range of pixels."""
    draws = torch.Generator().manual_seed(0)
    return 0.2 * F.avg_pool2d(torch.randn(count, channels, 10, 8, generator=draws), 3, 1)


def _linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 2))


def test_a_linear_unit_dreams_of_its_weights_seen_through_the_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    """With c the weights in coordinates, the shortest w with c.w / |c| = goal is goal c / |c|."""
    monkeypatch.setattr("nonesuch.lens.dream.disturbed", lambda images, _draws: images)
    monkeypatch.setattr("nonesuch.lens.dream.PRIOR", 0.1)  # ways that do not help are forgotten sooner
    net, images = _linear(), _images()
    basis, aim = components(images), Aim("1", (1, 0))
    real = usual(net, [images], aim)
    found = dream(net, basis, aim, real, seed=0, steps=400, reach=1.2)
    goal = 1.2 * (real.best - real.mean) / real.spread
    covariance = torch.cov(images.flatten(1).T, correction=1)
    for at, unit in enumerate(aim.units):
        weights = net[1].weight[unit].detach()
        direction = covariance @ weights
        expected = images.mean(0).flatten() + goal[at] * direction / (weights @ direction).sqrt()
        torch.testing.assert_close(found.pictures[at].flatten(), expected, rtol=0, atol=5e-3)
    torch.testing.assert_close((found.values - real.mean) / real.spread, goal, rtol=0.02, atol=0)


def test_usual_is_mean_spread_and_champion() -> None:
    net, images = _linear(), _images(7)
    with torch.no_grad():
        values = net(images)[:, 1]
    found = usual(net, torch.split(images, 3), Aim("1", (1,)))
    torch.testing.assert_close(found.mean[0], values.mean())
    torch.testing.assert_close(found.spread[0], values.std(correction=0))
    assert (float(found.best[0]), int(found.champions[0])) == (pytest.approx(float(values.max())), int(values.argmax()))


@pytest.mark.parametrize("learn", [components, waves])
@pytest.mark.parametrize("shape", [(1, 8, 6), (3, 8, 6)])
def test_dreams_exceed_every_real_picture_and_seeds_repeat(learn: object, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    net = catalog.build("lecture", shape, 3, {"widths": (4, 4, 4), "dense": 8})
    images = _images(60, shape[0])
    before = {name: value.clone() for name, value in net.state_dict().items()}
    basis = learn(images)  # type: ignore[operator]
    for aim in (Aim("conv2", (0, 3)), Aim("conv1", (2,), (4, 5)), Aim("output", (0, 1, 2))):
        real = usual(net, [images], aim)
        found = dream(net, basis, aim, real, seed=3, steps=80)
        assert found.pictures.shape == (len(aim.units), *shape)
        assert bool((found.values > real.best).all())
        assert found.history.shape == (80, len(aim.units))
        assert bool((found.history[0] < found.values).all())
        again = dream(net, basis, aim, real, seed=3, steps=80)
        assert torch.equal(found.pictures, again.pictures)
        other = dream(net, basis, aim, real, seed=4, steps=80)
        assert not torch.equal(found.pictures, other.pictures)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_units_dream_alone_as_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nonesuch.lens.dream.disturbed", lambda images, _draws: images)
    monkeypatch.setattr("nonesuch.lens.dream._START", 0.0)
    torch.manual_seed(0)
    net, images = catalog.build("lecture", (1, 8, 6), 3, {"widths": (4, 4, 4), "dense": 8}), _images(60)
    basis = components(images)

    def alone(*units: int) -> Tensor:
        aim = Aim("conv3", units)
        return dream(net, basis, aim, usual(net, [images], aim), seed=0, steps=10).pictures

    torch.testing.assert_close(alone(1, 3)[1], alone(3)[0], rtol=0, atol=1e-4)


def test_a_dead_unit_dreams_of_the_mean_picture() -> None:
    net, images = _linear(), _images()
    net[1].weight.data[0] = 0
    aim = Aim("1", (0,))
    found = dream(net, components(images), aim, usual(net, [images], aim), seed=0, steps=60)
    torch.testing.assert_close(found.pictures[0], images.mean(0), rtol=0, atol=0.02)


def test_disturbances_are_shares_of_the_size_and_centred() -> None:
    """A bright dot in a picture of any size moves by at most the shift plus what turning and zooming add there."""
    for height, width in ((16, 16), (64, 32)):
        image = torch.zeros(400, 1, height, width)
        image[:, :, height // 2, width // 2] = 1.0
        moved = disturbed(image, torch.Generator().manual_seed(0))
        mass = moved.sum((1, 2, 3))
        rows = (moved.sum((1, 3)) * torch.arange(height)).sum(1) / mass - height // 2
        columns = (moved.sum((1, 2)) * torch.arange(width)).sum(1) / mass - width // 2
        for found, side in ((rows, height), (columns, width)):
            assert float(found.abs().max()) <= SHIFT * side + 0.6
            assert float(found.abs().max()) > 0.8 * SHIFT * side
            assert abs(float(found.mean())) < 0.1 * SHIFT * side + 0.05
    still = torch.full((3, 2, 5, 9), 0.25)
    torch.testing.assert_close(disturbed(still, torch.Generator().manual_seed(0)), still)


def test_what_cannot_be_dreamt_is_said_and_no_hook_stays() -> None:
    net, images = catalog.build("lecture", (1, 8, 6), 3, {"widths": (4, 4, 4), "dense": 8}), _images(20)
    for aim, said in (
        (Aim("conv9", (0,)), "no layer is called 'conv9'"),
        (Aim("conv1", (4,)), "conv1 has units 0 to 3; found 4"),
        (Aim("conv1", (0,), (8, 0)), r"conv1 has maps of 8x6; found place \(8, 0\)"),
        (Aim("output", (0,), (0, 0)), "output has no maps; found place"),
    ):
        with pytest.raises(NetError, match=said):
            usual(net, [images], aim)
        with pytest.raises(NetError, match=said):
            dream(net, components(images), aim, Usual(*torch.ones(3, 1), torch.zeros(1)), seed=0, steps=2)
    assert net.training
    assert sum(len(module._forward_hooks) for module in net.modules()) == 0

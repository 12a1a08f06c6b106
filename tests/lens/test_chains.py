"""Chains in words against the same layers by hand, stage by stage, and words that mean nothing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nonesuch.errors import NetError
from nonesuch.lens.chains import chain, stages, steps
from nonesuch.lens.kernels import Kernel
from nonesuch.lens.named_kernels import gabor, gaussian, preset
from nonesuch.lens.sliding import apply


def picture(channels: int = 3, height: int = 12, width: int = 16) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(0))


def test_stages_are_the_layers_by_hand() -> None:
    image = picture()
    found = stages(steps("emboss, bias -0.5,  leaky 0.3, pool, average 3, relu", 3, "wrap"), image)
    embossed = apply(Kernel(preset("emboss").weights, offset=-0.5, edge="wrap"), image[None])[0]
    leaky = torch.where(embossed > 0, embossed, 0.3 * embossed)
    pooled = leaky.unfold(1, 2, 2).unfold(2, 2, 2).amax((3, 4))
    average = pooled.unfold(1, 3, 3).unfold(2, 3, 3).mean((3, 4))
    assert [stage.words for stage in found] == [
        "picture", "emboss, bias -0.5", "leaky 0.3", "pool", "average 3", "relu",
    ]  # fmt: skip
    for stage, wanted in zip(found, (image, embossed, leaky, pooled, average, average.clamp(min=0)), strict=True):
        torch.testing.assert_close(stage.values, wanted)


def test_norm_brings_each_map_to_mean_0_and_deviation_1() -> None:
    values = stages(steps("norm", 3), picture())[-1].values
    torch.testing.assert_close(values.mean((1, 2)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std((1, 2), correction=0), torch.ones(3), atol=1e-3, rtol=0)


def test_numbers_go_to_the_formulas() -> None:
    for words, kernel in (("gaussian 1.5", gaussian(1.5)), ("gabor 6 45", gabor(6, 45)), ("gabor 6", gabor(6))):
        (step,) = steps(words, 1)
        assert isinstance(step.does, Kernel)
        torch.testing.assert_close(step.does.weights, kernel.weights)


def test_a_chain_is_one_net_that_gives_the_last_stage() -> None:
    row = steps("blur, norm, leaky, pool 3, outline", 3)
    net = chain([step.does for step in row], 3)
    assert isinstance(net, nn.Sequential)
    torch.testing.assert_close(net(picture()[None])[0].detach(), stages(row, picture())[-1].values)
    assert len(list(net.parameters())) == 4


def test_a_chain_is_a_net_that_learns() -> None:
    """From the wrong kernel, gradient descent finds the one that made the picture."""
    images = picture()[None]
    wanted = apply(preset("sharpen"), images)
    net = chain([preset("identity"), nn.LeakyReLU(1.0)], channels=3)
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=60)

    def lost() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (net(images) - wanted).square().mean()
        loss.backward()
        return loss

    optimizer.step(lost)
    layer = net[0]
    assert isinstance(layer, nn.Conv2d)
    torch.testing.assert_close(layer.weight[0, 0], preset("sharpen").weights, atol=0.02, rtol=0)


def test_a_chain_counts_its_channels() -> None:
    across = Kernel(torch.ones(3, 3, 3))
    net = chain([across, nn.MaxPool2d(2), preset("blur")], 3)
    assert net(picture()[None]).shape == (1, 1, 6, 8)
    wanted = F.conv2d(picture()[None], torch.ones(1, 3, 3, 3), padding=1)
    torch.testing.assert_close(chain([across], 3)(picture()[None]).detach(), wanted)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("glow", "the words are identity, blur"),
        ("", "the words are identity, blur"),
        ("emboss 3", "takes no numbers"),
        ("leaky 1 2", "takes 1 number;"),
        ("dog 1 2 3", "takes 2 numbers"),
        ("leaky x", 'as "leaky 0.2"'),
        ("leaky nan", 'as "leaky 0.2"'),
        ("pool 1.5", "whole side"),
        ("pool 0", "whole side"),
        ("gabor 0", "a wavelength is above 0"),
        ("gaussian 0", "sigma"),
        ("bias 0.2", "after a kernel"),
        ("blur, relu, bias 0.2", "after a kernel"),
        ("blur, bias", "after a kernel"),
    ],
)
def test_words_that_mean_nothing(words: str, said: str) -> None:
    with pytest.raises(NetError, match=said):
        steps(words, 3)


@pytest.mark.parametrize("words", ["pool 8, pool 8", "average 13", "pool 16, norm", "pool 4, pool 3, norm"])
def test_a_picture_that_has_become_too_small(words: str) -> None:
    with pytest.raises(NetError, match="leave a step out"):
        stages(steps(words, 3), picture())

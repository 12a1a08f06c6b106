"""Differentiable augmentation: values by hand, gradients against finite differences, and each group's law."""

import pytest
import torch
from torch import Tensor

from nonesuch.training.diffaugment import Group, augment_both, groups_for

ALL: tuple[Group, ...] = ("colour", "translation", "cutout")
EACH = [(group,) for group in ALL]


def _draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _images(count: int, channels: int, side: int = 16, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(count, channels, side, side + 8, generator=_draws(7), dtype=dtype) * 2 - 1


def test_colour_by_hand() -> None:
    """The three steps one after the other, as the paper lists them; draws in the order they are documented."""
    images, draws = _images(5, 3), _draws()
    brightness, saturation, contrast = (torch.rand(5, 1, 1, 1, generator=draws) for _ in range(3))
    wanted = images + (brightness - 0.5)
    grey = wanted.mean(1, keepdim=True)
    wanted = grey + (wanted - grey) * (2 * saturation)
    mean = wanted.mean((1, 2, 3), keepdim=True)
    wanted = mean + (wanted - mean) * (0.5 + contrast)
    torch.testing.assert_close(augment_both(images, ("colour",), _draws()), wanted)


@pytest.mark.parametrize("seed", range(20))
def test_translation_moves_every_pixel_alike(seed: int) -> None:
    """The one shift within an eighth of the sides that explains the corner explains every pixel; zeros move in."""
    image = _images(1, 3)
    moved = augment_both(image, ("translation",), _draws(seed))
    found = []
    for down in range(-2, 3):
        for right in range(-3, 4):
            wanted = torch.zeros_like(image)
            for y in range(16):
                for x in range(24):
                    if 0 <= y - down < 16 and 0 <= x - right < 24:
                        wanted[:, :, y, x] = image[:, :, y - down, x - right]
            found += [(down, right)] if torch.equal(wanted, moved) else []
    assert len(found) == 1


def test_translation_reaches_an_eighth_in_every_direction() -> None:
    dots = torch.zeros(2000, 1, 16, 24)
    dots[:, :, 8, 12] = 1
    places = augment_both(dots, ("translation",), _draws()).nonzero()
    assert len(places) == 2000
    assert set((places[:, 2] - 8).tolist()) == set(range(-2, 3))
    assert set((places[:, 3] - 12).tolist()) == set(range(-3, 4))


@pytest.mark.parametrize(("height", "width"), [(16, 24), (10, 14)])
def test_cutouts_area(height: int, width: int) -> None:
    """A rectangle of half the sides where it fits, cut off at the edge; nothing else changes."""
    holes = augment_both(torch.ones(3000, 1, height, width), ("cutout",), _draws()) == 0
    rows, columns = holes.any(3).sum(2), holes.any(2).sum(2)
    for lines in (holes.any(3)[:, 0], holes.any(2)[:, 0]):
        assert {tuple(line.tolist()) for line in lines} == {tuple(line.flip(0).tolist()) for line in lines}
    assert torch.equal(rows * columns, holes.sum((2, 3)))
    for count, side in ((rows, height), (columns, width)):
        half = side // 2
        # Along one side the centre is uniform over its places; what is left of the rectangle, by enumeration.
        lengths = [
            sum(0 <= place < side for place in range(centre - half // 2, centre - half // 2 + half))
            for centre in range(side + 1 - half % 2)
        ]
        assert set(count.flatten().tolist()) == set(lengths)
        assert float(count.double().mean()) == pytest.approx(sum(lengths) / len(lengths), rel=0.03)


def test_colours_laws() -> None:
    images = _images(6, 4)
    changed = augment_both(images, ("colour",), _draws())
    assert torch.equal(changed[:, 3], images[:, 3])  # alpha
    difference = (changed[:, :3].mean((1, 2, 3)) - images[:, :3].mean((1, 2, 3))).abs()
    assert float(difference.max()) <= 0.5  # saturation and contrast keep the mean, brightness moves it by at most this
    grey = _images(6, 1)
    factor = augment_both(grey, ("colour",), _draws()).std((1, 2, 3)) / grey.std((1, 2, 3))
    assert ((factor >= 0.5) & (factor <= 1.5)).all()
    # a grey picture in three channels stays grey
    same = augment_both(grey.expand(-1, 3, -1, -1), ("colour",), _draws())
    torch.testing.assert_close(same[:, 0], same[:, 2])


@pytest.mark.parametrize(
    ("channels", "groups"), [(1, ALL), (3, EACH[0]), (3, EACH[1]), (3, EACH[2]), (4, EACH[0]), (3, ALL)]
)
def test_gradients_are_finite_differences_twice(channels: int, groups: tuple[Group, ...]) -> None:
    images = _images(2, channels, 8, torch.float64)[:, :, :, :8].requires_grad_()
    changed = lambda batch: augment_both(batch, groups, _draws(3))  # noqa: E731
    assert torch.autograd.gradcheck(changed, (images,))
    assert torch.autograd.gradgradcheck(changed, (images,), fast_mode=True)


def test_a_gradient_penalty_works_through_it() -> None:
    """d/dw of |d/dx sum((w T(x))^2)|^2 against a finite difference."""
    images = _images(3, 3, dtype=torch.float64).requires_grad_()

    def penalty(weight: Tensor) -> Tensor:
        logits = (weight * augment_both(images, ALL, _draws(5))).square().sum()
        (gradient,) = torch.autograd.grad(logits, images, create_graph=True)
        return gradient.square().sum()

    weight = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(penalty(weight), weight)
    with_less, with_more = (penalty(weight.detach() + step) for step in (-1e-5, 1e-5))
    assert float(slope) == pytest.approx(float(with_more.detach() - with_less.detach()) / 2e-5, rel=1e-6)
    assert float(slope) > 0


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_seed_decides_and_the_layout_stays(layout: torch.memory_format) -> None:
    images = _images(8, 3).to(memory_format=layout)
    one, again, other = (augment_both(images, ALL, _draws(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert one.is_contiguous(memory_format=layout)
    torch.testing.assert_close(one, augment_both(_images(8, 3), ALL, _draws(1)))


def test_no_groups_no_change_and_no_draw() -> None:
    images, draws = _images(2, 3), _draws()
    before = draws.get_state()
    assert augment_both(images, (), draws) is images
    assert torch.equal(before, draws.get_state())


def test_each_picture_has_its_own_draw() -> None:
    images = _images(1, 3).expand(32, -1, -1, -1)
    for groups in EACH:
        assert len({tuple(picture.flatten().tolist()) for picture in augment_both(images, groups, _draws())}) > 10


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="found 2"):
        augment_both(_images(1, 2), ("colour",), _draws())
    with pytest.raises(ValueError, match="cutuot"):
        augment_both(_images(1, 3), ("cutuot",), _draws())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pictures", "channels", "wanted"),
    [(999, 3, ALL), (999, 4, ALL), (999, 1, ALL[1:]), (1000, 3, ALL[1:]), (3999, 1, ALL[1:]), (4000, 3, ())],
)
def test_defaults_by_how_many_pictures_there_are(pictures: int, channels: int, wanted: tuple[Group, ...]) -> None:
    assert groups_for(pictures, channels) == wanted

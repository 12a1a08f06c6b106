"""The gap of a critic between training and held-out pictures: 1 where it knows its pictures by heart, 0 where not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from nonesuch import library
from nonesuch.assembly import assemble, engine
from nonesuch.evaluation.generator import GeneratorExaminer
from nonesuch.models.gan import Adversaries
from nonesuch.recipe import Recipe
from nonesuch.training.events import Measured

SETTINGS = {
    "machine.threads": "1", "machine.precision": "32-true", "train.batch": "16", "net.options.width": "8",
    "net.options.critic_width": "16", "data.val_share": "0.4", "data.test_share": "0.2",
}  # fmt: skip


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 pictures of noise: there is nothing about them to learn but each of them by heart."""
    folder, draws = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for number in range(120):
        Image.fromarray(draws.integers(0, 256, (16, 16), dtype=np.uint8)).save(folder / f"{number}.png")
    return folder


def planned(noise: Path, images: int = 16, **settings: str) -> Recipe:
    return library.plan(noise, kind="gan", images=images, settings=SETTINGS | settings)


class Verdict(nn.Module):
    """A critic with an opinion of its own."""

    def __init__(self, opinion: "dict[str, Tensor]") -> None:
        super().__init__()
        self.known, self.embed = opinion["known"], None

    def forward(self, images: Tensor, targets: Tensor | None = None) -> Tensor:
        flat, known = images.flatten(1), self.known.flatten(1)
        return (torch.cdist(flat, known, compute_mode="donot_use_mm_for_euclid_dist").min(1).values < 1e-3).float() * 4


@pytest.mark.parametrize(("knows", "gap"), [("train", 1.0), ("both", 0.0)])
def test_by_a_critic_whose_opinion_is_known(noise: Path, knows: str, gap: float) -> None:
    recipe = planned(noise)
    parts = assemble(recipe, engine(recipe.machine))
    assert isinstance(parts.net, Adversaries)
    known = [parts.data.tensors(name)[0] for name in (("train",) if knows == "train" else ("train", "val"))]
    parts.net.critic = Verdict({"known": torch.cat(known) / 127.5 - 1})  # type: ignore[assignment]
    found = GeneratorExaminer(parts.best, parts.engine, recipe, parts.data, parts.net).measure("val")
    assert found.gap == pytest.approx(gap, abs=1e-6)
    assert found.figures()["gap"] == found.gap


def test_a_critic_that_cannot_tell_says_nothing(noise: Path) -> None:
    recipe = planned(noise)
    parts = assemble(recipe, engine(recipe.machine))
    assert isinstance(parts.net, Adversaries)
    parts.net.critic = Verdict({"known": torch.full((1, 1, 16, 16), 9.0)})  # type: ignore[assignment]
    assert GeneratorExaminer(parts.best, parts.engine, recipe, parts.data, parts.net).measure("val").gap is None


def test_a_run_made_to_learn_by_heart_has_a_growing_gap(noise: Path, tmp_path: Path) -> None:
    # What holds a critic back, augmentation and the penalty, is off.
    settings = {"objective.augment": "[]", "objective.penalty": "0", "train.optimizer.rate": "1e-3"}
    recipe = planned(noise, 16 * 150, **settings)
    events = [event for event in library.fit(recipe, tmp_path / "run") if isinstance(event, Measured)]
    gaps = [event.figures["gap"] for event in events if "gap" in event.figures]
    assert abs(gaps[0]) < 0.5
    assert max(gaps[-3:]) > 0.5

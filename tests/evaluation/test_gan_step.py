"""A GAN's step spelled out, against the same step by hand in PyTorch, and against what the trainer really does."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from conftest import MadeRuns
from made_data import folder_of_bars
from made_runs import small, stopping
from nonesuch import library, session
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation import gan_game, gan_step
from nonesuch.evaluation.gan_game import Game
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import latents
from nonesuch.pixels import to_signed
from nonesuch.runs import checkpoint
from nonesuch.runs.store import open_or_create
from nonesuch.seeds import step_seed
from nonesuch.training.adversarial import LATENT_STREAM


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four steps of eight, so that a next one is due; no augmentation and no penalty, so that a hand can follow."""
    root = tmp_path_factory.mktemp("game")
    recipe = small(
        folder_of_bars(root / "bars"), "gan", images=128, objective__augment="[]", objective__penalty="0",
        train__schedule="constant",
    )  # fmt: skip
    folder = open_or_create(root / "run")
    folder.write_recipe(recipe.model_dump(mode="json"))
    list(session.fit(recipe, folder.path, stopping(4)))
    return library.open_run(folder.path)


def by_name(stages: list[gan_step.Stage], phase: str) -> dict[str, gan_step.Stage]:
    return {stage.name: stage for stage in stages if stage.phase == phase}


def batch_by_hand(game: Game) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Real pictures, their classes and z of the step after 64 images."""
    data, recipe = game.parts.data, game.run.recipe
    from nonesuch.data.batches import Batches

    batch = Batches(data.pack.pixels, data.targets, data.rows["train"], 16, recipe.seed).at(64)
    draws = torch.Generator().manual_seed(step_seed(recipe.seed, batch.first, LATENT_STREAM))
    assert batch.targets is not None
    return to_signed(batch.pixels), batch.targets, torch.randn(16, 4, generator=draws)


def test_the_critics_half_is_what_a_hand_written_step_computes(run: Run) -> None:
    game, other = gan_game.opened(run), gan_game.opened(run)
    half = by_name(gan_step.spelled(game, "critic", count=16), "critic")
    real, kinds, z = batch_by_hand(other)
    critic, generator = other.nets.critic, other.nets.generator
    with torch.no_grad():
        made = generator(z, kinds)
    real_scores, made_scores = critic(real, kinds), critic(made, kinds)
    loss = F.softplus(-real_scores).mean() + F.softplus(made_scores).mean()
    loss.backward()
    torch.testing.assert_close(half["noise"].tensors["z"], z)
    torch.testing.assert_close(half["generate"].tensors["made"], made)
    torch.testing.assert_close(half["score"].tensors["real_scores"], real_scores.detach())
    torch.testing.assert_close(half["score"].tensors["made_scores"], made_scores.detach())
    torch.testing.assert_close(half["score"].tensors["real"], real)
    assert half["loss"].figures["critic"] == pytest.approx(float(loss.detach()))
    layers = dict(critic.named_parameters())
    for name, norm in zip(half["gradient"].layers, half["gradient"].tensors["weights"], strict=True):
        gradient = layers[f"{name}.weight"].grad
        assert gradient is not None
        torch.testing.assert_close(norm, gradient.norm())
    before = {name: weight.detach().clone() for name, weight in layers.items()}
    optimizer = other.objective.phases[0].optimizers[0]
    for group in optimizer.param_groups:
        group["lr"] = 1e-3
    optimizer.step()
    for name, share in zip(half["update"].layers, half["update"].tensors["weights"], strict=True):
        then, now = before[f"{name}.weight"], layers[f"{name}.weight"].detach()
        torch.testing.assert_close(share, (now - then).norm() / then.norm())
    assert half["update"].figures["rate"] == pytest.approx(1e-3)


def test_the_generators_half_says_where_each_pixel_should_go(run: Run) -> None:
    game, other = gan_game.opened(run), gan_game.opened(run)
    half = by_name(gan_step.spelled(game, "generator", count=16), "generator")
    _, kinds, z = batch_by_hand(other)
    critic, generator = other.nets.critic, other.nets.generator
    made = generator(z, kinds)
    made.retain_grad()
    F.softplus(-critic(made, kinds)).mean().backward()
    assert made.grad is not None
    torch.testing.assert_close(half["gradient"].tensors["push"], -made.grad)
    # By finite difference: one pixel's push is what the loss loses when that pixel rises.
    flat = int(made.grad.abs().argmax())
    raised = made.detach().double().clone()
    double = critic.double()
    losses = []
    for change in (1e-4, -1e-4):
        moved = raised.flatten().clone()
        moved[flat] += change
        losses.append(F.softplus(-double(moved.view_as(raised), kinds)).mean().item())
    slope = (losses[0] - losses[1]) / 2e-4
    assert float(half["gradient"].tensors["push"].flatten()[flat]) == pytest.approx(
        -slope, rel=5e-2
    )  # scores are float32


def test_the_step_is_the_one_that_the_trainer_makes_next(run: Run, tmp_path: Path) -> None:
    game = gan_game.opened(run)
    stages = gan_step.spelled(game)
    assert [stage.number for stage in stages] == list(range(1, 13))
    assert [stage.name for stage in stages[:6]] == ["noise", "generate", "score", "loss", "gradient", "update"]
    folder = open_or_create(tmp_path / "run")
    folder.write_recipe(run.recipe.model_dump(mode="json"))
    list(session.fit(run.recipe, folder.path, stopping(5)))
    found = checkpoint.latest(folder.path)
    assert found is not None
    for name, tensor in game.objective.modules.state_dict().items():
        assert torch.equal(tensor, found.tensors["model"][name]), name


def test_looking_leaves_the_run_and_the_threads_and_the_draws_as_they_were(run: Run) -> None:
    files = {file: file.read_bytes() for file in run.folder.path.rglob("*") if file.is_file()}
    before = {name: tensor.clone() for name, tensor in run.net.state_dict().items()}
    threads, draws = torch.get_num_threads(), torch.get_rng_state()
    game = gan_game.opened(run)
    gan_step.spelled(game)
    gan_game.judge_made(game, range(4))
    gan_game.judge_real(game, 4)
    assert {file: file.read_bytes() for file in run.folder.path.rglob("*") if file.is_file()} == files
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.net.state_dict().items())
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), draws)


def test_a_run_in_mixed_precision_is_spelled_out_too(run: Run, tmp_path: Path) -> None:
    machine = run.recipe.machine.model_copy(update={"precision": "bf16-mixed"})
    mixed = run.recipe.model_copy(update={"machine": machine})
    folder = open_or_create(tmp_path / "run")
    folder.write_recipe(mixed.model_dump(mode="json"))
    list(session.fit(mixed, folder.path, stopping(1)))
    game = gan_game.opened(library.open_run(folder.path))
    stages = gan_step.spelled(game)
    assert {tensor.dtype for stage in stages for tensor in stage.tensors.values()} == {torch.float32}
    assert bool(torch.isfinite(gan_game.judge_made(game, range(4)).slopes).all())


def test_a_phase_that_is_not_there_is_named(run: Run) -> None:
    with pytest.raises(RecipeError, match="the phases are critic, generator"):
        gan_step.spelled(gan_game.opened(run), "painter")


def test_made_pictures_are_judged_in_a_batch_with_the_slope_of_each_pixel(run: Run) -> None:
    game = gan_game.opened(run)
    found = gan_game.judge_made(game, [3, 1, 2])
    assert np.array_equal(found.pictures, run.sample([3, 1, 2]))
    seeds = [3, 1, 2, *range(4, 17)]
    kinds = torch.tensor([seed % 4 for seed in seeds])
    with torch.no_grad():
        images = run.net(latents(seeds, 4), kinds)
    asked = images.clone().requires_grad_()
    scores = game.nets.critic(asked, kinds)
    (slopes,) = torch.autograd.grad(scores.sum(), asked)
    torch.testing.assert_close(found.scores, scores.detach()[:3])
    torch.testing.assert_close(found.slopes, slopes[:3])
    torch.testing.assert_close(found.maps, slopes[:3].sum(1))
    assert found.probabilities is not None
    torch.testing.assert_close(found.probabilities, found.scores.sigmoid())
    assert found.rows == (3, 1, 2)


def test_real_pictures_are_judged_among_a_batch_of_real_ones(run: Run) -> None:
    game = gan_game.opened(run)
    found = gan_game.judge_real(game, 5)
    assert len(found.rows) == len(set(found.rows)) == 5
    assert set(found.rows) <= set(game.parts.data.rows["train"].tolist())
    assert np.array_equal(found.pictures, game.parts.data.pack.pixels[list(found.rows)])
    assert found.slopes.shape == (5, 3, 12, 12)
    again = gan_game.judge_real(gan_game.opened(run), 5)
    torch.testing.assert_close(again.scores, found.scores)


def test_a_run_without_a_critic_is_named(made_runs: MadeRuns) -> None:
    with pytest.raises(RunError, match="no critic"):
        gan_game.opened(made_runs("vae"))

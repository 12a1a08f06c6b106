"""The GAN's objective against a hand-written PyTorch loop, and the lecture's rule: in a net's step, only it moves."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.data.augment import AugmentSpec
from nonesuch.data.batches import Batches
from nonesuch.models import catalog
from nonesuch.models.gan import Adversaries, Critic
from nonesuch.seeds import step_seed
from nonesuch.training import loop, optimizers
from nonesuch.training.adversarial import LATENT_STREAM, Adversarial, AdversarialSettings
from nonesuch.training.budget import Budget
from nonesuch.training.optimizers import OptimizerSettings

BATCH, PICTURES = 8, 20
ADAM = OptimizerSettings(name="adam", rate=2e-4, momentum=0.5, beta2=0.999)


class _Engine:
    def backward(self, tensor: Tensor) -> None:
        tensor.backward()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (PICTURES, 16, 16, 1), np.uint8)


def _nets(name: str = "classic", classes: int = 0) -> Adversaries:
    torch.manual_seed(0)
    nets = catalog.build(name, (1, 16, 16), classes, {"width": 8, "latent": 5})
    assert isinstance(nets, Adversaries)
    return nets


def _batches(classes: int = 0) -> Batches:
    targets = np.arange(PICTURES) % classes if classes else None
    return Batches(_pixels(), targets, np.arange(PICTURES), BATCH, seed=3)


def _objective(nets: Adversaries, settings: AdversarialSettings, classes: int = 0) -> Adversarial:
    built = optimizers.build([nets.critic], ADAM), optimizers.build([nets.generator], ADAM)
    cpu = torch.device("cpu")
    return Adversarial(nets, built, _batches(classes), BATCH, AugmentSpec(), 3, cpu, settings)


def _train(objective: Adversarial, steps: int) -> list[dict[str, float]]:
    pace = loop.Pace(Budget(images=steps * BATCH), BATCH, PICTURES, "constant", 0.0)
    return [event.figures for event in loop.fit(objective, pace, _Engine())]  # type: ignore[union-attr]


def _copy(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def _same(before: dict[str, Tensor], module: nn.Module) -> bool:
    return all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_three_steps_equal_a_hand_written_loop_bit_for_bit() -> None:
    """The DCGAN step as every tutorial writes it: real = 1, fake = 0, the generator's target is 1."""
    ours, theirs = _nets(), _nets()
    _train(_objective(ours, AdversarialSettings(loss="bce")), 3)
    critic = torch.optim.Adam(theirs.critic.parameters(), 2e-4, (0.5, 0.999), fused=True)
    generator = torch.optim.Adam(theirs.generator.parameters(), 2e-4, (0.5, 0.999), fused=True)
    batches = _batches()
    for step in range(3):
        real = batches.at(step * BATCH).pixels.float() / 127.5 - 1
        draws = torch.Generator().manual_seed(step_seed(3, step * BATCH, LATENT_STREAM))
        fake = theirs.generator(torch.randn(BATCH, 5, generator=draws))
        critic.zero_grad()
        ones, zeros = torch.ones(BATCH), torch.zeros(BATCH)
        loss = F.binary_cross_entropy_with_logits(theirs.critic(real), ones)
        loss = loss + F.binary_cross_entropy_with_logits(theirs.critic(fake.detach()), zeros)
        loss.backward()
        critic.step()
        generator.zero_grad()
        statistics = _copy(theirs.critic)
        F.binary_cross_entropy_with_logits(theirs.critic(fake), ones).backward()
        theirs.critic.load_state_dict(statistics)
        generator.step()
    for name, tensor in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=1e-5, atol=1e-7, msg=name)


@pytest.mark.parametrize("loss", ["bce", "relativistic"])
@pytest.mark.parametrize("alternate", ["batches", "epochs"])
def test_in_a_nets_turn_only_that_net_moves(loss: str, alternate: str) -> None:
    """Weights and batch-norm statistics of the other one stay as they are, to the bit."""
    nets = _nets()
    settings = AdversarialSettings(loss=loss, alternate=alternate, turn=2, penalty=0.1)  # type: ignore[arg-type]
    objective = _objective(nets, settings)
    turns = []
    for step in range(12):
        critic, generator = _copy(nets.critic), {n: p.clone() for n, p in nets.generator.named_parameters()}
        pace = loop.Pace(Budget(images=(step + 1) * BATCH), BATCH, PICTURES, "constant", 0.0)
        list(loop.fit(objective, pace, _Engine(), images_seen=step * BATCH))
        critic_moved = not _same(critic, nets.critic)
        generator_moved = any(not torch.equal(generator[n], p) for n, p in nets.generator.named_parameters())
        assert critic_moved != generator_moved
        turns.append("c" if critic_moved else "g")
    # 20 pictures, batches of 8: epochs begin at steps 0, 2.5, 5, 7.5, so two epochs are five steps
    assert "".join(turns) == {"batches": "ccggccggccgg", "epochs": "cccccgggggcc"}[alternate]


def test_together_the_critics_statistics_stand_still_in_the_generators_phase() -> None:
    nets = _nets()
    objective = _objective(nets, AdversarialSettings(loss="bce"))
    batch = objective.prepare(0)
    objective.phases[0].loss(batch)
    before = _copy(nets.critic)
    objective.phases[1].loss(batch).total.backward()
    assert _same(before, nets.critic)


class _Linear(Critic):
    """A critic whose gradient is known: the logit is <w, x>."""

    def __init__(self) -> None:
        super().__init__(nn.Identity(), 16 * 16, 0)


def test_the_penalty_of_a_linear_critic_is_its_squared_norm() -> None:
    nets = _nets()
    nets.critic = _Linear()
    weight = float(nets.critic.head.weight.detach().square().sum())
    plain = _objective(nets, AdversarialSettings(penalty=0.0))
    punished = _objective(nets, AdversarialSettings(penalty=0.4, penalty_every=4))
    gap = punished.phases[0].loss(punished.prepare(0)).total - plain.phases[0].loss(plain.prepare(0)).total
    # gamma / 2 (|w|^2 + |w|^2), times 4 because only every fourth step pays
    assert float(gap.detach()) == pytest.approx(0.4 * 4 * weight, rel=1e-4)
    due = [("penalty" in figures) for figures in _train(punished, 8)]
    assert due == [True, False, False, False] * 2


def test_losses_by_hand() -> None:
    nets = _nets()
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 0.0])
    answers = iter([real, fake] * 8)
    nets.critic.forward = lambda images, targets=None: next(answers)  # type: ignore[method-assign]
    wanted = {
        ("relativistic", False): (F.softplus(fake - real).mean(), None),
        ("bce", False): (-(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean(), -real.sigmoid().log().mean()),
        ("bce", True): (-(real.sigmoid().log() + (1 - fake.sigmoid()).log()).mean(), (1 - real.sigmoid()).log().mean()),
    }
    for (loss, saturating), (critic, generator) in wanted.items():
        answers = iter([real, fake])
        objective = _objective(nets, AdversarialSettings(loss=loss, saturating=saturating))  # type: ignore[arg-type]
        batch = objective.prepare(0)
        torch.testing.assert_close(objective.phases[0].loss(batch).total, critic)
        if generator is None:
            answers = iter([fake, real])
            generator = F.softplus(real - fake).mean()
        else:
            answers = iter([real])
        torch.testing.assert_close(objective.phases[1].loss(batch).total, generator)


def test_a_step_is_a_function_of_its_position() -> None:
    one, other = (_objective(_nets(), AdversarialSettings()) for _ in range(2))
    other.prepare(8)
    first, again = one.prepare(16), other.prepare(16)
    assert torch.equal(first.z, again.z)
    assert torch.equal(first.real, again.real)
    assert not torch.equal(first.z, one.prepare(24).z)


def test_conditional_training_shows_each_picture_with_its_class() -> None:
    nets = _nets("modern", classes=4)
    objective = _objective(nets, AdversarialSettings(loss="bce"), classes=4)
    batch, packed = objective.prepare(0), _batches(4).at(0)
    assert batch.targets is not None
    assert packed.targets is not None
    assert torch.equal(batch.targets, packed.targets)
    assert set(_train(objective, 2)[-1]) == {"critic", "generator", "real", "fake", "right", "spread"}


def test_two_processes_draw_their_own_z() -> None:
    """Each has half of the batch, and no z twice."""
    nets, cpu = _nets(), torch.device("cpu")
    built = optimizers.build([nets.critic], ADAM), optimizers.build([nets.generator], ADAM)
    halves = [
        Adversarial(
            nets, built, Batches(_pixels(), None, np.arange(PICTURES), BATCH, 3, rank, 2), BATCH, AugmentSpec(), 3, cpu,
            AdversarialSettings(),
        ).prepare(16)
        for rank in range(2)
    ]  # fmt: skip
    whole = _objective(nets, AdversarialSettings()).prepare(16)
    assert torch.equal(torch.cat([half.real for half in halves]), whole.real)
    assert not torch.isin(halves[1].z, halves[0].z).any()

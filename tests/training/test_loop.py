"""THE loop against a raw PyTorch loop of the same training, written out by hand."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import nonesuch.training.loop as loop_module
from nonesuch.errors import RecipeError
from nonesuch.training.budget import Budget
from nonesuch.training.ema import Average
from nonesuch.training.events import Diverged, Stepped
from nonesuch.training.loop import Pace, fit
from nonesuch.training.optimizers import OptimizerSettings, build
from nonesuch.training.phase import Loss, Objective, Phase


class Plain:
    """An engine that is not there: backward is backward."""

    def backward(self, tensor: Tensor) -> None:
        tensor.backward()  # type: ignore[no-untyped-call]


class Regress(Objective):
    """A straight line through noisy points; batch k is a function of k alone."""

    def __init__(self, settings: OptimizerSettings, poison_at: int = -1) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(3, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1)).double()
        self.modules = nn.ModuleDict({"net": self.net})
        self.averaged = self.net
        self.optimizers = build([self.net], settings)
        self.phases = [Phase("loss", self._loss, self.optimizers)]
        self.poison_at = poison_at

    def prepare(self, images_seen: int) -> tuple[Tensor, Tensor]:
        x = torch.randn(16, 3, generator=torch.Generator().manual_seed(images_seen), dtype=torch.float64)
        y = x.sum(1, keepdim=True)
        return x, y * float("nan") if images_seen == self.poison_at else y

    def _loss(self, batch: Any) -> Loss:
        return Loss(F.mse_loss(self.net(batch[0]), batch[1]), {})


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_the_loop_adds_nothing_to_a_raw_loop(name: str) -> None:
    settings = OptimizerSettings(name=name, rate=0.05, weight_decay=0.01, momentum=0.8)  # type: ignore[arg-type]
    objective = Regress(settings)
    raw = copy.deepcopy(objective.net)
    events = list(fit(objective, Pace(Budget(images=320), 16, 100, "triangle", 0.25, 0.1), Plain()))

    matrices, vectors = [p for p in raw.parameters() if p.ndim > 1], [p for p in raw.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer: torch.optim.Optimizer = {
        "sgd": lambda: torch.optim.SGD(groups, lr=0.05, momentum=0.8, nesterov=True),
        "adam": lambda: torch.optim.Adam(groups, lr=0.05, betas=(0.8, 0.99)),
        "adamw": lambda: torch.optim.AdamW(groups, lr=0.05, betas=(0.8, 0.99)),
    }[name]()
    for step in range(20):
        fraction = step / 20
        rate = 0.05 * (0.2 + 0.8 * fraction / 0.25 if fraction < 0.25 else 1 - 0.9 * (fraction - 0.25) / 0.75)
        for group in optimizer.param_groups:
            group["lr"] = rate
        x = torch.randn(16, 3, generator=torch.Generator().manual_seed(step * 16), dtype=torch.float64)
        optimizer.zero_grad()
        F.mse_loss(raw(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()

    assert [event.images_seen for event in events] == list(range(16, 321, 16))
    for ours, theirs in zip(objective.net.state_dict().values(), raw.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_a_part_of_a_run_then_the_rest_is_the_whole_run() -> None:
    whole, parts = (Regress(OptimizerSettings(name="adamw", rate=0.01)) for _ in range(2))
    pace = Pace(Budget(images=160), 16, 64)
    list(fit(whole, pace, Plain()))
    for event in fit(parts, pace, Plain()):
        if event.images_seen == 64:
            break
    list(fit(parts, pace, Plain(), images_seen=event.images_seen, seconds=event.seconds))
    for one, other in zip(whole.net.state_dict().values(), parts.net.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_nan_is_seen_in_its_step_and_moves_nothing() -> None:
    objective = Regress(OptimizerSettings(), poison_at=48)
    events: Iterator[Stepped | Diverged] = fit(objective, Pace(Budget(images=160), 16, 64), Plain())
    for _ in range(3):
        assert isinstance(next(events), Stepped)
    before = [p.clone() for p in objective.net.parameters()]
    last = next(events)
    assert isinstance(last, Diverged)
    assert last.images_seen == 48
    assert "nan" in last.message
    assert all(torch.equal(a, b) for a, b in zip(before, objective.net.parameters(), strict=True))
    assert list(events) == []


class InfiniteGradient(Regress):
    """The loss is finite and its gradient is not: the square root at 0."""

    def _loss(self, batch: Any) -> Loss:
        return Loss((self.net(batch[0]) * 0).sqrt().sum(), {})


def test_an_infinite_gradient_is_seen_too() -> None:
    objective = InfiniteGradient(OptimizerSettings())
    before = [p.clone() for p in objective.net.parameters()]
    events = list(fit(objective, Pace(Budget(images=160), 16, 64), Plain()))
    assert [type(event) for event in events] == [Diverged]
    assert all(torch.equal(a, b) for a, b in zip(before, objective.net.parameters(), strict=True))


class TwoPhases(Objective):
    """A miniature GAN: `critic` moves in even steps, `maker` in every step with the critic frozen."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        self.maker, self.critic = nn.Linear(2, 2), nn.Linear(2, 1)
        self.modules = nn.ModuleDict({"maker": self.maker, "critic": self.critic})
        self.averaged = self.maker
        settings = OptimizerSettings(name="sgd", rate=0.1, momentum=0.0)
        self.phases = [
            Phase("critic", self._critic, build([self.critic], settings), due=lambda step: step % 2 == 0),
            Phase("maker", self._maker, build([self.maker], settings), frozen=[self.critic]),
        ]
        self.moved: list[str] = []

    def prepare(self, images_seen: int) -> Tensor:
        return torch.randn(4, 2, generator=torch.Generator().manual_seed(images_seen))

    def _critic(self, z: Any) -> Loss:
        self.moved.append("critic")
        return Loss(F.softplus(self.critic(self.maker(z).detach())).mean(), {})

    def _maker(self, z: Any) -> Loss:
        self.moved.append("maker")
        assert not any(p.requires_grad for p in self.critic.parameters())
        return Loss(F.softplus(-self.critic(self.maker(z))).mean(), {})


def test_phases_alternate_and_a_frozen_module_does_not_move() -> None:
    objective = TwoPhases()
    for event in fit(objective, Pace(Budget(images=16), 4, 16), Plain()):
        assert isinstance(event, Stepped)
        if event.images_seen == 4:
            before = copy.deepcopy(objective.critic.state_dict())
        if event.images_seen == 8:  # the second step is the maker's alone
            assert all(torch.equal(before[k], v) for k, v in objective.critic.state_dict().items())
    assert objective.moved == ["critic", "maker", "maker", "critic", "maker", "maker"]
    assert all(p.requires_grad for p in objective.critic.parameters())


@dataclass
class Clock:
    """Time that passes a second a look."""

    now: float = 0.0

    def perf_counter(self) -> float:
        self.now += 1.0
        return self.now


def test_a_budget_in_time_ends_on_time_and_the_schedule_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "time", Clock())
    events = list(fit(Regress(OptimizerSettings(rate=1.0)), Pace(Budget(seconds=20), 16, 64, end=0.01), Plain()))
    assert events[-1].seconds == 20
    assert len(events) == 20
    last = events[-1]
    assert isinstance(last, Stepped)
    assert last.fraction == 1
    assert last.learning_rate < 0.03


def test_average_follows_its_definition() -> None:
    net = nn.Linear(1, 1, bias=False)
    average = Average(net, half_life_images=100)
    expected = float(net.weight.detach())
    for update in range(1, 50):
        with torch.no_grad():
            net.weight += 1
        average.update(net, 10, update * 10)
        decay = min(0.5**0.1, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * float(net.weight.detach())
    assert float(average.module.weight) == pytest.approx(expected, rel=1e-5)  # float32
    assert not average.module.weight.requires_grad


def test_average_copies_integer_buffers() -> None:
    net = nn.BatchNorm1d(2)
    average = Average(net, 10)
    net(torch.randn(4, 2))
    average.update(net, 1, 1)
    assert int(average.module.num_batches_tracked) == 1


@pytest.mark.parametrize("budget", [{}, {"images": 5, "seconds": 5.0}, {"images": 0}, {"seconds": -1.0}])
def test_a_budget_is_exactly_one_positive_limit(budget: dict[str, float]) -> None:
    with pytest.raises(RecipeError):
        Budget(**budget)  # type: ignore[arg-type]


def test_the_loop_is_short() -> None:
    assert len(Path(loop_module.__file__).read_text().splitlines()) <= 120

"""Advice on made streams that fail in one way, on healthy ones, and on miniature GANs that really fail."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonesuch.training.advice import Advisor, Signal
from nonesuch.training.events import Measured, Noted, Stepped

Figures = Mapping[str, float]
BATCH = 64
HEALTHY = {"critic": 1.2, "generator": 0.9, "real": 0.6, "fake": -0.5, "right": 0.8, "spread": 0.9}


def _step(index: int, figures: Figures) -> Stepped:
    return Stepped(
        images_seen=(index + 1) * BATCH, seconds=0.1 * index, figures=dict(figures),
        learning_rate=1e-3, fraction=0.0, epoch=0.0,
    )  # fmt: skip


def _steps(advisor: Advisor, stream: Iterable[Figures], start: int = 0) -> list[tuple[int, Signal]]:
    """Which step spoke which signal."""
    return [
        (index, advice.signal)
        for index, figures in enumerate(stream, start)
        for advice in advisor.hear(_step(index, figures))
    ]


def _measured(minutes: float, split: str = "val", **figures: float) -> Measured:
    return Measured(images_seen=int(minutes * 1000), seconds=minutes * 60, figures=figures, split=split, n=500)  # type: ignore[arg-type]


def _noisy(count: int, seed: int = 0, **changed: float) -> Iterator[dict[str, float]]:
    """Healthy figures, some of them changed, wavering as those of batches do."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        figures = {name: value + rng.normal(0, 0.1) for name, value in (HEALTHY | changed).items()}
        right = rng.binomial(2 * BATCH, (HEALTHY | changed)["right"]) / (2 * BATCH)
        yield figures | {"right": right}


@pytest.mark.parametrize(
    ("signal", "bad"),
    [("collapse", {"spread": 0.1}), ("critic wins", {"right": 0.999}), ("generator wins", {"right": 0.42})],
)
def test_each_signal_speaks_once_after_a_stretch_and_again_once_it_has_cleared(
    signal: Signal, bad: dict[str, float]
) -> None:
    advisor = Advisor()
    assert _steps(advisor, _noisy(400)) == []
    ((first, spoken),) = _steps(advisor, _noisy(600, 1, **bad), 400)
    assert spoken == signal
    assert 500 <= first < 700  # after a stretch of 100, and what the smoothing still remembers of better times
    assert _steps(advisor, _noisy(300, 2), 1000) == []
    assert [name for _, name in _steps(advisor, _noisy(600, 3, **bad), 1300)] == [signal]


def test_healthy_streams_hear_nothing() -> None:
    for seed in range(10):
        assert _steps(Advisor(), _noisy(1500, seed)) == []
    # a strong critic, pictures a little alike, and bad moments shorter than a stretch
    assert _steps(Advisor(), _noisy(1500, right=0.95, spread=0.7)) == []
    advisor = Advisor()
    for start in range(0, 2000, 200):
        assert _steps(advisor, _noisy(50, start, spread=0.05, right=1.0), start) == []
        assert _steps(advisor, _noisy(150, start), start + 50) == []


def test_the_start_is_not_judged() -> None:
    bad = [{**HEALTHY, "spread": 0.05, "right": 1.0}]
    assert _steps(Advisor(), bad * 290) == []
    assert _steps(Advisor(), bad * 310) == [(299, "collapse"), (299, "critic wins")]


def test_between_the_two_thresholds_nothing_is_said_again() -> None:
    advisor = Advisor()
    said = _steps(advisor, [{"spread": 0.3}] * 400)
    for spread in (0.45, 0.3, 0.45, 0.3):  # worse than 0.5 all the time: never cleared
        said += _steps(advisor, [{"spread": spread}] * 300)
    assert said == [(299, "collapse")]


def test_posterior_collapse_of_a_vae() -> None:
    assert _steps(Advisor(), [{"loss": 900.0, "kl": 12.0}] * 800) == []
    warm_up = [{"loss": 900.0, "kl": 0.02 + step / 20} for step in range(250)]
    assert _steps(Advisor(), warm_up + [{"loss": 900.0, "kl": 12.0}] * 400) == []
    assert [name for _, name in _steps(Advisor(), [{"loss": 900.0, "kl": 0.03}] * 800)] == ["posterior collapse"]


@pytest.mark.parametrize("turn", [5, 400])
def test_a_critic_alone_in_its_turn_may_win(turn: int) -> None:
    """It meets the generator's latest pictures at 70 % and has learnt them by the end of its turn."""

    def stream(first: float) -> Iterator[Figures]:
        for step in range(16 * turn + 4000):
            place = step % (2 * turn)
            if place < turn:
                yield {"critic": 1.0, "right": first if place == 0 else 1.0, "spread": 0.9}
            else:
                yield {"generator": 1.0}

    assert _steps(Advisor(), stream(0.7)) == []
    if turn == 5:
        assert [name for _, name in _steps(Advisor(), stream(1.0))] == ["critic wins"]


@pytest.mark.parametrize(
    ("signal", "good", "bad", "hearings"),
    [
        ("over-fitting", {"gap": 0.2}, {"gap": 0.7}, 2),
        ("over-fitting", {"memorisation": 0.95}, {"memorisation": 0.5}, 1),
        ("leak", {"leak": 0.0}, {"leak": 0.1}, 1),
    ],
)
def test_measured_signals(signal: Signal, good: dict[str, float], bad: dict[str, float], hearings: int) -> None:
    advisor = Advisor()
    spoken = []
    for minute, figures in enumerate([good] * 3 + [bad] * 4 + [good] + [bad] * 3):
        spoken += [(minute, advice.signal) for advice in advisor.hear(_measured(minute, **figures))]
    assert spoken == [(2 + hearings, signal), (7 + hearings, signal)]


def test_of_a_generator_that_has_hardly_begun_no_picture_is_judged() -> None:
    """As seen with 150 emoji: for its first 21 steps it drew noise, all of it with "marks of the augmentation"."""
    advisor = Advisor()
    assert _steps(advisor, [HEALTHY] * 21) == []
    assert advisor.hear(_measured(0.1, leak=1.0)) == []
    assert _steps(advisor, [{"critic": 1.0}] * 400, 21) == []
    assert advisor.hear(_measured(0.2, leak=1.0)) == [], "the critic alone had its turn"
    assert _steps(advisor, [HEALTHY] * 180, 421) == []
    assert [advice.signal for advice in advisor.hear(_measured(0.3, leak=1.0))] == ["leak"]


def test_over_fitting_clears_only_when_both_of_its_figures_have() -> None:
    advisor = Advisor()

    def hear(gap: float, memorisation: float) -> int:
        return len(advisor.hear(_measured(1, gap=gap, memorisation=memorisation)))

    assert [hear(0.2, 0.5), hear(0.9, 0.5), hear(0.9, 0.5), hear(0.9, 1.0), hear(0.2, 1.0), hear(0.2, 0.5)] == [
        1, 0, 0, 0, 0, 1,
    ]  # fmt: skip


def test_stalled_by_hand() -> None:
    """Measured each minute, falling to 1 in minute 6 and higher after: the median of three is lowest in minute 7."""
    advisor = Advisor()
    curve = {minute: 7.0 - minute for minute in range(1, 7)} | dict.fromkeys(range(7, 20), 1.5)
    heard = {minute: advisor.hear(_measured(minute, kernel=value)) for minute, value in curve.items()}
    spoken = {minute: advice[0] for minute, advice in heard.items() if advice}
    # minute 7: the median of 2, 1 and 1.5 is 1.5; a third of the time is up when (t - 7) >= t / 3, in minute 11
    assert list(spoken) == [11]
    assert spoken[11].signal == "stalled"
    assert "stopped improving 4 minutes ago" in spoken[11].message
    # better again, for as long as the median needs to notice; then once more for a third of the time
    assert not [advisor.hear(_measured(minute, kernel=0.5)) for minute in range(20, 23)][-1]
    later = {minute: advisor.hear(_measured(minute, kernel=0.6)) for minute in range(23, 40)}
    assert [minute for minute, advice in later.items() if advice] == [32]  # best in minute 21: (32 - 21) >= 32 / 3


def test_what_improves_or_is_young_has_not_stalled() -> None:
    improving = Advisor()
    assert not any(improving.hear(_measured(minute, frechet=100 / minute)) for minute in range(1, 60))
    young = Advisor()
    assert not any(young.hear(_measured(minute / 10, kernel=1.0)) for minute in range(1, 21))
    lucky = Advisor()  # one measurement far too good, amid steady improvement
    values = [10 - 0.1 * minute - 9 * (minute == 5) for minute in range(60)]
    assert not any(lucky.hear(_measured(minute, kernel=value)) for minute, value in enumerate(values, 1))


def test_only_what_is_there_is_judged() -> None:
    advisor = Advisor()
    assert advisor.hear(Noted(images_seen=0, seconds=0.0, signal="disk", message="full")) == []
    assert _steps(advisor, [{"loss": 0.3, "accuracy": 0.999}] * 600) == []
    assert advisor.hear(_measured(9, accuracy=0.1)) == []
    assert advisor.hear(_measured(9, split="test", leak=0.9)) == []


def test_messages_say_the_number_and_what_to_set() -> None:
    advisor = Advisor()
    said = [
        advice.message for index in range(400) for advice in advisor.hear(_step(index, {**HEALTHY, "spread": 0.12}))
    ]
    said += [advice.message for advice in advisor.hear(_measured(3, leak=0.25, memorisation=0.42))]
    for number, message in zip(("12%", "0.42", "25%"), said, strict=True):
        assert number in message
        assert "--set" in message
        assert message.endswith(".")


def _toy_gan(generator_rate: float, critic_rate: float, loss: str, gain: float = 1.0) -> Iterator[Figures]:
    """500 steps on 8x8 pictures made of five patterns; `gain` multiplies the generator's last weights."""
    torch.manual_seed(0)
    patterns = F.interpolate(torch.randn(5, 1, 4, 4), size=8, mode="bilinear").flatten(1)

    def net(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, outputs)
        )  # fmt: skip

    generator, critic = net(8, 64), net(64, 1)
    generator[-1].weight.data *= gain
    moves = torch.optim.Adam(generator.parameters(), generator_rate, (0.5, 0.99))
    critic_moves = torch.optim.Adam(critic.parameters(), critic_rate, (0.5, 0.99))

    def spread(images: Tensor) -> Tensor:
        return images.std(0, unbiased=False).mean()

    for _ in range(500):
        images, fake = torch.tanh(torch.randn(BATCH, 5) @ patterns * 0.6), generator(torch.randn(BATCH, 8)).tanh()
        real_logits, fake_logits = critic(images), critic(fake.detach())
        apart = fake_logits - real_logits
        bce = F.softplus(-real_logits) + F.softplus(fake_logits)
        critic_loss = bce.mean() if loss == "bce" else F.softplus(apart).mean()
        critic_moves.zero_grad()
        critic_loss.backward()
        critic_moves.step()
        generator_loss = F.softplus(-critic(fake) if loss == "bce" else critic(images).detach() - critic(fake)).mean()
        moves.zero_grad()
        generator_loss.backward()
        moves.step()
        right = apart < 0 if loss == "relativistic" else torch.cat([real_logits > 0, fake_logits < 0])
        yield {
            "critic": critic_loss.item(), "generator": generator_loss.item(), "right": right.float().mean().item(),
            "real": real_logits.mean().item(), "fake": fake_logits.mean().item(),
            "spread": (spread(fake) / spread(images)).item(),
        }  # fmt: skip


@pytest.mark.parametrize("loss", ["bce", "relativistic"])
@pytest.mark.parametrize(
    ("signals", "generator_rate", "critic_rate", "gain"),
    [
        (set(), 1e-3, 1e-3, 1.0),
        ({"critic wins"}, 0.0, 1e-3, 10.0),  # a generator that varies and never learns
        ({"critic wins"}, 0.1, 1e-3, 1.0),  # one whose rate is so high that it saturates in black and white
        ({"collapse", "generator wins"}, 1e-3, 0.0, 1.0),  # a critic that never learns is fooled by one picture
        ({"collapse", "generator wins"}, 5e-3, 1e-5, 1.0),  # or learns too slowly to punish it
    ],
)
def test_miniature_gans(
    signals: set[Signal], generator_rate: float, critic_rate: float, gain: float, loss: str
) -> None:
    said = _steps(Advisor(), _toy_gan(generator_rate, critic_rate, loss, gain))
    assert {signal for _, signal in said} == signals

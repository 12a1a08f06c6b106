"""The check before publishing: nets that copy are held back, those that do not are not."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nonesuch.measure.memorisation import memorisation
from nonesuch.publishing.copying import Check, check, judged, neighbours

if TYPE_CHECKING:
    from conftest import MadeRuns

SHAPE = (8, 8, 3)


def _pictures(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *SHAPE), np.uint8)


def _judged(samples: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> Check:
    return judged(memorisation(samples, training, held_out))


TRAINING, HELD_OUT, NEW = _pictures(0, 400), _pictures(1, 300), _pictures(2, 300)


def test_new_pictures_pass() -> None:
    found = _judged(NEW, TRAINING, HELD_OUT)
    assert (found.verdict, found.passes) == ("good", True)
    assert found.ratio == pytest.approx(1, abs=0.05)


def test_copies_with_a_little_noise_do_not() -> None:
    noise = np.random.default_rng(3).integers(-9, 10, TRAINING[:300].shape)
    copies = np.clip(TRAINING[:300] + noise, 0, 255).astype(np.uint8)
    found = _judged(copies, TRAINING, HELD_OUT)
    assert (found.verdict, found.why, found.passes) == ("bad", "ratio", False)
    assert "repeats what it was shown" in found.sentence()
    assert "wiederholt" in found.sentence("de")


@pytest.mark.parametrize(("copied", "verdict"), [(0, "good"), (6, "good"), (36, "bad")])
def test_a_few_copies_among_new_pictures_are_found_although_the_median_says_nothing(copied: int, verdict: str) -> None:
    found = _judged(np.concatenate([TRAINING[:copied], NEW[copied:]]), TRAINING, HELD_OUT)
    assert found.verdict == verdict
    if verdict == "bad":
        assert found.why == "near"
        assert found.ratio is not None
        assert found.ratio > 0.9


def test_innocent_nets_are_rarely_held_back_whatever_the_number_held_out() -> None:
    """Samples of the same kind as the held-out ones: false alarms in 1 of 25 draws at most, with 12 held out or 300."""
    for count in (12, 40, 300):
        alarms = sum(
            not _judged(_pictures(100 + turn, 200), TRAINING, _pictures(500 + turn, count)).passes for turn in range(25)
        )
        assert alarms <= 1, (count, alarms)


def test_where_held_out_pictures_are_in_the_training_set_nobody_can_tell() -> None:
    found = _judged(NEW, TRAINING, TRAINING[:50])
    assert (found.verdict, found.passes) == ("unclear", False)
    assert found.to_json()["ratio"] is None


def test_a_classifier_draws_nothing_and_says_so(made_runs: "MadeRuns") -> None:
    found = check(made_runs("cnn"))
    assert (found.verdict, found.passes, found.n) == ("none", True, 0)
    assert "draws no pictures" in found.sentence()


def test_a_run_is_judged_by_its_own_report_where_that_is_of_the_same_net(made_runs: "MadeRuns") -> None:
    run = made_runs("gan")
    kept = check(run)
    told = (run.report() or {})["memorisation"]
    assert isinstance(told, dict)
    assert (kept.ratio, kept.near_share, kept.training) == (told["ratio"], told["near_share"], told["training"])
    later = check(run.holding(run.net, run.images_seen + 1))
    assert later.training == kept.training


def test_a_vae_has_no_such_report_and_is_measured(made_runs: "MadeRuns") -> None:
    found = check(made_runs("vae"))
    assert found.n >= 20
    assert found.training > 0


def test_neighbours_are_the_nearest_training_pictures(made_runs: "MadeRuns") -> None:
    run = made_runs("gan")
    found = check(run)
    shown = neighbours(run, found)
    assert [seed for seed, _, _ in shown] == list(found.seeds)
    distances = []
    for seed, sample, near in shown:
        assert np.array_equal(sample, run.sample([seed])[0])
        distances.append(float(np.linalg.norm((sample.astype(float) - near) / 127.5)))
    assert distances == sorted(distances)

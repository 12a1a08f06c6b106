"""Figures of a classifier: by hand, and equal to scikit-learn's and torchmetrics' to 1e-8 (reliability N2)."""

import json

import numpy as np
import pytest
import torch
from scipy import optimize
from sklearn import metrics
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error

from nonesuch.errors import DataError, DivergedError
from nonesuch.measure.labels import measure, worst_mistakes


def _made(count: int, classes: int, seed: int = 0, strength: float = 2.0) -> tuple[Tensor, Tensor, list[str]]:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, classes, (count,), generator=generator)
    logits = 3 * torch.randn(count, classes, generator=generator, dtype=torch.float64)
    logits[torch.arange(count), targets] += strength
    return logits, targets, [f"class {index}" for index in range(classes)]


def test_by_hand() -> None:
    """Four pictures, three classes, the last one without examples and never answered."""
    logits = torch.log(torch.tensor([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.9, 0.05, 0.05], [0.2, 0.7, 0.1]]))
    report = measure(logits, torch.tensor([0, 0, 1, 1]), ["cat", "dog", "emu"], seed=5)
    assert (report.n, report.seed, report.accuracy, report.top5) == (4, 5, 0.5, None)
    assert report.confusion == ((1, 1, 0), (1, 1, 0), (0, 0, 0))
    assert report.cross_entropy == pytest.approx(-np.log([0.8, 0.3, 0.05, 0.7]).mean(), abs=1e-7)
    cat, _, emu = report.per_class
    assert (cat.support, cat.answered, cat.precision, cat.recall, cat.f1) == (2, 2, 0.5, 0.5, 0.5)
    assert (emu.support, emu.answered, emu.precision, emu.recall, emu.f1) == (0, 0, None, None, None)
    assert (report.balanced_accuracy, report.macro_f1) == (0.5, 0.5)
    assert [(m.index, m.truth, m.answer) for m in report.mistakes] == [(2, 1, 0), (1, 0, 1)]
    assert report.mistakes[0].confidence == pytest.approx(0.9, abs=1e-7)
    # bins of 1/15: 0.6 and 0.8 lie near edges, 0.7 and 0.9 do not; alone in its bin each gap is |confidence - hit|
    gaps = [abs(0.8 - 1), abs(0.6 - 0), abs(0.9 - 0), abs(0.7 - 1)]
    assert report.calibration.error == pytest.approx(np.mean(gaps), abs=1e-6)


@pytest.mark.parametrize(("count", "classes"), [(500, 2), (2000, 7), (3000, 43)])
def test_agrees_with_scikit_learn(count: int, classes: int) -> None:
    logits, targets, names = _made(count, classes)
    report = measure(logits, targets, names, seed=0)
    truths, answers, every = targets.numpy(), logits.argmax(1).numpy(), list(range(classes))
    probabilities = logits.softmax(1).numpy()
    np.testing.assert_array_equal(report.confusion, metrics.confusion_matrix(truths, answers, labels=every))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truths, answers, labels=every)
    np.testing.assert_allclose([c.precision for c in report.per_class], precision, atol=1e-8)
    np.testing.assert_allclose([c.recall for c in report.per_class], recall, atol=1e-8)
    np.testing.assert_allclose([c.f1 for c in report.per_class], f1, atol=1e-8)
    np.testing.assert_array_equal([c.support for c in report.per_class], support)
    assert report.accuracy == pytest.approx(metrics.accuracy_score(truths, answers), abs=1e-8)
    assert report.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(truths, answers), abs=1e-8)
    assert report.macro_f1 == pytest.approx(metrics.f1_score(truths, answers, average="macro"), abs=1e-8)
    assert report.cross_entropy == pytest.approx(metrics.log_loss(truths, probabilities, labels=every), abs=1e-8)
    if classes >= 10:
        top5 = metrics.top_k_accuracy_score(truths, logits.numpy(), k=5, labels=every)
        assert report.top5 == pytest.approx(top5, abs=1e-8)


@pytest.mark.parametrize("classes", [2, 10])
def test_calibration_agrees_with_torchmetrics(classes: int) -> None:
    logits, targets, names = _made(4000, classes, seed=1)
    report = measure(logits, targets, names, seed=0)
    # torchmetrics adds up the bins in float32, hence not 1e-8
    theirs = multiclass_calibration_error(logits.softmax(1), targets, num_classes=classes, n_bins=15, norm="l1")
    assert report.calibration.error == pytest.approx(float(theirs), abs=2e-6)
    assert sum(part.count for part in report.calibration.bins) == report.n
    assert len(report.calibration.bins) == 15


def test_the_reliability_table_by_a_slow_count() -> None:
    logits, targets, names = _made(3000, 4, seed=3)
    confidence, answers = logits.softmax(1).max(1)
    bins = measure(logits, targets, names, seed=0).calibration.bins
    for part in bins:
        rows = [i for i in range(3000) if part.low < confidence[i] <= part.high]
        assert part.count == len(rows)
        if not rows:
            assert (part.confidence, part.accuracy) == (None, None)
            continue
        assert part.confidence == pytest.approx(sum(float(confidence[i]) for i in rows) / len(rows), abs=1e-8)
        assert part.accuracy == pytest.approx(sum(bool(answers[i] == targets[i]) for i in rows) / len(rows), abs=1e-8)
    assert any(part.count == 0 for part in bins)


def test_the_temperature_is_the_best_one() -> None:
    logits, targets, names = _made(2000, 5, seed=2)
    found = measure(logits, targets, names, seed=0).calibration.temperature

    def cross_entropy(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits / temperature, targets))

    best = optimize.minimize_scalar(cross_entropy, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    assert found == pytest.approx(best.x, rel=1e-5)
    warmer = measure(logits * 3, targets, names, seed=0).calibration.temperature
    assert found is not None
    assert warmer == pytest.approx(3 * found, rel=1e-6)


def test_all_right_has_no_temperature_and_no_mistakes() -> None:
    logits = torch.eye(3) * 8
    report = measure(logits, torch.arange(3), ["a", "b", "c"], seed=0)
    assert (report.accuracy, report.mistakes, report.calibration.temperature) == (1.0, (), None)


def test_equal_logits_answer_the_first_class_and_top5_agrees() -> None:
    names = [str(index) for index in range(12)]
    report = measure(torch.zeros(12, 12), torch.arange(12), names, seed=0)
    assert report.accuracy == pytest.approx(1 / 12)
    assert report.top5 == pytest.approx(5 / 12)


def test_mistakes_are_those_sklearn_would_rank_first() -> None:
    logits, targets, names = _made(800, 6, strength=1.0)
    report = measure(logits, targets, names, seed=0)
    confidence, answers = logits.softmax(1).max(1)
    wrong = (answers != targets).nonzero().flatten()
    expected = wrong[confidence[wrong].argsort(descending=True, stable=True)].tolist()
    assert [mistake.index for mistake in report.mistakes] == expected[:64]
    assert worst_mistakes(logits, targets, 9) == expected[:9]
    assert all(names[m.truth] != names[m.answer] for m in report.mistakes)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision_and_shifted_logits(dtype: torch.dtype) -> None:
    logits, targets, names = _made(300, 4)
    low = logits.to(dtype)
    assert measure(low, targets, names, 0) == measure(low.double(), targets, names, 0)
    shifted = measure(low.double() + 1000, targets, names, 0)
    assert shifted.cross_entropy == pytest.approx(measure(low, targets, names, 0).cross_entropy, abs=1e-10)


def test_json_is_strict_and_the_headline_figures_are_numbers() -> None:
    logits, _, names = _made(50, 11)
    report = measure(logits * 50, torch.zeros(50, dtype=torch.int64), names, seed=1)
    text = json.dumps(report.to_json(), allow_nan=False)
    back = json.loads(text)
    assert back["per_class"][3]["recall"] is None
    assert back["accuracy_interval"]["low"] <= back["accuracy"] <= back["accuracy_interval"]["high"]
    assert (back["n"], back["seed"]) == (50, 1)
    figures = report.figures()
    assert figures["accuracy"] == report.accuracy
    assert all(isinstance(value, float) for value in figures.values())


def test_same_seed_same_report() -> None:
    logits, targets, names = _made(200, 3)
    assert measure(logits, targets, names, 4) == measure(logits, targets, names, 4)
    assert measure(logits, targets, names, 4).accuracy_interval != measure(logits, targets, names, 5).accuracy_interval


def test_what_cannot_be_measured_is_said() -> None:
    logits, targets, names = _made(6, 3)
    with pytest.raises(DataError, match="no pictures"):
        measure(logits[:0], targets[:0], names, 0)
    with pytest.raises(ValueError, match="found -1"):
        measure(logits, torch.where(targets == targets[0], -1, targets), names, 0)
    with pytest.raises(ValueError, match=r"got \(6, 3\) and \(5,\)"):
        measure(logits, targets[:5], names, 0)
    logits[2, 1] = torch.nan
    with pytest.raises(DivergedError, match="1 of 6 pictures"):
        measure(logits, targets, names, 0)

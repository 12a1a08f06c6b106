"""The probe: picks what it measured as fastest, remembers it, never picks what loses."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from nonesuch import machine


def _pretend(monkeypatch: pytest.MonkeyPatch, times: dict[tuple[str, bool], float]) -> None:
    """Let the trial of each setting take a given time, without computing anything."""

    def trial(precision: str, channels_last: bool) -> Callable[[], float]:
        return lambda: times[precision, channels_last]

    monkeypatch.setattr(machine, "_trial_step", trial)
    monkeypatch.setattr(machine, "_best_time", lambda step, limit_seconds: step())


@pytest.mark.parametrize(
    ("first", "last", "bf16", "expected"),
    [
        (3.0, 2.0, 1.0, ("bf16-mixed", True)),
        (3.0, 2.0, 90.0, ("32-true", True)),  # emulated bf16 is far slower
        (3.0, 2.99, 2.95, ("32-true", False)),  # a gain within the noise is none
        (2.0, 3.0, 3.0, ("32-true", False)),
    ],
)
def test_the_fastest_setting_is_chosen(
    monkeypatch: pytest.MonkeyPatch, first: float, last: float, bf16: float, expected: tuple[str, bool]
) -> None:
    _pretend(monkeypatch, {("32-true", False): first, ("32-true", True): last, ("bf16-mixed", True): bf16})
    found = machine._measure("cpu")
    assert (found.precision, found.channels_last) == expected


def test_the_real_probe_takes_about_a_second_and_reports_every_setting() -> None:
    before = time.perf_counter()
    found = machine.probe()
    assert time.perf_counter() - before < 20  # a second on a quiet machine; loaded ones are given room
    assert len(found.readings) == 3
    assert found.threads == machine.usable_threads()


def test_the_answer_is_kept_and_a_damaged_one_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, {("32-true", False): 3.0, ("32-true", True): 2.0, ("bf16-mixed", True): 1.0})
    first = machine.probe(tmp_path)
    _pretend(monkeypatch, {("32-true", False): 1.0, ("32-true", True): 2.0, ("bf16-mixed", True): 3.0})
    assert machine.probe(tmp_path) == first
    (tmp_path / "machine.json").write_text("{")
    assert machine.probe(tmp_path).precision == "32-true"
    stored = json.loads((tmp_path / "machine.json").read_text())
    (tmp_path / "machine.json").write_text(json.dumps({**stored, "key": "another machine"}))
    _pretend(monkeypatch, {("32-true", False): 3.0, ("32-true", True): 2.0, ("bf16-mixed", True): 1.0})
    assert machine.probe(tmp_path).precision == "bf16-mixed"


def test_the_probe_leaves_torchs_random_numbers_alone() -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    machine._measure("cpu")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_parts_are_dealt_out_and_each_worker_computes_on_one_thread(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    given: list[list[int]] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    numbers: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", numbers.append)
    machine.on_cores(lambda parts: given.append(list(parts)), range(7), most=8)
    assert sorted(part for parts in given for part in parts) == list(range(7))
    assert len(given) == threads
    assert sorted(numbers) == sorted([1, threads] * threads)
    monkeypatch.undo()
    assert torch.get_num_threads() == before


def test_an_error_in_one_part_is_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def fail(parts: Sequence[int]) -> None:
        if 1 in parts:
            raise ValueError("part 1")

    with pytest.raises(ValueError, match="part 1"):
        machine.on_cores(fail, range(3), most=2)


def test_no_more_workers_than_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    given: list[list[int]] = []
    machine.on_cores(lambda parts: given.append(list(parts)), range(5), most=1)
    assert given == [[0, 1, 2, 3, 4]]

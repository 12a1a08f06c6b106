"""The benchmarks' statistics, against answers worked out by hand."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def _load(name: str) -> ModuleType:
    """Benchmarks are scripts, not a package: load one by its path, under a name that nothing else has."""
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


harness = _load("harness")
processes = _load("processes")


def test_rounds_start_one_contender_later_each_time() -> None:
    assert [harness.rotated("abc", turn) for turn in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
    assert harness.rotated([], 3) == []


@given(st.integers(1, 9), st.integers(0, 20))
def test_a_cycle_of_rounds_gives_every_contender_every_place_once(count: int, first: int) -> None:
    orders = [harness.rotated(range(count), first + turn) for turn in range(count)]
    assert all(sorted(place) == list(range(count)) for place in zip(*orders, strict=True))


def test_ratio_is_taken_within_each_round() -> None:
    # The machine is twice as fast in the second round and three times in the third; the ratio stays 2, 2, 3.
    ratio = harness.paired_ratio([200, 400, 900], [100, 200, 300])
    assert ratio == (2, 2, 3)
    assert str(ratio) == "2.00 (2.00 to 3.00)"


def test_rounds_that_one_contender_missed_do_not_count() -> None:
    assert harness.paired_ratio([4, 6, 800], [2, 2]) == (2.5, 2, 3)
    with pytest.raises(ValueError, match="no round"):
        harness.paired_ratio([], [1])


def test_best_is_judged_by_the_median_not_by_the_luckiest_reading() -> None:
    readings = {"lucky": [1, 1, 100], "steady": [5, 5, 5], "failed": []}
    assert harness.best_by_median(readings, ["lucky", "steady", "failed", "absent"]) == "steady"
    assert harness.best_by_median(readings, ["lucky", "steady"], largest=False) == "lucky"
    assert harness.best_by_median(readings, ["failed", "absent"]) is None


@pytest.mark.parametrize(("found", "at_least", "met"), [(2.2, True, True), (2.1, True, False), (2.1, False, True)])
def test_a_target_is_a_floor_or_a_ceiling(found: float, at_least: bool, met: bool) -> None:
    target = harness.Target("speed", found, 2.2, at_least)
    assert target.met is met
    assert str(target).startswith("met" if met else "MISSED")


def test_results_say_machine_figures_and_verdict(tmp_path: Path) -> None:
    targets = [harness.Target("seconds", 0.2, 0.25, at_least=False)]
    harness.write_results(tmp_path / "new", "start", {"cpu": "x"}, {"a": [1.0]}, targets)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["start.json"]
    written = json.loads((tmp_path / "new" / "start.json").read_text())
    assert written["figures"] == {"a": [1.0]}
    assert written["targets"][0]["met"] is True


def test_table_columns_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    harness.print_table(["who", "rate", "all"], [["a", "5", "5 5"], ["longer", "1000", "9"]])
    assert capsys.readouterr().out == "who     rate  all\na          5  5 5\nlonger  1000  9\n\n"


def test_machine_line_names_threads_and_versions() -> None:
    facts = harness.machine()
    assert facts["threads"] >= 1
    assert str(facts["torch"])[0].isdigit()


COUNTER = """
import sys
sys.path.insert(0, {folder!r})
from turns import Turns
turns = Turns()
print("what a library prints never reaches the answers")
while True:
    turns.step(3)
"""


def _counter() -> list[str]:
    return [sys.executable, "-c", COUNTER.format(folder=str(FOLDER / "contenders"))]


def test_a_resident_works_only_in_its_turn_and_is_gone_afterwards() -> None:
    with processes.Resident("counter", _counter(), 1) as counter:
        assert 0 < counter.first_step(20) < 20
        turn = counter.turn(0.05, 20)
        assert 0.05 <= turn.seconds < 5
        assert turn.amount % 3 == 0
        assert turn.rate == turn.amount / turn.seconds
        assert turn.peak_mb > 1
        pid = counter._child.pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_contender_that_dies_leaves_its_last_words() -> None:
    with (
        processes.Resident("broken", [sys.executable, "-c", "raise SystemExit('no such data')"], 1) as broken,
        pytest.raises(processes.ContenderError, match="broken ended before its first_step: no such data"),
    ):
        broken.first_step(20)


def test_a_contender_that_hangs_is_ended_with_its_workers() -> None:
    code = "import subprocess, sys, time; print('{\"kind\": \"x\"}'); subprocess.run(['sleep', '60'])"
    with pytest.raises(processes.ContenderError, match="no end within"):
        processes.run([sys.executable, "-c", code], 1, limit=0.5)


def test_a_whole_run_counts_the_memory_of_its_children_and_reads_json_lines() -> None:
    hold = "import time; x = bytearray(30_000_000); time.sleep(0.6)"
    code = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {hold!r}])\nprint('m')\nprint('{{\"a\": 1}}')"
    )
    done = processes.run([sys.executable, "-c", code], 1, limit=20)
    assert done.lines == [{"a": 1}]
    assert 30 < done.peak_pss_mb <= done.peak_rss_mb < 200
    assert done.seconds > 0.6


def test_waiting_for_a_line_ends_the_process_when_it_came() -> None:
    code = "import time\nprint('one')\nprint('two')\ntime.sleep(60)"
    assert processes.seconds_until([sys.executable, "-c", code], 1, lambda line: "two" in line, 20) < 20
    with pytest.raises(processes.ContenderError, match="never came"):
        processes.seconds_until([sys.executable, "-c", "print('one')"], 1, lambda line: "two" in line, 20)

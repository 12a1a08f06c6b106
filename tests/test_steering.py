"""Trainings that are steered while they run: paused, stepped net by net, slowed, their rate changed; and resumed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from conftest import Call
from made_data import folder_of_bars
from made_runs import small, wishing
from nonesuch import library, session
from nonesuch.errors import DataError
from nonesuch.recipe import Recipe
from nonesuch.runs import checkpoint, control, events_log
from nonesuch.runs.store import RunFolder, open_or_create
from nonesuch.training.events import Event, Failed, Finished, Noted, Paused, Resumed, Steered, Stepped, Stopped
from nonesuch.training.wishes import Pause, Rate, Resume, Save, Slow, Step, Stop, Wish


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"))


@pytest.fixture(scope="module")
def gan(data: Path) -> Recipe:
    return small(data, "gan", images=160, snapshot_images="1000000")


def begun(recipe: Recipe, run: Path) -> Path:
    folder = open_or_create(run)
    if not folder.has_recipe():
        folder.write_recipe(recipe.model_dump(mode="json"))
    return folder.path


def trained(recipe: Recipe, run: Path, script: dict[int, list[Wish]]) -> list[Event]:
    return list(session.fit(recipe, begun(recipe, run), wishing(script)))


def everything(run: Path) -> dict[str, torch.Tensor]:
    found = checkpoint.latest(run)
    assert found is not None
    return {f"{group}/{name}": tensor for group, named in found.tensors.items() for name, tensor in named.items()}


def same(one: Path, other: Path) -> bool:
    first, second = everything(one), everything(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def moved(run: Path, before: dict[str, torch.Tensor], net: str) -> bool:
    """Whether weights of a net have changed; batch-norm statistics are no weights."""
    after = everything(run)
    names = [name for name in after if name.startswith(f"model/{net}.") and "running" not in name]
    return any(not torch.equal(after[name], before[name]) for name in names if "batches_tracked" not in name)


def test_a_pause_saves_and_keeps_the_lock_and_the_bits_are_those_without_it(gan: Recipe, tmp_path: Path) -> None:
    run = begun(gan, tmp_path / "run")
    events = session.fit(gan, run, wishing({3: [Pause()], 6: [Resume()]}))
    paused = next(event for event in events if isinstance(event, Paused))
    assert paused.images_seen == 48
    found = checkpoint.latest(run)
    assert found is not None
    assert found.images_seen == 48
    assert RunFolder(run).summary().state == "paused"
    assert isinstance(next(events), Resumed)
    assert isinstance(list(events)[-1], Finished)
    library.train(gan, tmp_path / "whole")
    assert same(run, tmp_path / "whole")


def test_waiting_by_wish_is_no_training_time(gan: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    events = trained(gan, tmp_path / "run", {3: [Pause()], 43: [Resume(), Slow(seconds=0.5)]})
    assert clock[0] > 100 + 40 * 0.05 + 5 * 0.5
    assert {event.seconds for event in events if isinstance(event, Stepped)} == {0.0}


def test_a_step_of_one_net_moves_that_net_only(gan: Recipe, tmp_path: Path) -> None:
    events = session.fit(
        gan,
        run := begun(gan, tmp_path / "run"),
        wishing({2: [Pause()], 3: [Step(phase="critic")], 5: [Step(phase="generator")], 7: [Stop()]}),
    )
    states: list[dict[str, torch.Tensor]] = []
    steps: list[set[str]] = []
    for event in events:
        if isinstance(event, Paused):
            states.append(everything(run))
        if isinstance(event, Stepped):
            steps.append(set(event.figures) & {"critic", "generator"})
    assert steps == [{"critic", "generator"}] * 2 + [{"critic"}, {"generator"}]
    assert len(states) == 3
    for before, after, moves, stays in zip(
        states, states[1:], ("critic", "generator"), ("generator", "critic"), strict=False
    ):
        weights = [name for name in after if name.startswith("model/") and "running" not in name]
        weights = [name for name in weights if "batches_tracked" not in name]
        changed = {name.split("/")[1].split(".")[0] for name in weights if not torch.equal(before[name], after[name])}
        assert changed == {moves}
        assert stays not in changed
    steered = [event.message for event in events_of(run, "steered")]
    assert steered == ["one step of the critic alone", "one step of the generator alone"]


def events_of(run: Path, kind: str) -> list[Steered]:
    return [Steered.model_validate(r.event) for r in events_log.read(run) if r.event["kind"] == kind]


def test_a_net_may_step_alone_out_of_its_turn(data: Path, tmp_path: Path) -> None:
    recipe = small(data, "gan", images=160, objective__alternate="batches", objective__turn="100")
    first = trained(recipe, tmp_path / "run", {1: [Step(phase="generator")], 3: [Stop()]})
    assert isinstance(first[-1], Stopped)
    steps = [set(event.figures) & {"critic", "generator"} for event in first if isinstance(event, Stepped)]
    assert steps == [{"critic"}, {"generator"}]


STEERED: dict[int, list[Wish]] = {
    2: [Rate(factor=0.25)],
    4: [Rate(value=2e-3, phase="critic")],
    5: [Step(phase="critic", count=2), Step(phase="generator")],
    9: [Resume()],
}
"""Asked for the ninth time it is paused: three steps after the fifth, and once more while it waits."""


def test_a_rate_counts_from_the_next_step_on(gan: Recipe, tmp_path: Path) -> None:
    plain = trained(gan, tmp_path / "plain", {})
    slower = trained(gan, tmp_path / "slower", {2: [Rate(factor=0.25)]})
    rates, quarter = ([e.learning_rate for e in run if isinstance(e, Stepped)] for run in (plain, slower))
    assert quarter[:2] == rates[:2]
    assert quarter[2:] == pytest.approx([rate / 4 for rate in rates[2:]])


def test_a_rate_by_value_is_the_new_peak_of_the_schedule(data: Path, tmp_path: Path) -> None:
    recipe = small(data, "gan", images=64, train__schedule="constant", train__warm_up="0")
    steps = [e for e in trained(recipe, tmp_path / "run", {2: [Rate(value=5e-4)]}) if isinstance(e, Stepped)]
    assert [e.learning_rate for e in steps] == pytest.approx([1e-3, 1e-3, 5e-4, 5e-4])


def test_killed_while_steered_it_goes_on_with_the_same_bits(gan: Recipe, tmp_path: Path) -> None:
    """The snapshot that a wish takes holds the rates, the steps not yet made, and how far wishes were heard."""
    trained(gan, tmp_path / "whole", STEERED)
    killed = begun(gan, tmp_path / "killed")
    events = session.fit(gan, killed, wishing(STEERED))
    for event in events:
        if isinstance(event, Stepped) and event.images_seen == 96:
            break
    # As a kill leaves it: of three wished steps one is made, the newest snapshot is from before it.
    left = shutil.copytree(killed, tmp_path / "left")
    events.close()
    assert [found.images_seen for run in (left, killed) if (found := checkpoint.latest(run))] == [80, 96]
    for run in (left, killed):
        list(session.fit(gan, run))
        assert same(run, tmp_path / "whole")


@pytest.mark.parametrize("steps", [3, 5, 6, 7, 8])
def test_stopped_anywhere_while_steered_it_goes_on_with_the_same_bits(gan: Recipe, tmp_path: Path, steps: int) -> None:
    trained(gan, tmp_path / "whole", STEERED)
    before = {asked: list(wishes) for asked, wishes in STEERED.items() if asked <= steps}
    before[steps] = [*before.get(steps, []), Stop()]
    trained(gan, tmp_path / "parts", before)
    after = {asked - steps: wishes for asked, wishes in STEERED.items() if asked > steps}
    trained(gan, tmp_path / "parts", {} if steps >= 5 else after)
    assert same(tmp_path / "parts", tmp_path / "whole")


def test_wishes_in_the_folder_are_heard_once_over_all_sittings(gan: Recipe, tmp_path: Path) -> None:
    run = begun(gan, tmp_path / "run")
    control.ask(run, Rate(factor=0.5))
    control.ask(run, Stop(reason="enough"))
    first = list(session.fit(gan, run))
    assert isinstance(first[-1], Stopped)
    assert first[-1].reason == "enough"
    assert [event.message for event in first if isinstance(event, Steered)] == [
        "learning rate: 0.5 times the planned one"
    ]
    second = list(session.fit(gan, run))
    assert not [event for event in second if isinstance(event, Steered)]
    assert isinstance(second[-1], Finished)
    assert library.open_run(run).images_seen == 160


def test_who_starts_a_run_is_not_held_up_by_an_old_stop(gan: Recipe, tmp_path: Path) -> None:
    run = begun(gan, tmp_path / "run")
    control.ask(run, Pause())
    assert isinstance(list(library.fit(gan, run))[-1], Finished)


def test_slow_motion_waits_and_leaves_a_snapshot_of_every_step(gan: Recipe, tmp_path: Path) -> None:
    run = begun(gan, tmp_path / "run")
    began, seen = time.perf_counter(), []
    for event in session.fit(gan, run, wishing({1: [Slow(seconds=0.1)]})):
        if isinstance(event, Stepped) and event.images_seen > 16:
            found = checkpoint.latest(run)
            assert found is not None
            seen.append(event.images_seen - found.images_seen)
    assert time.perf_counter() - began > 0.9
    assert set(seen) == {16}  # when a step is told, that of the one before is saved


def test_a_wish_to_look_takes_a_snapshot_and_nothing_else(gan: Recipe, tmp_path: Path) -> None:
    run = begun(gan, tmp_path / "run")
    for event in session.fit(gan, run, wishing({3: [Save()]})):
        if isinstance(event, Stepped) and event.images_seen == 64:
            found = checkpoint.latest(run)
            assert found is not None
            assert found.images_seen == 48


def test_a_wish_that_makes_no_sense_is_said_and_training_goes_on(gan: Recipe, tmp_path: Path) -> None:
    events = trained(gan, tmp_path / "run", {1: [Step(phase="painter"), Rate(factor=2, phase="loss")]})
    notes = [event.message for event in events if isinstance(event, Noted) and event.signal == "wish"]
    assert notes == [
        "a wish is left out: no phase is called 'painter'; the phases are critic, generator",
        "a wish is left out: no phase is called 'loss'; the phases are critic, generator",
    ]
    assert isinstance(events[-1], Finished)


def test_an_error_is_in_the_log_for_who_looks_later(data: Path, tmp_path: Path) -> None:
    recipe = small(data, "cnn", images=32)
    wrong = recipe.model_copy(update={"data": recipe.data.model_copy(update={"content": "other"})})
    with pytest.raises(DataError):
        trained(wrong, tmp_path / "run", {})
    last = [record.event for record in events_log.read(tmp_path / "run")][-1]
    failed = Failed.model_validate(last)
    assert failed.error == "DataError"
    assert "have changed" in failed.message


def test_pausing_before_the_first_step_waits_there(gan: Recipe, tmp_path: Path) -> None:
    events = trained(gan, tmp_path / "run", {0: [Pause()], 2: [Step()], 4: [Stop()]})
    assert [event.images_seen for event in events if isinstance(event, Paused)] == [0, 16]
    assert isinstance(events[-1], Stopped)


SCRIPT = [sys.executable, "-m", "nonesuch.studio.trainer"]


def waited(run: Path, kind: str, seconds: float = 150) -> dict[str, object]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [record.event for record in events_log.read(run) if record.event["kind"] == kind]
        if found:
            return found[-1]
        time.sleep(0.05)
    raise AssertionError(f"no {kind} in {[r.event for r in events_log.read(run)][-3:]}")


def test_the_trainer_process_obeys_the_folder_and_saves_on_sigterm(data: Path, tmp_path: Path) -> None:
    folder = open_or_create(tmp_path / "run")
    folder.write_recipe(small(data, "gan", images=10**7).model_dump(mode="json"))
    control.ask(folder.path, Pause())
    trainer = subprocess.Popen([*SCRIPT, str(folder.path)], start_new_session=True)
    try:
        waited(folder.path, "paused")
        control.ask(folder.path, Step(phase="critic"))
        assert waited(folder.path, "stepped")["images_seen"] == 16
        control.ask(folder.path, Resume())
        waited(folder.path, "resumed")
        os.kill(trainer.pid, signal.SIGTERM)
        assert trainer.wait(150) == 143
    finally:
        trainer.kill()
        trainer.wait()
    assert waited(folder.path, "stopped")["reason"] == "SIGTERM"
    found = checkpoint.latest(folder.path)
    assert found is not None
    assert "stopped at" in (folder.path / "trainer.log").read_text()


def test_the_trainer_process_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    folder = open_or_create(tmp_path / "run")
    (folder.path / "recipe.json").write_text(json.dumps({"schema_version": 1, "kind": "cat"}))
    done = subprocess.run([*SCRIPT, str(folder.path)], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("RecipeError: kind")
    (line,) = (folder.path / "trainer.log").read_text().splitlines()
    assert "RecipeError: kind" in line


def test_the_verb_writes_a_wish_down_and_says_when_nobody_listens(gan: Recipe, tmp_path: Path, call: Call) -> None:
    run = begun(gan, tmp_path / "run")
    assert call("steer", run, "rate", 0.5, "--only", "critic")[0] == 0
    code, _, err = call("steer", run, "step", 3)
    assert (code, "nobody trains run now" in err) == (0, True)
    assert call("steer", run, "pause")[0] == 0
    assert control.Control(run).new() == [Rate(factor=0.5, phase="critic"), Step(count=3), Pause()]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("fly",), "no wish is called 'fly'"),
        (("pause", 3), "pause takes no number"),
        (("step", 1.5), "step: count"),
        (("rate", 0.0), "rate: factor"),
        (("rate",), "give either factor or value"),
        (("slow", 1e6), "slow: seconds"),
        (("step", "--only", "../x"), "step: phase"),
    ],
)
def test_words_that_are_no_wish_are_one_line_and_exit_code_2(
    gan: Recipe, tmp_path: Path, call: Call, words: tuple[object, ...], complaint: str
) -> None:
    code, _, err = call("steer", begun(gan, tmp_path / "run"), *words)
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run" / "control.jsonl").exists()

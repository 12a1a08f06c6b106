"""Sittings: finish, stop, resume, damage, divergence, full disks, second trainers; real nets on tiny pictures."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from made_data import folder_of_bars
from made_runs import stopping
from nonesuch import library, session
from nonesuch.errors import DataError, DivergedError, MachineError, RecipeError, RunError
from nonesuch.recipe import Recipe
from nonesuch.runs import atomic, checkpoint, events_log, history, layout
from nonesuch.runs.store import open_or_create
from nonesuch.training.events import Event, Finished, Noted, Snapshotted, Stepped, Stopped

QUICK = {
    "machine.threads": "1", "net.options.widths": "[4, 4, 8]", "net.options.dense": "16", "train.batch": "16",
    "train.augment.flip": "false", "train.augment.shift": "0", "net.options.dropout": "0.1",
}  # fmt: skip
"""Small, and without mirroring: a mirrored left bar is a right bar."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"))


def quick(data: Path, images: int = 320, **settings: str) -> Recipe:
    return library.plan(
        data, images=images, settings=QUICK | {key.replace("__", "."): v for key, v in settings.items()}
    )


def weights(run: Path) -> dict[str, torch.Tensor]:
    found = checkpoint.latest(run)
    assert found is not None
    return found.tensors["model"]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def frames(run: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (run / "history").iterdir()}


def logged(run: Path, *kinds: str) -> list[dict[str, object]]:
    return [{**r.event, "seconds": 0} for r in events_log.read(run) if r.event["kind"] in kinds]


def test_a_run_learns_measures_and_leaves_everything_the_contract_names(data: Path, tmp_path: Path) -> None:
    recipe = quick(data, images=3200)
    events = list(library.fit(recipe, tmp_path / "run"))
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.figures["accuracy"] > 0.9  # a bar on one of four sides, noise far below it
    run = tmp_path / "run"
    report = json.loads((run / "report.json").read_text())
    assert report["n"] == sum(map(sum, report["confusion"])) > 0
    assert report["figures"]["accuracy"] == last.figures["accuracy"]
    for name in ("recipe.json", "events.jsonl", "pictures/confusion.png", "pictures/answers.png"):
        assert (run / name).stat().st_size > 0
    steps = logged(run, "stepped")
    assert [step["images_seen"] for step in steps] == list(range(16, 3201, 16))


def test_stopped_and_gone_on_is_the_same_as_never_stopped(data: Path, tmp_path: Path) -> None:
    recipe = quick(data, train__ema_half_life="64", train__augment__shift="2", train__augment__rotate="9")
    list(library.fit(recipe, tmp_path / "whole"))
    parts = open_or_create(tmp_path / "parts").path
    first = list(session.fit(recipe, parts, stopping(8)))
    assert isinstance(first[-1], Stopped)
    assert first[-1].images_seen == 8 * 16
    list(session.fit(recipe, parts))
    assert same(weights(parts), weights(tmp_path / "whole"))
    kinds = ("stepped", "measured")
    assert logged(parts, *kinds) == logged(tmp_path / "whole", *kinds)
    assert frames(parts) == frames(tmp_path / "whole")


def test_a_run_keeps_how_its_net_looked_at_ten_moments_per_tenfold(data: Path, tmp_path: Path) -> None:
    recipe = quick(data, train__ema_half_life="64")
    list(library.fit(recipe, tmp_path / "run"))
    moments = [0, 16, 32, 48, 64, 80, 112, 128, 160, 208, 256, 320]
    assert layout.history(tmp_path / "run") == moments
    found = checkpoint.latest(tmp_path / "run")
    assert found is not None
    shown = found.tensors["ema"]
    for name, tensor in history.load(tmp_path / "run", 320, shown).items():
        torch.testing.assert_close(tensor, shown[name], rtol=2**-11, atol=1e-7)


def test_a_moment_that_was_not_kept_before_a_stop_is_kept_when_the_run_goes_on(data: Path, tmp_path: Path) -> None:
    recipe = quick(data)
    run = open_or_create(tmp_path / "run").path
    events = session.fit(recipe, run)
    next(event for event in events if isinstance(event, Stepped) and event.images_seen == 48)
    events.close()
    (run / "history" / "000000000144.safetensors").write_bytes(b"from a time that never was")
    again = session.fit(recipe, run)
    next(again)
    assert layout.history(run) == [0, 16, 32]  # the stop came before 48 was kept
    list(again)
    list(library.fit(recipe, tmp_path / "whole"))
    assert frames(run) == frames(tmp_path / "whole")


def test_a_disk_without_room_for_the_history_costs_the_history_only(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise MachineError("no space left")

    monkeypatch.setattr(history, "record", full)
    events = list(library.fit(quick(data), tmp_path / "run"))
    notes = {event.message for event in events if isinstance(event, Noted)}
    assert notes == {"no frame of the history: no space left; training goes on"}
    assert isinstance(events[-1], Finished)


def test_the_history_leaves_room_for_snapshots(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = library.fit(quick(data), tmp_path / "run")
    next(events)
    monkeypatch.setattr(atomic, "free_space", lambda folder: 1000)
    rest = list(events)
    assert any("not enough room" in event.message for event in rest if isinstance(event, Noted))
    assert layout.history(tmp_path / "run") == []
    assert isinstance(rest[-1], Finished)


def test_closing_the_iterator_saves(data: Path, tmp_path: Path) -> None:
    recipe = quick(data)
    run = open_or_create(tmp_path / "run").path
    events = session.fit(recipe, run)
    for event in events:
        if isinstance(event, Stepped) and event.images_seen == 48:
            break
    events.close()
    found = checkpoint.latest(run)
    assert found is not None
    assert found.images_seen == 48


def test_killed_sessions_resume_bit_for_bit(tmp_path: Path) -> None:
    script = Path(__file__).parent / "oracles" / "kill_sessions.py"
    command = [sys.executable, str(script), str(tmp_path), "--kills", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["kills"] == 4


def test_a_finished_run_is_not_trained_further(data: Path, tmp_path: Path) -> None:
    recipe = quick(data)
    list(library.fit(recipe, tmp_path / "run"))
    before = weights(tmp_path / "run")
    again = list(library.fit(recipe, tmp_path / "run"))
    assert not [event for event in again if isinstance(event, Stepped)]
    assert isinstance(again[-1], Finished)
    assert same(before, weights(tmp_path / "run"))


def test_a_damaged_snapshot_is_named_and_the_one_before_used(data: Path, tmp_path: Path) -> None:
    recipe = quick(data, snapshot_images="80")
    list(library.fit(recipe, tmp_path / "run"))
    before = weights(tmp_path / "run")
    newest = sorted((tmp_path / "run" / "snapshots").iterdir())[-1]
    file = newest / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-7])
    events = list(library.fit(recipe, tmp_path / "run"))
    notes = [event.message for event in events if isinstance(event, Noted)]
    assert newest.name in notes[0]
    assert "model.safetensors" in notes[0]
    assert same(before, weights(tmp_path / "run"))


def test_divergence_ends_in_one_clear_error_and_keeps_the_last_good_snapshot(data: Path, tmp_path: Path) -> None:
    recipe = quick(
        data, images=6400, train__optimizer__name='"sgd"', train__optimizer__rate="1e18", snapshot_images="16"
    )
    events: list[Event] = []
    with pytest.raises(DivergedError, match=r"lower train\.optimizer\.rate"):
        events.extend(library.fit(recipe, tmp_path / "run"))
    found = checkpoint.latest(tmp_path / "run")
    assert found is None or all(bool(torch.isfinite(t).all()) for t in found.tensors["model"].values())
    assert logged(tmp_path / "run", "diverged")


def test_two_trainers_on_one_run_are_refused(data: Path, tmp_path: Path) -> None:
    recipe = quick(data)
    first = library.fit(recipe, tmp_path / "run")
    next(first)
    with pytest.raises(RunError, match="is being trained by process"):
        next(library.fit(recipe, tmp_path / "run"))
    first.close()


def test_a_disk_that_fills_up_during_training_costs_no_snapshot(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = quick(data, snapshot_images="80")
    real = checkpoint.save
    calls = []

    def full_at_the_second(*args: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise MachineError("no space left")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoint, "save", full_at_the_second)
    events = list(library.fit(recipe, tmp_path / "run"))
    assert [event.signal for event in events if isinstance(event, Noted)] == ["disk"]
    assert isinstance(events[-1], Finished)
    assert len([event for event in events if isinstance(event, Snapshotted)]) == len(calls) - 1


def test_too_little_space_is_said_before_the_first_step(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "free_space", lambda folder: 1000)
    with pytest.raises(MachineError):
        next(library.fit(quick(data), tmp_path / "run"))


def test_changed_pictures_are_not_trained_on_silently(tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars", count=120)
    recipe = quick(data)
    list(library.fit(recipe, tmp_path / "run"))
    (data / "up" / "0003.png").unlink()
    with pytest.raises(DataError, match="have changed since this run began"):
        list(library.fit(recipe, tmp_path / "run"))


def test_minutes_are_kept(data: Path, tmp_path: Path) -> None:
    recipe = library.plan(data, minutes=0.1, settings=QUICK)
    events = list(library.fit(recipe, tmp_path / "run"))
    assert events[-1].seconds == pytest.approx(6.0, rel=0.05)


def test_adding_pictures_moves_no_picture_to_another_split(tmp_path: Path) -> None:
    from nonesuch.assembly import divided
    from nonesuch.data.open import open_data

    root = tmp_path / "bars"
    small = divided(open_data(folder_of_bars(root, 120)), "label", 0.1, 0.1)
    before = {name: {small.pack.names[i] for i in rows} for name, rows in small.rows.items()}
    large = divided(open_data(folder_of_bars(root, 240)), "label", 0.1, 0.1)
    after = {name: {large.pack.names[i] for i in rows} for name, rows in large.rows.items()}
    assert all(before[name] <= after[name] for name in before)


def test_too_few_pictures_cannot_teach_a_classifier(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 10 for training"):
        library.plan(folder_of_bars(tmp_path / "few", 8))


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "one")
    for name in ("down", "left", "right"):
        shutil.rmtree(data / name)
    with pytest.raises(DataError, match="need two classes; found only 'up'"):
        library.plan(data)


@pytest.mark.parametrize("where", ["pixelfolk", "./pixelfolk", "absolute"])
def test_a_run_is_not_called_like_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = library.plan("pixelfolk", images=64, settings=QUICK)
    with pytest.raises(RunError, match=r"would be taken for its data pixelfolk; give the run another folder"):
        library.fit(recipe, tmp_path / "pixelfolk" if where == "absolute" else where)
    assert not (tmp_path / "pixelfolk").exists()


def test_minutes_with_several_processes_are_refused(data: Path, tmp_path: Path) -> None:
    recipe = library.plan(data, minutes=1, settings=QUICK | {"machine.processes": "2"})
    with pytest.raises(RecipeError, match="--images"):
        next(library.fit(recipe, tmp_path / "run"))


def test_a_run_answers_for_single_files(data: Path, tmp_path: Path) -> None:
    run = library.train(quick(data, images=3200), tmp_path / "run")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    found = run.predict([data / "up" / "0003.png", bad, tmp_path / "missing.png"])
    assert found[0].classes[0] == "up"  # type: ignore[union-attr]
    assert np.isclose(sum(found[0].probabilities), 1, atol=1e-5)  # type: ignore[union-attr]
    assert "bad.png" in found[1].name
    assert found[2].reason == "no such file"  # type: ignore[union-attr]


def test_a_picture_is_answered_in_float32_whatever_the_net_was_trained_in(data: Path, tmp_path: Path) -> None:
    """Else a published page and an exported file would seem to be of another net: bf16 has three digits."""
    run = library.train(quick(data, images=640, machine__precision="bf16-mixed"), tmp_path / "run")
    picture = data / "up" / "0003.png"
    (found,) = run.predict([picture])
    with Image.open(picture) as opened:
        image = torch.from_numpy(np.array(opened.convert("RGB"))).permute(2, 0, 1)[None] / 127.5 - 1
    run.net.eval()
    with torch.no_grad():
        expected = run.net(image)[0].softmax(0).sort(descending=True).values
    np.testing.assert_allclose(found.probabilities, expected.numpy(), atol=1e-6)  # type: ignore[union-attr]

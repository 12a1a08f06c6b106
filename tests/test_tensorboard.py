"""The TensorBoard log, read back by TensorBoard itself."""

import json
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from conftest import Call
from made_data import folder_of_bars
from nonesuch.cli.tensorboard import board
from nonesuch.runs import checkpoint
from nonesuch.training.events import Started, Stepped

SETTINGS = "machine.threads=1 net.options.widths=[4,4,8] train.batch=16 train.augment.flip=false snapshot_images=80"
QUICK = [word for setting in SETTINGS.split() for word in ("--set", setting)]


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Curve -> images seen -> value."""
    found = EventAccumulator(str(folder))
    found.Reload()
    return {name: {event.step: event.value for event in found.Scalars(name)} for name in found.Tags()["scalars"]}


def test_what_the_log_says_is_in_the_curves(call: Call, tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars")
    words = ["train", "cnn", data, "--images", 320, "--run", tmp_path / "run", "--tensorboard", tmp_path / "board"]
    code, _, err = call(*words, *QUICK)
    assert code == 0, err
    curves = scalars(tmp_path / "board")
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    prefix = {"stepped": "train", "measured": ""}
    wanted: dict[str, dict[int, float]] = {}
    for event in events:
        if event["kind"] in prefix:
            figures = dict(event["figures"])
            if event["kind"] == "stepped":
                figures["learning_rate"] = event["learning_rate"]
            for name, value in figures.items():
                curve = wanted.setdefault(f"{prefix[event['kind']] or event['split']}/{name}", {})
                curve[event["images_seen"]] = pytest.approx(value, rel=1e-6)  # TensorBoard keeps float32
    assert curves == wanted
    assert {"train/loss", "train/learning_rate", "val/accuracy", "test/accuracy"} <= set(curves)
    assert sorted(curves["train/loss"]) == list(range(16, 321, 16))


def test_what_a_killed_sitting_logged_too_much_is_dropped(tmp_path: Path) -> None:
    def step(images: int, loss: float) -> Stepped:
        return Stepped(
            images_seen=images, seconds=1.0, figures={"loss": loss}, learning_rate=0.1, fraction=0.1, epoch=0.1
        )

    with board(tmp_path) as log:
        log(Started(images_seen=0, seconds=0.0, run="r", resumed=False))
        for images in range(16, 97, 16):
            log(step(images, 1.0))
    with board(tmp_path) as log:
        log(Started(images_seen=48, seconds=1.0, run="r", resumed=True))
        log(step(64, 2.0))
    assert scalars(tmp_path)["train/loss"] == {16: 1, 32: 1, 48: 1, 64: 2}


def test_without_the_extra_one_line_says_what_to_install(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    words = [
        "train",
        "cnn",
        "pixelfolk",
        "--images",
        16,
        "--run",
        tmp_path / "run",
        "--tensorboard",
        tmp_path / "board",
    ]
    code, _, err = call(*words, *QUICK)
    assert code == 2
    assert err == "nonesuch: no TensorBoard here; install it with: pip install 'nonesuch[tensorboard]'\n"
    assert checkpoint.latest(tmp_path / "run") is None


def test_a_folder_that_cannot_be_written_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    words = ["train", "cnn", "pixelfolk", "--images", 16, "--run", tmp_path / "run"]
    code, _, err = call(*words, "--tensorboard", tmp_path / "file" / "board", *QUICK)
    assert code == 2
    assert "give --tensorboard another folder" in err

"""The command line: every verb once, every kind of bad input as one line and exit code 2."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Call
from made_data import folder_of_bars
from nonesuch.errors import NonesuchWarning
from nonesuch.runs import atomic
from nonesuch.runs.lock import TrainerLock

SETTINGS = "machine.threads=1 net.options.widths=[4,4,8] train.batch=16 train.augment.flip=false train.augment.shift=0"
QUICK = [word for setting in SETTINGS.split() for word in ("--set", setting)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"))


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("trained") / "run"
    words = ["train", "cnn", str(data), "--images", "3200", "--run", str(run), *QUICK]
    subprocess.run([sys.executable, "-m", "nonesuch", *words], check=True, capture_output=True)
    return run


def test_train_says_events_to_machines_and_nothing_else_on_stdout(call: Call, data: Path, tmp_path: Path) -> None:
    code, out, _ = call("train", "cnn", data, "--images", 320, "--run", tmp_path / "run", "--json", *QUICK)
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert events[-1]["kind"] == "finished"
    assert 0 <= events[-1]["accuracy"] <= 1
    assert {"started", "stepped", "snapshotted", "measured"} <= {event["kind"] for event in events}


def test_training_says_beforehand_that_pictures_were_enlarged(call: Call, data: Path, tmp_path: Path) -> None:
    words = ["train", "cnn", data, "--images", 16, *QUICK]
    said = "200 of 200 pictures are smaller than 16x16 and were enlarged"
    assert said in call(*words, "--size", 16, "--run", tmp_path / "large")[2]
    assert "enlarged" not in call(*words, "--run", tmp_path / "own")[2]


def test_training_says_beforehand_which_files_are_left_out(call: Call, data: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    shutil.copytree(data, album)
    some = sorted(path for path in album.rglob("*") if path.is_file())
    for broken in (some[3], some[40]):
        broken.write_bytes(b"")
    words = ["--images", 16, *QUICK]
    err = call("train", "cnn", album, *words, "--run", tmp_path / "run")[2]
    name = some[3].relative_to(album).as_posix()
    assert f"2 of {len(some)} files cannot be used and are left out, such as {name} (an empty file); " in err
    assert "left out" not in call("train", "cnn", data, *words, "--run", tmp_path / "whole")[2]


def test_the_same_command_again_goes_on_and_another_one_is_refused(call: Call, data: Path, trained: Path) -> None:
    words = ["train", "cnn", data, "--images", 3200, "--run", trained, *QUICK]
    assert call(*words)[0] == 0
    code, _, err = call(*words, "--net", "linear")
    assert code == 2
    assert "--net lecture" in err
    assert call(*words, "--set", "train.batch=8")[0] == 2


def test_runs_evaluate_and_predict(call: Call, data: Path, trained: Path) -> None:
    code, out, _ = call("runs", trained.parent)
    assert code == 0
    assert "finished" in out
    code, out, _ = call("evaluate", trained)
    assert code == 0
    assert out.startswith("accuracy ")
    picture = data / "left" / "0001.png"
    code, out, _ = call("predict", trained, picture)
    assert code == 0
    assert out.startswith(f"{picture}: left ")
    code, out, _ = call("predict", trained, picture, "--json")
    assert max(json.loads(out)["probabilities"].items(), key=lambda pair: pair[1])[0] == "left"


@pytest.mark.parametrize("net", ["linear", "mlp", "lenet1", "lenet4", "lenet5", "lecture", "fast"])
def test_describe_prints_every_net(call: Call, net: str) -> None:
    code, out, _ = call("describe", net)
    assert code == 0
    assert "parameters" in out
    if net == "lenet5":
        assert "60,000 of them trainable" in out
        assert "340,908 connections" in out


def _empty(root: Path) -> Path:
    root.mkdir()
    return root


def _unusable(root: Path) -> Path:
    (root / "cat").mkdir(parents=True)
    (root / "cat" / "a.jpg").write_bytes(b"not a picture")
    return root


def _unknown_names(root: Path) -> Path:
    root.mkdir()
    (root / "labels.csv").write_text("file_name,label\nnowhere.png,cat\n")
    return root


def _newer(root: Path) -> Path:
    root.mkdir()
    (root / "recipe.json").write_text('{"schema_version": 99}')
    return root


def _one_class(root: Path) -> Path:
    folder_of_bars(root, 80)
    for name in ("down", "left", "right"):
        shutil.rmtree(root / name)
    return root


def _flat(root: Path) -> Path:
    return _one_class(root) / "up"


def _file(path: Path) -> Path:
    path.write_text("no run")
    return path


BAD: list[tuple[str, Callable[[Path], list[object]], str]] = [
    ("no such folder", lambda t: ["train", "cnn", t / "nowhere"], "nowhere"),
    ("no such name", lambda t: ["train", "cnn", "pixelfolks"], "pixelfolk"),
    ("empty folder", lambda t: ["train", "cnn", _empty(t / "e")], "no pictures"),
    ("nothing usable", lambda t: ["train", "cnn", _unusable(t / "u")], "a.jpg"),
    ("labels name nothing", lambda t: ["train", "cnn", _unknown_names(t / "n")], "nowhere.png"),
    ("too few", lambda t: ["train", "cnn", folder_of_bars(t / "f", 8)], "at least 10"),
    ("no such label", lambda t: ["train", "cnn", "pixelfolk", "--label", "shoes"], "--label: label, hair_colour"),
    ("no such net", lambda t: ["train", "cnn", "pixelfolk", "--net", "lenet6"], "lenet5"),
    ("size the net refuses", lambda t: ["train", "cnn", "pixelfolk", "--net", "lenet5", "--size", "64"], "28"),
    ("size is no number", lambda t: ["data", "pixelfolk", "--size", "big"], "--size 32"),
    ("unknown setting", lambda t: ["train", "cnn", "pixelfolk", "--set", "train.bach=3"], "train.batch"),
    ("setting out of range", lambda t: ["train", "cnn", "pixelfolk", "--set", "train.batch=0"], "train.batch"),
    ("setting without value", lambda t: ["train", "cnn", "pixelfolk", "--set", "batch"], "KEY=VALUE"),
    ("size is nothing", lambda t: ["data", "pixelfolk", "--size", "0"], "1 to 4096"),
    ("one class", lambda t: ["train", "cnn", _one_class(t / "o")], "need two classes; found only 'up'"),
    ("no labels", lambda t: ["train", "cnn", _flat(t / "l")], "one folder a class"),
    ("no labels to draw by", lambda t: ["train", "gan", _flat(t / "l"), "--label", "mood"], "one folder a class"),
    ("a file for a run", lambda t: ["train", "cnn", "pixelfolk", "--run", _file(t / "f")], "give a folder"),
    ("other things in the run", lambda t: ["train", "cnn", "pixelfolk", "--run", _file(t / "f").parent], "other files"),
    ("newer run goes on", lambda t: ["train", "cnn", "pixelfolk", "--run", _newer(t / "new")], "newer nonesuch"),
    ("a seed below 0", lambda t: ["train", "cnn", "pixelfolk", "--seed", "-1"], "found -1; change it with --set seed="),
    ("no minutes", lambda t: ["train", "cnn", "pixelfolk", "--minutes", "0"], "--set budget.minutes="),
    ("fewer than no images", lambda t: ["train", "cnn", "pixelfolk", "--images", "-3"], "--set budget.images="),
    ("two budgets", lambda t: ["train", "cnn", "pixelfolk", "--minutes", "1", "--images", "5"], "minutes"),
    ("unwritable", lambda t: ["train", "cnn", "pixelfolk", "--run", "/proc/none"], "/proc/none"),
    ("newer run", lambda t: ["evaluate", _newer(t / "new")], "newer nonesuch"),
    ("no run", lambda t: ["evaluate", t / "norun"], "norun"),
    ("fit unknown", lambda t: ["data", "pixelfolk", "--fit", "squeeze"], "stretch"),
    ("channels unknown", lambda t: ["data", "pixelfolk", "--channels", "2"], "channels"),
    ("describe too small", lambda t: ["describe", "fast", "--size", "4"], "smallest"),
]


@pytest.mark.parametrize(("words", "says"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_one_line_and_exit_code_two(
    call: Call, tmp_path: Path, words: Callable[[Path], list[object]], says: str
) -> None:
    code, out, err = call(*words(tmp_path))
    assert code == 2
    assert err.count("\n") == 1, err
    assert says in err
    assert "Traceback" not in err
    assert out == ""


def test_what_hinders_training_is_said_before_anything_else(
    call: Call, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", "cnn", data, "--images", 160, *QUICK, "--run"]
    (tmp_path / "held").mkdir()
    with TrainerLock(tmp_path / "held"):
        code, out, err = call(*words, tmp_path / "held")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "is being trained by process" in err
    monkeypatch.setattr(atomic, "free_space", lambda folder: 1000)
    code, out, err = call(*words, tmp_path / "full")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "not enough room" in err
    monkeypatch.undo()
    err = call(*words, tmp_path / "free")[2]
    assert f"lecture on {data}: 160 images" in err.splitlines()[0]
    assert err.splitlines()[0].endswith(f"-> {tmp_path / 'free'}")


def test_damaged_snapshots_are_named_and_the_one_before_is_used(call: Call, data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", "cnn", data, "--images", 160, "--run", run, *QUICK, "--set", "snapshot_images=80"]
    assert call(*words)[0] == 0
    newest = max((run / "snapshots").iterdir())
    (newest / "model.safetensors").write_bytes(b"cut")
    with pytest.warns(NonesuchWarning, match=newest.name) as caught:
        assert call("predict", run, data / "up" / "0003.png")[0] == 0
    said = warnings.formatwarning(caught[0].message, NonesuchWarning, "run.py", 1)
    assert said.startswith(f"nonesuch: note: snapshot {newest.name} is damaged (model.safetensors has 3 bytes")
    assert said.endswith("using that of 80 images\n")
    assert f"note: snapshot {newest.name} is damaged" in call(*words)[2]
    for snapshot in (run / "snapshots").iterdir():
        (snapshot / "state.json").unlink()
    for again in (words, ["evaluate", run]):
        code, _, err = call(*again)
        assert (code, err.count("\n")) == (2, 1)
        assert "every snapshot is damaged" in err


def test_fewer_pictures_than_a_batch_are_seen_more_often(call: Call, tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 60)
    words = ["train", "cnn", folder, "--images", 512, "--run", tmp_path / "run", "--json", *QUICK]
    code, out, _ = call(*words, "--set", "train.batch=256")
    assert code == 0
    steps = [json.loads(line) for line in out.splitlines()]
    assert [step["images_seen"] for step in steps if step["kind"] == "stepped"] == [256, 512]


def test_ctrl_c_before_training_leaves_without_a_word(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nonesuch.data.open.source_of", interrupted)
    assert call("train", "cnn", "pixelfolk") == (130, "", "")


def test_a_broken_file_never_stops_a_run(call: Call, tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 120)
    for index in range(0, 120, 20):
        file = next(folder.glob(f"*/{index:04}.png"))
        file.write_bytes(file.read_bytes()[:40])
    code, out, _ = call("train", "cnn", folder, "--images", 160, "--run", tmp_path / "run", "--json", *QUICK)
    assert code == 0
    assert json.loads(out.splitlines()[-1])["kind"] == "finished"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_leaves_with_its_code(data: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    run = tmp_path / "run"
    words = ["train", "cnn", str(data), "--images", "10000000", "--run", str(run), *QUICK]
    process = subprocess.Popen([sys.executable, "-m", "nonesuch", *words], stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and not (
            (run / "events.jsonl").exists() and "stepped" in (run / "events.jsonl").read_text()
        ):
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=20) == code
    finally:
        process.kill()
        assert process.stderr is not None
        process.stderr.close()
    assert list((run / "snapshots").iterdir())


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        (["--help"], {"torch", "numpy", "PIL", "rich"}),
        (["runs"], {"torch", "numpy", "PIL"}),
        (["data", "pixelfolk"], {"torch", "rich", "PIL", "nonesuch.data.decode", "nonesuch.data.workers"}),
    ],
    ids=["help", "runs", "data seen before"],
)
def test_light_commands_load_only_what_they_need(
    call: Call, tmp_path: Path, words: list[str], needless: set[str]
) -> None:
    call(*words)
    script = (
        "import sys\nfrom nonesuch.cli import app\nsys.argv = ['nonesuch', *sys.argv[2:]]\n"
        "try:\n    app.main()\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "print(*sys.modules, file=open('loaded', 'w'))"
    )
    subprocess.run([sys.executable, "-c", script, "", *words], check=True, capture_output=True, cwd=tmp_path)
    assert not needless & set((tmp_path / "loaded").read_text().split())


@pytest.mark.parametrize(
    ("settled", "expected"),
    [({}, "PASSIVE 5000"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"), ({"GOMP_SPINCOUNT": "7"}, "None 7")],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_threads_wait_briefly_unless_the_user_has_settled_it(settled: dict[str, str], expected: str) -> None:
    script = (
        "import os, sys\nfrom nonesuch.cli import app\nsys.argv = ['nonesuch', 'describe']\n"
        "assert 'torch' not in sys.modules, 'its OpenMP reads the environment once'\n"
        "try:\n    app.main()\nexcept SystemExit:\n"
        "    print(os.environ.get('OMP_WAIT_POLICY'), os.environ.get('GOMP_SPINCOUNT'))"
    )
    known = {name: text for name, text in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    left = subprocess.run(
        [sys.executable, "-c", script], env=known | settled, text=True, capture_output=True, check=True
    )
    assert left.stdout.splitlines()[-1] == expected


def test_two_processes_train_a_gan_with_penalties(data: Path, tmp_path: Path) -> None:
    """Gradients of gradients and nets that take turns, over two processes: losses near those of one process."""
    sets = (
        "machine.threads=1 machine.precision=32-true train.batch=16 net.options.width=4 net.options.critic_width=4 "
        "net.options.norm=none net.options.critic_norm=none objective.penalty=0.5 objective.penalty_every=2"
    )
    found = []
    for processes in (1, 2):
        words = ["train", "gan", str(data), "--images", "320", "--runs", str(tmp_path / str(processes)), "--json"]
        words += [word for pair in f"{sets} machine.processes={processes}".split() for word in ("--set", pair)]
        done = subprocess.run(
            [sys.executable, "-m", "nonesuch", *words], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        steps = [event["figures"] for event in events if event["kind"] == "stepped"]
        assert len(steps) == 20
        found.append(steps[-1])
    for name in ("critic", "generator"):
        assert found[1][name] == pytest.approx(found[0][name], rel=0.1)


def test_two_processes_train_one_run(data: Path, tmp_path: Path) -> None:
    """The same loop on two processes, each with half of every batch; the first alone writes."""
    words = ["train", "cnn", str(data), "--images", "3200", "--runs", str(tmp_path), *QUICK]
    words += ["--set", "machine.processes=2", "--set", "machine.precision=32-true"]
    done = subprocess.run(
        [sys.executable, "-m", "nonesuch", *words, "--json"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [event["images_seen"] for event in events if event["kind"] == "stepped"]
    assert steps == list(range(16, 3201, 16))  # one process speaks, not two
    assert events[-1]["kind"] == "finished"
    assert events[-1]["accuracy"] > 0.6
    assert len(list(tmp_path.iterdir())) == 1

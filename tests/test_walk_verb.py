"""`nonesuch walk` as a film: MP4 decoded again, and points that have their own seconds."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from conftest import Call, MadeRuns
from nonesuch.cli.walk_run import Walk


def _frames(path: Path) -> np.ndarray:
    with av.open(path) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_a_film_shows_each_point_at_its_second(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    run = made_runs("gan")
    words = ("walk", run.folder.path, "7@0", "12@1.5", "3@2", "--speed", 10, "--class", "up", "--out")
    assert call(*words, tmp_path / "frames")[0] == 0
    code, said, _ = call(*words, tmp_path / "walk.mp4")
    assert (code, said.strip()) == (0, str(tmp_path / "walk.mp4"))
    frames = np.stack([np.asarray(Image.open(file)) for file in sorted((tmp_path / "frames").iterdir())])
    assert len(frames) == 21
    assert np.abs(frames[[0, 15, 20]].astype(int) - run.sample([7, 12, 3], "up")).max() <= 1
    film = _frames(tmp_path / "walk.mp4")
    assert film.shape == (21, 120, 120, 3)  # 12 pixels, ten times
    assert np.abs(film.astype(int) - frames.repeat(10, 1).repeat(10, 2)).mean() < 12  # colours of 2 x 2 pixels


def test_a_file_may_have_an_at_in_its_name() -> None:
    walk = Walk(("me@home.png", "7"))
    assert walk.stops() == (["me@home.png", 7], [])
    assert Walk(("me@home.png@0", "7@1.5")).stops() == (["me@home.png", 7], [0.0, 1.5])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["7@0", "12"], "all points have their seconds, as 7@0 12@2.5, or none; found 7@0 12"),
        (["7@0", "12@1", "--frames", "9"], "leave --frames and --circle away"),
        (["7@0", "12@1", "--circle"], "leave --frames and --circle away"),
        (["7@2", "12@1"], "seconds grow from point to point; found 2, 1"),
        (["7@0", "12@nan"], "up to 2,000 frames; found"),
        (["7@0", "12@500"], "up to 2,000 frames; found 500 s of 12 each"),
        (["7@0", "12@1", "--way", "bee"], "found bee"),
    ],
)
def test_seconds_that_cannot_be_are_one_line(made_runs: MadeRuns, call: Call, words: list[str], said: str) -> None:
    code, _, err = call("walk", made_runs("gan").folder.path, *words)
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def test_an_mp4_without_its_extra_is_one_line(
    made_runs: MadeRuns, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    code, _, err = call("walk", made_runs("gan").folder.path, 1, 2, "--out", tmp_path / "w.mp4")
    assert (code, err.count("\n")) == (2, 1)
    assert 'pip install "nonesuch[film]"' in err
    assert not (tmp_path / "w.mp4").exists()

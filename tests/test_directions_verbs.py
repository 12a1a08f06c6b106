"""`nonesuch directions` and `nonesuch edit`: what they write, say and refuse."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import Call, MadeRuns
from nonesuch.evaluation.run import Run
from nonesuch.runs.store import RunFolder


@pytest.fixture
def vae(made_runs: MadeRuns, tmp_path: Path) -> Run:
    shutil.copytree(made_runs("vae").folder.path, tmp_path / "vae")
    return Run(RunFolder(tmp_path / "vae"))


def pictures(file: Path, columns: int, side: int = 12) -> np.ndarray:
    """The tiles of a grid without frames, (rows, columns, H, W, 3), each brought back to its own size."""
    whole = np.asarray(Image.open(file).convert("RGB"))
    scale = max(1, 128 // side) // 2
    gap = (whole.shape[1] - columns * side * scale) // (columns + 1)
    step = side * scale + gap
    rows = (whole.shape[0] - gap) // step
    return np.stack(
        [
            [
                whole[gap + r * step :, gap + c * step :][: side * scale : scale, : side * scale : scale]
                for c in range(columns)
            ]
            for r in range(rows)
        ]
    )


def test_found_kept_drawn_and_moved_along(vae: Run, call: Call) -> None:
    code, out, _ = call("directions", vae.folder.path, "--label", "label=left", "--name", "lefter")
    assert code == 0
    assert "lefter" in out
    assert "logistic" in out
    assert Path(out.splitlines()[-1]).is_file()
    code, out, _ = call("edit", vae.folder.path, 3, 4, "--move", "lefter=2", "--steps", 3)
    assert code == 0
    tiles = pictures(Path(out.strip()), 3)
    assert np.array_equal(tiles[:, 0], vae.sample([3, 4])[..., :3])
    assert not np.array_equal(tiles[:, 0], tiles[:, 2])


def test_methods_that_find_by_themselves(vae: Run, call: Call, tmp_path: Path) -> None:
    code, out, _ = call("directions", vae.folder.path, "--method", "weights", "--count", 3, "--out", tmp_path / "s.png")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:4]] == [
        ["weights", "1"],
        ["weights", "2"],
        ["weights", "3"],
    ]
    assert (tmp_path / "s.png").is_file()


def test_arithmetic_without_a_difference_changes_nothing(vae: Run, call: Call, tmp_path: Path) -> None:
    words = ["edit", vae.folder.path, 3, "--plus", 8, "--minus", 8, "--steps", 2, "--out", tmp_path / "a.png"]
    assert call(*words)[0] == 0
    tiles = pictures(tmp_path / "a.png", 2)
    assert np.array_equal(tiles[0, 0], tiles[0, 1])
    assert (
        call("edit", vae.folder.path, 3, "--plus", 8, "--minus", 3, "--steps", 2, "--out", tmp_path / "b.png")[0] == 0
    )
    assert np.array_equal(pictures(tmp_path / "b.png", 2)[0, 1], vae.sample([8])[0, ..., :3])


def test_the_compass_says_how_sure_it_became(vae: Run, made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    words = ["--compass", made_runs("cnn").folder.path, "--class", "up", "--out", tmp_path / "c.gif"]
    code, out, _ = call("edit", vae.folder.path, 3, *words)
    assert code == 0
    assert "3: up" in out
    with Image.open(tmp_path / "c.gif") as film:
        assert film.n_frames == 12  # type: ignore[attr-defined]


def test_a_check_of_methods(vae: Run, call: Call) -> None:
    code, out, _ = call("directions", vae.folder.path, "--check", "--method", "mean", "--label", "label=left")
    assert code == 0
    assert "label=left  mean" in out
    assert "right in label" in out


BAD = [
    (["--move", "glasses=2"], "none yet: find some with"),
    (["--move", "glasses=2", "--plus", "4", "--minus", "5"], "one way to change"),
    ([], "one way to change"),
    (["--plus", "4"], "--minus and --plus"),
    (["--compass", "somewhere"], "go together"),
    (["--move", "a=1", "--steps", "1"], "2 to 200"),
    (["--move", "a=1", "--out", "x.jpg"], ".png or .gif"),
]


@pytest.mark.parametrize(("words", "says"), BAD)
def test_edits_that_cannot_be(words: list[str], says: str, vae: Run, call: Call) -> None:
    code, out, err = call("edit", vae.folder.path, 3, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--method", "magic"], "no method is called 'magic'"),
        (["--method", "mean"], "--label glasses=yes"),
        (["--method", "weights", "--label", "label=left"], "leave --label away"),
        (["--label", "hat"], "no label column is called 'hat'"),
        (["--label", "label"], "give label=down"),
        (["--label", "label=sideways"], "label is one of down, left, right, up"),
        (["--count", "99"], "there are 1 to 4"),
        (["--count", "2", "--name", "x"], "--name is for one direction"),
    ],
)
def test_directions_that_cannot_be(words: list[str], says: str, vae: Run, call: Call) -> None:
    code, out, err = call("directions", vae.folder.path, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_a_move_that_is_no_number(vae: Run, call: Call) -> None:
    assert call("directions", vae.folder.path, "--method", "weights", "--count", 1, "--name", "wide")[0] == 0
    code, _, err = call("edit", vae.folder.path, 3, "--move", "wide=far")
    assert code == 2
    assert "NAME=AMOUNT" in err


def test_a_check_keeps_nothing(vae: Run, call: Call) -> None:
    code, _, err = call("directions", vae.folder.path, "--check", "--name", "x")
    assert code == 2
    assert "--check keeps nothing" in err

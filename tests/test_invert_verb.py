"""`nonesuch invert`: its table, its three files, and what is refused."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import Call, MadeRuns
from nonesuch import features
from nonesuch.evaluation import inverter
from nonesuch.evaluation.run import Run
from nonesuch.pixels import write_png
from nonesuch.runs.store import RunFolder


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "IMAGES", 640)
    monkeypatch.setattr(inverter, "IMAGES", 640)


@pytest.fixture(params=["gan", "vae"])
def own(made_runs: MadeRuns, tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    return Run(RunFolder(Path(shutil.copytree(made_runs(request.param).folder.path, tmp_path / request.param))))


@pytest.fixture
def photo(own: Run, tmp_path: Path) -> Path:
    write_png(tmp_path / "me.png", own.sample([4])[0])
    return tmp_path / "me.png"


def test_both_answers_are_printed_and_written(own: Run, photo: Path, call: Call, tmp_path: Path) -> None:
    code, out, err = call("invert", own.folder.path, photo, "--steps", 30, "--out", tmp_path / "out")
    assert code == 0
    assert ("training this run's encoder" in err) == (own.recipe.kind == "gan")
    figures = dict(re.findall(r"^(encoder|refined|nearest training picture|random seed) +([0-9.]+)", out, re.M))
    assert len(figures) == 4
    record = json.loads((tmp_path / "out" / "z.json").read_text())
    for name, value in figures.items():
        assert record["close"][name]["psnr"] == pytest.approx(float(value), abs=0.051)
    assert (record["run"], record["photo"], record["steps"]) == (own.recipe.kind, "me.png", 30)
    told = record["refined"]["class"]
    assert (told in own.classes) if own.recipe.kind == "gan" else (told is None)
    import torch

    drawn = own.drawn_at(torch.tensor([record["refined"]["z"]]), told)
    error = np.square(drawn[0].astype(float) - np.asarray(Image.open(photo))).mean()
    assert record["close"]["refined"]["psnr"] == pytest.approx(10 * np.log10(255**2 / error), abs=0.1)
    with Image.open(tmp_path / "out" / "way.gif") as film, Image.open(tmp_path / "out" / "strip.png") as strip:
        assert film.n_frames > 5
        assert film.size == (240, 120)
        assert strip.size[0] > 6 * 108
    assert call("invert", own.folder.path, photo, "--steps", 1, "--out", tmp_path / "out")[2] == ""


def test_as_json_and_into_the_run_folder_by_itself(own: Run, photo: Path, call: Call) -> None:
    code, out, _ = call("invert", own.folder.path, photo, "--steps", 3, "--json")
    assert code == 0
    found = json.loads(out)
    assert found == json.loads((own.folder.path / "pictures" / "invert-me" / "z.json").read_text())
    assert len(found["encoder"]["z"]) == len(found["refined"]["z"]) == 4


@pytest.mark.parametrize("own", ["gan"], indirect=True)
@pytest.mark.parametrize(
    ("file", "words", "said"),
    [
        ("none.png", [], "none.png: no such file"),
        ("words.png", [], "words.png: "),
        ("me.png", ["--steps", 0], "an inversion takes 1 to 5,000 steps; found 0"),
        ("me.png", ["--seed", -1], "from 0 to 2^53 - 1; found -1"),
    ],
)
def test_refused_in_one_line(
    own: Run, photo: Path, call: Call, tmp_path: Path, file: str, words: list[object], said: str
) -> None:
    (tmp_path / "words.png").write_text("no picture")
    code, _, err = call("invert", own.folder.path, tmp_path / file, *words)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1 + ("training this run's" in err)


def test_a_classifier_has_no_latent_space(made_runs: MadeRuns, photo: Path, call: Call) -> None:
    code, _, err = call("invert", made_runs("cnn").folder.path, photo)
    assert (code, len(err.strip().splitlines())) == (2, 1)
    assert "holds a classifier" in err

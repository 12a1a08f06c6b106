"""`nonesuch crops`, `dream`, `trust` and the field of `look --number`: files, words, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call, MadeRuns
from nonesuch.lens.influence import Box
from nonesuch.lens.show import AROUND, FRAME, framed


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as picture:
        return picture.size


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "me.png")
    return tmp_path / "me.png"


def test_crops_of_all_units_and_of_one(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    run = made_runs("cnn").folder.path
    code, out, _ = call("crops", run, "conv2", "--out", tmp_path / "all.png", "--count", 3, "--limit", 40)
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()[:-1]] == ["unit 0", "unit 1", "unit 2", "unit 3"]
    assert out.splitlines()[-1] == str(tmp_path / "all.png")
    code, out, _ = call("crops", run, "conv2", "--unit", 3, "--unit", 1, "--out", tmp_path / "two.png", "--limit", 40)
    assert code == 0
    assert re.match(r"unit 3: -?[0-9.e-]+ at row \d+, column \d+, \w+/\d+\.png", out)
    assert _size(tmp_path / "two.png") != _size(tmp_path / "all.png")


def test_dreams_large_with_their_curve_and_small_without(made_runs: MadeRuns, call: Call, tmp_path: Path) -> None:
    run = made_runs("cnn").folder.path
    few = ("--steps", 3, "--limit", 40)
    code, out, _ = call("dream", run, "up", "conv1:2", *few, "--out", tmp_path / "few.png")
    assert code == 0
    assert re.search(r"^up +-?[0-9.]+", out, re.M)
    assert re.search(r"^conv1:2 +", out, re.M)
    assert (tmp_path / "few-steps.png").is_file()
    code, out, _ = call("dream", run, *few, "--out", tmp_path / "all.png", "--basis", "waves", "--seed", 4)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:5]] == ["down", "left", "right", "up"]
    assert (tmp_path / "all.png").is_file()
    assert not (tmp_path / "all-steps.png").exists()


def test_trust_of_test_pictures_and_of_one(made_runs: MadeRuns, call: Call, picture: Path) -> None:
    run = made_runs("cnn").folder.path
    out_file = picture.parent / "trust.png"
    code, out, _ = call("trust", run, "--count", 5, "--out", out_file)
    assert code == 0
    assert len(re.findall(r"[+-]0\.\d{3} to [+-]0\.\d{3}$", out, re.M)) == 4
    assert "5 test pictures: areas between the curves of a map and of chance" in out
    assert _size(out_file)[0] > 500
    code, out, _ = call("trust", run, picture, "--layer", "conv1", "--out", out_file)
    assert code == 0
    assert "me.png: areas" in out
    assert " to " not in out


def test_a_numbers_field_is_framed(made_runs: MadeRuns, call: Call, picture: Path) -> None:
    out_folder = picture.parent / "look"
    code, out, _ = call("look", made_runs("cnn").folder.path, picture, "--number", "conv2:1,0,6", "--out", out_folder)
    assert code == 0
    assert "it sees rows 0 to 2, columns 4 to 8 of the picture" in out
    assert _size(out_folder / "field.png") == (192, 192)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crops", "{cnn}", "conv9"], "no layer is called 'conv9'"),
        (["crops", "{cnn}", "conv1", "--unit", "9"], "conv1 has units 0 to 3; found 9"),
        (["crops", "{cnn}", "conv1", "--split", "all"], "--split is one of train, val, test; found 'all'"),
        (["crops", "{cnn}", "conv1", "--count", "0"], "--count and --limit are 1 or more; found 0"),
        (["crops", "{gan}", "conv1"], "looks at no pictures"),
        (["dream", "{cnn}", "hat"], "no class or layer is called 'hat'"),
        (["dream", "{cnn}", "--steps", "0"], "a dream takes 1 step or more"),
        (["dream", "{cnn}", "--basis", "pixels"], "made of components or waves; found 'pixels'"),
        (["dream", "{cnn}", "--limit", "0"], "--limit is 1 or more; found 0"),
        (["dream", "{gan}"], "looks at no pictures"),
        (["trust", "{vae}"], "holds a vae; only a cnn's answers"),
        (["trust", "{cnn}", "no.png"], "no.png: no such file"),
        (["trust", "{cnn}", "--count", "1"], "--count is 2 or more; found 1"),
    ],
)
def test_what_cannot_be_shown_is_one_line(words: list[str], said: str, made_runs: MadeRuns, call: Call) -> None:
    kinds = re.findall(r"{(\w+)}", words[1])
    code, _, err = call(words[0], made_runs(kinds[0]).folder.path, *words[2:])
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_the_frame_by_hand() -> None:
    picture = np.full((4, 5, 1), 100, np.uint8)
    found = framed(picture, Box(1, 2, 4, 5), 6)
    assert found.shape == (24, 30, 3)
    assert found[3, 3].tolist() == [int(AROUND * 100)] * 3
    assert found[6, 12].tolist() == found[23, 29].tolist() == list(FRAME)
    assert found[7, 13].tolist() == [100] * 3
    assert torch.from_numpy(found[7:23, 13:29]).eq(100).all()

"""`nonesuch kernel`: pictures against scipy, files there and back, a learnt filter, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from conftest import Call
from made_data import folder_of_bars
from nonesuch import library


@pytest.fixture
def call(call: Call) -> Call:
    """`nonesuch kernel ...`."""
    return lambda *words: call("kernel", *words)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (14, 18, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def read(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("turned", [False, True])
def test_a_preset_is_scipys_and_keeps_what_is_see_through(
    call: Call, photo: Path, tmp_path: Path, turned: bool
) -> None:
    words = ["--convolve"] if turned else []
    assert call(photo, "--preset", "emboss", "--edge", "reflect", "--out", tmp_path / "out.png", *words)[0] == 0
    before, after = read(photo), read(tmp_path / "out.png")
    slide = ndimage.convolve if turned else ndimage.correlate
    weights = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    for channel in range(3):
        wanted = slide(before[..., channel].astype(float), weights, mode="mirror")
        np.testing.assert_array_equal(after[..., channel], np.clip(wanted, 0, 255))
    np.testing.assert_array_equal(after[..., 3], before[..., 3])


def test_a_stride_makes_a_smaller_picture(call: Call, photo: Path, tmp_path: Path) -> None:
    assert call(photo, "--preset", "blur", "--stride", 2, "--out", tmp_path / "out.png")[0] == 0
    assert read(tmp_path / "out.png").shape == (7, 9, 4)


def test_an_acf_there_and_back(call: Call, photo: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.acf"
    rows = "0 -1 0; -1 6 -1; 0 -1 0"
    code, _, _ = call(
        photo, "--weights", rows, "--scale", 2, "--offset", 5, "--save", file, "--out", tmp_path / "one.png"
    )
    assert code == 0
    assert call(photo, "--acf", file, "--out", tmp_path / "two.png")[0] == 0
    np.testing.assert_array_equal(read(tmp_path / "one.png"), read(tmp_path / "two.png"))


def test_a_learnt_filter_gives_the_nets_own_map(call: Call, tmp_path: Path) -> None:
    data = folder_of_bars(tmp_path / "bars")
    settings = {"machine.threads": "1", "machine.precision": "32-true", "net.options.widths": "[4,4,8]"}
    run = library.train(library.plan(data, images=64, settings=settings | {"train.batch": "16"}), tmp_path / "run")
    picture = next(data.rglob("*.png"))
    code, out, _ = call(picture, "--from-run", tmp_path / "run", "--filter", 2, "--out", tmp_path / "map.png")
    assert code == 0
    assert "scale 1" in out
    conv = next(module for module in run.net.modules() if isinstance(module, torch.nn.Conv2d))
    (found,) = run.read([picture])
    with torch.no_grad():
        values = conv(found[1] / 127.5 - 1)[0, 2]
    wanted = (128 + 127 * values / values.abs().max()).round()
    assert np.abs(read(tmp_path / "map.png").astype(float) - wanted.numpy()).max() <= 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "glow"], "sharpen"),
        (["--weights", "1 2; 3"], "rows of numbers"),
        (["--weights", "1 2; 3 4"], "odd side"),
        (["--weights", "nan"], "rows of numbers"),
        (["--preset", "blur", "--weights", "1"], "one kernel at a time"),
        (["--acf", "none.acf"], r"none\.acf"),
        (["--edge", "soft"], "replicate"),
        (["--scale", "0"], "found 0"),
        (["--stride", "0"], "at least 1"),
        (["--preset", "gaussian", "--save", "blur.acf"], "at most 5x5"),
        (["--from-run", "no-such-run"], "no-such-run"),
    ],
)
def test_refused_in_one_line(call: Call, photo: Path, words: list[str], said: str, tmp_path: Path) -> None:
    code, _, err = call(photo, "--out", tmp_path / "out.png", *words)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert re.search(said, err)


def test_what_is_no_picture_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("no picture")
    for file in (tmp_path / "words.png", tmp_path / "none.png", tmp_path):
        code, _, err = call(file)
        assert code == 2
        assert len(err.strip().splitlines()) == 1

"""`nonesuch kernel`: pictures against scipy, files there and back, chains, lessons, filters of runs, and refusals."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from conftest import Call, MadeRuns
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


def test_a_chain_prints_its_stages_and_draws_them(call: Call, photo: Path, tmp_path: Path) -> None:
    words = ["--chain", "emboss, bias 0.1, leaky 0.3, pool", "--edge", "wrap"]
    code, out, _ = call(photo, *words, "--out", tmp_path / "chain.png")
    assert code == 0
    found = [line[:24].strip() for line in out.splitlines()]
    assert found[:4] == ["picture", "emboss, bias 0.1", "leaky 0.3", "pool"]
    assert re.search(r"pool +3x7x9 ", out)
    assert read(tmp_path / "chain.png").shape[1] > 4 * 180


def test_a_kernel_is_learnt_and_its_way_drawn(call: Call, photo: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        words = ["--preset", "top-sobel", "--learn", 40, "--seed", 5, "--out", tmp_path / f"{name}.png"]
        code, out, _ = call(photo, *words)
        assert code == 0
    errors = [float(line.split()[-1]) for line in out.splitlines() if line.startswith("step")]
    assert errors[-1] < errors[0]
    np.testing.assert_array_equal(read(tmp_path / "one.png"), read(tmp_path / "two.png"))


def test_a_picture_made_from_this_one_is_learnt(call: Call, photo: Path, tmp_path: Path) -> None:
    assert call(photo, "--preset", "blur", "--out", tmp_path / "aim.png")[0] == 0
    words = ["--chain", "identity", "--learn", 60, "--towards", tmp_path / "aim.png", "--out", tmp_path / "way.png"]
    code, out, _ = call(photo, *words)
    assert code == 0
    errors = [float(line.split()[-1]) for line in out.splitlines() if line.startswith("step")]
    assert errors[-1] < 0.05 * errors[0]
    Image.new("RGB", (5, 5)).save(tmp_path / "small.png")
    code, _, err = call(photo, "--learn", 5, "--towards", tmp_path / "small.png")
    assert (code, "18x14 pixels cannot become 5x5" in err) == (2, True)


@pytest.fixture
def learnt(made_runs: MadeRuns) -> tuple[Path, Path]:
    """A run's folder, and a picture of its data."""
    folder = made_runs("cnn").folder.path
    return folder, next(Path(made_runs("cnn").recipe.data.source).rglob("*.png"))


def test_all_filters_on_one_sheet(call: Call, learnt: tuple[Path, Path], tmp_path: Path) -> None:
    run, picture = learnt
    code, out, _ = call(picture, "--from-run", run, "--out", tmp_path / "all.png")
    assert code == 0
    assert "filters 0 to 3" in out
    assert read(tmp_path / "all.png").ndim == 3


def test_an_edited_filter_moves_the_answers_and_leaves_the_run(
    call: Call, learnt: tuple[Path, Path], tmp_path: Path
) -> None:
    run, picture = learnt
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    out_file = tmp_path / "edited.png"
    words = ["--from-run", run, "--filter", 2, "--preset", "outline", "--held-out", "--out", out_file]
    code, out, _ = call(picture, *words)
    assert code == 0
    assert re.search(r"^  left +[0-9.]+% -> +[0-9.]+%$", out, re.M)
    assert re.search(r"held-out pictures: [0-9.]+% -> [0-9.]+%", out)
    assert out_file.exists()
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


def test_a_scale_alone_edits_the_filter_too(call: Call, learnt: tuple[Path, Path], tmp_path: Path) -> None:
    run, picture = learnt
    out = [
        call(picture, "--from-run", run, "--filter", 1, "--out", tmp_path / "a.png", *words)[1]
        for words in ([], ["--scale", "2"])
    ]
    first, second = (re.findall(r"^ *(-?[0-9.e-]+)(?: +-?[0-9.e-]+)+$", each, re.M)[0] for each in out)
    assert float(first) == pytest.approx(2 * float(second), rel=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "blur"], "say which, as --filter 3"),
        (["--filter", "9"], "filters 0 to 3"),
        (["--held-out"], "--held-out does not go with all filters"),
        (["--filter", "1", "--held-out"], "--held-out does not go with a filter as it is"),
        (["--filter", "1", "--preset", "gaussian"], "give one that fits in"),
        (["--filter", "1", "--weights", "1", "--stride", "2"], "--stride does not go with an edited filter"),
        (["--chain", "blur"], "--chain does not go with --from-run"),
        (["--save", "all.acf"], "--save does not go with all filters"),
    ],
)
def test_what_a_run_refuses(call: Call, learnt: tuple[Path, Path], words: list[str], said: str) -> None:
    run, picture = learnt
    code, _, err = call(picture, "--from-run", run, *words)
    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--chain", "glow"], "the words are"),
        (["--chain", "pool 9, pool 9"], "leave a step out"),
        (["--chain", "blur", "--preset", "blur"], "--preset does not go with --chain"),
        (["--chain", "blur", "--save", "b.acf"], "--save does not go with --chain"),
        (["--chain", "relu", "--learn", "3"], "nothing to learn"),
        (["--learn", "0"], "at least 1 step"),
        (["--towards", "a.png"], "--towards goes with --learn"),
        (["--seed", "1"], "--seed goes with --learn"),
        (["--filter", "1"], "--filter goes with --from-run"),
        (["--preset", "glow"], "sharpen"),
        (["--weights", "1 2; 3"], "rows of numbers"),
        (["--weights", "1 2; 3 4"], "odd side"),
        (["--weights", "nan"], "rows of numbers"),
        (["--weights", "1|1 2"], "rows of numbers"),
        (["--weights", "1|1"], "spans 2 channels"),
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

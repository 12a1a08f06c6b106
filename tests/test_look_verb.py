"""`nonesuch look`: files, figures and reasons of a small trained classifier, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import Call
from made_data import folder_of_bars
from nonesuch import library
from nonesuch.evaluation.run import Run
from nonesuch.lens.show import as_grey, heat, signed_pictures

SETTINGS = {
    "machine.threads": "1",
    "machine.precision": "32-true",
    "net.options.widths": "[4,4,8]",
    "train.batch": "16",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of_bars(tmp_path_factory.mktemp("bars"))


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = library.plan(data, images=6400, settings=SETTINGS | {"train.augment.flip": "false"})
    return library.train(recipe, tmp_path_factory.mktemp("run") / "bars")


@pytest.fixture
def left(data: Path) -> Path:
    return sorted((data / "left").iterdir())[0]


def test_reasons_lie_on_the_bar(run: Run, left: Path) -> None:
    """What makes a picture with a bright left side a "left" is its left side."""
    found = run.look(left)
    assert run.classes[found.asked] == "left"
    assert float(found.probabilities[found.asked]) > 0.9
    assert list(found.saliency) == ["gradient", "integrated gradients", "occlusion", "grad-cam"]
    values = found.saliency["integrated gradients"].clamp(min=0)
    assert float(values[:, :5].sum()) > 0.6 * float(values.sum())


def test_look_writes_every_layer_and_the_reasons(run: Run, left: Path, call: Call, tmp_path: Path) -> None:
    code, out, _ = call("look", run.folder.path, left, "--class", "up", "--out", tmp_path / "look")
    assert code == 0
    assert re.search(r"^up: [0-9.]+%$", out, re.M)
    files = sorted(path.name for path in (tmp_path / "look").iterdir())
    names = [name for name, module in run.net.named_modules() if not any(module.children())]
    assert files == [*(f"{at:02d}-{name}.png" for at, name in enumerate(names, 1)), "reasons.png"]
    assert re.search(r"conv1 +4x12x12 ", out)
    with Image.open(tmp_path / "look" / "reasons.png") as sheet:
        assert sheet.size == (5 * 194 + 2, 196)  # five of 192 and gaps of 2


def test_a_number_is_printed_as_its_sum(run: Run, left: Path, call: Call) -> None:
    code, out, _ = call("look", run.folder.path, left, "--number", "conv1:2,5,6")
    assert code == 0
    head, *lines, seen = out.splitlines()
    assert seen.endswith("field.png: it sees rows 4 to 6, columns 5 to 7 of the picture")
    total = sum(float(line.split()[-1]) for line in lines)
    assert total == pytest.approx(float(head.split("=")[1]), abs=2e-3)  # printed to four digits


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--class", "hat"], "no class is called 'hat'; found: down, left, right, up"),
        (["--layer", "output"], "no layer with maps is called 'output'"),
        (["--number", "conv1"], "as conv1:3,4,5; found 'conv1'"),
        (["--number", "conv1:1,99,1"], "found place (1, 99, 1)"),
    ],
)
def test_what_cannot_be_looked_at_is_one_line(run: Run, left: Path, call: Call, words: list[str], said: str) -> None:
    code, _, err = call("look", run.folder.path, left, *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert call("look", run.folder.path, "no.png")[0] == 2


def test_maps_and_heat_by_hand() -> None:
    maps = as_grey(torch.tensor([[[-2.0, 0.0], [1.0, 2.0]]]))
    assert maps[0, :, :, 0].tolist() == [[0, 128], [191, 255]]
    assert as_grey(torch.zeros(3)).tolist() == [[[[128], [128], [128]]]]
    picture = np.full((2, 2, 3), 100, np.uint8)
    found = heat(picture, torch.tensor([[3.0, 0.0], [1.0, -5.0]]))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 1].tolist() == found[1, 1].tolist() == [45, 45, 45]
    assert found[1, 0].tolist() == [255, 30, 30]  # a third of the way: red at its brightest, the picture at two thirds
    assert heat(picture, torch.zeros(1, 1)).max() == 45


def test_signed_pictures_by_hand() -> None:
    values = torch.tensor([-1.0, 0.0, 1.0, 0.5]).view(4, 1, 1, 1).expand(4, 3, 2, 2)
    found = signed_pictures(values)
    assert found.shape == (4, 2, 2, 3)
    assert found[:, 0, 0, 0].tolist() == [0, 128, 255, 191]
    assert signed_pictures(torch.zeros(1, 1, 2, 2)).tolist() == [[[[128], [128]], [[128], [128]]]]
    # Of pictures with alpha the colours; one number of 1,000 does not leave the others grey.
    assert signed_pictures(torch.ones(1, 4, 2, 2)).shape == (1, 2, 2, 3)
    rare = torch.ones(1, 1, 40, 25)
    rare[0, 0, 0, 0] = 100
    assert signed_pictures(rare).min() == 255

"""The kernels' golden file is met by Python: what the browser is held to is what the library does."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nonesuch.lens import acf, chains, named_kernels, sliding
from nonesuch.lens.kernels import Kernel

GOLDEN = json.loads((Path(__file__).parents[2] / "contracts" / "golden" / "kernels.json").read_text())


def kernel_of(written: dict[str, Any]) -> Kernel:
    return Kernel(torch.tensor(written["weights"]), *(written[name] for name in ("scale", "offset", "stride", "edge")))


def bytes_of(text: str, shape: list[int]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)


def floats_of(text: str, shape: list[int]) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), "<f4").reshape(shape).copy())


@pytest.mark.parametrize("number", range(len(GOLDEN["cases"])))
def test_a_kernel_on_a_picture(number: int) -> None:
    case = GOLDEN["cases"][number]
    kernel, picture = kernel_of(case["kernel"]), bytes_of(case["picture"], case["shape"])
    drawn = sliding.on_bytes(kernel, picture)
    assert (drawn == bytes_of(case["bytes"], list(drawn.shape))).all()
    values = sliding.apply(kernel, torch.tensor(picture).permute(2, 0, 1)[None].float())[0]
    torch.testing.assert_close(values, floats_of(case["values"], list(values.shape)), rtol=1e-5, atol=1e-3)


def test_presets_and_formulas() -> None:
    assert list(GOLDEN["presets"]) == list(named_kernels.PRESETS) == list(named_kernels.CAPTIONS)
    found = {name: make() for name, make in named_kernels.PRESETS.items()}
    for entry in GOLDEN["formulas"]:
        (step,) = chains.steps(entry["text"], 1)
        torch.testing.assert_close(step.does.weights, kernel_of(entry["kernel"]).weights, rtol=0, atol=1e-6)
    for name, written in GOLDEN["presets"].items():
        torch.testing.assert_close(found[name].weights, kernel_of(written).weights, rtol=0, atol=1e-6)
        assert found[name].edge == written["edge"]


@pytest.mark.parametrize("number", range(len(GOLDEN["chains"])))
def test_every_stage_of_a_chain(number: int) -> None:
    chain = GOLDEN["chains"][number]
    image = torch.tensor(bytes_of(chain["picture"], chain["shape"])).permute(2, 0, 1) / 255
    found = chains.stages(chains.steps(chain["text"], 3, chain["edge"]), image)[1:]
    for stage, written in zip(found, chain["stages"], strict=True):
        assert stage.words == written["words"]
        torch.testing.assert_close(stage.values, floats_of(written["values"], written["shape"]), rtol=1e-5, atol=1e-5)


def test_files_of_an_image_editor() -> None:
    for entry in GOLDEN["acf"]:
        kernel = kernel_of(entry["kernel"])
        assert acf.to_acf(kernel).hex() == entry["hex"]
        assert acf.to_acf(acf.from_acf(bytes.fromhex(entry["hex"]))).hex() == entry["hex"]

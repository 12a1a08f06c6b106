"""contracts/golden/{operators,model}.json hold what Python computes now: the browser is held to the very same files."""

import base64
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from browser import ROOT

GOLDEN = ROOT / "contracts" / "golden"
OPERATORS = json.loads((GOLDEN / "operators.json").read_text())["cases"]


def tool(name: str) -> ModuleType:
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, Path(ROOT) / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("case", OPERATORS, ids=[case["name"] for case in OPERATORS])
def test_operators_are_what_onnxruntime_computes(case: dict[str, Any]) -> None:
    run = tool("write_operators_golden").run
    inputs = {key: np.array(each["data"], np.float32).reshape(each["dims"]) for key, each in case["inputs"].items()}
    found = run(base64.b64decode(case["model"]), inputs)
    for values, told in zip(found, case["outputs"].values(), strict=True):
        assert list(values.shape) == told["dims"]
        np.testing.assert_allclose(values.reshape(-1), told["data"], rtol=1e-6, atol=1e-6)


def test_the_models_numbers_are_those_of_python() -> None:
    golden, now = json.loads((GOLDEN / "model.json").read_text()), tool("write_model_golden").golden()
    # Pictures to a grey level: processors add up in other orders. Pillow's filters may change with its version.
    for name in ("pictures", "fits"):
        for old, new in zip(packed(golden[name]), packed(now[name]), strict=True):
            assert np.abs(old.astype(int) - new).max() <= 1
    for old, new in zip(numbers(golden), numbers(now), strict=True):
        assert old == pytest.approx(new, rel=1e-6, abs=1e-6)


def packed(told: Any) -> list[Any]:
    """All pictures in a part of the file."""
    texts = told["bytes"] if isinstance(told, dict) else [each[key] for each in told for key in ("picture", "fitted")]
    return [np.frombuffer(base64.b64decode(text), np.uint8) for text in texts]


def numbers(told: Any) -> list[float]:
    """All numbers in the file, in its order."""
    if isinstance(told, dict):
        return [value for each in told.values() for value in numbers(each)]
    if isinstance(told, list):
        return [value for each in told for value in numbers(each)]
    return [told] if isinstance(told, int | float) else []

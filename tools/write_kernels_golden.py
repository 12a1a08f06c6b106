"""Write contracts/golden/kernels.json: kernels on pictures, chains, formulas and .acf files, for Python and TypeScript.

python tools/write_kernels_golden.py

Both sides have to give the same bytes. A sum of whole numbers is exact on any machine; where weights are not whole,
the pictures are drawn so that no result lies so near to a half that the last bit of a float would decide.
"""

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nonesuch.lens import acf, chains, named_kernels, sliding
from nonesuch.lens.kernels import PADDING, Edge, Kernel

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden" / "kernels.json"
NEAR = 2e-3
WORDS = ("gaussian 1", "gaussian 2", "dog", "dog 0.8 1.1", "gabor", "gabor 5 30", "gabor 4.5 -120")
CHAINS = (
    "emboss, leaky 0.2, pool, outline",
    "blur, bias -0.25, relu, average 3, top-sobel, norm",
    "gaussian 1, pool 2, gabor 4 45, bias 0.1, leaky",
    "laplacian, norm, pool 3, identity",
)


def golden() -> dict[str, Any]:
    """All of it, from the library as it is."""
    rng = np.random.default_rng(20261124)
    return {
        "cases": [_case(kernel, channels, rng) for kernel, channels in _kernels(rng)],
        "presets": {name: _kernel(make()) for name, make in named_kernels.PRESETS.items()},
        "formulas": [_formula(text) for text in WORDS],
        "chains": [_chain(text, edge, rng) for text, edge in zip(CHAINS, PADDING, strict=True)],
        "acf": [_acf(Kernel(torch.tensor(w), s, o)) for w, s, o in _acf_kernels(rng)],
    }


def text_of(found: dict[str, Any]) -> str:
    """One entry a line, so that changes can be read."""
    groups = []
    for name, entries in found.items():
        named = (
            [f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
            if isinstance(entries, dict)
            else None
        )
        lines = ",\n  ".join(named or [json.dumps(entry) for entry in entries])
        left, right = "{}" if named else "[]"
        groups.append(f"{json.dumps(name)}: {left}\n  {lines}\n {right}")
    return "{\n " + ",\n ".join(groups) + "\n}\n"


def _kernels(rng: np.random.Generator) -> list[tuple[Kernel, int]]:
    """Each edge with each side and stride, scales and offsets with halves, uneven weights, kernels across channels."""
    found = []
    for edge, side, stride in itertools.product(PADDING, (3, 5, 7), (1, 2, 3)):
        weights = torch.from_numpy(rng.integers(-4, 5, (side, side)).astype(np.float32))
        scale, offset = float(rng.choice([1, 2, 4, 9, -3])), float(rng.choice([0, 0.5, 64, -20]))
        found.append((Kernel(weights, scale, offset, stride, edge), int(rng.choice([1, 3]))))
    for edge in PADDING:
        column, row = (torch.from_numpy(rng.integers(1, 5, 7).astype(np.float32)) for _ in range(2))
        found.append((Kernel(torch.outer(column, row), float(column.sum() * row.sum()), 0, 1, edge), 3))
        uneven = torch.from_numpy(rng.normal(0, 0.5, (5, 5)).astype(np.float32))
        found.append((Kernel(uneven, 1.7, 100.3, 2, edge), 3))
        across = torch.from_numpy(rng.normal(0, 0.3, (3, 3, 3)).astype(np.float32))
        found.append((Kernel(across, 1, 90, 1, edge), 3))
        whole = torch.from_numpy(rng.integers(-3, 4, (3, 5, 5)).astype(np.float32))
        found.append((Kernel(whole, 6, 0, 2, edge).turned, 3))
    return [*found, (Kernel(torch.zeros(3, 3), 1, 7), 1), (named_kernels.preset("gaussian"), 3)]


def _case(kernel: Kernel, channels: int, rng: np.random.Generator) -> dict[str, Any]:
    # Two passes over columns and rows are not exact, even where the products are whole.
    whole = bool((kernel.weights == kernel.weights.round()).all()) and kernel.separated() is None
    while True:
        size = (int(rng.integers(8, 12)), int(rng.integers(8, 12)), channels)
        picture = rng.integers(0, 256, size, np.uint8)
        image = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
        values = sliding.apply(kernel, image)[0].numpy()
        if whole or np.abs(values - np.floor(values) - 0.5).min() > NEAR:
            break
    return {
        "kernel": _kernel(kernel),
        "shape": list(size),
        "picture": _text(picture),
        "bytes": _text(sliding.on_bytes(kernel, picture)),
        "values": _text(values),
    }


def _formula(text: str) -> dict[str, Any]:
    (step,) = chains.steps(text, 1)
    assert isinstance(step.does, Kernel)
    return {"text": text, "kernel": _kernel(step.does)}


def _chain(text: str, edge: Edge, rng: np.random.Generator) -> dict[str, Any]:
    picture = rng.integers(0, 256, (24, 20, 3), np.uint8)
    image = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1) / 255
    found = chains.stages(chains.steps(text, 3, edge), image)
    stages = [
        {"words": one.words, "shape": list(one.values.shape), "values": _text(one.values.numpy())} for one in found[1:]
    ]
    return {"text": text, "edge": edge, "shape": [24, 20, 3], "picture": _text(picture), "stages": stages}


def _acf_kernels(rng: np.random.Generator) -> list[tuple[Any, float, float]]:
    return [
        ([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1, 0),
        (rng.integers(-999, 1000, (5, 5)).astype(np.float32).tolist(), 9999, -9999),
        (rng.integers(-9, 10, (5, 5)).astype(np.float32).tolist(), 16, 128),
    ]


def _acf(kernel: Kernel) -> dict[str, Any]:
    return {"kernel": _kernel(kernel), "hex": acf.to_acf(kernel).hex()}


def _kernel(kernel: Kernel) -> dict[str, Any]:
    """Shortest decimals that are the same float32 again."""
    weights = np.vectorize(lambda weight: float(str(np.float32(weight))), otypes=[object])(kernel.weights.numpy())
    return {
        "weights": weights.tolist(),
        "scale": kernel.scale,
        "offset": kernel.offset,
        "stride": kernel.stride,
        "edge": kernel.edge,
    }


def _text(array: np.ndarray) -> str:
    kind = "u1" if array.dtype == np.uint8 else "<f4"
    return base64.b64encode(np.ascontiguousarray(array, kind).tobytes()).decode()


if __name__ == "__main__":
    GOLDEN.write_text(text_of(golden()))
    print(GOLDEN)

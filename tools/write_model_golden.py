"""Write contracts/golden/model.json: what the ES module of an exported net must give, computed by Python.

python tools/write_model_golden.py [EXPORTED]

EXPORTED is a folder that `nonesuch export` wrote of the first GAN; its manifest and smallest graph are copied beside
the golden file. Without it those that are there are taken. Held to by web/src/model/model.test.ts and tests/publish/.
"""

import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from nonesuch import seeds
from nonesuch.data.decode import fit
from nonesuch.latent.path import truncated
from nonesuch.measure.mixture import Mixture
from nonesuch.models.likelihood import TERMS, log_likelihood, log_prior_over_code
from nonesuch.pixels import to_pixels

FOLDER = Path(__file__).parents[1] / "contracts" / "golden"
MODEL = FOLDER / "model"
GRAPH = "draw.int8.onnx"
SEEDS = (0, 1, 7, 42, 2024, 123456789, 2**32 + 5, 2**53 - 1)


def golden() -> dict[str, Any]:
    """The whole file."""
    rng = np.random.default_rng(12)
    return {
        "about": "Pictures of seeds by onnxruntime, pictures made to fit by data/decode.py, codes, log likelihoods.",
        "pictures": pictures(),
        "fits": [fitted(rng, *case) for case in FITS],
        "mixture": mixture(rng),
        "truncated": truncation(),
        "likelihoods": [likelihood(rng, kind) for kind in sorted(TERMS)],
    }


def pictures() -> dict[str, Any]:
    """RGB bytes, row by row, of each seed with the class that the command line gives it."""
    manifest = json.loads((MODEL / "manifest.json").read_text())
    z = np.stack([seeds.normal(seed, manifest["latent"]["size"]) for seed in SEEDS])
    labels = np.array([seed % len(manifest["classes"]) for seed in SEEDS])
    session = onnxruntime.InferenceSession(MODEL / GRAPH, providers=["CPUExecutionProvider"])
    (images,) = session.run(None, {"z": z, "label": labels})
    pixels = to_pixels(torch.from_numpy(images)).permute(0, 2, 3, 1).numpy()
    return {"seeds": list(SEEDS), "bytes": [packed(picture) for picture in pixels]}


FITS = (
    # height, width and channels of a picture; height, width, way and channels wanted
    ((16, 16, 3), (16, 16), "crop", 3),
    ((40, 60, 3), (16, 16), "crop", 3),
    ((60, 40, 4), (16, 24), "crop", 3),
    ((100, 150, 3), (16, 12), "crop", 3),
    ((100, 71, 3), (11, 12), "pad", 1),
    ((45, 30, 4), (32, 32), "pad", 4),
    ((50, 20, 3), (16, 16), "stretch", 3),
    ((8, 8, 3), (32, 32), "crop", 3),
    ((9, 7, 3), (30, 31), "stretch", 1),
    ((12, 20, 3), (24, 24), "crop", 3),
    ((5, 8, 3), (16, 16), "pad", 3),
)


def fitted(
    rng: np.random.Generator, shape: tuple[int, int, int], size: tuple[int, int], how: Any, channels: Any
) -> dict[str, Any]:
    """Soft blobs with hard edges between them, and noise: what filters differ on."""
    height, width, given = shape
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / (3 + k) + k) * np.cos(y / (5 - k) - k) for k in range(given)]
    picture = np.stack(waves, -1) * 100 + 128 + rng.normal(0, 12, shape) + 60 * ((x + y) % 17 < 4)[..., None]
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    wanted = fit(pixels, size, how, channels)
    return {
        "shape": list(shape), "picture": packed(pixels), "size": list(size), "fit": how, "channels": channels,
        "fitted": packed(wanted),
    }  # fmt: skip


def mixture(rng: np.random.Generator) -> dict[str, Any]:
    """z of seeds from a mixture of three."""
    size = 4
    found = Mixture(
        np.array([0.2, 0.5, 0.3]), rng.normal(size=(3, size)), np.tril(rng.normal(size=(3, size, size))), codes=1
    )
    normals = np.stack([seeds.normal(seed, size) for seed in SEEDS])
    choice = np.concatenate([seeds.normal(seed, 1, stream=1) for seed in SEEDS])
    prior = {"weights": found.weights, "means": found.means, "factors": found.factors}
    return {
        "prior": {key: value.tolist() for key, value in prior.items()},
        "seeds": list(SEEDS),
        "z": found.place(normals, choice).tolist(),
    }


def truncation() -> dict[str, Any]:
    """z of seed 7, half way to the prior's mean."""
    z = torch.from_numpy(seeds.normal(7, 4))
    return {"seed": 7, "psi": 0.5, "z": truncated(z[None], 0.5)[0].tolist()}


def likelihood(rng: np.random.Generator, kind: Any) -> dict[str, Any]:
    """log p(x|z) of one picture, the extremes of grey among its values, and log p(z) - log q(z|x) of its codes."""
    picture = np.round((rng.uniform(-1, 1, (1, 3, 4)) + 1) * 127.5) / 127.5 - 1
    picture[0, 0, :2] = (-1, 1)
    if kind == "bernoulli":
        picture = np.sign(picture)
    decoded = np.clip(picture + rng.normal(0, 0.3, picture.shape), -1, 1)
    noise = -1.5
    mean, log_variance = rng.normal(size=5), rng.normal(size=5)
    draws = np.stack([seeds.normal(3, 5, stream) for stream in range(2)])
    tensors = [torch.from_numpy(np.asarray(each, np.float32)) for each in (picture, decoded)]
    total = log_likelihood(kind, *tensors, torch.tensor(noise))
    ratio = log_prior_over_code(
        torch.from_numpy(mean), torch.from_numpy(log_variance), torch.from_numpy(draws).double()
    )
    return {
        "kind": kind, "log_noise": noise,
        "picture": tensors[0].flatten().tolist(), "decoded": tensors[1].flatten().tolist(),
        "log_likelihood": float(total), "mean": mean.tolist(), "log_variance": log_variance.tolist(), "seed": 3,
        "ratios": ratio.tolist(),
    }  # fmt: skip


def packed(values: npt.NDArray[np.uint8]) -> str:
    """Bytes row by row, in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def text_of(found: dict[str, Any]) -> str:
    """JSON, with an entry a line."""
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        MODEL.mkdir(exist_ok=True)
        for name in ("manifest.json", GRAPH):
            shutil.copy(Path(folder) / name, MODEL / name)
    (FOLDER / "model.json").write_text(text_of(golden()))

"""Pictures of seeds, or of codes, by ONNX Runtime: the same as the net's own page draws.

    pip install numpy onnxruntime pillow
    python draw.py 7 8 9                    one PNG a seed, in this folder
    python draw.py --class hat 7

Beside this file lie seeds.py and the folder model/.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from seeds import normal

MODEL = Path(__file__).with_name("model")


def load():
    """The manifest, and a session of its best graph that is there."""
    manifest = json.loads((MODEL / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["graphs"]["draw"]["files"]
    best = next(files[precision] for precision in ("fp32", "fp16", "int8") if precision in files)
    return manifest, onnxruntime.InferenceSession(MODEL / best["file"], providers=["CPUExecutionProvider"])


def draw(manifest, session, z, labels):
    """Codes (N, latent) and class numbers (N,) to pictures (N, height, width, channels), bytes."""
    inputs = {"z": np.asarray(z, np.float32)}
    if "label" in manifest["graphs"]["draw"]["inputs"]:
        inputs["label"] = np.asarray(labels, np.int64)
    (pictures,) = session.run(["picture"], inputs)
    pixels = np.clip(np.rint((pictures + np.float32(1)) * np.float32(127.5)), 0, 255)
    return pixels.astype(np.uint8).transpose(0, 2, 3, 1)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("seeds", type=int, nargs="+")
    options.add_argument("--class", dest="name", help="of all pictures; by default each seed has its own")
    asked = options.parse_args()
    manifest, session = load()
    classes = manifest["classes"]
    z = np.stack([normal(seed, manifest["latent"]["size"]) for seed in asked.seeds])
    own = [seed % len(classes) if classes else 0 for seed in asked.seeds]
    labels = [classes.index(asked.name)] * len(z) if asked.name else own
    for seed, pixels in zip(asked.seeds, draw(manifest, session, z, labels), strict=True):
        Image.fromarray(pixels.squeeze()).save(f"{seed}.png")


if __name__ == "__main__":
    main()

"""What a net takes pictures for, by ONNX Runtime.

    pip install numpy onnxruntime pillow
    python predict.py cat.png dog.jpg

Beside this file lies the folder model/. Pictures are cut to the net's shape and shrunk; the net's own page does it a
little differently where the manifest's "fit" is "pad" or "stretch".
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MODEL = Path(__file__).with_name("model")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def load():
    """The manifest, and a session of its best graph that is there."""
    manifest = json.loads((MODEL / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["graphs"]["answer"]["files"]
    best = next(files[precision] for precision in ("fp32", "fp16", "int8") if precision in files)
    return manifest, onnxruntime.InferenceSession(MODEL / best["file"], providers=["CPUExecutionProvider"])


def predict(manifest, session, picture):
    """A PIL picture to the probability of each class."""
    shape = manifest["picture"]
    fitted = ImageOps.fit(picture.convert(MODES[shape["channels"]]), (shape["width"], shape["height"]))
    pixels = np.asarray(fitted, np.float32).reshape(1, shape["height"], shape["width"], shape["channels"])
    inputs = {"picture": pixels.transpose(0, 3, 1, 2) / np.float32(127.5) - 1}
    if filters := manifest["filters"]:
        # The first convolution's weights are an input: change them, and see what becomes of the answer.
        inputs["filters"] = np.array(filters["values"], np.float32).reshape(filters["shape"])
    (logits,) = session.run(["logits"], inputs)
    shares = np.exp(logits[0] - logits[0].max())
    return dict(zip(manifest["classes"], shares / shares.sum(), strict=True))


def main():
    manifest, session = load()
    for path in sys.argv[1:]:
        found = predict(manifest, session, ImageOps.exif_transpose(Image.open(path)))
        likeliest = sorted(found, key=found.get, reverse=True)[:3]
        print(path, *(f"{name} {found[name]:.1%}" for name in likeliest), sep="  ")


if __name__ == "__main__":
    main()

"""A published feature network from a local ONNX file, such as Inception or DINO, in the place of our own measuring net.

Nothing is downloaded: the person brings the file. ONNX holds numbers and a list of known operations, so that, unlike a
pickle, a file from elsewhere cannot run code here.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nonesuch.errors import DataError
from nonesuch.pixels import Picture

Scale = Literal["signed", "unit", "imagenet"]
SCALES: Mapping[Scale, tuple[NDArray[np.float32], NDArray[np.float32]]] = {
    "signed": (np.full(3, 127.5, np.float32), np.full(3, 127.5, np.float32)),
    "unit": (np.zeros(3, np.float32), np.full(3, 255, np.float32)),
    "imagenet": (
        np.array([0.485, 0.456, 0.406], np.float32) * 255,
        np.array([0.229, 0.224, 0.225], np.float32) * 255,
    ),
}
"""What is taken off grey levels, and what they are then divided by, so that the net sees what it was trained on:
[-1, 1] (Inception), [0, 1], or the mean and deviation of ImageNet's colours (DINO)."""
CHUNK = 64


class OnnxFeatures:
    """Features (N, d) of pictures by a net that takes (N, 3, H, W) float32. `name` is the file's, `hash` its bytes'."""

    def __init__(self, file: Path, scale: Scale) -> None:
        """Raises DataError when the file is missing or no such net, or onnxruntime is not installed."""
        if scale not in SCALES:
            raise DataError(f"a feature net's scale is one of {', '.join(SCALES)}; found {scale!r}")
        if not file.is_file():
            raise DataError(f"{file}: no such file; give the .onnx file of a feature net")
        try:
            import onnxruntime
        except ImportError:
            raise DataError('onnxruntime is not installed; run: pip install "nonesuch[onnx]"') from None
        self._off, self._by = SCALES[scale]
        self.name, self.hash = file.stem, hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        try:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes share no public base
            raise DataError(f"{file}: no readable ONNX net ({str(error).splitlines()[0]})") from error
        takes = self._session.get_inputs()
        shape = takes[0].shape
        if len(takes) != 1 or takes[0].type != "tensor(float)" or len(shape) != 4 or shape[1] != 3:
            raise DataError(
                f"{file}: a feature net takes one input (N, 3, H, W) of float32; found {takes[0].type} {shape}"
            )
        if not all(isinstance(side, int) for side in shape[2:]):
            raise DataError(f"{file}: export it with a fixed height and width; found {shape}")
        self._input, self._size = takes[0].name, (shape[3], shape[2])
        self._chunk = shape[0] if isinstance(shape[0], int) else CHUNK

    def features_of(self, pictures: Picture) -> NDArray[np.float64]:
        """Of pictures uint8 (N, H, W, C), resized with antialiasing (Parmar, Zhang, Zhu 2022).

        Raises DataError when the net's first output is not (N, d).
        """
        parts = []
        for start in range(0, len(pictures), self._chunk):
            batch = np.stack([self._seen(picture) for picture in pictures[start : start + self._chunk]])
            missing = self._chunk - len(batch)
            padded = np.concatenate([batch, np.repeat(batch[-1:], missing, 0)])
            found = self._session.run(None, {self._input: padded})[0]
            if found.ndim != 2 or len(found) != len(padded):
                raise DataError(
                    f"{self.name}: a feature net gives (N, d) as its first output; found {list(found.shape)}"
                )
            parts.append(found[: len(batch)].astype(np.float64))
        return np.concatenate(parts)

    def _seen(self, picture: Picture) -> NDArray[np.float32]:
        """One picture (H, W, C) as the net takes it, (3, H', W'). Alpha is laid onto white, grey repeated."""
        channels = picture.shape[2]
        image = Image.fromarray(picture[:, :, 0] if channels == 1 else picture)
        if channels == 4:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        resized = image.convert("RGB").resize(self._size, Image.Resampling.BICUBIC)
        return ((np.asarray(resized, np.float32) - self._off) / self._by).transpose(2, 0, 1)

"""Small pictures made on the spot: bright bars in one of four places, with noise."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("down", "left", "right", "up")


def bars(count: int, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (count, size, size, 3) and class numbers (count,): which side the bar is on."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 120, (count, size, size, 3), dtype=np.uint8)
    targets = np.arange(count) % 4
    third = size // 3
    sides = {0: np.s_[-third:, :], 1: np.s_[:, :third], 2: np.s_[:, -third:], 3: np.s_[:third, :]}
    for picture, target in zip(pictures, targets, strict=True):
        picture[sides[int(target)]] += 100
    return pictures, targets


def folder_of_bars(root: Path, count: int = 200, size: int = 12, seed: int = 0) -> Path:
    """The same as PNG files, one sub-folder a class."""
    pictures, targets = bars(count, size, seed)
    for name in CLASSES:
        (root / name).mkdir(parents=True, exist_ok=True)
    for index, (picture, target) in enumerate(zip(pictures, targets, strict=True)):
        Image.fromarray(picture).save(root / CLASSES[int(target)] / f"{index:04}.png")
    return root

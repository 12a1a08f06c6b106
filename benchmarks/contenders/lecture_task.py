"""The task all contenders share: the pictures of Fashion-MNIST, the lecture's CNN, the batch size."""

import argparse
import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

BATCH = 128
CLASSES = 10


def options(description: str) -> argparse.Namespace:
    """Command line of every torch contender: --data FOLDER and --dtype."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder with the idx.gz files of the training set")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    return parser.parse_args()


def pictures(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training pictures (N, 28, 28) uint8 and their classes (N,) int64."""
    images = np.frombuffer(gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    return images.reshape(-1, 28, 28).copy(), labels.astype(np.int64)


class LectureNet(nn.Module):
    """Conv-BN-LeakyReLU twice, pool, Conv-BN-LeakyReLU, flatten, Dense-BN-LeakyReLU, dropout, Dense; gives logits."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.LeakyReLU(),
            nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.LeakyReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.LeakyReLU(), nn.Flatten(),
            nn.Linear(64 * 14 * 14, 128), nn.BatchNorm1d(128), nn.LeakyReLU(), nn.Dropout(0.5),
            nn.Linear(128, CLASSES),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) float to logits (B, 10)."""
        logits: Tensor = self.layers(images)
        return logits


def seeded() -> None:
    """Every contender starts from the same seed; speeds then differ by the code alone."""
    torch.manual_seed(0)

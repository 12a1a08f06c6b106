"""Plain PyTorch on the lecture's CNN until a wanted test accuracy: PIL pictures, transforms, a DataLoader, Adam, fp32.

Says one JSON line at every look at the test pictures; the clock stands while it looks.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision_shim  # noqa: F401 - has to come before torchvision
from lecture_task import BATCH, LectureNet, seeded
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

MEAN, SPREAD = 0.1307, 0.3081  # of MNIST's pixels, as in PyTorch's own example


class PilPictures(Dataset[tuple[torch.Tensor, int]]):
    """What torchvision's MNIST class does for each item: array to PIL picture, then the transforms."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self._images, self._labels = images, labels
        self._transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((MEAN,), (SPREAD,))])

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self._transform(Image.fromarray(self._images[index])), int(self._labels[index])


def main() -> None:
    settings = _options()
    seeded()
    digits = np.load(settings.data)
    train = DataLoader(PilPictures(digits["train"], digits["train_classes"]), batch_size=BATCH, shuffle=True)
    test = DataLoader(PilPictures(digits["test"], digits["test_classes"]), batch_size=1000)
    net = LectureNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    images_seen, seconds, reached = 0, 0.0, False
    since = time.perf_counter()
    while not reached and seconds < settings.limit:
        for images, labels in train:
            net.train()
            optimizer.zero_grad()
            F.nll_loss(F.log_softmax(net(images), dim=1), labels).backward()
            optimizer.step()
            images_seen += len(images)
            if images_seen % settings.every < BATCH:
                seconds += time.perf_counter() - since
                found = accuracy(net, test)
                print(json.dumps({"images_seen": images_seen, "seconds": seconds, "accuracy": found}), flush=True)
                reached = found >= settings.target
                since = time.perf_counter()
            if reached or seconds >= settings.limit:
                break


@torch.no_grad()
def accuracy(net: LectureNet, test: DataLoader[tuple[torch.Tensor, int]]) -> float:
    """Right answers in %."""
    net.eval()
    right = sum(int((net(images).argmax(1) == labels).sum()) for images, labels in test)
    return 100 * right / len(test.dataset)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=".npz with train, train_classes, test, test_classes")
    parser.add_argument("--target", type=float, required=True, help="test accuracy in %% at which to stop")
    parser.add_argument("--limit", type=float, required=True, help="seconds of training at which to give up")
    parser.add_argument("--every", type=int, required=True, help="images between two looks at the test pictures")
    return parser.parse_args()


if __name__ == "__main__":
    main()

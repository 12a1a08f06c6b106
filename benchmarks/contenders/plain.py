"""Plain PyTorch as its own MNIST example teaches it: a data set of PIL pictures, transforms, a DataLoader, fp32."""

import torch
import torch.nn.functional as F
import torchvision_shim  # noqa: F401 - has to come before torchvision
from lecture_task import BATCH, LectureNet, options, pictures, seeded
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from turns import Turns


class PilPictures(Dataset[tuple[torch.Tensor, int]]):
    """What torchvision's MNIST class does for each item: array to PIL picture, then the transforms."""

    def __init__(self, folder, transform) -> None:
        self._images, self._labels = pictures(folder)
        self._transform = transform

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self._transform(Image.fromarray(self._images[index])), int(self._labels[index])


def main() -> None:
    settings = options(__doc__ or "")
    seeded()
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.2860,), (0.3530,))])
    loader = DataLoader(PilPictures(settings.data, transform), batch_size=BATCH, shuffle=True)
    net = LectureNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    turns = Turns()
    while True:
        net.train()
        for images, labels in loader:
            optimizer.zero_grad()
            loss = F.nll_loss(F.log_softmax(net(images), dim=1), labels)
            loss.backward()
            optimizer.step()
            turns.step(len(images))


if __name__ == "__main__":
    main()

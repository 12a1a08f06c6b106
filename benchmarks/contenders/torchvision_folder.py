"""torchvision's ImageFolder and ToTensor behind a DataLoader with 2 workers: set-up and first epoch, a second one."""

import time

import torchvision_shim  # noqa: F401 - has to come before torchvision
from folder_task import BATCH, epoch, folder_option
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import ToTensor


def main() -> None:
    folder = folder_option(__doc__ or "")
    started = time.perf_counter()
    loader = DataLoader(ImageFolder(str(folder), ToTensor()), BATCH, shuffle=True, num_workers=2)
    epoch(loader, "first", started)
    epoch(loader)


if __name__ == "__main__":
    main()

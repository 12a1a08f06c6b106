"""fastai's ImageDataLoaders.from_folder with 2 workers: its set-up and first epoch, then a second epoch."""

import time

import torchvision_shim  # noqa: F401 - has to come before fastai
from fastai.vision.all import ImageDataLoaders
from folder_task import BATCH, epoch, folder_option


def main() -> None:
    folder = folder_option(__doc__ or "")
    started = time.perf_counter()
    loaders = ImageDataLoaders.from_folder(folder, valid_pct=0.001, seed=0, bs=BATCH, num_workers=2)
    epoch(loaders.train, "first", started)
    epoch(loaders.train)


if __name__ == "__main__":
    main()

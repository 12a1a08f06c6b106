"""fastai's Learner on tensors in memory; --dtype bfloat16 adds its own mixed precision."""

import torch
import torchvision_shim  # noqa: F401 - has to come before fastai
from fastai.vision.all import Adam, Callback, DataLoader, DataLoaders, Learner, MixedPrecision, nn
from lecture_task import BATCH, LectureNet, options, pictures, seeded
from turns import Turns


class TakeTurns(Callback):
    """Hands each finished training batch to the benchmark."""

    def __init__(self) -> None:
        self.turns = Turns()

    def after_batch(self) -> None:
        self.turns.step(len(self.xb[0]))


def main() -> None:
    settings = options(__doc__ or "")
    seeded()
    images, labels = pictures(settings.data)
    data = torch.utils.data.TensorDataset(torch.from_numpy(images)[:, None].float() / 255, torch.from_numpy(labels))
    loader = DataLoader(data, bs=BATCH, shuffle=True, num_workers=0)
    data_loaders = DataLoaders(loader, loader)
    learner = Learner(data_loaders, LectureNet(), loss_func=nn.CrossEntropyLoss(), opt_func=Adam, lr=1e-3)
    if settings.dtype == "bfloat16":
        learner.add_cb(MixedPrecision(amp_mode="bf16"))
    learner.add_cb(TakeTurns())
    with learner.no_bar(), learner.no_logging():
        learner.fit(10_000)


if __name__ == "__main__":
    main()

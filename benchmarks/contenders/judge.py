"""A feature network of nobody's product: a small classifier with 128 features, trained on the labelled pictures."""

from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from contenders import half
from torch import Tensor, nn

from nonesuch.assembly import Pictures
from nonesuch.pixels import Picture, to_signed

EPOCHS, BATCH, RATE = 3, 128, 3e-3
FEATURES = 128


class Judge:
    """`features` of pictures; `accuracy` on the test split."""

    def __init__(self, data: Pictures, kept: Path) -> None:
        """Trained with seed 0 in a minute, or read from the folder `kept`."""
        pixels, targets = data.tensors("train")
        file = kept / f"judge-{data.pack.content[:12]}.safetensors"
        torch.manual_seed(0)
        self._net = _net(pixels.shape[1], len(data.classes))
        self._net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if file.exists():
            self._net.load_state_dict(safetensors.torch.load_file(file))
        else:
            _train(self._net, pixels, targets)
            kept.mkdir(parents=True, exist_ok=True)
            safetensors.torch.save_file({k: v.contiguous() for k, v in self._net.state_dict().items()}, file)
        self._net.eval()
        test, wanted = data.tensors("test")
        with torch.inference_mode():
            answers = torch.cat([self._net(_seen(part)).argmax(1) for part in torch.split(test, 500)])
        self.accuracy = float((answers == wanted).float().mean())

    @torch.inference_mode()
    def features(self, pictures: Picture) -> np.ndarray:
        """(N, 128) float64 of pictures uint8 (N, H, W, C): what the last layer but one gives, after its ReLU."""
        images = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
        return torch.cat([self._net[:-1](_seen(part)) for part in torch.split(images, 500)]).double().numpy()


def _net(channels: int, classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after, stride in ((channels, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1)):
        layers += [nn.Conv2d(before, after, 3, stride, 1), nn.BatchNorm2d(after), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(2048, FEATURES), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(FEATURES, classes))


def _train(net: nn.Sequential, pixels: Tensor, targets: Tensor) -> None:
    steps = EPOCHS * len(pixels) // BATCH
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    for _ in range(steps):
        chosen = torch.randint(len(pixels), (BATCH,))
        with half.autocast():
            logits = net(_seen(pixels[chosen]))
        F.cross_entropy(logits.float(), targets[chosen]).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()


def _seen(pixels: Tensor) -> Tensor:
    return to_signed(pixels).contiguous(memory_format=torch.channels_last)

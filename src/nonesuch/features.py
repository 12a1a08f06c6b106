"""The measuring net: features of pictures that distances are taken on, learnt from the person's own training pictures.

Nothing is downloaded. With labels the net learns to name the classes; without, to tell which way a picture was turned
(Gidaris et al. 2018). It is trained once, by one recipe that nobody can set, and lies beside the pack ever after: two
generators of one data set are measured with the same net, or the hash in their reports tells them apart.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from pydantic import JsonValue
from torch import Tensor, nn

from nonesuch.data.augment import AugmentSpec
from nonesuch.data.batches import Batches
from nonesuch.errors import DivergedError
from nonesuch.models.blocks import FirstConv, Flatten
from nonesuch.models.config import Shape
from nonesuch.pixels import Picture, to_signed
from nonesuch.runs import kept
from nonesuch.training import optimizers
from nonesuch.training.budget import Budget
from nonesuch.training.classify import Classify, ClassifySettings, Labelled
from nonesuch.training.events import Diverged
from nonesuch.training.loop import Pace, fit
from nonesuch.training.optimizers import OptimizerSettings
from nonesuch.training.phase import Loss, Objective, Phase

RECIPE = 1
"""Version of everything below: a net of another version is not used."""
DIMENSIONS = 64
WIDTHS = (16, 32, 64)
LARGEST_SIDE = 64
"""Larger pictures are averaged down to this before the net sees them."""
IMAGES, MOST_EPOCHS, BATCH, SEED = 60_000, 60, 128, 0
TURNS = 4
_CHUNK = 500
_MOST_BYTES = 16 << 20

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Extractor:
    """name: what it learnt to tell apart.   hash: 12 hex digits of its weights' SHA-256.   shape: of its pictures.

    net: a plain sequence in evaluation mode whose last layer gives logits; what comes before are the features.
    """

    name: str
    hash: str
    shape: Shape
    net: nn.Sequential


def extractor(pixels: Picture, rows: Ints, targets: Ints | None, classes: int, folder: Path, threads: int) -> Extractor:
    """The measuring net of these pictures: read from `folder`, or trained (within a minute) and put there.

    pixels: uint8 (N, H, W, C), all pictures of a pack, only read where needed.   rows: which of them are for training.
    targets: int64 (N,) class numbers, or None without labels.   folder: that of the pack.   threads: what training may
    use; the same number gives the same bits. A damaged file is not used but made again.
    Raises DataError without pictures, DivergedError, MachineError when the disk does not take the files.
    """
    task = _task(pixels, rows, targets, classes)
    key = hashlib.sha256(json.dumps(task).encode()).hexdigest()[:16]
    shape: Shape = (pixels.shape[3], pixels.shape[1], pixels.shape[2])
    answers = classes if task["name"] == "classes" else TURNS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        net = measuring_net(shape, answers)
        digest = kept.load(net, folder, f"features-{key}", task, _MOST_BYTES)
        if digest is None:
            with on_threads(threads):
                _train(net, pixels, rows, targets if task["name"] == "classes" else None)
            digest = kept.save(net, folder, f"features-{key}", task)
    return Extractor(f"{task['name']}-{DIMENSIONS}", digest[:12], shape, net.eval())


@torch.inference_mode()
def features_of(extractor: Extractor, pixels_u8: Picture) -> npt.NDArray[np.float64]:
    """Features (N, 64) of pictures, uint8 (N, H, W, C), before the net's last layer.

    Raises ValueError for pictures of another shape than the net's own.
    """
    channels, height, width = extractor.shape
    if pixels_u8.dtype != np.uint8 or pixels_u8.shape[1:] != (height, width, channels):
        raise ValueError(f"uint8 pictures (N, {height}, {width}, {channels}) are needed, got {pixels_u8.shape}")
    body = extractor.net[:-1]
    parts = [np.empty((0, DIMENSIONS))]
    for start in range(0, len(pixels_u8), _CHUNK):
        chunk = np.ascontiguousarray(pixels_u8[start : start + _CHUNK])
        parts.append(body(to_signed(torch.from_numpy(chunk).permute(0, 3, 1, 2))).double().numpy())
    return np.concatenate(parts)


class Turned(Objective):
    """Tell how a picture was turned: cross-entropy over four turns (Gidaris et al. 2018, eq. 2 and 3).

    Square pictures are turned by 0, 90, 180, 270 degrees; others, which must keep their shape, are left, mirrored,
    put upside down, or both.
    """

    def __init__(self, net: nn.Module, built: Sequence[torch.optim.Optimizer], batches: Batches) -> None:
        self.modules = nn.ModuleDict({"net": net})
        self.averaged = net
        self._net, self._batches = net, batches
        self.phases = (Phase("loss", self._loss, built),)

    def prepare(self, images_seen: int) -> Labelled:
        """The batch at this position, its first quarter left as it is, the next turned once, and so on."""
        quarters = self._batches.at(images_seen).pixels.chunk(TURNS)
        turned = torch.cat([turn(quarter, kind) for kind, quarter in enumerate(quarters)])
        kinds = [torch.full((len(quarter),), kind) for kind, quarter in enumerate(quarters)]
        return Labelled(to_signed(turned), torch.cat(kinds))

    def _loss(self, batch: Labelled) -> Loss:
        return Loss(F.cross_entropy(self._net(batch.images), batch.targets), {})


def turn(pixels: Tensor, kind: int) -> Tensor:
    """Pictures (B, C, H, W) in one of the four positions that keep their shape; kind 0 is as they are."""
    if pixels.shape[2] == pixels.shape[3]:
        return pixels.rot90(kind, (2, 3))
    return pixels.flip([(), (3,), (2,), (2, 3)][kind])


def _task(pixels: Picture, rows: Ints, targets: Ints | None, classes: int) -> dict[str, JsonValue]:
    """What is to be learnt from what; another answer is another net."""
    labelled = targets is not None and classes >= 2
    learnt = hashlib.sha256(np.ascontiguousarray(rows, np.int64).tobytes())
    if targets is not None and labelled:
        learnt.update(np.ascontiguousarray(targets[rows], np.int64).tobytes())
    return {
        "name": "classes" if labelled else "turns",
        "recipe": RECIPE,
        "shape": [*pixels.shape[1:]],
        "classes": classes if labelled else TURNS,
        "pictures": len(rows),
        "rows_and_labels": learnt.hexdigest(),
    }


def measuring_net(shape: Shape, classes: int) -> nn.Sequential:
    """Three convolutions that bring each side to 8 pixels or fewer, a dense layer of 64 units, and the logits.

    Dense rather than a mean over places: where something is in the picture is a part of what is measured.
    """
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, sides = shape[0], shape[1:]
    if max(sides) > LARGEST_SIDE:
        sides = (min(sides[0], LARGEST_SIDE), min(sides[1], LARGEST_SIDE))
        modules["reduce"] = nn.AdaptiveAvgPool2d(sides)
    for number, (width, limit) in enumerate(zip(WIDTHS, (32, 16, 8), strict=True), start=1):
        strides = tuple(2 if side > limit else 1 for side in sides)
        conv: Callable[..., nn.Conv2d] = FirstConv if number == 1 and inputs < 4 else nn.Conv2d
        modules[f"conv{number}"] = conv(inputs, width, 3, stride=strides, padding=1, bias=False)
        modules[f"norm{number}"] = nn.BatchNorm2d(width)
        modules[f"leaky{number}"] = nn.LeakyReLU(0.1)
        inputs, sides = width, (-(-sides[0] // strides[0]), -(-sides[1] // strides[1]))
    modules["flatten"] = Flatten()
    modules["dense"] = nn.Linear(inputs * sides[0] * sides[1], DIMENSIONS, bias=False)
    modules["norm4"] = nn.BatchNorm1d(DIMENSIONS)
    modules["leaky4"] = nn.LeakyReLU(0.1)
    modules["output"] = nn.Linear(DIMENSIONS, classes)
    return nn.Sequential(modules)


class _Plain:
    """One process in full precision on the processor: a small net whose figures shall not hang on the machine."""

    def backward(self, tensor: Tensor) -> None:
        """Gradients."""
        tensor.backward()  # type: ignore[no-untyped-call]


def _train(net: nn.Sequential, pixels: Picture, rows: Ints, targets: Ints | None) -> None:
    """To name the classes, or without them the turns. Raises DivergedError."""
    batches = Batches(pixels, targets, rows, BATCH, SEED)
    built = optimizers.build([net], OptimizerSettings())
    objective: Objective
    if targets is None:
        objective = Turned(net, built, batches)
    else:
        objective = Classify(net, built, batches, AugmentSpec(), SEED, torch.device("cpu"), ClassifySettings())
    train(objective, len(rows))


def train(
    objective: Objective,
    pictures: int,
    images: int | None = None,
    batch: int = BATCH,
    what: str = "the measuring net",
    heard: Callable[[int, int], None] | None = None,
) -> None:
    """Of so many pictures an epoch: 60,000, repeats counted, or 60 epochs of a small set, unless `images` says how
    many. `heard`: told how many are done, of how many. Raises DivergedError, which names `what` was trained."""
    wanted = images or min(IMAGES, MOST_EPOCHS * pictures)
    budget = Budget(images=wanted)
    for event in fit(objective, Pace(budget, batch, pictures), _Plain()):
        if isinstance(event, Diverged):
            raise DivergedError(f"{what} could not be trained on these pictures: {event.message}")
        if heard is not None:
            heard(min(event.images_seen, wanted), wanted)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Compute with so many threads, then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

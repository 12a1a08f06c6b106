"""How a net looked while it was in training: its weights at ten moments per tenfold of images, to look back at.

A frame is one safetensors file: the net that is shown (averaged where that is kept), in half precision where all its
numbers fit. It carries a sha256 of itself and of its moment. Which moments are kept is a function of the images seen
and of the net's size alone, so that a run that was killed and went on has the frames of one that nobody touched.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from nonesuch.errors import RunError
from nonesuch.runs import atomic, layout
from nonesuch.runs.layout import HISTORY, shown
from nonesuch.runs.reading import read_bytes
from nonesuch.runs.weights import from_bytes, match, to_bytes

PER_TENFOLD = 10
"""Moments while the images seen grow tenfold: much happens early, little late."""
MOST_BYTES = 64 << 20
"""Of all frames of a run together; beyond, every second one goes."""
FEWEST = 8
"""Frames that are kept of a large net, whatever they take."""

_STEPS = tuple(round(10 ** (step / PER_TENFOLD)) for step in range(12 * PER_TENFOLD))
_SEAL = re.compile(rb'"sha256":"([0-9a-f]{64})"')
_UNSEALED = "0" * 64
_MOST_FILE_BYTES = 1 << 30


def is_moment(images_seen: int, batch: int) -> bool:
    """Whether a run in steps of `batch` images is looked back at as it was after so many: at 0 too."""
    return images_seen == 0 or bisect_right(_STEPS, images_seen) > bisect_right(_STEPS, images_seen - batch)


def kept(images_seen: int, batch: int, most: int) -> list[int]:
    """The moments up to here of which frames stay, oldest first: all, or every second, fourth ... for at most `most`.

    That of 0 images is always among them.
    """
    moments = sorted({0, *(moment for step in _STEPS if (moment := -(-step // batch) * batch) <= images_seen)})
    stride = 1
    while len(moments[::stride]) > max(1, most):
        stride *= 2
    return moments[::stride]


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Floats as float16, but for tensors with a number beyond its range; whole numbers as they are."""
    found = {}
    for name, tensor in tensors.items():
        half = tensor.detach().half() if tensor.is_floating_point() else tensor
        found[name] = half if not half.is_floating_point() or bool(torch.isfinite(half).all()) else tensor
    return found


def record(run: Path, images_seen: int, batch: int, tensors: Mapping[str, Tensor]) -> None:
    """Store the frame of this moment, if it is one that is kept, and remove those that are not any more.

    The caller holds the run's lock. Raises MachineError when the disk refuses; the other frames are unharmed.
    """
    frame = halved(tensors)
    size = sum(tensor.nbytes for tensor in frame.values())
    chosen = kept(images_seen, batch, max(FEWEST, MOST_BYTES // max(1, size)))
    atomic.make_folder(run / HISTORY)
    if chosen[-1] == images_seen:
        atomic.write_bytes(_file(run, images_seen), _sealed(images_seen, frame))
    _keep(run, chosen)


def cut_back(run: Path, images_seen: int) -> None:
    """Remove the frames from beyond: a run that goes on from here makes them anew, perhaps with other weights."""
    _keep(run, [moment for moment in layout.history(run) if moment <= images_seen])


def load(run: Path, images_seen: int, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights at a moment, in the dtypes of `expected`, the state of the run's own net.

    Raises RunError when there is no such frame, it is damaged, or it is of another net.
    """
    name = f"{HISTORY}/{layout.images_name(images_seen)}.safetensors"
    try:
        data = read_bytes(run, name, _MOST_FILE_BYTES)
    except FileNotFoundError:
        raise RunError(f"{shown(run)} has no frame at {images_seen:,} images") from None
    try:
        seal = _SEAL.search(data)
        if seal is None or _digest(images_seen, data, seal.start(1)) != seal[1].decode():
            raise ValueError("it does not match its checksum")
        frame = from_bytes(data)
    except ValueError as error:
        raise RunError(f"{shown(run / name)} is damaged: {error}; the run's other moments can be used") from None
    found = {key: tensor.to(expected[key].dtype) if key in expected else tensor for key, tensor in frame.items()}
    match(expected, found, "frame")
    return found


def _sealed(images_seen: int, frame: Mapping[str, Tensor]) -> bytes:
    data = to_bytes(frame, {"sha256": _UNSEALED})
    seal = _SEAL.search(data)
    assert seal is not None
    start, end = seal.span(1)
    return data[:start] + _digest(images_seen, data, start).encode() + data[end:]


def _digest(images_seen: int, data: bytes, start: int) -> str:
    """Of the moment and of the file, in which the digest itself is still blank."""
    found = hashlib.sha256(layout.images_name(images_seen).encode())
    found.update(data[:start] + _UNSEALED.encode())
    found.update(memoryview(data)[start + len(_UNSEALED) :])
    return found.hexdigest()


def _keep(run: Path, moments: Sequence[int]) -> None:
    for moment in set(layout.history(run)) - set(moments):
        with suppress(OSError):
            _file(run, moment).unlink()


def _file(run: Path, moment: int) -> Path:
    return run / HISTORY / f"{layout.images_name(moment)}.safetensors"

"""The Custom filter of an image editor as a file: 25 weights, scale and offset, each a big-endian 16-bit number."""

import struct

import torch
from torch import nn

from nonesuch.errors import DataError
from nonesuch.lens.kernels import Kernel

SIDE, BYTES = 5, 54
WEIGHT, SCALE, OFFSET = (-999, 999), (1, 9999), (-9999, 9999)
"""The least and the most that an editor takes."""


def from_acf(data: bytes) -> Kernel:
    """The Custom filter of an image editor. Raises DataError when the bytes are no such file."""
    if len(data) != BYTES:
        raise DataError(f"an .acf file holds {BYTES} bytes; found {len(data)}")
    *weights, scale, offset = struct.unpack(">27h", data)
    if scale < SCALE[0]:
        raise DataError(f"an .acf file's scale is {SCALE[0]} to {SCALE[1]}; found {scale}")
    return Kernel(torch.tensor(weights, dtype=torch.float32).view(SIDE, SIDE), float(scale), float(offset))


def to_acf(kernel: Kernel) -> bytes:
    """For an image editor: whole numbers, at most 5x5. Raises DataError for a kernel that does not fit in."""
    if kernel.weights.dim() != 2 or kernel.side > SIDE:
        raise DataError(
            f"an .acf file holds one kernel of at most 5x5 for all channels; found {kernel.side}x{kernel.side}"
        )
    around = (SIDE - kernel.side) // 2
    weights = nn.functional.pad(kernel.weights, (around,) * 4).flatten().tolist()
    for values, (least, most), what in (
        (weights, WEIGHT, "weights"), ([kernel.scale], SCALE, "scale"), ([kernel.offset], OFFSET, "offset")
    ):  # fmt: skip
        for value in values:
            if value != round(value) or not least <= value <= most:
                raise DataError(f"an .acf file's {what}: whole numbers from {least} to {most}; found {value:g}")
    return struct.pack(">27h", *(int(value) for value in (*weights, kernel.scale, kernel.offset)))

"""The safetensors format read by its description alone, with struct, json and numpy: length, header, numbers."""

import json
import struct

import numpy as np

_DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1", "BOOL": "?", "BF16": "<u2"}


def read(data: bytes) -> dict[str, np.ndarray]:
    """Every tensor as an array in row-major order; bf16 as its 16 bits."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    arrays = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(body[start:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays

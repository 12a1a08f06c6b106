"""A small net kept beside what it was made from: its weights, and a head with their SHA-256 that says of what."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue
from torch import nn

from nonesuch.errors import RunError
from nonesuch.runs import atomic, reading, weights


def load(net: nn.Module, folder: Path, name: str, made_of: Mapping[str, JsonValue], most_bytes: int) -> str | None:
    """Fill `net` from `name`.safetensors and return the hash of its weights.

    None, and the net as it was, where the files are missing or damaged, or the net was made of something else.
    """
    try:
        data = reading.read_bytes(folder, f"{name}.safetensors", most_bytes)
        head = reading.read_json(folder, f"{name}.json")
        digest = hashlib.sha256(data).hexdigest()
        if head != _head(made_of, digest):
            return None
        loaded = weights.from_bytes(data)
        weights.match(net.state_dict(), loaded)
    except (FileNotFoundError, RunError, ValueError):
        return None
    net.load_state_dict(loaded)
    return digest


def save(net: nn.Module, folder: Path, name: str, made_of: Mapping[str, JsonValue]) -> str:
    """Write the net and return the hash of its weights. The head comes last: it makes the net valid.

    Raises MachineError when the disk does not take the files.
    """
    data = weights.to_bytes(net.state_dict())
    digest = hashlib.sha256(data).hexdigest()
    atomic.write_bytes(folder / f"{name}.safetensors", data)
    atomic.write_json(folder / f"{name}.json", _head(made_of, digest))
    return digest


def _head(made_of: Mapping[str, JsonValue], digest: str) -> dict[str, JsonValue]:
    return {"schema_version": 1, **made_of, "sha256": digest}

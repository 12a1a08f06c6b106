"""Named tensors and optimizer states to safetensors + JSON and back, bit for bit. No pickle, no fall-back to one."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nonesuch.errors import RunError
from nonesuch.runs.layout import shown

# A net of 10,000 tensors has a header of about 1 MB; the format itself would allow 100 MB.
_LONGEST_HEADER = 4 << 20
_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


def to_bytes(tensors: Mapping[str, Tensor], words: Mapping[str, str] | None = None) -> bytes:
    """The safetensors file of `tensors` (any device, dtype and shape). Memory layout and sharing are not kept.

    `words` go into its header; of more than one the order, and so the bytes, is not always the same.
    """
    seen: set[int] = set()
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        whole = tensor.detach().to("cpu").contiguous()
        # The format refuses tied weights and slices of one tensor: each gets its own memory.
        if whole.untyped_storage().data_ptr() in seen:
            whole = whole.clone()
        seen.add(whole.untyped_storage().data_ptr())
        plain[name] = whole
    return safetensors.torch.save(plain, metadata=dict(words) if words else None)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """The SHA-256, in hex, by which files know the weights that they were made for."""
    return hashlib.sha256(to_bytes(tensors)).hexdigest()


def from_bytes(data: bytes) -> dict[str, Tensor]:
    """The tensors, on the CPU, in the safetensors file `data`. Raises ValueError for anything else."""
    header = int.from_bytes(data[:8], "little")
    if len(data) < 8 or header > len(data) - 8:
        raise ValueError("not a safetensors file")
    if header > _LONGEST_HEADER:
        raise ValueError(f"its header has {header:,} bytes, at most {_LONGEST_HEADER:,} are read")
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RuntimeError, AssertionError) as error:
        raise ValueError(f"not a safetensors file ({shown(error, 120)})") from None


def match(expected: Mapping[str, Tensor], loaded: Mapping[str, Tensor], what: str = "model") -> None:
    """Raises RunError naming the first difference in names, shapes or dtypes; `expected` is the net's own state."""
    for name, tensor in expected.items():
        if name not in loaded:
            raise RunError(f"the saved {what} lacks {shown(name, 80)}; it was saved from another net")
        other = loaded[name]
        if (other.shape, other.dtype) != (tensor.shape, tensor.dtype):
            raise RunError(
                f"the saved {what} does not fit: {shown(name, 80)} is {_described(other)}, "
                f"this net has {_described(tensor)}"
            )
    for name in loaded:
        if name not in expected:
            raise RunError(f"the saved {what} has {shown(name, 80)}, which this net does not have")


def _described(tensor: Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{dtype} {shown(tuple(tensor.shape), 60)}"


def flatten_optimizer(state: object) -> tuple[dict[str, Tensor], object]:
    """An optimizer's state_dict, or a list of several, as (tensors for safetensors, a JSON value for everything else).

    Keeps types exactly: int keys, tuples, 0-dim tensors, infinities, channels_last memory. Raises TypeError for
    objects that are neither tensors, plain values nor containers of them.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _encode(state, "optimizer", tensors)


def _encode(value: object, path: str, tensors: dict[str, Tensor]) -> object:
    match value:
        case Tensor():
            # A number in front keeps two paths apart whatever characters the keys contain.
            key = f"{len(tensors)}:{path}"
            tensors[key] = value
            return {"tensor": key, "channels_last": _is_channels_last(value)}
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"float": str(value)}
        case list():
            return [_encode(item, f"{path}.{at}", tensors) for at, item in enumerate(value)]
        case tuple():
            return {"tuple": [_encode(item, f"{path}.{at}", tensors) for at, item in enumerate(value)]}
        case dict() if all(type(key) in (int, str) for key in value):
            return {"dict": [[key, _encode(item, f"{path}.{key}", tensors)] for key, item in value.items()]}
    raise TypeError(f"{path}: a {type(value).__name__} cannot be stored without pickle")


def unflatten_optimizer(tensors: Mapping[str, Tensor], described: object) -> object:
    """The inverse of flatten_optimizer. Raises RunError when the two parts do not fit together."""
    rest = dict(tensors)
    try:
        state = _decode(described, rest)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"the saved optimizer state is damaged ({shown(error, 80)}); start a new run") from None
    if rest:
        raise RunError(
            f"the saved optimizer state is damaged: nothing refers to {shown(min(rest), 80)}; start a new run"
        )
    return state


def _decode(value: object, rest: dict[str, Tensor]) -> object:
    match value:
        case {"tensor": str(key), "channels_last": bool(channels_last)}:
            tensor = rest.pop(key)
            return tensor.contiguous(memory_format=_FORMATS[tensor.ndim]) if channels_last else tensor
        case {"float": "nan" | "inf" | "-inf" as text}:
            return float(text)
        case {"tuple": list(items)}:
            return tuple(_decode(item, rest) for item in items)
        case {"dict": list(pairs)}:
            return {_key(key): _decode(item, rest) for key, item in pairs}
        case list():
            return [_decode(item, rest) for item in value]
        case None | bool() | int() | float() | str():
            return value
    raise ValueError("an unknown kind of value")


def _key(key: object) -> int | str:
    if type(key) is int or type(key) is str:
        return key
    raise ValueError("a key that is neither number nor text")


def match_optimizer(expected: Any, loaded: Any) -> None:
    """Raises RunError unless `loaded` has the optimizers, groups, group keys and parameter numbers of `expected`.

    Both are state_dicts as torch makes them, or lists of such; values of hyper-parameters may differ.
    """
    if _outline(expected) != _outline(loaded):
        raise RunError("the saved optimizer state does not fit this net and its optimizer; start a new run")
    for state in loaded if isinstance(loaded, list) else [loaded]:
        numbers = {number for group in state["param_groups"] for number in group["params"]}
        if not isinstance(state["state"], dict) or not set(state["state"]) <= numbers:
            raise RunError("the saved optimizer state speaks of parameters that this net does not have")


def _outline(state: Any) -> object:
    match state:
        case list():
            return [_outline(one) for one in state]
        case {"state": _, "param_groups": list(groups)} if len(state) == 2:
            return [_group_outline(group) for group in groups]
    return None


def _group_outline(group: Any) -> object:
    return (sorted(map(str, group)), group.get("params")) if isinstance(group, dict) else None


def _is_channels_last(tensor: Tensor) -> bool:
    wanted = _FORMATS.get(tensor.ndim)
    return wanted is not None and not tensor.is_contiguous() and tensor.is_contiguous(memory_format=wanted)

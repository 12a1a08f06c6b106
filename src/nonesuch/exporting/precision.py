"""Weights in fewer bits: stored as fp16 or int8, computed in float32 everywhere.

Only the weights are rounded, so that every runtime gives the same picture. They are brought back by Cast and Mul, which
ONNX Runtime computes once, at loading; a DequantizeLinear it repeats at every call (LOG, "int8 by Cast and Mul").
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nonesuch.errors import RecipeError

if TYPE_CHECKING:
    from onnx import ModelProto

Precision = Literal["int8", "fp16", "fp32"]
PRECISIONS: tuple[Precision, ...] = ("int8", "fp16", "fp32")
SMALLEST = 64
"""Tensors of fewer numbers, and all biases, stay as they are."""
LEVELS = 127


def known_precisions(words: Sequence[str]) -> tuple[Precision, ...]:
    """What a person typed, smallest first, each once. Raises RecipeError for an unknown one, and for none at all."""
    unknown = [word for word in words if word not in PRECISIONS]
    if unknown or not words:
        raise RecipeError(f"a precision is one of {', '.join(PRECISIONS)}; found {unknown[0] if unknown else 'none'!r}")
    return tuple(each for each in PRECISIONS if each in words)


def rounded(model: "ModelProto", precision: Precision) -> "ModelProto":
    """A copy of a float32 model with its weights in these bits."""
    from onnx import ModelProto, TensorProto, helper, numpy_helper

    made = ModelProto()
    made.CopyFrom(model)
    if precision == "fp32":
        return made
    graph = made.graph
    axes = _axes(model)
    before, kept = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name not in axes or values.size < SMALLEST:
            kept.append(tensor)
            continue
        name = tensor.name
        if precision == "fp16":
            kept.append(numpy_helper.from_array(_halved(values), f"{name}.fp16"))
            before.append(helper.make_node("Cast", [f"{name}.fp16"], [name], name=f"{name} Cast", to=TensorProto.FLOAT))
            continue
        whole, scale = quantised(values, axes[name])
        kept += [numpy_helper.from_array(whole, f"{name}.int8"), numpy_helper.from_array(scale, f"{name}.scale")]
        before += [
            helper.make_node("Cast", [f"{name}.int8"], [f"{name}.whole"], name=f"{name} Cast", to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name], name=f"{name} Mul"),
        ]
    nodes = [*before, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return made


def quantised(values: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 numbers of the same shape and a scale for each index of `axis`, shaped to multiply them; 0 stays 0."""
    others = tuple(other for other in range(values.ndim) if other != axis)
    most = np.abs(values).max(axis=others, keepdims=True)
    scale = (np.maximum(most, np.finfo(np.float32).tiny * LEVELS) / LEVELS).astype(np.float32)
    return np.clip(np.rint(values / scale), -LEVELS, LEVELS).astype(np.int8), scale


def _halved(values: NDArray[np.float32]) -> NDArray[np.float16]:
    most = float(np.finfo(np.float16).max)
    return np.clip(values, -most, most).astype(np.float16)


def _axes(model: "ModelProto") -> Mapping[str, int]:
    """Weights of layers, by name, and the axis along which each has its outputs."""
    from onnx import helper

    found: dict[str, int] = {}
    for node in model.graph.node:
        attributes: dict[str, Any] = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        match node.op_type:
            case "Conv":
                found[node.input[1]] = 0
            case "ConvTranspose":
                found[node.input[1]] = 1
            case "Gemm":
                found[node.input[1]] = 0 if attributes.get("transB", 0) else 1
            case "Gather":
                found[node.input[0]] = 0
    return found

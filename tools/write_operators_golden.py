"""Write contracts/golden/operators.json: small ONNX graphs with what onnxruntime makes of their inputs.

python tools/write_operators_golden.py

The browser's tiny runtime is held to it (web/src/model/tiny.test.ts), and onnxruntime itself (tests/publish/).
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GOLDEN = Path(__file__).parents[1] / "contracts" / "golden" / "operators.json"
OPSET = 20
ABOUT = "ONNX graphs (base64), inputs, and outputs of onnxruntime on one CPU thread; numbers row by row."

Array = npt.NDArray[Any]
Case = dict[str, Any]
ELEMENTWISE = (
    "Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Neg", "Relu",
    "Round", "Sigmoid", "Sign", "Softplus", "Tanh",
)  # fmt: skip
PAIRWISE = ("Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu", "Pow")


def golden() -> dict[str, Any]:
    """The whole file."""
    return {"about": ABOUT, "cases": list(cases(np.random.default_rng(6)))}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """All graphs, each with a name."""

    def some(*shape: int) -> Array:
        return (rng.integers(-24, 25, shape) / 8).astype(np.float32)

    for name in ELEMENTWISE:
        yield case(name, {"x": some(2, 3, 4)})
    yield case("Gelu", {"x": some(9)}, approximate="tanh")
    yield case("LeakyRelu", {"x": some(9)}, alpha=0.3)
    for name in ("Log", "Sqrt", "Reciprocal"):
        yield case(name, {"x": np.abs(some(2, 5)) + 0.125})
    for name in PAIRWISE:
        second = np.abs(some(3, 1)) + 1 if name in ("Div", "Pow") else some(3, 1)
        first = np.abs(some(2, 3, 4)) if name == "Pow" else some(2, 3, 4)
        yield case(name, {"a": first, "b": second})
    yield case("Add", {"a": some(4), "b": some(2, 3, 1)}, name="Add of a smaller first")
    yield case("Clip", {"x": some(9), "least": np.float32(-1), "most": np.float32(1)})
    yield case("Softmax", {"x": some(2, 3, 4)}, axis=1)
    yield case("LogSoftmax", {"x": some(2, 5)}, axis=-1)
    yield case(
        "BatchNormalization",
        {"x": some(2, 3, 2, 2), "g": some(3), "o": some(3), "m": some(3), "v": np.abs(some(3)) + 0.5},
    )
    for name in ("ReduceMean", "ReduceSum", "ReduceMax"):
        yield case(name, {"x": some(2, 3, 4)}, fixed={"axes": np.array([2, 0])}, keepdims=0)
        yield case(name, {"x": some(2, 3, 4)}, fixed={"axes": np.array([-1])}, name=f"{name}, kept")
    yield from convolutions(some)
    yield from pools(some)
    yield from products(some)
    yield from moves(some)
    yield from weights(some)
    yield kept_shape(some(3, 2, 4, 5))


def convolutions(some: Callable[..., Array]) -> Iterator[Case]:
    """In both directions, with all that a layer of torch can ask for."""
    for name, shape, kernel, options in (
        ("3x3", (2, 3, 5, 4), (5, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
        ("strided 4x4", (1, 2, 7, 8), (3, 2, 4, 4), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        ("dilated, uneven pads", (1, 2, 7, 6), (4, 2, 3, 2), {"pads": [2, 0, 1, 1], "dilations": [2, 3]}),
        ("groups", (2, 4, 4, 5), (6, 2, 3, 3), {"group": 2}),
        ("depthwise", (1, 3, 4, 4), (3, 1, 3, 3), {"group": 3, "pads": [1, 1, 1, 1]}),
        ("same upper", (1, 1, 5, 6), (1, 1, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 1]}),
        ("one dimension", (2, 3, 9), (2, 3, 4), {"strides": [2], "pads": [1, 2]}),
        ("1x1", (1, 5, 3, 3), (7, 5, 1, 1), {}),
    ):  # fmt: skip
        x, w = some(*shape), some(*kernel)
        yield case("Conv", {"x": x, "w": w, "b": some(kernel[0])}, name=f"Conv, {name}", **options)
        yield case("Conv", {"x": x, "w": w}, name=f"Conv, {name}, no bias", **options)
    for name, shape, kernel, options in (
        ("4x4 doubling", (2, 3, 3, 4), (3, 5, 4, 4), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        ("output padding", (1, 2, 3, 3), (2, 3, 3, 3), {"pads": [1] * 4, "strides": [2, 2], "output_padding": [1, 0]}),
        ("groups", (1, 4, 3, 3), (4, 2, 2, 3), {"group": 2, "strides": [1, 2]}),
        ("dilated", (1, 2, 4, 3), (2, 2, 3, 3), {"dilations": [2, 1]}),
        ("wanted shape", (1, 2, 3, 3), (2, 1, 4, 4), {"output_shape": [6, 6], "strides": [2, 2]}),
    ):  # fmt: skip
        maps = kernel[1] * options.get("group", 1)
        inputs = {"x": some(*shape), "w": some(*kernel), "b": some(maps)}
        yield case("ConvTranspose", inputs, name=f"ConvTranspose, {name}", **options)


def pools(some: Callable[..., Array]) -> Iterator[Case]:
    """Windows that are counted and not."""
    window = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}
    x = some(2, 2, 6, 7)
    yield case("MaxPool", {"x": x}, **window)
    yield case("MaxPool", {"x": x}, name="MaxPool, ceil", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    yield case("MaxPool", {"x": x}, name="MaxPool, dilated", kernel_shape=[2, 2], dilations=[2, 3])
    yield case("AveragePool", {"x": x}, **window)
    yield case("AveragePool", {"x": x}, name="AveragePool, border counts", count_include_pad=1, **window)
    yield case("GlobalAveragePool", {"x": x})
    yield case("GlobalMaxPool", {"x": x})


def products(some: Callable[..., Array]) -> Iterator[Case]:
    """Dense layers."""
    yield case("Gemm", {"a": some(3, 4), "b": some(5, 4), "c": some(5)}, transB=1)
    yield case(
        "Gemm", {"a": some(4, 3), "b": some(4, 5), "c": some(3, 1)}, name="Gemm, scaled", transA=1, alpha=0.5, beta=2.0
    )
    yield case("Gemm", {"a": some(1, 7), "b": some(7, 3)}, name="Gemm, plain")
    yield case("MatMul", {"a": some(3, 4), "b": some(4, 5)})
    yield case("MatMul", {"a": some(2, 1, 3, 4), "b": some(3, 4, 2)}, name="MatMul, stacks")
    yield case("MatMul", {"a": some(4), "b": some(2, 4, 3)}, name="MatMul, vector")


def moves(some: Callable[..., Array]) -> Iterator[Case]:
    """What moves numbers about."""
    x = some(2, 3, 4)
    whole = np.array
    yield case("Reshape", {"x": x}, fixed={"s": whole([0, -1, 2])})
    yield case("Flatten", {"x": x}, axis=2)
    yield case("Transpose", {"x": x}, perm=[2, 0, 1])
    yield case("Concat", {"a": x, "b": some(2, 1, 4)}, axis=1)
    far = 2**63 - 1
    yield case("Slice", {"x": x}, fixed={"s": whole([1, -3]), "e": whole([far, far]), "a": whole([1, 2])})
    yield case(
        "Slice",
        {"x": x},
        name="Slice, backwards",
        fixed={"s": whole([-1]), "e": whole([-far]), "a": whole([2]), "t": whole([-2])},
    )
    yield case("Gather", {"x": x}, fixed={"i": whole([[2, 0], [-1, 1]])}, axis=1)
    yield case("Expand", {"x": some(3, 1)}, fixed={"s": whole([2, 1, 4])})
    yield case("Unsqueeze", {"x": x}, fixed={"a": whole([0, -1])})
    yield case("Squeeze", {"x": some(1, 3, 1)}, fixed={"a": whole([-1])})
    yield case("Split", {"x": some(2, 5)}, outputs=2, fixed={"s": whole([2, 3])}, axis=1)
    yield case("Where", {"a": some(3, 1), "b": some(4)}, fixed_first={"c": whole([[True], [False], [True]])})
    for mode in ("constant", "reflect", "edge"):
        yield case("Pad", {"x": x}, fixed={"p": whole([0, 1, 2, 0, 0, 1])}, name=f"Pad, {mode}", mode=mode)
    for mode, nearest in (("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("half_pixel", "ceil")):
        for size in ((5, 8), (2, 3)):
            sizes = {"r": np.zeros(0, np.float32), "f": np.zeros(0, np.float32), "s": whole([1, 2, *size])}
            options = {"coordinate_transformation_mode": mode, "nearest_mode": nearest, "mode": "nearest"}
            yield case(
                "Resize", {"x": some(1, 2, 3, 4)}, name=f"Resize, {mode}, {nearest}, {size}", fixed=sizes, **options
            )


def weights(some: Callable[..., Array]) -> Iterator[Case]:
    """Weights kept as bytes, one scale for all or one for each output; and as half precision."""
    rng = np.random.default_rng(7)
    kernel = rng.integers(-128, 128, (4, 2, 3, 3)).astype(np.int8)
    x = some(1, 2, 4, 4)
    for name, scale, zero in (
        ("one scale", np.float32(0.01), np.int8(3)),
        ("a scale an output", (rng.integers(1, 9, 4) / 512).astype(np.float32), rng.integers(-9, 9, 4).astype(np.int8)),
    ):
        nodes = [
            helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=0),
            helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1]),
        ]
        yield graph_case(f"int8 weights, {name}", nodes, {"x": x}, ["y"], {"q": kernel, "scale": scale, "zero": zero})
    nodes = [
        helper.make_node("Cast", ["h"], ["w"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["x", "w"], ["y"]),
    ]
    yield graph_case("fp16 weights", nodes, {"x": some(2, 5)}, ["y"], {"h": rng.normal(size=(5, 3)).astype(np.float16)})


def kept_shape(x: Array) -> Case:
    """A shape computed from the input, as exporters write it for a dynamic batch; and an input with a default."""
    nodes = [
        helper.make_node("Shape", ["x"], ["n"], start=0, end=1),
        helper.make_node("Constant", [], ["rest"], value=numpy_helper.from_array(np.array([-1]))),
        helper.make_node("Concat", ["n", "rest"], ["dims"], axis=0),
        helper.make_node("Reshape", ["x", "dims"], ["flat"]),
        helper.make_node("Mul", ["flat", "gain"], ["y"]),
    ]
    return graph_case("a shape kept", nodes, {"x": x}, ["y"], {"gain": np.float32(0.5)}, defaults=["gain"])


def case(
    operator: str,
    inputs: Mapping[str, Array],
    *,
    name: str | None = None,
    outputs: int = 1,
    fixed: Mapping[str, Array] | None = None,
    fixed_first: Mapping[str, Array] | None = None,
    **attributes: Any,
) -> Case:
    """A graph of one operator; `fixed` are constants after the inputs, `fixed_first` before them."""
    given = {key: np.asarray(value, np.float32) for key, value in inputs.items()}
    constants = {**(fixed_first or {}), **(fixed or {})}
    results = [f"y{number}" for number in range(outputs)]
    node = helper.make_node(operator, [*(fixed_first or {}), *given, *(fixed or {})], results, **attributes)
    return graph_case(name or operator, [node], given, results, constants)


def graph_case(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Array],
    outputs: Sequence[str],
    constants: Mapping[str, Array],
    defaults: Sequence[str] = (),
) -> Case:
    """A graph, its inputs, and onnxruntime's outputs."""
    told = [helper.make_tensor_value_info(key, TensorProto.FLOAT, value.shape) for key, value in inputs.items()]
    told += [helper.make_tensor_value_info(key, TensorProto.FLOAT, constants[key].shape) for key in defaults]
    graph = helper.make_graph(
        nodes, "golden", told, [helper.make_tensor_value_info(each, TensorProto.FLOAT, None) for each in outputs],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    model = onnx.shape_inference.infer_shapes(model)
    data = model.SerializeToString()
    found = run(data, inputs)
    return {
        "name": name,
        "model": base64.b64encode(data).decode(),
        "inputs": {key: told_of(value) for key, value in inputs.items()},
        "outputs": {key: told_of(value) for key, value in zip(outputs, found, strict=True)},
    }


def run(model: bytes, inputs: Mapping[str, Array]) -> list[Array]:
    """What onnxruntime makes of it, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    found: list[Array] = session.run(None, dict(inputs))
    return found


def told_of(values: Array) -> dict[str, Any]:
    """Shape and numbers; seven digits tell float32 well enough."""
    return {"dims": list(values.shape), "data": [float(f"{value:.8g}") for value in np.asarray(values).reshape(-1)]}


def text_of(found: dict[str, Any]) -> str:
    """JSON with a case a line."""
    lines = ",\n".join(" " + json.dumps(each) for each in found["cases"])
    return f'{{\n"about": {json.dumps(found["about"])},\n"cases": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    GOLDEN.write_text(text_of(golden()))

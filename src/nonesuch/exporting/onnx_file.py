"""A graph as an ONNX file: traced by torch's dynamo exporter, then rid of all that says where and by whom."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from nonesuch.errors import ExportError
from nonesuch.exporting.graphs import EXAMPLES, Graph

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
MOST_PICTURES = 1024
OPERATORS = frozenset({
    "Add", "AveragePool", "Cast", "Clip", "Concat", "Conv", "ConvTranspose", "Div", "Equal", "Erf",
    "Exp", "Flatten", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "Identity",
    "LeakyRelu", "MatMul", "MaxPool", "Mul", "Neg", "Pad", "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Reshape",
    "Resize", "Sigmoid", "Slice", "Split", "Sqrt", "Sub", "Tanh", "Transpose", "Where",
})  # fmt: skip
"""What a graph may be made of: operators that ONNX Runtime Web has on WASM and on WebGPU alike."""


def missing() -> str:
    """Which of the packages that write and check files is not here, and what to do; "" where all are. Loads none."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        if find_spec(name) is None:
            return f'{name} is not installed; run: pip install "nonesuch[publish]"'
    return ""


def require_onnx() -> None:
    """Raises ExportError where onnx, onnxscript or onnxruntime is missing."""
    if found := missing():
        raise ExportError(found)


def traced(graph: Graph) -> "ModelProto":
    """The graph in float32, weights inside, any number of pictures. Raises ExportError for an unknown operator."""
    require_onnx()
    pictures = torch.export.Dim("N", min=1, max=MOST_PICTURES)
    examples = graph.examples(EXAMPLES)
    shapes = tuple(None if name in graph.fixed else {0: pictures} for name in graph.inputs)
    with _quiet():
        program = torch.onnx.export(
            graph.net.eval(),
            tuple(examples.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_shapes=shapes,
            custom_translation_table={torch.ops.aten.upsample_nearest2d.vec: _resize()},
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return cleaned(program.model_proto, graph)


def cleaned(model: "ModelProto", graph: Graph) -> "ModelProto":
    """Only what computes: no paths of this machine, no names of Python; inputs and outputs as the manifest says."""
    from onnx import TensorProto, checker, helper, shape_inference

    if model.functions:
        raise ExportError(f"{graph.name}: the exporter left functions in the graph, which not every runtime knows")
    unknown = {node.op_type for node in model.graph.node if node.domain or node.op_type not in OPERATORS}
    if unknown:
        raise ExportError(f"{graph.name}: no browser runs the operator {', '.join(sorted(unknown))}")
    names = {"label": TensorProto.INT64}
    inputs = [
        helper.make_tensor_value_info(
            name, names.get(name, TensorProto.FLOAT), [*([] if name in graph.fixed else ["N"]), *shape]
        )
        for name, shape in graph.inputs.items()
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]) for name, shape in graph.outputs.items()
    ]
    nodes = []
    for number, node in enumerate(model.graph.node):
        kept = helper.make_node(node.op_type, list(node.input), list(node.output), name=f"{number} {node.op_type}")
        kept.attribute.extend(node.attribute)
        nodes.append(kept)
    weights = [_bare(tensor) for tensor in model.graph.initializer]
    made = helper.make_model(
        helper.make_graph(nodes, graph.name, inputs, outputs, weights),
        producer_name="nonesuch",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    made = shape_inference.infer_shapes(made, check_type=True, strict_mode=True, data_prop=True)
    checker.check_model(made, full_check=True)
    return made


def _bare(tensor: Any) -> Any:
    """A tensor as its name, shape and bytes."""
    from onnx import numpy_helper

    return numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name)


def _resize() -> Any:
    """Nearest resizing as one operator that says nothing of the batch; the exporter's own way is five of them."""
    import onnxscript

    op: Any = onnxscript.opset20

    def resize(x: Any, output_size: Any, scale_factors: Any = None) -> Any:
        del scale_factors
        size = [int(side) for side in output_size]
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        before = [x.shape[2], x.shape[3]]
        if all(isinstance(side, int) and after % side == 0 for side, after in zip(before, size, strict=True)):
            factors = [1.0, 1.0, *(after / side for side, after in zip(before, size, strict=True))]
            return op.Resize(x, None, op.Constant(value_floats=factors), None, **how)
        return op.Resize(x, None, None, op.Constant(value_ints=size), axes=[2, 3], **how)

    return resize


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of packages that we do not have, and of its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

"""What an exported file computes, held to what torch computes with the run's own net."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.errors import ExportError
from nonesuch.exporting.graphs import Graph
from nonesuch.exporting.manifest import Difference

if TYPE_CHECKING:
    from onnx import ModelProto

CLOSE = 1e-5
"""How far a float32 file may be from torch, of outputs within +-1; of larger ones relative to the largest."""
CHECKED = 64


def session(model: bytes) -> Any:
    """An onnxruntime session of a model's bytes, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def computed(graph: Graph, model: "ModelProto", inputs: Mapping[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """The outputs of an exported model by name."""
    given = {name: tensor.numpy() for name, tensor in inputs.items()}
    outputs = session(model.SerializeToString()).run(list(graph.outputs), given)
    return dict(zip(graph.outputs, outputs, strict=True))


def expected(graph: Graph, inputs: Mapping[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    """What torch gives: the run's own net where it has such an output, else the graph's."""
    with torch.no_grad():
        outputs = graph.net(*inputs.values())
        found = dict(zip(graph.outputs, outputs if isinstance(outputs, tuple) else (outputs,), strict=True))
        found |= graph.original(inputs) if graph.original is not None else {}
    return {name: tensor.float().numpy() for name, tensor in found.items()}


def difference(
    graph: Graph, model: "ModelProto", inputs: Mapping[str, Tensor], wanted: Mapping[str, NDArray[np.float32]]
) -> Difference:
    """Mean and largest difference of the graph's first output."""
    name = next(iter(graph.outputs))
    off = np.abs(computed(graph, model, inputs)[name].astype(np.float64) - wanted[name])
    return Difference(mean=float(off.mean()), most=float(off.max()))


def require_same(
    graph: Graph, model: "ModelProto", inputs: Mapping[str, Tensor], wanted: Mapping[str, NDArray[np.float32]]
) -> None:
    """Raises ExportError when a float32 model's outputs are not those of torch."""
    for name, values in computed(graph, model, inputs).items():
        if not np.isfinite(values).all():
            raise ExportError(f"{graph.name}: {name} is not finite: the net has diverged; export an earlier snapshot")
        off, scale = float(np.abs(values - wanted[name]).max()), max(1.0, float(np.abs(wanted[name]).max()))
        if values.shape != wanted[name].shape or not off <= CLOSE * scale:
            raise ExportError(
                f"{graph.name}: {name} is {off:.1e} away from torch, more than {CLOSE * scale:.0e}: not exported"
            )

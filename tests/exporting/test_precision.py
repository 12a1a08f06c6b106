"""Weights in fewer bits: rounded as the words say, computed in float32, everything else left alone."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from made_nets import Case, made
from nonesuch.errors import RecipeError
from nonesuch.exporting.graphs import graphs
from nonesuch.exporting.onnx_file import OPERATORS, traced
from nonesuch.exporting.precision import known_precisions, quantised, rounded

CONDITIONAL = Case("gan", "classic", (3, 16, 16), 40, "draw", (("latent", 8), ("width", 16), ("most", 32)))


@pytest.fixture(scope="module")
def full() -> onnx.ModelProto:
    (graph,) = graphs(made(CONDITIONAL))
    return traced(graph)


def tensors(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def brought_back(model: onnx.ModelProto, name: str) -> np.ndarray:
    """A weight as onnxruntime has it at the moment of use."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    session = onnxruntime.InferenceSession(copy.SerializeToString(), providers=["CPUExecutionProvider"])
    given = {"z": np.zeros((1, 8), np.float32), "label": np.zeros(1, np.int64)}
    return np.asarray(session.run([name], given)[0])


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_every_weight_comes_back_within_half_a_step(full: onnx.ModelProto, precision: str) -> None:
    small = rounded(full, "int8" if precision == "int8" else "fp16")
    onnx.checker.check_model(small, full_check=True)
    assert {node.op_type for node in small.graph.node} <= OPERATORS
    weights = {node.input[1]: node.op_type for node in full.graph.node if "Conv" in node.op_type}
    weights |= {node.input[1]: "Gemm" for node in full.graph.node if node.op_type == "Gemm"}
    weights |= {node.input[0]: "Gather" for node in full.graph.node if node.op_type == "Gather"}
    assert sorted(weights.values()) == ["ConvTranspose", "ConvTranspose", "Gather", "Gemm"]
    for name, kind in weights.items():
        before, after = tensors(full)[name], brought_back(small, name)
        if precision == "fp16":
            np.testing.assert_array_equal(after, before.astype(np.float16).astype(np.float32))
            continue
        others = (0, 2, 3) if kind == "ConvTranspose" else (1,)
        step = np.abs(before).max(axis=others, keepdims=True) / 127
        assert (np.abs(after - before) <= step * 0.5001).all()
        assert np.abs(after - before).max() > 0


def test_biases_and_shapes_stay_and_files_shrink(full: onnx.ModelProto) -> None:
    for precision, share in (("int8", 0.40), ("fp16", 0.60)):
        small = rounded(full, "int8" if precision == "int8" else "fp16")
        assert small.ByteSize() < share * full.ByteSize()
        for name, values in tensors(full).items():
            if values.ndim < 2:
                np.testing.assert_array_equal(tensors(small)[name], values)
    assert rounded(full, "fp32") == full
    assert not [name for name in tensors(full) if "." in name and name.endswith(("int8", "fp16"))]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1]), st.floats(1e-30, 1e30))
@settings(max_examples=40, deadline=None)
def test_int8_is_the_nearest_step_and_keeps_zero(seed: int, axis: int, size: float) -> None:
    values = (np.random.default_rng(seed).standard_normal((5, 4, 3)) * size).astype(np.float32)
    values[0] = 0
    whole, scale = quantised(values, axis)
    assert whole.dtype == np.int8
    assert scale.size == values.shape[axis]
    assert np.isfinite(scale).all()
    assert (whole[values == 0] == 0).all()
    back = whole * scale.astype(np.float64)
    for level in range(-127, 128, 17):
        assert (np.abs(back - values) <= np.abs(level * scale.astype(np.float64) - values) * (1 + 1e-6)).all()


def test_words_for_precisions() -> None:
    assert known_precisions(["fp32", "int8", "fp32"]) == ("int8", "fp32")
    with pytest.raises(RecipeError, match="one of int8, fp16, fp32; found 'fp8'"):
        known_precisions(["fp8"])
    with pytest.raises(RecipeError, match="found 'none'"):
        known_precisions([])

"""Every net of the catalogue as a graph: what onnxruntime gives for it is what torch gives, for any number of pictures.

The other side of each comparison is the net's own forward call, which no code of the export has touched.
"""

import re
from functools import cache

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from made_nets import Case, made
from nonesuch.evaluation.sampling import images_at
from nonesuch.exporting.graphs import Graph, graphs
from nonesuch.exporting.onnx_file import OPERATORS, OPSET, traced
from nonesuch.lens.capture import recording
from nonesuch.lens.saliency import grad_cam
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator

CLOSE = 1e-5
PLAIN = (("latent", 6), ("widths", (4, 8)), ("hidden", 12))
NARROW = (("latent", 6), ("width", 4), ("most", 8))
CASES = (
    Case("cnn", "linear", (1, 8, 8), 3, "answer"),
    Case("cnn", "mlp", (4, 8, 9), 3, "answer", (("hidden", (20, 10)),)),
    Case("cnn", "lenet1", (1, 28, 28), 10, "answer explain"),
    Case("cnn", "lenet4", (3, 28, 28), 4, "answer explain"),
    Case("cnn", "lenet5", (1, 32, 32), 10, "answer explain"),
    Case("cnn", "lecture", (3, 13, 18), 4, "answer explain", (("widths", (4, 5, 6)), ("dense", 11))),
    Case("cnn", "fast", (1, 32, 32), 3, "answer explain", (("widths", (8, 8, 12)),)),
    Case("cnn", "fast", (3, 16, 16), 3, "answer", (("widths", (8, 8, 12)), ("residual", False))),
    Case("ae", "autoencoder", (4, 13, 18), 0, "draw encode", (*PLAIN, ("gaussian", False))),
    Case("vae", "autoencoder", (3, 16, 16), 0, "draw encode", (*PLAIN, ("activation", "silu"), ("finest", "picture"))),
    Case("vae", "autoencoder", (1, 16, 16), 0, "draw encode", PLAIN, "bernoulli"),
    Case("vae", "autoencoder", (1, 9, 8), 0, "draw encode", PLAIN, "logistic"),
    Case("gan", "classic", (3, 32, 32), 0, "draw", NARROW),
    Case("gan", "classic", (1, 8, 8), 3, "draw", NARROW),
    Case("gan", "modern", (4, 21, 16), 0, "draw", NARROW),
    Case("gan", "modern", (1, 16, 16), 3, "draw", (*NARROW, ("norm", "none"))),
    Case("gan", "modern", (3, 256, 256), 0, "draw", NARROW),
)


@cache
def exported(case: Case) -> tuple[tuple[Graph, onnx.ModelProto], ...]:
    return tuple((graph, traced(graph)) for graph in graphs(made(case)))


def own_answer(case: Case, graph: Graph, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the run's own net gives, untouched."""
    run = made(case)
    with torch.no_grad():
        match run.net, graph.name:
            case Generator() | Autoencoder(), "draw":
                return {"picture": images_at(run.net, run.recipe, given["z"], given.get("label"))}
            case Autoencoder(), "encode":
                mean, log_variance = run.net.encode(given["picture"])
                return {"mean": mean} | ({"log_variance": log_variance} if log_variance is not None else {})
            case _, "answer":
                return {"logits": run.net(given["picture"])}
    layer = {"lenet1": "s4_tanh", "lenet4": "s4_tanh", "lenet5": "s4_tanh", "lecture": "leaky3"}
    name = layer.get(case.net, "groups.2.add")
    with recording(run.net) as calls:
        logits = run.net(given["picture"].clone().requires_grad_())
        maps = next(output for called, _, output in calls if called == name)
        (slope,) = torch.autograd.grad((logits * given["target"]).sum(), maps)
    cam = grad_cam(run.net, given["picture"], given["target"].argmax(1), name)
    return {"cam": cam, "weights": slope.mean((2, 3))}


def run_onnx(model: onnx.ModelProto, given: dict[str, Tensor]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {name: value.numpy() for name, value in given.items()}), strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_onnxruntime_gives_what_torch_gives(case: Case) -> None:
    assert " ".join(graph.name for graph, _ in exported(case)) == case.graphs
    for graph, model in exported(case):
        for count in (1, 2, 5):
            given = graph.examples(count, seed=count, classes=max(1, case.classes))
            found, wanted = run_onnx(model, given), own_answer(case, graph, given)
            assert set(found) == set(graph.outputs)
            for name, tensor in wanted.items():
                assert found[name].shape == (count, *graph.outputs[name]) == tuple(tensor.shape)
                # Where all speaks against a class its map is 0.
                assert name == "cam" or float(tensor.abs().max()) > 0.001, "nothing to compare"
                assert np.abs(found[name] - tensor.numpy()).max() <= CLOSE * max(1.0, float(tensor.abs().max()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_file_is_whole_plain_and_tells_nothing(case: Case) -> None:
    for graph, model in exported(case):
        onnx.checker.check_model(model, full_check=True)
        assert model.producer_name == "nonesuch"
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
        assert {node.op_type for node in model.graph.node} <= OPERATORS
        assert not model.functions
        assert not model.metadata_props
        assert all(tensor.data_location != onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer)
        # Netron shows these names, and shapes where inference found them.
        shaped = {info.name for info in (*model.graph.value_info, *model.graph.output)}
        assert all(name in shaped for node in model.graph.node for name in node.output)
        assert len({node.name for node in model.graph.node}) == len(model.graph.node)
        assert [info.name for info in model.graph.input] == list(graph.inputs)
        text = onnx.printer.to_text(model)
        assert not re.search(r"/\w+/|\.py\b|nonesuch\.|metadata_props", text.replace("nonesuch", "", 1))


def test_a_batch_dimension_is_called_n_and_nothing_else_is_open() -> None:
    for case in (CASES[5], CASES[8], CASES[13]):
        for graph, model in exported(case):
            for info in (*model.graph.input, *model.graph.output):
                dims = [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]
                shape = (graph.inputs | graph.outputs)[info.name] if info.name in graph.inputs else None
                wanted = list(shape if shape is not None else graph.outputs[info.name])
                assert dims == ([] if info.name in graph.fixed else ["N"]) + wanted


def test_a_generator_grows_by_resize_and_plain_convolutions() -> None:
    ((_, model),) = exported(CASES[-1])
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Resize") == 6
    assert "ConvTranspose" not in kinds
    ((_, classic),) = exported(CASES[12])
    assert [node.op_type for node in classic.graph.node].count("ConvTranspose") == 3


def test_edited_filters_are_what_the_net_sees() -> None:
    (graph, model), _ = exported(CASES[5])
    given = graph.examples(2, seed=3)
    before = run_onnx(model, given)
    edited = given["filters"].clone()
    edited[1] = 0
    after = run_onnx(model, {**given, "filters": edited})
    changed = np.abs(after["map.0"] - before["map.0"]).max((0, 2, 3))
    assert changed[1] > 0.01
    assert changed[[0, 2, 3]].max() == 0
    # A filter of nothing but zeros leaves its bias everywhere.
    assert np.ptp(after["map.0"][:, 1]) == 0
    assert np.abs(after["logits"] - before["logits"]).max() > 1e-4


def test_maps_are_named_by_their_layers() -> None:
    (graph, _), _ = exported(CASES[5])
    assert graph.layers == {
        "map.0": "conv1 Conv2d", "map.1": "leaky1 LeakyReLU", "map.2": "conv2 Conv2d", "map.3": "conv3 Conv2d"
    }  # fmt: skip
    assert graph.first == "conv1"
    ((linear, _),) = exported(CASES[0])
    assert (linear.layers, dict(linear.fixed), list(linear.inputs)) == ({}, {}, ["picture"])

"""A feature net of the person's own, from an ONNX file: by hand, on every kind of picture, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from PIL import Image

from made_data import bars, folder_of_bars
from nonesuch import library
from nonesuch.cli import show_runs
from nonesuch.errors import DataError
from nonesuch.features_onnx import OnnxFeatures, Scale


def _net(file: Path, side: int | str = 12, batch: int | str = "n", channels: int = 3, flat: bool = True) -> Path:
    """Mean and largest value of each channel, (N, 6); not flat: the pictures themselves."""
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("ReduceMax", ["x", "axes"], ["most"], keepdims=0),
        helper.make_node("Concat", ["mean", "most"], ["y"], axis=1),
    ]
    if not flat:
        nodes = [helper.make_node("Identity", ["x"], ["y"])]
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    takes = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, channels, side, side])
    gives = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [takes], [gives], [axes] if flat else [])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), file)
    return file


@pytest.mark.parametrize(
    ("scale", "off", "by"),
    [
        ("signed", [127.5] * 3, [127.5] * 3),
        ("unit", [0, 0, 0], [255] * 3),
        ("imagenet", [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]),
    ],
)
@pytest.mark.parametrize("batch", ["n", 4])
def test_features_are_the_nets_of_scaled_pixels(
    tmp_path: Path, scale: Scale, off: list[float], by: list[float], batch: int | str
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (9, 12, 12, 3), np.uint8)
    found = OnnxFeatures(_net(tmp_path / "mean.onnx", batch=batch), scale).features_of(pictures)
    seen = (pictures - np.array(off)) / np.array(by)
    np.testing.assert_allclose(found, np.concatenate([seen.mean((1, 2)), seen.max((1, 2))], axis=1), atol=1e-5)


def test_other_sizes_and_channels(tmp_path: Path) -> None:
    net = OnnxFeatures(_net(tmp_path / "mean.onnx", side=8), "unit")
    grey = np.full((2, 5, 9, 1), 51, np.uint8)
    np.testing.assert_allclose(net.features_of(grey), 0.2, atol=1e-6)
    clear = np.zeros((1, 8, 8, 4), np.uint8)  # see-through black is white paper
    np.testing.assert_allclose(net.features_of(clear), 1, atol=1e-6)
    colour = np.random.default_rng(1).integers(0, 256, (1, 40, 40, 3), np.uint8)
    small = np.asarray(Image.fromarray(colour[0]).resize((8, 8), Image.Resampling.BICUBIC)) / 255
    np.testing.assert_allclose(net.features_of(colour)[0, :3], small.mean((0, 1)), atol=1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: None, "no such file"),
        (lambda file: file.write_bytes(b"no net"), "no readable ONNX net"),
        (lambda file: _net(file, channels=1), "takes one input"),
        (lambda file: _net(file, side="s"), "fixed height and width"),
    ],
)
def test_what_is_no_feature_net_is_one_line(tmp_path: Path, make: object, said: str) -> None:
    make(tmp_path / "net.onnx")  # type: ignore[operator]
    with pytest.raises(DataError, match=said) as caught:
        OnnxFeatures(tmp_path / "net.onnx", "signed")
    assert "\n" not in str(caught.value)


def test_a_net_without_features_and_an_unknown_scale(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="first output; found"):
        OnnxFeatures(_net(tmp_path / "net.onnx", flat=False), "unit").features_of(bars(3)[0])
    with pytest.raises(DataError, match="signed, unit, imagenet; found 'loud'"):
        OnnxFeatures(tmp_path / "net.onnx", "loud")  # type: ignore[arg-type]


def test_evaluate_measures_on_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"machine.threads": "1", "machine.precision": "32-true", "net.options.width": "8"}
    recipe = library.plan(folder_of_bars(tmp_path / "bars", 600), kind="gan", images=64, settings=settings)
    run = library.train(recipe, tmp_path / "run")
    show_runs.evaluate(tmp_path, "run", False, _net(tmp_path / "means.onnx"), "unit", False)
    report = run.report()
    assert report is not None
    found = report["published"]
    assert found["dimensions"] == 6  # type: ignore[index]
    assert found["extractor"].startswith("means ")  # type: ignore[index]
    assert found["samples"]["frechet"] > 3 * abs(found["floor"]["frechet"])  # type: ignore[index]
    assert "on features means" in " ".join(capsys.readouterr().out.split())

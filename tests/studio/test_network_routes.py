"""The room Network over HTTP: layers, looks, a unit unfolded, reasons, switches, confusions, and its long work."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from made_data import folder_of_bars
from made_runs import small
from made_studio import array, opened
from nonesuch import library
from nonesuch.evaluation import inside, look
from nonesuch.lens import unfold
from nonesuch.lens.capture import activations
from nonesuch.studio.wire import network as wire
from nonesuch.studio.wire.base import Block
from trained_studio import stopped


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio's folder with a short run of each of three kinds, a linear one beside them, and their data."""
    folder = tmp_path_factory.mktemp("studio")
    data = folder_of_bars(folder / "data" / "bars")
    plans = {kind: small(data, kind, images=64) for kind in ("cnn", "vae", "gan")}  # type: ignore[arg-type]
    plans["linear"] = library.plan(data, net="linear", images=64, settings={"train.augment.flip": "false"})
    for name, planned in plans.items():
        stopped(folder / "runs" / name, planned, 10)
    library.open_run(folder / "runs" / "cnn").evaluate()
    return folder


@pytest.fixture
def client(trained: Path) -> Iterator[TestClient]:
    """A client with the token, of a studio with these runs and data."""
    with opened(trained) as found:
        yield found


def test_names_are_those_of_the_library() -> None:
    assert get_args(wire.SideName) == get_args(inside.Name)
    assert get_args(wire.Method) == look.METHODS
    assert get_args(wire.Rule) == get_args(unfold.Rule)


def test_layers_have_shapes_parameters_and_words(client: TestClient) -> None:
    found = client.get("/api/runs/cnn/anatomy").json()
    first = found["layers"][0]
    assert (first["name"], first["kind"], first["output_shape"], first["sources"]) == (
        "conv1",
        "conv",
        [4, 12, 12],
        [-1],
    )
    assert (first["trainable"], first["product"]) == (108, "3×3×3 × 4")
    assert (found["sides"], found["takes"], len(found["truths"])) == (["classifier"], "picture", len(found["examples"]))
    assert client.get(f"/api/pictures/{found['examples'][0]}").headers["content-type"] == "image/png"
    decoder = client.get("/api/runs/vae/anatomy", params={"side": "decoder"}).json()
    assert (decoder["takes"], decoder["examples"][3]) == ("seed", "seed:vae:3")
    refused = client.get("/api/runs/gan/anatomy", params={"side": "decoder"})
    assert (refused.status_code, "generator and critic" in refused.json()["error"]["message"]) == (409, True)


def test_a_look_holds_every_map_as_fine_as_colours_are(client: TestClient, trained: Path) -> None:
    found = client.post("/api/runs/cnn/inside", json={"picture": "run:cnn:test:0"}).json()
    run = library.open_run(trained / "runs" / "cnn")
    side = inside.side(run)
    image = inside.from_picture(run, side, array(found["picture"]).astype(np.uint8))
    for sent, layer in zip(found["layers"], activations(run.net, image), strict=True):
        lows, highs = np.array(sent["lows"]), np.array(sent["highs"])
        if sent["maps"] is None:
            assert np.allclose(lows, layer.values, atol=1e-5)
            continue
        shown = lows[:, None, None] + array(sent["maps"]) / 255 * (highs - lows)[:, None, None]
        assert (np.abs(shown - layer.values.numpy()) <= (highs - lows)[:, None, None] / 509 + 1e-5).all()
    assert sum(found["outcome"]) == pytest.approx(1, abs=1e-5)
    assert np.allclose(found["outcome"], torch.tensor(found["logits"]).softmax(0), atol=1e-5)
    off = [{"layer": "conv1", "units": [0, 1, 2, 3]}]
    silent = client.post("/api/runs/cnn/inside", json={"picture": "run:cnn:test:0", "switches": off}).json()
    assert silent["outcome"] != found["outcome"]
    assert set(silent["layers"][1]["highs"]) == {0}


def test_a_camera_sends_pixels_and_others_are_told_why_not(client: TestClient) -> None:
    pixels = Block.of(np.zeros((20, 30, 4), np.uint8)).model_dump()
    assert client.post("/api/runs/cnn/inside", json={"pixels": pixels}).status_code == 200
    for wrong, status in (
        ({"pixels": pixels, "picture": "run:cnn:test:0"}, 422),
        ({}, 422),
        ({"pixels": {**pixels, "shape": [20, 30, 5]}}, 400),
        ({"pixels": {**pixels, "shape": [2400]}}, 400),
        ({"pixels": {**pixels, "data": "?"}}, 400),
        ({"picture": "run:cnn:test:9999"}, 404),
        ({"picture": "run:cnn:test:0", "moment": 3}, 409),
        ({"picture": "run:cnn:test:0", "switches": [{"layer": "conv9", "units": [0]}]}, 400),
    ):
        found = client.post("/api/runs/cnn/inside", json=wrong)
        assert (found.status_code, bool(found.json()["error"]["message"])) == (status, True), found.text


def test_generators_decoders_and_critics_are_looked_into_too(client: TestClient, trained: Path) -> None:
    drawn = client.post("/api/runs/gan/inside", json={"picture": "seed:gan:5"}).json()
    expected = library.open_run(trained / "runs" / "gan").sample([5])[0].astype(int)
    assert np.abs(array(drawn["drawn"]).astype(int) - expected).max() <= 1
    assert drawn["picture"] is None
    other = client.post("/api/runs/gan/inside", json={"picture": "seed:vae:5"})
    assert (other.status_code, "seed:gan:5" in other.json()["error"]["message"]) == (400, True)
    assert client.post("/api/runs/gan/inside", json={"picture": "run:gan:test:0"}).status_code == 409
    judged = client.post("/api/runs/gan/inside", json={"side": "critic", "picture": "seed:gan:5"}).json()
    assert len(judged["outcome"]) == 1
    for picture in ("seed:vae:5", "run:vae:test:0"):
        assert client.post("/api/runs/vae/inside", json={"side": "decoder", "picture": picture}).json()["drawn"]
    coded = client.post("/api/runs/vae/inside", json={"picture": "run:vae:test:0"}).json()
    assert len(coded["outcome"]) == 8  # means and log variances of four numbers


def test_a_unit_unfolds_into_parts_that_come_to_its_result(client: TestClient) -> None:
    ask = {"picture": "run:cnn:test:0", "layer": "conv2", "unit": 1}
    found = client.post("/api/runs/cnn/unfold", json=ask).json()
    assert np.allclose(array(found["parts"]).sum(0) + found["bias"], array(found["output"]), atol=1e-5)
    assert (found["window"], found["padding"], found["numbers"]) == ([3, 3], [1, 1], [0, 1, 2, 3])
    leaky = client.post("/api/runs/cnn/unfold", json={**ask, "layer": "leaky1"}).json()
    assert (leaky["rule"], leaky["formula"]) == ("each", "x where x > 0, else 0.3·x")
    off = {"switches": [{"layer": "conv1", "units": [0, 1, 2, 3]}]}
    assert not array(client.post("/api/runs/cnn/unfold", json={**ask, **off}).json()["inputs"]).any()
    assert client.post("/api/runs/cnn/unfold", json={**ask, "unit": 99}).status_code == 400


def test_reasons_have_a_place_in_the_picture(client: TestClient) -> None:
    ask = {"picture": "run:cnn:test:0", "named": 2}
    for method in look.METHODS:
        found = client.post("/api/runs/cnn/reason", json={**ask, "method": method}).json()
        assert (found["named"], array(found["map"]).ndim) == (2, 2)
    assert client.post("/api/runs/cnn/reason", json={**ask, "named": 4, "method": "gradient"}).status_code == 400
    assert (
        client.post("/api/runs/vae/reason", json={"picture": "run:vae:test:0", "method": "gradient"}).status_code == 409
    )


def test_switches_move_the_accuracy(client: TestClient) -> None:
    found = client.post("/api/runs/cnn/effect", json={"switches": [{"layer": "conv1", "units": [0, 1, 2, 3]}]}).json()
    assert found["lost"] == pytest.approx(found["before"] - found["after"])
    assert found["low"] <= found["lost"] <= found["high"]
    assert client.post("/api/runs/gan/effect", json={"switches": [{"layer": "x", "units": [0]}]}).status_code == 409


def test_cells_of_the_matrix_open_as_many_pictures_as_they_count(client: TestClient) -> None:
    found = client.get("/api/runs/cnn/confusion").json()
    assert found["current"]
    for truth, row in enumerate(found["counts"]):
        for answer, value in enumerate(row):
            cell = client.get(f"/api/runs/cnn/confusion/{truth}/{answer}").json()
            assert (cell["count"], len(cell["pictures"])) == (value, min(value, 60))
            assert [each["sure"] for each in cell["pictures"]] == sorted(
                (e["sure"] for e in cell["pictures"]), reverse=True
            )
    assert client.get("/api/runs/cnn/confusion/0/9").status_code == 400
    none = client.get("/api/runs/vae/confusion").json()
    assert (none["counts"], bool(none["why_none"])) == (None, True)


WORK = {
    "crops": {"run": "cnn", "layer": "conv2", "most": 3},
    "dreams": {"run": "cnn", "layer": "conv2", "units": [2, 0], "steps": 3},
    "ranking": {"run": "cnn", "layer": "conv1", "most": 20},
    "templates": {"run": "linear", "beside": "cnn"},
    "trust": {"run": "cnn", "count": 4},
}


def test_long_work_is_done_once_and_told_in_types(client: TestClient) -> None:
    found = {work: done(client, work, asked) for work, asked in WORK.items()}
    crops = found["crops"]
    assert (len(crops["units"]), len(crops["units"][0])) == (4, 3)
    values = [crop["value"] for crop in crops["units"][0]]
    assert values == sorted(values, reverse=True)
    assert client.get(f"/api/pictures/{crops['units'][0][0]['picture']}").status_code == 200
    assert [dream["unit"] for dream in found["dreams"]["dreams"]] == [2, 0]
    assert array(found["dreams"]["pictures"]).shape == (2, 12, 12, 3)
    assert sorted(each["unit"] for each in found["ranking"]["units"]) == [0, 1, 2, 3]
    assert array(found["templates"]["templates"]).shape == (4, 12, 12, 3)
    assert {each["method"] for each in found["trust"]["standings"]} == set(look.METHODS)


def done(client: TestClient, work: str, asked: dict[str, object]) -> Any:
    line = client.post(f"/api/work/{work}", json=asked)
    assert line.status_code == 202, line.text
    task, end = line.json()["id"], time.monotonic() + 240
    while (state := client.get(f"/api/tasks/{task}").json()["task"])["state"] == "running":
        assert time.monotonic() < end, state
        time.sleep(0.2)
    assert state["state"] == "done", state
    # The same question gives the same task, another one another.
    assert client.post(f"/api/work/{work}", json=asked).json()["id"] == task
    wrong = "dreams" if work != "dreams" else "crops"
    assert client.get(f"/api/work/{wrong}/{task}").status_code == 409
    return client.get(f"/api/work/{work}/{task}").json()

"""The room Kernels over HTTP: kernels by name, filters of a real run, one put back, and a lesson as a task."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from made_studio import array, opened
from nonesuch.lens import kernels, named_kernels
from nonesuch.studio.wire import kernels as wire
from nonesuch.studio.wire.base import Block
from trained_studio import trained_in

PICTURE = "data:bars:0"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio's folder with a classifier, an autoencoder and a GAN of a few steps, and their data."""
    return trained_in(tmp_path_factory.mktemp("studio"), ("cnn", "vae", "gan"))


@pytest.fixture
def client(trained: Path) -> Iterator[TestClient]:
    with opened(trained) as found:
        yield found


def put(client: TestClient, weights: np.ndarray, run: str = "cnn", number: int = 1, **rest: Any) -> Any:
    asked = {"weights": weights.tolist(), "picture": PICTURE, **rest}
    return client.post(f"/api/runs/{run}/filters/{number}", json=asked)


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def test_edges_are_those_of_the_library() -> None:
    assert get_args(wire.EdgeName) == get_args(kernels.Edge)


def test_kernels_by_name(client: TestClient) -> None:
    found = client.get("/api/kernels").json()
    assert [line["name"] for line in found["kernels"]] == list(named_kernels.PRESETS)
    sharpen = found["kernels"][2]
    assert (sharpen["weights"], sharpen["scale"]) == ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1)
    assert all(line["caption"].endswith(".") for line in found["kernels"])
    assert {line["name"]: line["usual"] for line in found["words"]}["dog"] == [1.0, 1.6]


def test_all_filters_and_their_maps(client: TestClient) -> None:
    found = client.get("/api/runs/cnn/filters", params={"picture": PICTURE}).json()
    weights, maps = array(found["weights"]), array(found["maps"])
    assert (found["kind"], found["channels"], len(found["offsets"])) == ("cnn", weights.shape[1], len(weights))
    picture = torch.tensor(array(found["picture"])).permute(2, 0, 1)[None].float() / 127.5 - 1
    conv = torch.conv2d(picture, torch.tensor(weights), torch.tensor(found["offsets"]), found["stride"], "same")
    np.testing.assert_allclose(maps, conv[0].numpy(), atol=1e-5)
    alone = client.get("/api/runs/vae/filters").json()
    assert (alone["maps"], alone["picture"], alone["kind"]) == (None, None, "vae")


def test_a_filter_put_back_as_it_was_moves_nothing_and_another_does(client: TestClient) -> None:
    found = client.get("/api/runs/cnn/filters").json()
    own = array(found["weights"])[1]
    same = put(client, own, offset=found["offsets"][1]).json()
    assert same["before"] == same["after"]
    assert sum(same["before"]) == pytest.approx(1, abs=1e-5)
    assert same["was"] == same["now"]
    other = put(client, 50 * own, offset=found["offsets"][1]).json()
    assert other["before"] == same["before"] != other["after"]
    pixels = array(same["picture"])
    sent = {"picture": None, "pixels": Block.of(np.asarray(pixels, np.uint8)).model_dump()}
    assert put(client, own, offset=found["offsets"][1], **sent).json() == same


def test_what_cannot_be_put_back(client: TestClient) -> None:
    own = array(client.get("/api/runs/cnn/filters").json()["weights"])[0]
    assert "a kernel is a square with an odd side" in said(put(client, own[:, 1:, 1:]))[1]
    assert "filters of this layer are" in said(put(client, own[:1]))[1]
    assert said(put(client, own, number=999))[0] == 400
    assert said(put(client, own, run="nobody"))[0] == 404
    assert said(put(client, own, picture="data:bars:99999"))[0] == 404
    assert said(put(client, own, run="gan"))[0] == 409
    seen = array(client.get("/api/runs/vae/filters").json()["weights"])[0]
    assert "no classes" in said(put(client, seen, run="vae"))[1]
    status, words = said(put(client, own, picture=None))
    assert (status, "give either picture or pixels" in words) == (422, True)
    short = {"shape": [9, 9, 3], "dtype": "uint8", "data": "AAAA"}
    assert said(put(client, own, picture=None, pixels=short))[0] == 400
    assert said(put(client, own, picture=None, pixels={**short, "shape": [9, 9]}))[0] == 422
    ragged = client.post("/api/runs/cnn/filters/0", json={"weights": [[[1.0, 2.0], [3.0]]], "picture": PICTURE})
    assert (ragged.status_code, "squares of one size" in ragged.text) == (422, True)


def finished(client: TestClient, asked: dict[str, Any]) -> Any:
    begun = client.post("/api/work/lesson", json=asked)
    assert begun.status_code == 202, begun.text
    name, end = begun.json()["id"], time.monotonic() + 180
    while (found := client.get(f"/api/tasks/{name}").json())["task"]["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def test_random_kernels_learn_what_they_are_shown(client: TestClient) -> None:
    mine = {"weights": [[0.0, 0.0, 0.0], [1.0, 0.0, -1.0], [0.0, 0.0, 0.0]], "scale": 2.0}
    found = finished(client, {"picture": PICTURE, "chain": "mine", "mine": mine, "steps": 120, "seed": 1})
    assert (found["task"]["state"], found["task"]["done"], found["task"]["total"]) == ("done", 120, 120)
    moments = found["result"]["moments"]
    assert (moments[0]["step"], moments[-1]["step"]) == (0, 120)
    assert moments[-1]["loss"] < 1e-3 < moments[0]["loss"]
    np.testing.assert_allclose(moments[-1]["kernels"][0]["weights"], np.divide(mine["weights"], 2), atol=0.05)
    assert found["files"] == sorted([moment["file"] for moment in moments] + ["wanted.png"])
    picture = client.get(f"/api/tasks/{found['task']['id']}/files/wanted.png")
    assert picture.headers["content-type"] == "image/png"


def test_a_lesson_that_cannot_be_says_why(client: TestClient) -> None:
    found = finished(client, {"picture": PICTURE, "chain": "leaky"})
    assert (found["task"]["state"], "nothing to learn" in found["task"]["words"]) == ("failed", True)
    assert client.post("/api/work/lesson", json={"picture": PICTURE, "chain": "blur", "steps": 0}).status_code == 422

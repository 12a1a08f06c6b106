"""The room Latent over HTTP: places drawn as the library draws them, directions kept, clouds, and long work."""

import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from made_runs import NARROW, SMALL
from made_studio import array, opened
from nonesuch import library
from nonesuch.evaluation import code_use, codes
from nonesuch.evaluation.compass import towards
from nonesuch.evaluation.directions import Space
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.sampling import latents
from nonesuch.latent import atlas, directions, path
from nonesuch.latent.seed_plane import mixed
from nonesuch.studio.wire import latent as wire
from nonesuch.studio.wire.base import Block
from trained_studio import stopped, trained_in

KINDS = ("cnn", "ae", "vae", "gan")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio's folder with a run of each kind and their data; `free` is a GAN without classes."""
    folder = trained_in(tmp_path_factory.mktemp("studio"), KINDS)
    data = folder / "data" / "bars"
    free = library.plan(data, kind="gan", images=160, label="none", settings=SMALL | NARROW["gan"])
    stopped(folder / "runs" / "free", free, 4)
    return folder


@pytest.fixture
def client(trained: Path) -> Iterator[TestClient]:
    """A client with the token, of a studio with these runs and data."""
    with opened(trained) as found:
        yield found


def block(values: Any) -> dict[str, Any]:
    return Block.of(np.asarray(values, np.float32)).model_dump()


def seed(number: int, weight: float = 1.0) -> dict[str, Any]:
    return {"weight": weight, "seed": number}


def drawn(client: TestClient, run: str, **asked: Any) -> np.ndarray:
    answer = client.post(f"/api/runs/{run}/place", json=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


def done(client: TestClient, work: str, seconds: float = 120, **asked: Any) -> dict[str, Any]:
    """Begin long work and wait for what comes of it."""
    begun = client.post(f"/api/work/{work}", json=asked)
    assert begun.status_code == 202, begun.text
    address, end = f"/api/tasks/{begun.json()['id']}", time.monotonic() + seconds
    while (found := client.get(address).json())["task"]["state"] == "running":
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found | {"address": address}


def test_methods_ways_and_layouts_are_those_of_the_library() -> None:
    assert get_args(wire.Method) == get_args(directions.Method)
    assert get_args(wire.Way) == get_args(path.Way)
    assert get_args(wire.Ease) == get_args(path.Ease)
    assert get_args(wire.Layout) == atlas.METHODS


@pytest.mark.parametrize("run", ["ae", "vae", "free"])
def test_a_seed_is_the_picture_that_the_library_draws(client: TestClient, trained: Path, run: str) -> None:
    expected = library.open_run(trained / "runs" / run).sample([7])[0]
    assert np.array_equal(drawn(client, run, at={"mix": [seed(7)]}), np.squeeze(expected))
    assert np.array_equal(drawn(client, run, at={"mix": [{"plane": {"x": 7, "y": 0}}]}), np.squeeze(expected))


def test_a_place_is_the_mix_truncated_and_then_moved(client: TestClient, trained: Path) -> None:
    z = torch.stack([mixed(3.5, 1.25, 4), torch.tensor([1.0, 0, -1, 2])])
    move = torch.tensor([0.0, 1, 0, 0])
    point = {
        "mix": [{"weight": 0.5, "plane": {"x": 3.5, "y": 1.25}}, {"weight": -2, "code": block(z[1])}],
        "moves": [{"weight": 3, "code": block(move)}],
        "psi": 0.7,
        "centre": block([1, 1, 1, 1]),
    }
    expected = 1 + 0.7 * (0.5 * z[0] - 2 * z[1] - 1) + 3 * move
    found = client.post("/api/runs/vae/code", json=point).json()["code"]
    np.testing.assert_allclose(array(found), expected, rtol=1e-6)
    picture = library.open_run(trained / "runs" / "vae").drawn_at(torch.from_numpy(array(found).copy())[None])[0]
    assert np.array_equal(drawn(client, "vae", at=point), np.squeeze(picture))
    sheet = client.post("/api/runs/vae/places", json={"points": [point, {"mix": [seed(1)]}]}).json()["pictures"]
    assert np.array_equal(array(sheet)[0], picture)


def test_between_two_places_lies_the_arc(client: TestClient, trained: Path) -> None:
    run = library.open_run(trained / "runs" / "free")
    first, second = run.places([1]), run.places([2])
    middle = path.slerp(first[0], second[0], torch.tensor([0.25]))
    ends = {"at": {"mix": [seed(1)]}, "towards": {"mix": [seed(2)]}}
    assert np.array_equal(drawn(client, "free", **ends, share=0.25), np.squeeze(run.drawn_at(middle)[0]))
    assert np.array_equal(drawn(client, "free", **ends, share=0), np.squeeze(run.drawn_at(first)[0]))


def test_a_conditional_generator_is_told_its_class(client: TestClient, trained: Path) -> None:
    run = library.open_run(trained / "runs" / "gan")
    assert client.get("/api/runs/gan/latent").json()["classes"] == list(run.classes)
    for name in ("left", "up"):
        expected = run.drawn_at(run.places([5]), name)[0]
        assert np.array_equal(drawn(client, "gan", at={"mix": [seed(5)]}, named=name), np.squeeze(expected))
    wrong = client.post("/api/runs/gan/place", json={"at": {"mix": [seed(5)]}, "named": "sideways"})
    assert (wrong.status_code, "sideways" in wrong.json()["error"]["message"]) == (400, True)


def test_what_a_space_says_of_itself(client: TestClient) -> None:
    found = client.get("/api/runs/vae/latent").json()
    assert (found["kind"], found["latent"], found["gaussian"], found["classes"]) == ("vae", 4, True, [])
    assert found["columns"] == [{"name": "label", "values": ["down", "left", "right", "up"]}]
    assert (found["directions"], found["problem"], found["no_likelihood"]) == ([], "", "")
    assert "no probability" in client.get("/api/runs/ae/latent").json()["no_likelihood"]
    assert "without saying how probable" in client.get("/api/runs/free/latent").json()["no_likelihood"]
    refused = client.get("/api/runs/cnn/latent")
    assert (refused.status_code, "classifier" in refused.json()["error"]["message"]) == (409, True)


@pytest.mark.parametrize(
    ("point", "status", "words"),
    [
        ({"mix": []}, 422, "at least 1"),
        ({"mix": [{"weight": 1}]}, 422, "one of seed, plane and code"),
        ({"mix": [{"seed": 1, "plane": {"x": 0, "y": 0}}]}, 422, "one of seed, plane and code"),
        ({"mix": [{"plane": {"x": -1, "y": 0}}]}, 422, "greater than or equal to 0"),
        ({"mix": [{"code": block([1, 2, 3])}]}, 400, "float32 (4,)"),
        ({"mix": [{"code": {"shape": [4], "dtype": "float32", "data": "AAAA"}}]}, 400, "cannot be read"),
        ({"mix": [{"code": {**block([0] * 4), "data": "AADAfwAAwH8AAMB/AADAfw=="}}]}, 400, "finite"),
        ({"mix": [{"seed": 2**53 - 1}, {"seed": -1}]}, 422, "greater than or equal"),
        ({"mix": [seed(1)], "psi": 9}, 422, "psi"),
    ],
)
def test_a_place_that_is_none_is_one_line(client: TestClient, point: object, status: int, words: str) -> None:
    found = client.post("/api/runs/vae/place", json={"at": point})
    assert (found.status_code, words in found.json()["error"]["message"]) == (status, True), found.text


def test_the_cloud_of_a_vae_has_gaussians_and_an_aes_has_points(client: TestClient, trained: Path) -> None:
    found = client.get("/api/runs/vae/cloud", params={"most": 20}).json()
    known = codes.codes(library.open_run(trained / "runs" / "vae"), "train", 20)
    centre, axes = array(found["centre"]), array(found["axes"])
    np.testing.assert_allclose(array(found["places"]), (known.mean.numpy() - centre) @ axes.T, atol=1e-4)
    assert known.log_variance is not None
    first = axes @ np.diag(known.log_variance[0].exp().numpy()) @ axes.T
    np.testing.assert_allclose(array(found["covariances"])[0], first, rtol=1e-4, atol=1e-6)
    assert found["names"] == ["down", "left", "right", "up"]
    row = known.data.rows["train"][found["rows"][3]]
    assert row == known.rows[3]
    assert found["labels"][3] == known.data.targets[row]
    assert client.get("/api/runs/ae/cloud", params={"most": 20}).json()["covariances"] is None
    assert client.get("/api/runs/free/cloud").status_code == 409
    assert client.get("/api/runs/vae/cloud", params={"column": "mood"}).status_code == 400


def test_the_use_of_a_code_is_the_librarys(client: TestClient, trained: Path) -> None:
    found = client.get("/api/runs/vae/use").json()
    expected = code_use.use_of_code(library.open_run(trained / "runs" / "vae"))
    assert (found["n"], found["dead"]) == (expected.n, expected.dead)
    assert found["nats"] == pytest.approx(expected.nats)
    for run, words in (("ae", "its codes are points"), ("gan", "no codes of pictures")):
        refused = client.get(f"/api/runs/{run}/use")
        assert (refused.status_code, words in refused.json()["error"]["message"]) == (409, True)


def test_an_encoder_says_where_a_picture_is(client: TestClient, trained: Path) -> None:
    known = codes.codes(library.open_run(trained / "runs" / "ae"))
    found = client.post("/api/runs/ae/encode", json={"picture": "run:ae:train:3"}).json()
    np.testing.assert_allclose(array(found["code"]), known.mean[3], atol=1e-4)
    refused = client.post("/api/runs/gan/encode", json={"picture": "run:ae:train:3"})
    assert (refused.status_code, "inversion" in refused.json()["error"]["message"]) == (409, True)


def test_directions_are_found_kept_under_a_name_and_forgotten(client: TestClient, trained: Path) -> None:
    task = done(client, "directions", run="free", method="weights", count=2)
    found = task["result"]["directions"]
    space = __import__("nonesuch.evaluation.directions", fromlist=["Space"]).Space
    expected = space(library.open_run(trained / "runs" / "free")).find("weights", 2)
    assert [one["name"] for one in found] == ["weights 1", "weights 2"]
    np.testing.assert_allclose(array(found[1]["vector"]), expected[1].vector, atol=1e-6)
    assert found[1]["sigma"] == pytest.approx(expected[1].sigma)
    named = {**found[1], "name": "wider / <b>"}
    kept = client.post("/api/runs/free/directions", json=named)
    assert kept.status_code == 200, kept.text
    assert [one["name"] for one in kept.json()["directions"]] == ["wider / <b>"]
    assert client.get("/api/runs/free/latent").json()["directions"] == [named]
    again = client.delete("/api/runs/free/directions", params={"name": "wider / <b>"})
    assert again.json() == {"directions": []}
    assert client.delete("/api/runs/free/directions", params={"name": "wider"}).status_code == 400
    long = {**found[0], "vector": block([2, 0, 0, 0])}
    assert client.post("/api/runs/free/directions", json=long).status_code == 400


def test_a_direction_towards_a_label(client: TestClient) -> None:
    found = done(client, "directions", run="vae", method="mean", label="label=left")["result"]["directions"]
    assert [(one["name"], one["method"]) for one in found] == [("label=left", "mean")]
    failed = done(client, "directions", run="vae", method="mean", label="mood")["task"]
    assert (failed["state"], "no label column" in failed["words"]) == ("failed", True)
    assert client.post("/api/work/directions", json={"run": "vae", "method": "mean"}).status_code == 422
    assert client.post("/api/work/directions", json={"run": "nowhere", "method": "codes"}).status_code == 404


def test_a_film_goes_through_its_key_frames(client: TestClient, trained: Path) -> None:
    stops = [{"second": at, "point": {"mix": [seed(number)]}} for at, number in ((0, 1), (0.5, 2))]
    task = done(client, "film", run="free", stops=stops, speed=10, loop=False, side=16)
    assert (task["files"], task["result"]["frames"]) == (["film.gif"], 6)
    gif = client.get(f"{task['address']}/files/film.gif")
    assert gif.headers["content-type"] == "image/gif"
    film = Image.open(BytesIO(gif.content))
    expected = library.open_run(trained / "runs" / "free").sample([1])[0]
    difference = np.asarray(film.convert("L"), float) - np.asarray(Image.fromarray(np.squeeze(expected)).convert("L"))
    assert np.abs(difference).mean() < 8  # 256 colours
    failed = done(client, "film", run="free", stops=stops[::-1])["task"]
    assert (failed["state"], "seconds grow" in failed["words"]) == ("failed", True)


def test_a_film_is_an_mp4_where_that_can_be_written(client: TestClient) -> None:
    assert client.get("/api/runs/free/latent").json()["films"] == ["gif", "mp4"]
    stops = [{"second": second, "point": {"mix": [seed(second)]}} for second in (0, 1)]
    task = done(client, "film", run="free", stops=stops, speed=4, loop=False, side=16, written="mp4")
    assert (task["files"], task["result"]["name"]) == (["film.mp4"], "film.mp4")
    film = client.get(f"{task['address']}/files/film.mp4")
    assert film.headers["content-type"] == "video/mp4"
    assert film.content[4:8] == b"ftyp"


def test_without_the_extra_films_are_gifs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert client.get("/api/runs/free/latent").json()["films"] == ["gif"]


def test_two_piles_make_the_direction_between_their_means(client: TestClient) -> None:
    having, lacking = ([{"mix": [seed(number)]} for number in pile] for pile in ((1, 2, 3), (4, 5)))
    found = client.post("/api/runs/free/piles", json={"name": "rounder", "having": having, "lacking": lacking}).json()
    wanted = latents((1, 2, 3), 4).mean(0) - latents((4, 5), 4).mean(0)
    assert array(found["vector"]) == pytest.approx((wanted / wanted.norm()).numpy(), abs=1e-6)
    assert found["sigma"] == pytest.approx(1, abs=0.1)  # of draws of N(0, 1), in any direction
    assert (found["name"], found["method"]) == ("rounder", "mean")
    kept = client.post("/api/runs/free/directions", json=found).json()["directions"]
    assert "rounder" in [each["name"] for each in kept]
    client.delete("/api/runs/free/directions", params={"name": "rounder"})
    same = client.post("/api/runs/free/piles", json={"name": "none", "having": having, "lacking": having})
    assert (same.status_code, "vector is 0" in same.json()["error"]["message"]) == (400, True)
    assert (
        client.post("/api/runs/cnn/piles", json={"name": "x", "having": having, "lacking": lacking}).status_code == 409
    )


@pytest.mark.parametrize("run", ["free", "gan", "vae"])
def test_a_compass_goes_where_the_library_goes(client: TestClient, trained: Path, run: str) -> None:
    asked = {"start": {"mix": [seed(3)]}, "guide": "cnn", "towards": "up", "steps": 12, "shown": 4}
    found = client.post(f"/api/runs/{run}/compass", json=asked).json()
    opened_run, guide = (library.open_run(trained / "runs" / name) for name in (run, "cnn"))
    start = Places(latents([3], 4), torch.tensor([0]) if run == "gan" else None)
    way = towards(Space(opened_run, 100), guide, "up", start, 12)
    assert found["steps"] == [0, 4, 8, 12]
    assert found["probabilities"] == pytest.approx(way.probabilities.tolist(), abs=1e-5)
    assert found["probabilities"][-1] > found["probabilities"][0]
    assert array(found["codes"]) == pytest.approx(way.path[[0, 4, 8, 12]].numpy(), abs=1e-5)
    assert np.array_equal(array(found["pictures"]), opened_run.drawn_at(way.path[[0, 4, 8, 12]]))


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"guide": "vae"}, 409, "a compass is a cnn"),
        ({"guide": "nobody"}, 404, "no run"),
        ({"towards": "sideways"}, 400, "no class is called"),
        ({"steps": 0}, 422, "steps"),
    ],
)
def test_a_compass_that_cannot_be_is_one_line(
    client: TestClient, change: dict[str, Any], status: int, words: str
) -> None:
    asked = {"start": {"mix": [seed(3)]}, "guide": "cnn", "towards": "up", "steps": 4} | change
    found = client.post("/api/runs/free/compass", json=asked)
    assert (found.status_code, words in found.json()["error"]["message"]) == (status, True), found.text


def test_an_inversion_gives_both_answers_and_the_way(client: TestClient, trained: Path) -> None:
    task = done(client, "inversion", run="vae", picture="run:vae:test:0", steps=20)
    found = task["result"]
    assert task["files"] == ["encoder.png", "nearest.png", "photo.png", "refined.png", "strip.png"]
    assert (len(found["losses"]), found["shown"][0], found["shown"][-1]) == (21, 0, 20)
    close = {line["of"]: line for line in found["close"]}
    assert close["refined"]["psnr"] > close["random seed"]["psnr"]
    encoded = client.post("/api/runs/vae/encode", json={"picture": "run:vae:test:0"}).json()["code"]
    np.testing.assert_allclose(array(found["encoded"]), array(encoded), atol=1e-4)
    assert client.get(f"{task['address']}/files/strip.png").headers["content-type"] == "image/png"


def test_a_likelihood_is_given_or_refused_with_its_reason(client: TestClient) -> None:
    found = done(client, "likelihood", run="vae", picture="run:vae:test:0", codes=5)["result"]
    assert found["nats"] is not None
    assert 0 <= found["above"] <= 1
    failed = done(client, "likelihood", run="ae", picture="run:ae:test:0", codes=5)["task"]
    assert (failed["state"], "gives no p(x)" in failed["words"]) == ("failed", True)


def test_nets_of_the_same_pictures_are_tied_to_one_pad(client: TestClient) -> None:
    found = done(client, "pad", runs=["ae", "vae", "free"])["result"]
    assert (found["base"], [net["kind"] for net in found["nets"]]) == ("vae", ["ae", "vae", "gan"])
    net = found["nets"][1]
    cloud = client.get("/api/runs/vae/cloud").json()
    along = array(net["across"]) / np.linalg.norm(array(net["across"]))
    assert abs(float(along @ array(cloud["axes"])[0])) == pytest.approx(1, abs=1e-3)


def test_a_generators_map_lays_drawn_pictures_beside_real_ones(client: TestClient) -> None:
    found = done(client, "cloud", run="free", most=30)["result"]
    assert array(found["places"]).shape == array(found["made"]).shape == (30, 2)
    assert found["axes"] is None

"""The room Train over HTTP: form, start, wishes, looks at a real run that was stopped half-way."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from starlette.testclient import TestClient

from made_album import ended
from made_data import folder_of_bars
from made_studio import array, opened, places_in
from nonesuch import form, library, recipe
from nonesuch.errors import NonesuchError
from nonesuch.runs import control
from nonesuch.runs.lock import TrainerLock
from nonesuch.studio import jobs, planning
from nonesuch.studio.wire import train as wire
from nonesuch.training.wishes import Pause, Rate, Stop, Wish
from trained_studio import trained_in

KINDS = ("cnn", "vae", "gan")
QUICK = {"train.batch": 16, "net.options.latent": 4, "net.options.width": 8, "net.options.critic_width": 8}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio's folder with a run of each of three kinds, stopped after four steps of ten, and their data."""
    return trained_in(tmp_path_factory.mktemp("studio"), KINDS)


@pytest.fixture
def client(trained: Path) -> Iterator[TestClient]:
    """A client with the token, of a studio with these runs and data."""
    with opened(trained) as found:
        yield found


def test_kinds_and_types_are_those_of_the_library() -> None:
    assert get_args(wire.Kind) == get_args(recipe.Kind)
    assert get_args(wire.SettingType) == get_args(form.SettingType)


def test_the_form_lists_data_nets_and_settings(client: TestClient) -> None:
    found = client.get("/api/train/form/gan").json()
    assert [net["name"] for net in found["nets"]] == ["modern", "classic"]
    assert "bars" in found["data"]
    assert found["net"] == "modern"
    first = found["settings"][0]
    assert (first["name"], first["type"], first["default"], first["least"]) == ("train.batch", "whole", 64, 1)
    assert client.get("/api/train/form/gan", params={"net": "classic"}).json()["net"] == "classic"
    refused = client.get("/api/train/form/gan", params={"net": "lecture"})
    assert (refused.status_code, "no net for gan" in refused.json()["error"]["message"]) == (400, True)


def test_a_training_is_started_heard_stopped_and_found_again(client: TestClient, trained: Path) -> None:
    plan = {"kind": "gan", "data": "bars", "images": 10**7, "settings": QUICK | {"seed": 7}}
    run_id = planned(client, "beginning", plan)["run"]
    assert client.get(f"/api/runs/{run_id}").json()["run"]["state"] == "stopped"
    try:
        assert client.post(f"/api/runs/{run_id}/start").json()["state"] == "running"
        assert client.get(f"/api/runs/{run_id}").json()["recipe"]["seed"] == 7
        until(client, run_id, "images_seen", lambda seen: seen > 0)
        assert client.post(f"/api/runs/{run_id}/wishes", json={"wish": "pause"}).status_code == 202
        until(client, run_id, "state", lambda state: state == "paused")
        with opened(trained) as another:  # a server that was started anew
            assert another.get(f"/api/runs/{run_id}").json()["run"]["state"] == "paused"
        game = client.get(f"/api/runs/{run_id}/game", params={"count": 4}).json()
        assert len(game["made"]["scores"]) == 4
    finally:
        client.post(f"/api/runs/{run_id}/wishes", json={"wish": "stop"})
        until(client, run_id, "state", lambda state: state == "stopped")


def unheard(_done: int, _total: int) -> None:
    """Nobody wants to know how far packing is."""


def planned(client: TestClient, work: str, plan: dict[str, object]) -> dict[str, Any]:
    """What came of long work on a plan."""
    found = ended(client, client.post(f"/api/work/{work}", json=plan))
    assert found["task"]["state"] == "done", found
    return dict(found["result"])


def until(client: TestClient, run_id: str, name: str, right: Any, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not right(found := client.get(f"/api/runs/{run_id}").json()["run"][name]):
        assert time.monotonic() < end, found
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"data": "nowhere"}, 404, "no data set"),
        ({"settings": {"../x": 1}}, 422, "pattern"),
        ({"minutes": 1, "images": 5}, 422, "either minutes or images"),
        ({"minutes": 0}, 422, "minutes"),
        ({"without": ["\n"]}, 422, "without"),
    ],
)
@pytest.mark.parametrize("work", ["expecting", "beginning"])
def test_a_plan_that_cannot_be_is_refused_before_any_child_starts(
    client: TestClient, work: str, change: dict[str, object], status: int, words: str
) -> None:
    before = client.get("/api/tasks").json()
    found = client.post(f"/api/work/{work}", json={"kind": "gan", "data": "bars", "images": 64, **change})
    assert (found.status_code, words in found.json()["error"]["message"]) == (status, True), found.text
    assert client.get("/api/tasks").json() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": {"data.source": "/etc"}}, "no setting"),
        ({"settings": {"machine.threads": 64}}, "no setting"),
        ({"settings": {"train.batch": -1}}, "train.batch"),
        ({"settings": {"seed": "x"}}, "seed"),
        ({"net": "lecture"}, "no net for gan"),
        ({"without": ["sideways"]}, "sideways"),
    ],
)
def test_a_plan_that_the_library_refuses_leaves_no_run(trained: Path, change: dict[str, Any], words: str) -> None:
    before = sorted(path.name for path in (trained / "runs").iterdir())
    plan = wire.Plan.model_validate({"kind": "gan", "data": "bars", "images": 64, **change})
    with pytest.raises(NonesuchError, match=words):
        planning.made(places_in(trained), plan, unheard)
    assert sorted(path.name for path in (trained / "runs").iterdir()) == before


def test_a_refusal_is_one_line(client: TestClient) -> None:
    plan = {"kind": "gan", "data": "bars", "images": 64, "settings": {"train.batch": -1}}
    task = ended(client, client.post("/api/work/beginning", json=plan))["task"]
    assert (task["state"], "train.batch" in task["words"], "\n" in task["words"]) == ("failed", True, False), task


def test_no_run_is_made_while_as_many_train_as_this_machine_bears(
    client: TestClient, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 1)
    with TrainerLock(trained / "runs" / "vae"):  # by an earlier studio, or by the command line
        for door in ("/api/runs/gan/start", "/api/work/beginning"):
            refused = client.post(door, json={"kind": "gan", "data": "bars", "images": 64})
            assert (refused.status_code, "1 trainings" in refused.json()["error"]["message"]) == (429, True)


def test_what_to_expect_is_said_of_minutes_and_of_images(client: TestClient, trained: Path) -> None:
    plan = {"kind": "gan", "data": "bars", "settings": QUICK}
    found = planned(client, "expecting", {**plan, "minutes": 1})
    assert found["rate"] > 0
    assert found["pictures"] == pytest.approx(60 * found["rate"], rel=0.01)
    assert "expect about" in found["words"]
    asked = wire.Plan.model_validate({**plan, "images": 640})
    counted = planning.expected(places_in(trained), asked, unheard)
    assert (counted.pictures, counted.words) == (640, "640 pictures in all, repeats counted")
    assert counted.parameters > 1000


def test_pictures_are_packed_by_the_task_which_says_how_far_it_is(client: TestClient, trained: Path) -> None:
    folder_of_bars(trained / "data" / "fresh", 40)
    done = ended(client, client.post("/api/work/beginning", json={"kind": "vae", "data": "fresh", "images": 64}))
    assert done["task"]["state"] == "done", done
    log = trained / "cache" / "studio" / "tasks" / done["task"]["id"] / "progress.jsonl"
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert ("pictures packed", 40, 40) in [(each.get("words"), each.get("done"), each.get("total")) for each in told]
    assert [each["words"] for each in told if each["kind"] == "progressed"][-1] == "settling the net"


@pytest.mark.parametrize("budget", [{"images": 64}, {"minutes": 0.1}])
def test_files_that_cannot_be_used_are_told_of_whatever_the_budget(trained: Path, budget: dict[str, float]) -> None:
    album = trained / "data" / "torn"
    folder_of_bars(album, 40)
    broken = min(path for path in album.rglob("*") if path.is_file())
    broken.write_bytes(b"")
    asked = wire.Plan.model_validate({"kind": "gan", "data": "torn", "settings": QUICK, **budget})
    words = planning.expected(places_in(trained), asked, unheard).words
    assert "1 of 40 files cannot be used and are left out, such as " in words


@pytest.mark.parametrize(
    ("without", "classes"),
    [(None, "down left right"), (["left", "down"], "right up"), ([], "down left right up")],
)
def test_classes_can_be_left_out_of_a_training(trained: Path, without: list[str] | None, classes: str) -> None:
    (trained / "data" / "bars" / ".nonesuch.json").write_text(json.dumps({"schema": 1, "off": ["up"]}))
    plan = wire.Plan(kind="cnn", data="bars", images=64, without=without)
    assert planning.planned(places_in(trained), plan, unheard).data.classes == tuple(classes.split())
    (trained / "data" / "bars" / ".nonesuch.json").unlink()


def test_wishes_reach_the_folder_as_they_are_typed(client: TestClient, trained: Path) -> None:
    reader = control.Control(trained / "runs" / "vae")
    wished: list[Wish] = [Rate(factor=0.5), Pause(), Stop(reason="enough")]
    for each in wished:
        assert client.post("/api/runs/vae/wishes", json=each.model_dump(exclude_none=True)).status_code == 202
    assert reader.new() == wished
    for wrong in ({"wish": "fly"}, {"wish": "rate"}, {"wish": "step", "count": 10**9}, {"wish": "slow"}, []):
        assert client.post("/api/runs/vae/wishes", json=wrong).status_code == 422
    assert reader.new() == []


def test_a_classifier_answers_now_and_at_an_earlier_moment(client: TestClient) -> None:
    found = client.get("/api/runs/cnn/answers").json()
    assert (found["images_seen"], found["classes"], len(found["lines"])) == (64, ["down", "left", "right", "up"], 12)
    line = found["lines"][0]
    assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert line["right"] == (int(np.argmax(line["probabilities"])) == line["truth"])
    assert client.get(f"/api/pictures/{line['picture']}").headers["content-type"] == "image/png"
    assert client.get("/api/runs/cnn/answers", params={"moment": 16}).json()["images_seen"] == 16
    missing = client.get("/api/runs/cnn/answers", params={"moment": 17})
    assert (missing.status_code, "no frame" in missing.json()["error"]["message"]) == (409, True)
    assert client.get("/api/runs/gan/answers").status_code == 409


def test_frames_hold_the_pictures_of_fixed_seeds(client: TestClient, trained: Path) -> None:
    found = client.get("/api/runs/gan/frame").json()
    assert np.array_equal(array(found["samples"]), library.open_run(trained / "runs" / "gan").sample(range(16)))
    assert found["redrawn"] is None
    early = client.get("/api/runs/vae/frame", params={"moment": 16}).json()
    assert early["images_seen"] == 16
    assert array(early["redrawn"]).shape == array(early["given"]).shape == (4, 12, 12, 3)
    assert client.get("/api/runs/cnn/frame").status_code == 409


def test_a_run_from_before_histories_is_looked_at_as_it_is(client: TestClient, trained: Path) -> None:
    old = trained / "runs" / "old"
    shutil.copytree(trained / "runs" / "vae", old, ignore=shutil.ignore_patterns("history"))
    assert client.get("/api/runs/old/frame").json()["images_seen"] == 64


def test_the_game_and_its_next_step_are_shown_and_nothing_moves(client: TestClient, trained: Path) -> None:
    files = {path: path.read_bytes() for path in (trained / "runs" / "gan").rglob("*") if path.is_file()}
    game = client.get("/api/runs/gan/game").json()
    assert array(game["made"]["maps"]).shape == (8, 12, 12)
    assert len(game["real"]["probabilities"]) == 8
    step = client.get("/api/runs/gan/step", params={"count": 3}).json()
    assert [stage["number"] for stage in step["stages"]] == list(range(1, 13))
    assert array(step["stages"][1]["tensors"]["made"]).shape == (3, 12, 12, 3)
    assert array(step["stages"][10]["tensors"]["push"]).shape == (3, 12, 12)
    only = client.get("/api/runs/gan/step", params={"phase": "generator"}).json()
    assert {stage["phase"] for stage in only["stages"]} == {"generator"}
    assert client.get("/api/runs/vae/game").status_code == 409
    assert client.get("/api/runs/gan/step", params={"phase": "painter"}).status_code == 422
    assert {path: path.read_bytes() for path in (trained / "runs" / "gan").rglob("*") if path.is_file()} == files

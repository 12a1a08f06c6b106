"""Long work and training in child processes: done, failed, cancelled, lost, and found again by another studio."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx2 import Client

from made_studio import BEARER, PORT, RUN, TOKEN, heard, made_run, places_in, served
from nonesuch.runs import lock
from nonesuch.studio import jobs, tasks
from nonesuch.studio.gate import Address
from nonesuch.studio.studio import Studio
from nonesuch.studio.wire.data import PackingAsked

ORACLES = Path(__file__).parents[1] / "oracles"


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children are a trainer without a net, and a worker that waits or fails as it is told."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ORACLES), *sys.path]))
    monkeypatch.setattr(jobs, "TRAINER", "tiny_job")
    monkeypatch.setattr(tasks, "WORKER", "tiny_work")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Studio, str, Client]]:
    """A real server, its address, and a client with the token."""
    with served(tmp_path) as (studio, address), Client(base_url=address, headers=BEARER) as client:
        yield studio, address, client


def _until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _is_ended(message: dict[str, object]) -> bool:
    event = message.get("event")
    return isinstance(event, dict) and event.get("kind") == "ended"


def test_work_is_done_beside_the_studio_and_followed_to_its_result(server: tuple[Studio, str, Client]) -> None:
    _, address, client = server
    begun = client.post("/api/work/packing", json={"data": "few", "size": 8})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    name = begun.json()["id"]
    told = heard(address, f"task:{name}", _is_ended)
    assert told[-1][1]["event"] == {"kind": "ended", "state": "done", "message": ""}
    found = client.get(f"/api/tasks/{name}").json()
    assert found["result"] == {"pictures": 6, "rejects": 0, "height": 8, "width": 8, "channels": 3}
    assert found["asked"]["data"] == "few"
    assert [line["state"] for line in client.get("/api/tasks").json()["tasks"]] == ["done"]
    _until(lambda: client.delete(f"/api/tasks/{name}").status_code == 204)
    assert client.get("/api/tasks").json() == {"tasks": []}


@pytest.mark.usefixtures("_tiny")
@pytest.mark.parametrize(
    ("size", "message"),
    [(1, "no picture here can be used; add some"), (2, "something went wrong inside: ZeroDivisionError")],
)
def test_work_that_fails_says_why_in_one_line(server: tuple[Studio, str, Client], size: int, message: str) -> None:
    _, address, client = server
    name = client.post("/api/work/packing", json={"data": "few", "size": size}).json()["id"]
    told = heard(address, f"task:{name}", _is_ended)
    assert told[-1][1]["event"] == {"kind": "ended", "state": "failed", "message": message}
    line = client.get(f"/api/tasks/{name}").json()["task"]
    assert (line["state"], line["words"]) == ("failed", message)


@pytest.mark.usefixtures("_tiny")
def test_work_is_cancelled_found_again_and_seen_as_lost(server: tuple[Studio, str, Client], tmp_path: Path) -> None:
    studio, _, client = server
    first, second = (client.post("/api/work/packing", json={"data": "few"}).json()["id"] for _ in range(2))
    assert client.post("/api/work/packing", json={"data": "few"}).status_code == 429
    _until(lambda: all(studio.tasks.line(name).total == 300 for name in (first, second)))
    # Another studio on the same cache, as after a restart.
    later = Studio(places_in(tmp_path), Address(PORT, TOKEN))
    assert [line.state for line in later.tasks.known()] == ["running", "running"]
    pids = [lock.holder(studio.tasks.folder(name)) for name in (first, second)]
    assert later.tasks.cancel(first).state == "cancelled"
    assert client.get(f"/api/tasks/{first}").json()["task"]["state"] == "cancelled"
    assert client.post(f"/api/tasks/{first}/cancel").json()["state"] == "cancelled"
    assert client.delete(f"/api/tasks/{second}").status_code == 409
    assert pids[1] is not None
    os.kill(pids[1], signal.SIGKILL)
    _until(lambda: studio.tasks.line(second).state == "lost")
    later.close()
    for pid in pids:
        _until(lambda pid=pid: not Path(f"/proc/{pid}").exists())


@pytest.mark.usefixtures("_tiny")
def test_only_what_work_left_for_the_person_is_given_out(server: tuple[Studio, str, Client]) -> None:
    studio, _, client = server
    name = studio.tasks.start("packing", PackingAsked(data="few", size=1)).id
    _until(lambda: studio.tasks.line(name).state == "failed")
    files = studio.tasks.folder(name) / "files"
    files.mkdir()
    (files / "map.json").write_text("{}")
    (files / "page.svg").write_text("<svg/>")
    (files / "filter.acf").write_bytes(b"\0\1")
    (files / "link.png").symlink_to(studio.tasks.folder(name) / "task.json")
    assert client.get(f"/api/tasks/{name}").json()["files"] == ["filter.acf", "link.png", "map.json"]
    answers = {file: client.get(f"/api/tasks/{name}/files/{file}") for file in os.listdir(files)}  # noqa: PTH208
    assert {file: answer.status_code for file, answer in answers.items()} == {
        "map.json": 200,
        "page.svg": 422,
        "filter.acf": 200,
        "link.png": 409,
    }
    assert answers["filter.acf"].headers["content-disposition"].startswith("attachment")


@pytest.mark.usefixtures("_tiny")
def test_training_outlives_the_studio_is_found_again_and_stopped(tmp_path: Path) -> None:
    with served(tmp_path) as (studio, address), Client(base_url=address, headers=BEARER) as client:
        begun = client.post(f"/api/runs/{RUN}/start")
        assert (begun.status_code, begun.json()["state"]) == (202, "running")
        assert client.post(f"/api/runs/{RUN}/start").status_code == 409
        _until(studio.run(RUN).is_alive)
        pid = lock.holder(studio.run(RUN).path)
        assert client.delete(f"/api/runs/{RUN}").status_code == 409
    assert Path(f"/proc/{pid}").exists()
    with served(tmp_path) as (studio, address), Client(base_url=address, headers=BEARER) as client:
        assert client.get(f"/api/runs/{RUN}").json()["run"]["state"] == "running"
        assert client.post(f"/api/runs/{RUN}/stop").status_code == 202
        _until(lambda: client.get(f"/api/runs/{RUN}").json()["run"]["state"] == "stopped", seconds=5)
        assert client.post(f"/api/runs/{RUN}/stop").status_code == 409
    _until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.usefixtures("_tiny")
def test_a_killed_trainer_is_seen_at_once_and_no_more_start_than_the_machine_bears(
    server: tuple[Studio, str, Client],
) -> None:
    studio, address, client = server
    names = [RUN, *(made_run(studio.runs, f"20261124-13000{n}-gan-faces-ab12", 1).id for n in range(2))]
    assert [client.post(f"/api/runs/{name}/start").status_code for name in names] == [202, 202, 429]
    for name in names[:2]:
        _until(studio.run(name).is_alive)
        pid = lock.holder(studio.run(name).path)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        told = heard(address, f"run:{name}", lambda one: one.get("alive") is False)
        assert told[-1][1] == {"source": f"run:{name}", "alive": False}
    # Reaped by the studio: no zombie keeps the process in the table.
    _until(lambda: not studio.jobs.alive())
    assert {line["state"] for line in client.get("/api/runs").json()["runs"]} == {"stopped"}

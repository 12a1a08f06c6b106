"""The room Publish over HTTP: what is known before, a page made, looked at beside the studio, and held back."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from made_studio import opened
from nonesuch import library
from nonesuch.publishing.page import STATIC
from trained_studio import trained_in

KINDS = ("cnn", "vae", "gan")
COPYING = {"n": 200, "held_out": 100, "training": 400, "median": 0.1, "held_out_median": 5.0, "ratio": 0.02,
           "near_share": 0.9, "nearest": []}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio's folder with a run of each kind and their data."""
    if not (STATIC / "page.js").exists():
        pytest.fail("the page is not built: run `make web`")
    folder = trained_in(tmp_path_factory.mktemp("studio"), KINDS)
    library.open_run(folder / "runs" / "gan").evaluate()
    return folder


@pytest.fixture
def client(trained: Path) -> Iterator[TestClient]:
    with opened(trained) as found:
        yield found


def _made(client: TestClient, run: str, **asked: Any) -> dict[str, Any]:
    begun = client.post("/api/work/publishing", json={"run": run, **asked})
    assert begun.status_code == 202, begun.text
    address, end = f"/api/tasks/{begun.json()['id']}", time.monotonic() + 180
    while (found := client.get(address).json())["task"]["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    return dict(found)


@pytest.mark.parametrize("run", KINDS)
def test_what_is_known_before(client: TestClient, run: str) -> None:
    plan = client.get(f"/api/runs/{run}/publishing").json()
    assert (plan["kind"], plan["problem"]) == (run, "")
    assert plan["thing"] in plan["title"]["en"]
    sizes = {each["precision"]: each["bytes"] for each in plan["weights"]}
    assert sizes["fp32"] == 2 * sizes["fp16"] == 4 * sizes["int8"] > 0
    verdict = plan["check"]["verdict"] if plan["check"] else None
    assert verdict == {"cnn": "none", "vae": None}.get(run, verdict)


def test_a_page_is_made_and_looked_at_beside_the_studio(client: TestClient) -> None:
    found = _made(client, "gan", title="<b>People</b>", yes=True)
    assert found["task"]["state"] == "done", found
    task, result = found["task"]["id"], found["result"]
    assert result["title"] == "<b>People</b>"
    assert set(found["files"]) == {"site.zip", "page.html", "card.png"}
    files = f"/api/tasks/{task}/files"
    single = client.get(f"{files}/page.html")
    # Never as a page of the studio's own origin: it would be within the gate.
    assert single.headers["content-type"] == "application/octet-stream"
    assert single.headers["content-disposition"].startswith("attachment")
    assert len(single.content) == result["single_bytes"]
    packed = client.get(f"{files}/site.zip").content
    assert len(packed) == result["archive_bytes"]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(inside["site/model/manifest.json"])
    assert manifest["kind"] == "gan"

    address = client.post(f"/api/tasks/{task}/preview").json()["address"]
    assert address.startswith("http://localhost:")
    with urllib.request.urlopen(address.replace("localhost", "127.0.0.1"), timeout=10) as answer:
        assert answer.read() == inside["site/index.html"]
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address.rsplit("/", 2)[0] + "/", timeout=10)
    later = client.post(f"/api/tasks/{task}/preview").json()["address"]
    assert later != address
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(address, timeout=5)


def test_a_net_that_copies_is_held_back_until_somebody_says_yes(client: TestClient, trained: Path) -> None:
    place = trained / "runs" / "gan" / "report.json"
    before = place.read_text()
    report = json.loads(before)
    place.write_text(json.dumps({**report, "memorisation": COPYING}))
    try:
        plan = client.get("/api/runs/gan/publishing").json()
        assert (plan["check"]["verdict"], plan["check"]["passes"]) == ("bad", False)
        found = _made(client, "gan")
        assert found["task"]["state"] == "failed"
        assert "repeats what it was shown" in found["task"]["words"]
        assert found["files"] == []
    finally:
        place.write_text(before)


def test_what_cannot_be_a_page_is_said(client: TestClient) -> None:
    assert client.post("/api/work/publishing", json={"run": "nobody"}).status_code == 404
    assert client.post("/api/work/publishing", json={"run": "gan", "precision": "int1"}).status_code == 422
    assert client.post("/api/work/publishing", json={"run": "gan", "title": "two\nlines"}).status_code == 422
    assert client.post("/api/tasks/20261124-120000-publishing-0123abcd/preview").status_code == 404
    found = _made(client, "cnn", url="ftp://me.example/")
    assert found["task"]["state"] == "failed"
    assert "--url" not in found["task"]["words"] or "https" in found["task"]["words"]


def test_a_page_made_of_something_else_is_refused_at_the_preview() -> None:
    from nonesuch.errors import RunError
    from nonesuch.studio.previews import Previews, other_name

    with pytest.raises(RunError, match="damaged"):
        Previews().open(b"no zip", "localhost")
    assert (other_name("127.0.0.1:8470"), other_name("localhost:8470")) == ("localhost", "127.0.0.1")

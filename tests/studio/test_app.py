"""The studio's core: what its routes answer, its pages, its one error shape, its contract."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from made_album import packed
from made_studio import RUN, made_client, made_places, picture
from nonesuch.data.decode import decode
from nonesuch.data.open import open_data
from nonesuch.data.places import cache_root
from nonesuch.pixels import png_bytes
from nonesuch.studio import assets
from nonesuch.studio.decoding import MOST_AT_ONCE, Decoding, uploads
from nonesuch.studio.errors import BusyError
from nonesuch.studio.studio import Studio

ROOT = Path(__file__).parents[2]


def test_runs_are_listed_with_recipe_state_and_figures(client: TestClient) -> None:
    (line,) = client.get("/api/runs").json()["runs"]
    assert (line["id"], line["state"], line["images_seen"]) == (RUN, "stopped", 2560)
    assert line["figures"] == {"frechet": 3.5}
    assert (line["recipe"]["net"], line["recipe"]["height"], line["recipe"]["images"]) == ("modern", 16, 6400)


def test_one_run_names_its_files_and_gives_them(client: TestClient) -> None:
    found = client.get(f"/api/runs/{RUN}").json()
    assert (found["previews"], found["pictures"]) == ([64, 640], ["samples.png"])
    preview = client.get(f"/api/runs/{RUN}/previews/640")
    assert (preview.content, preview.headers["content-type"]) == (picture(640), "image/png")
    assert client.get(f"/api/runs/{RUN}/pictures/samples.png").content == picture(1)


def test_a_log_is_thinned_to_its_first_and_last_steps_and_keeps_the_rest(client: TestClient) -> None:
    found = client.get(f"/api/runs/{RUN}/events", params={"points": 5}).json()
    steps = [event["images_seen"] for event in found["events"] if event["kind"] == "stepped"]
    assert (len(steps), steps[0], steps[-1], found["lines"]) == (5, 64, 2560, 42)
    assert [event["kind"] for event in found["events"]][::6] == ["started", "stopped"]


def test_a_line_that_is_no_event_is_shown_as_corrupt(client: TestClient) -> None:
    studio: Studio = client.app.state.studio  # type: ignore[attr-defined]
    with (studio.places.runs / RUN / "events.jsonl").open("a") as log:
        log.write('{"kind": "dreamt"}\nnot json\n')
    *_, unknown, broken = client.get(f"/api/runs/{RUN}/events").json()["events"]
    assert unknown["kind"] == broken["kind"] == "corrupt"


def test_figures_that_are_not_finite_go_out_as_null() -> None:
    from nonesuch.studio.wire.runs import RecipeSummary

    values = {"net": "", "objective": "", "source": "", "height": 1, "width": 1, "channels": 1, "classes": []}
    line = RecipeSummary(**values, batch=1, seed=0, images=None, minutes=float("nan"))
    assert json.loads(line.model_dump_json())["minutes"] is None


def test_a_deleted_run_is_gone(client: TestClient) -> None:
    assert client.delete(f"/api/runs/{RUN}").status_code == 204
    assert client.get("/api/runs").json() == {"runs": []}
    assert client.delete(f"/api/runs/{RUN}").status_code == 404


def test_an_upload_comes_back_as_our_own_png(client: TestClient) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    given = png_bytes(pixels, {"Comment": "<script>alert(1)</script>"})
    kept = client.post("/api/pictures", content=given)
    assert kept.status_code == 201
    assert {name: kept.json()[name] for name in ("height", "width", "channels")} == {
        "height": 5,
        "width": 7,
        "channels": 3,
    }
    found = client.get(f"/api/pictures/{kept.json()['id']}")
    assert found.headers["content-type"] == "image/png"
    assert (decode(found.content) == pixels).all()
    assert b"script" not in found.content
    assert client.post("/api/pictures", content=given).json() == kept.json()


def test_a_large_upload_is_shrunk(client: TestClient) -> None:
    kept = client.post("/api/pictures", content=png_bytes(np.zeros((30, 3000, 1), np.uint8))).json()
    assert (kept["height"], kept["width"]) == (20, 2048)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n half", b"<svg onload='alert(1)'/>"])
def test_what_is_no_picture_is_refused_in_one_line(client: TestClient, content: bytes) -> None:
    answer = client.post("/api/pictures", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["kind"] == "DataError"
    studio: Studio = client.app.state.studio  # type: ignore[attr-defined]
    assert not list((studio.places.cache / "pictures").iterdir())


def test_no_more_uploads_at_once_than_the_machine_bears(tmp_path: Path) -> None:
    """Those that hang on half an upload do not keep the others from being answered."""

    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        await asyncio.sleep(30)

    async def give() -> list[str]:
        decoding, places = Decoding(), made_places(tmp_path)
        hanging = [asyncio.create_task(decoding.keep(places, half())) for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await decoding.keep(places, half())
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert decoding._under_way == 0
        return [path.name for path in uploads(places).iterdir()]

    assert asyncio.run(give()) == []


def test_a_disk_that_takes_nothing_is_one_line(client: TestClient) -> None:
    studio: Studio = client.app.state.studio  # type: ignore[attr-defined]
    studio.places.cache.parent.mkdir(parents=True, exist_ok=True)
    studio.places.cache.write_text("a file where a folder should be")
    for answer in (
        client.post("/api/pictures", content=picture(1)),
        client.post("/api/work/packing", json={"data": "few"}),
        client.post(f"/api/runs/{RUN}/start"),
    ):
        assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "MachineError")


def test_pictures_of_data_by_row(client: TestClient) -> None:
    open_data("pixelfolk")
    before = list((cache_root() / "packs").iterdir())
    refused = client.get("/api/pictures/data:few:5")
    assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "UnpackedError")
    assert list((cache_root() / "packs").iterdir()) == before  # the server itself has decoded nothing
    packed(client, "few")
    assert decode(client.get("/api/pictures/data:few:5").content).shape == (16, 16, 3)
    assert client.get("/api/pictures/data:few:6").status_code == 404
    assert client.get("/api/pictures/data:pixelfolk:5999").status_code == 200
    # Nothing is fetched for a page that asks.
    assert "not on this machine" in client.get("/api/pictures/data:mnist:0").json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/runs/none", 404, "MissingError"),
        ("/api/runs/..%5c", 422, "InvalidError"),
        ("/api/nothing", 404, "MissingError"),
        (f"/api/runs/{RUN}/events?points=1e400", 422, "InvalidError"),
        (f"/api/runs/{RUN}/previews/7", 404, "MissingError"),
        (f"/api/pictures/seed:{RUN}:1", 409, "RunError"),
    ],
)
def test_every_error_has_the_one_shape(client: TestClient, path: str, status: int, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"kind", "message"}
    assert answer.json()["error"]["kind"] == kind
    assert "\n" not in answer.json()["error"]["message"]


def test_an_unexpected_error_says_nothing_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(str(tmp_path))

    with made_client(tmp_path, raise_server_exceptions=False) as client:
        monkeypatch.setattr("nonesuch.studio.recounting.line", broken)
        answer = client.get("/api/runs")
    assert answer.status_code == 500
    assert answer.json()["error"]["kind"] == "InternalError"
    assert str(tmp_path) not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_without_assets_a_page_says_what_to_do(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client.get("/kernels")
    assert "make web" in answer.text or "<script" in answer.text


def test_assets_are_found_by_name_and_rooms_share_one_page(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "a-1.js").write_text("1")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    found = assets.Assets(folder)
    assert found.answer("index.html") is None
    (folder / "index.html").write_text("<p>")
    page, script = found.answer("index.html"), found.answer("assets/a-1.js")
    assert page is not None
    assert script is not None
    assert (page.media_type, script.media_type) == ("text/html", "text/javascript")
    assert (page.headers["cache-control"], "immutable" in script.headers["cache-control"]) == ("no-cache", True)
    for name in ("link", "../secret", "", "assets", "assets/../index.html", "/etc/passwd", "assets//a-1.js"):
        assert found.answer(name) is None, name


def test_the_contracts_are_the_ones_checked_in() -> None:
    """Changed on purpose? Write the new ones: python tools/write_contracts.py"""
    script = [sys.executable, str(ROOT / "tools" / "write_contracts.py"), "--check"]
    assert subprocess.run(script, capture_output=True, text=True, check=False).stderr == ""


def test_every_operation_has_a_name_for_typescript_and_documented_errors() -> None:
    document = json.loads((ROOT / "contracts" / "openapi.json").read_text())
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name[0].islower() and "_" not in name for name in names)
    for operation in operations:
        for status in ("400", "401", "403", "404", "409", "413", "422", "429"):
            answer = operation["responses"][status]["content"]["application/json"]["schema"]
            assert answer == {"$ref": "#/components/schemas/Problem"}

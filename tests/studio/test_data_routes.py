"""The room Data over HTTP: albums filled and changed, looks at packs, copies, fits, augmentations, maps, nearness."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from made_album import RAW, data_root, edit, ended, packed, picture, zipped
from made_data import folder_of_bars
from nonesuch.data.augment import AugmentSpec
from nonesuch.studio.wire import data as wire
from nonesuch.studio.wire.base import Block


def test_the_list_names_all_and_the_limits(client: TestClient) -> None:
    found = client.get("/api/data").json()
    kinds = {line["id"]: line["kind"] for line in found["sets"]}
    assert (kinds["pixelfolk"], kinds["few"]) == ("named", "own")
    assert found["most_archive_bytes"] == 1 << 30
    missing = {line["id"]: line["missing"] for line in found["sets"]}
    assert missing["emoji"] == ""


def test_one_is_made_filled_and_laid_out_as_an_ordinary_folder(client: TestClient) -> None:
    assert client.post("/api/data", json={"name": "My cats"}).status_code == 201
    assert client.post("/api/data", json={"name": "my CATS"}).status_code == 400
    for name in ("cat", "dog"):
        assert edit(client, "My cats", edit="add_class", name=name).status_code == 200
    assert edit(client, "My cats", edit="add_class", name="CAT").status_code == 400
    for seed, label in ((1, "cat"), (2, "cat"), (3, "dog"), (1, "cat")):
        given = client.post(
            "/api/uploads/pictures/My cats", params={"label": label}, content=picture(seed), headers=RAW
        )
        assert given.status_code == 201, given.text
    assert given.json() == {"label": "cat", "new": False}
    files = sorted(path.relative_to(data_root(client)).as_posix() for path in data_root(client).glob("My cats/*/*"))
    assert [name.rpartition("/")[0] for name in files] == ["My cats/cat", "My cats/cat", "My cats/dog"]
    # Encoded anew: nothing of what came with the pixels is kept.
    assert b"shot at home" not in b"".join((data_root(client) / name).read_bytes() for name in files)
    assert client.get("/api/data/My cats").json() == {"detail": None}
    assert client.get("/api/data/My cats/pictures").status_code == 409
    found = packed(client, "My cats")
    assert [(line["name"], line["count"]) for line in found["classes"]] == [("cat", 2), ("dog", 1)]


@pytest.mark.parametrize("data", [b"", b"no picture", picture(1)[:300], b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused_and_leaves_nothing(client: TestClient, data: bytes) -> None:
    refused = client.post("/api/uploads/pictures/few", params={"label": "left"}, content=data, headers=RAW)
    assert refused.status_code == 400
    assert "no picture that can be used" in refused.json()["error"]["message"]
    assert len(list((data_root(client) / "few" / "left").iterdir())) == 3
    good = client.post("/api/uploads/pictures/few", params={"label": "left"}, content=picture(9), headers=RAW)
    assert good.status_code == 201


def test_moved_removed_renamed_and_put_back_nothing_is_lost(client: TestClient) -> None:
    found = packed(client, "few")
    page = client.get("/api/data/few/pictures", params={"code": 0}).json()
    rows = [line["row"] for line in page["lines"]]
    assert [line["name"] for line in page["lines"]] == ["left/0.png", "left/1.png", "left/2.png"]
    assert Block.model_validate(page["pixels"]).array().shape == (3, 16, 16, 3)
    # right/0.png is there already: a name is found beside it.
    assert edit(client, "few", edit="move", pack=found["pack"], rows=rows[:1], to="right").status_code == 200
    assert (data_root(client) / "few" / "right" / "0-2.png").is_file()
    album = edit(client, "few", edit="remove", pack=found["pack"], rows=rows[1:]).json()
    assert {line["name"]: line["count"] for line in album["classes"]} == {"left": 0, "right": 4}
    assert album["removed"] == 2
    stale = edit(client, "few", edit="remove", pack=found["pack"], rows=rows[1:])
    assert (stale.status_code, "look again" in stale.json()["error"]["message"]) == (400, True)
    assert edit(client, "few", edit="rename_class", name="right", to="ri/ght").status_code == 400
    assert edit(client, "few", edit="rename_class", name="right", to="there").status_code == 200
    album = edit(client, "few", edit="put_back").json()
    assert ({line["name"]: line["count"] for line in album["classes"]}, album["removed"]) == (
        {"left": 2, "there": 4},
        0,
    )
    album = edit(client, "few", edit="remove_class", name="there").json()
    assert ([line["name"] for line in album["classes"]], album["removed"]) == (["left"], 4)
    assert len(list((data_root(client) / "few").rglob("*.png"))) == 6


def test_a_class_that_is_switched_off_stays_and_is_said(client: TestClient) -> None:
    assert edit(client, "few", edit="switch_class", name="left", off=True).json()["classes"][0]["off"] is True
    found = packed(client, "few")
    assert [(line["name"], line["off"], line["count"]) for line in found["classes"]] == [
        ("left", True, 3),
        ("right", False, 3),
    ]
    assert edit(client, "few", edit="switch_class", name="left", off=False).json()["classes"][0]["off"] is False


def test_what_is_not_ones_own_is_not_changed(client: TestClient) -> None:
    assert "make a copy" in client.get("/api/data/emoji/album").json()["objection"]
    for name in ("pixelfolk", "nowhere"):
        refused = edit(client, name, edit="add_class", name="x")
        assert refused.status_code in (400, 404)
    refused = client.post("/api/uploads/pictures/emoji", params={"label": "x"}, content=picture(1), headers=RAW)
    assert refused.status_code == 400


def test_an_archive_is_read_where_it_lies_and_its_bad_files_are_named(client: TestClient) -> None:
    files = {
        "all/cat/1.png": picture(1),
        "all/cat/2.png": picture(2),
        "all/dog/3.png": picture(3),
        "all/dog/bad.png": b"no",
        "all/../../escaped.png": picture(4),
        "/absolute.png": picture(5),
        "all/con/device.png": picture(6),
        "all/notes.txt": b"read me",
    }
    begun = client.post("/api/uploads/archives/few", content=zipped(files), headers=RAW)
    done = ended(client, begun)
    assert done["task"]["state"] == "done", done
    assert (done["result"]["added"], done["result"]["refused"]) == (3, 4)
    reasons = {line["name"].rpartition("/")[2]: line["reason"] for line in done["result"]["refusals"]}
    assert "leads outside" in reasons["escaped.png"]
    assert "leads outside" in reasons["absolute.png"]
    assert "name of a class" in reasons["device.png"]
    here = data_root(client)
    assert not list(here.parent.rglob("escaped.png"))
    assert sorted(path.name for path in (here / "few").iterdir()) == ["cat", "dog", "left", "right"]
    assert not list((client.app.state.studio.places.cache / "archives").iterdir())  # type: ignore[attr-defined]
    assert client.post("/api/uploads/archives/few", content=b"Rar!", headers=RAW).status_code == 400


def test_a_named_set_is_copied_to_be_changed(client: TestClient) -> None:
    asked = {"data": "emoji", "name": "signs", "column": "label", "most": 2}
    done = ended(client, client.post("/api/work/copying", json=asked))
    assert done["task"]["state"] == "done", done
    classes = client.get("/api/data/signs/album").json()["classes"]
    assert len(classes) >= 8
    assert {line["count"] for line in classes} == {2}
    assert client.post("/api/work/copying", json=asked).status_code == 400


def test_copies_fits_augmentations_and_rejects(client: TestClient) -> None:
    folder = data_root(client) / "few"
    (folder / "left" / "again.png").write_bytes((folder / "right" / "1.png").read_bytes())
    (folder / "left" / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    found = packed(client, "few", size=12, fit="pad")
    assert (found["rejects"], found["refusals"][0]["example"]) == (1, "left/bad.jpg")
    view = {"size": 12, "fit": "pad"}
    assert client.get("/api/data/few/rejects", params=view).json()["lines"][0]["name"] == "left/bad.jpg"
    copies = client.get("/api/data/few/copies", params=view).json()
    assert copies["exact"] == 1
    assert [line["name"] for line in copies["groups"][0]["lines"]] == ["left/again.png", "right/1.png"]
    assert copies["pixels"]["shape"] == [2, 12, 12, 3]
    fits = client.get("/api/data/few/fits", params={**view, "row": 0}).json()
    assert [(way["how"], way["pixels"]["shape"]) for way in fits["ways"]] == [
        (how, [12, 12, 3]) for how in ("crop", "pad", "stretch")
    ]
    assert (fits["height"], fits["original"]["shape"]) == (16, [16, 16, 3])
    asked = {"row": 0, "size": 12, "fit": "pad", "flip": "alternating", "count": 4}
    shown = client.post("/api/data/few/augmented", json=asked).json()
    pixels, original = (Block.model_validate(shown[name]).array() for name in ("pixels", "original"))
    np.testing.assert_array_equal(pixels[1], original[:, ::-1])
    np.testing.assert_array_equal(pixels[0], original)
    refused = client.post("/api/data/few/augmented", json={**asked, "shift": 40})
    assert refused.status_code == 400


def test_a_map_and_its_neighbours(client: TestClient) -> None:
    folder_of_bars(data_root(client) / "bars", 80)
    asked = {"data": "bars", "by": "features"}
    packed(client, "bars")
    early = client.get("/api/data/bars/neighbours", params={"row": 3})
    assert (early.status_code, "make the map first" in early.json()["error"]["message"]) == (400, True)
    done = ended(client, client.post("/api/work/mapping", json=asked))
    assert done["task"]["state"] == "done", done
    result = done["result"]
    assert result["rows"] == list(range(80))
    assert Block.model_validate(result["places"]).array().shape == (80, 2)
    assert client.get(f"/api/tasks/{done['task']['id']}/files/sprites.png").status_code == 200
    for by in ("features", "pixels"):
        near = client.get("/api/data/bars/neighbours", params={"row": 3, "by": by, "count": 5}).json()
        assert 3 not in [line["line"]["row"] for line in near["lines"]]
        apart = [line["distance"] for line in near["lines"]]
        assert (len(apart), apart) == (5, sorted(apart))
        # Bars at the same side are nearer than those at another.
        assert sum(line["line"]["code"] == near["asked"]["code"] for line in near["lines"]) >= 4
    assert client.get("/api/data/bars/neighbours", params={"row": 80, "by": "pixels"}).status_code == 404


def test_augmentations_asked_are_those_of_the_library() -> None:
    ours = {name: field.default for name, field in AugmentSpec.model_fields.items()}
    asked = {name: wire.AugmentAsked.model_fields[name].default for name in ours}
    assert ours == asked


def test_the_split_follows_its_shares(client: TestClient) -> None:
    folder_of_bars(data_root(client) / "bars", 200)
    packed(client, "bars")
    for val, test in ((0.1, 0.1), (0.3, 0.4)):
        counts = client.get("/api/data/bars", params={"val": val, "test": test}).json()["detail"]["split"]
        assert sum(counts) == 200
        assert abs(counts[1] - 200 * val) < 30
        assert abs(counts[2] - 200 * test) < 30
    assert client.get("/api/data/bars", params={"val": 0.5, "test": 0.5}).status_code == 400

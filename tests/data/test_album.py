"""An album: what is put in, moved, taken out and put back is never lost; names are free; settings are kept."""

from pathlib import Path

import numpy as np
import pytest

from made_data import folder_of_bars
from nonesuch import library
from nonesuch.assembly import divided, reopen
from nonesuch.data.album import SETTINGS, Album, new_album, off_classes
from nonesuch.data.open import open_data
from nonesuch.errors import DataError, RecipeError


def test_what_is_put_in_is_named_by_its_content_and_kept_once(tmp_path: Path) -> None:
    album = new_album(tmp_path, "Pets")
    album.add_class("cat")
    (first, new), (again, known) = album.put("cat", b"a"), album.put("cat", b"a")
    assert (first, new, known) == (again, True, False)
    assert first == "cat/ca978112ca1bbdcafac231b39a23dc4d.png"
    assert (album.count(), album.classes()) == (1, ["cat"])
    with pytest.raises(DataError, match="already"):
        new_album(tmp_path, "pets")


def test_moving_never_replaces_and_putting_back_never_either(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.png").write_bytes(label.encode())
    album = Album(tmp_path)
    assert album.move(["a/1.png"], "b") == 1
    assert sorted(path.read_bytes() for path in (tmp_path / "b").iterdir()) == [b"a", b"b"]
    assert album.remove(["b/1.png"]) == 1
    (tmp_path / "b" / "1.png").write_bytes(b"newer")
    assert (album.removed(), album.put_back(), album.removed()) == (1, 1, 0)
    assert sorted(path.read_bytes() for path in (tmp_path / "b").iterdir()) == [b"a", b"b", b"newer"]
    assert not (tmp_path / ".removed").exists()


def test_a_class_that_is_renamed_stays_switched_off(tmp_path: Path) -> None:
    album = Album(tmp_path)
    album.add_class("cat")
    album.switch("cat", off=True)
    album.rename_class("cat", "tiger")
    assert (album.classes(), album.off()) == (["tiger"], ("tiger",))
    album.rename_class("tiger", "Tiger")
    assert album.classes() == ["Tiger"]


def test_folders_that_classes_do_not_make_are_not_changed(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / "parted" / split / "cat").mkdir(parents=True)
    (tmp_path / "tabled" / "cat").mkdir(parents=True)
    (tmp_path / "tabled" / "labels.csv").write_text("file_name,label\n")
    for name, words in (("parted", "train and test folders"), ("tabled", "table")):
        with pytest.raises(DataError, match=words):
            Album(tmp_path / name).add_class("dog")


def test_a_class_that_is_switched_off_is_left_out_of_recipes(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 200)
    whole = library.plan(folder, images=100)
    Album(folder).switch("left", off=True)
    assert off_classes(folder) == ("left",)
    planned = library.plan(folder, images=100)
    assert (planned.data.without, planned.data.classes) == (("left",), ("down", "right", "up"))
    assert planned.data.content == whole.data.content
    data = reopen(planned.data)
    column = data.pack.columns["label"]
    rows = np.concatenate(list(data.rows.values()))
    assert len(rows) == 150
    assert {data.classes[data.targets[row]] == column.classes[column.codes[row]] for row in rows} == {True}
    # Earlier recipes are as they were; a GAN without labels leaves the pictures out as well.
    assert len(np.concatenate(list(reopen(whole.data).rows.values()))) == 200
    assert len(np.concatenate(list(divided(data.pack, "", 0.1, 0.1, ["left", "up"]).rows.values()))) == 100
    with pytest.raises(DataError, match="no class 'cat' to leave out"):
        divided(data.pack, "label", 0.1, 0.1, ["cat"])


def test_classes_are_left_out_by_a_setting_too(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 200)
    planned = library.plan(folder, images=100, settings={"data.without": '["up", "down"]'})
    assert planned.data.classes == ("left", "right")
    for text in ("up", "[1]", '"up"'):
        with pytest.raises(RecipeError, match=r"data\.without"):
            library.plan(folder, images=100, settings={"data.without": text})
    with pytest.raises(DataError, match=r"two classes|switched off"):
        library.plan(folder, images=100, settings={"data.without": '["up", "down", "left"]'})


def test_settings_and_removed_pictures_are_no_pictures(tmp_path: Path) -> None:
    folder = folder_of_bars(tmp_path / "bars", 40)
    before = open_data(folder)
    album = Album(folder)
    album.switch("up", off=True)
    assert open_data(folder).fingerprint == before.fingerprint
    album.remove([before.names[0]])
    after = open_data(folder)
    assert (len(after), after.rejects) == (39, [])
    assert (folder / SETTINGS).is_file()

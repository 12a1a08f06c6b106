"""Sources: what is listed, with which label and split, and that a folder, its zip and its arrays agree."""

import gzip
import io
import os
import pickle
import shutil
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch.data.decode import decode
from nonesuch.data.items import printable
from nonesuch.data.sources import FolderSource, IdxSource, NpzSource, Source, ZipSource, open_source
from nonesuch.errors import DataError

Listing = dict[str, tuple[str | None, str | None]]


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (4, 4), shade).save(out, "PNG")
    return out.getvalue()


def lay(root: Path, files: dict[str, bytes | str | None]) -> Path:
    """Write files; None stands for a small picture."""
    for shade, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            picture(shade) if content is None else content if isinstance(content, bytes) else content.encode()
        )
    return root


def zipped(root: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, prefix + str(path.relative_to(root)))
    return target


def listing(source: Source) -> Listing:
    return {item.name: (item.split, item.label) for item in source.items()}


LAYOUTS: dict[str, tuple[dict[str, bytes | str | None], Listing]] = {
    "flat": ({"b.png": None, "a.jpg": None}, {"a.jpg": (None, None), "b.png": (None, None)}),
    "classes": (
        {"cat/1.png": None, "dog/deep/2.png": None},
        {"cat/1.png": (None, "cat"), "dog/deep/2.png": (None, "dog")},
    ),
    "splits": (
        {"train/cat/1.png": None, "Valid/cat/2.png": None, "test/dog/3.png": None, "test/4.png": None},
        {
            "train/cat/1.png": ("train", "cat"),
            "Valid/cat/2.png": ("val", "cat"),
            "test/dog/3.png": ("test", "dog"),
            "test/4.png": ("test", None),
        },
    ),
    "a class called train": (
        {"car/1.png": None, "train/2.png": None, "bus/3.png": None},
        {"car/1.png": (None, "car"), "train/2.png": (None, "train"), "bus/3.png": (None, "bus")},
    ),
    "splits and something else": (
        {"train/a/1.png": None, "test/a/2.png": None, "extra/3.png": None},
        {"train/a/1.png": ("train", "a"), "test/a/2.png": ("test", "a"), "extra/3.png": (None, "extra")},
    ),
    "a table above its folders": (
        {"cat/1.png": None, "dog/2.png": None, "labels.csv": "file_name,label\ncat/1.png,tom\n"},
        {"cat/1.png": (None, "tom"), "dog/2.png": (None, None)},
    ),
    "only train": ({"train/a/1.png": None}, {"train/a/1.png": ("train", "a")}),
    "table with a label": (
        {"1.png": None, "in/2.png": None, "3.png": None, "labels.csv": "file_name,label\n1.png,ä\n./in/2.png,\n"},
        {"1.png": (None, "ä"), "in/2.png": (None, None), "3.png": (None, None)},
    ),
    "table with one other column": (
        {"1.png": None, "metadata.csv": "\ufeffmood;file_name\r\nglad;1.png\r\n"},
        {"1.png": (None, "glad")},
    ),
    "tables in the splits": (
        {
            "train/1.png": None,
            "train/metadata.csv": "file_name,label,age\n1.png,x,7\n",
            "test/2.png": None,
            "test/metadata.csv": 'file_name,label,age\n2.png,"y, or\nz",\n',
        },
        {"train/1.png": ("train", "x"), "test/2.png": ("test", "y, or\\nz")},
    ),
    "columns beside folders": (
        {"cat/1.png": None, "dog/2.png": None, "metadata.csv": "file_name,age,size\ncat/1.png,3,big\n"},
        {"cat/1.png": (None, "cat"), "dog/2.png": (None, "dog")},
    ),
    "what is passed over": (
        {
            "a/1.png": None,
            ".git/x.png": None,
            "__MACOSX/a/._1.png": None,
            "a/Thumbs.db": "",
            "a/.h.png": None,
            "README.md": "",
        },
        {"a/1.png": (None, "a")},
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_labels_and_splits_of_folder_and_zip(name: str, tmp_path: Path) -> None:
    files, expected = LAYOUTS[name]
    root = lay(tmp_path / "pictures", files)
    folder = open_source(root)
    assert isinstance(folder, FolderSource)
    assert listing(folder) == expected
    assert [item.key for item in folder.items()] == sorted(expected)
    assert folder.refused == []
    for prefix in ("", "pictures/"):
        if not prefix and name == "what is passed over":
            continue  # one class folder alone at the top of a zip is taken for the folder that was zipped
        archive = open_source(zipped(root, tmp_path / "z.zip", prefix))
        assert isinstance(archive, ZipSource)
        for ours, theirs in zip(archive.items(), folder.items(), strict=True):
            assert replace(ours, key="") == replace(theirs, key="")
            assert archive.read(ours.key) == folder.read(theirs.key)
        archive.close()


def test_further_columns(tmp_path: Path) -> None:
    root = lay(tmp_path, {"1.png": None, "2.png": None, "metadata.csv": "file_name,label,age,hat\n1.png,a,30,\n"})
    assert [(item.label, dict(item.columns)) for item in FolderSource(root).items()] == [
        ("a", {"age": "30"}),
        (None, {}),
    ]


def test_rows_that_name_nothing_are_refused(tmp_path: Path) -> None:
    table = "file_name,label\n1.png,a\ngone.png,b\n../../etc/passwd,c\n/etc/passwd,d\n1.png,e\n"
    source = FolderSource(lay(tmp_path, {"1.png": None, "labels.csv": table}))
    assert listing(source) == {"1.png": (None, "a")}
    assert [reject.name for reject in source.refused] == ["../../etc/passwd", "/etc/passwd", "1.png", "gone.png"]
    assert "no such picture" in source.refused[0].reason
    assert "listed again" in source.refused[2].reason


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "no column 'file_name'"),
        ("name,label\n1.png,a\n", "no column 'file_name' .found: name, label"),
        ("file_name,label\n1.png\n", "line 2: 1 fields"),
        ("file_name,label\n1.png,a,b\n", "line 2: 3 fields"),
        ('file_name,label\n1.png,"a\n', "line 2: "),
        ("file_name,label,label\n1.png,a,b\n", "two columns of one name"),
        ("file_name,label\n1.png," + "a" * 200_000, "field limit"),
    ],
)
def test_a_broken_table_is_one_line(table: str, said: str, tmp_path: Path) -> None:
    source = FolderSource(lay(tmp_path, {"1.png": None, "labels.csv": table}))
    with pytest.raises(DataError, match=said) as caught:
        source.items()
    assert "\n" not in str(caught.value)


def test_two_tables_side_by_side(tmp_path: Path) -> None:
    table = "file_name,label\n1.png,a\n"
    with pytest.raises(DataError, match="side by side"):
        FolderSource(lay(tmp_path, {"1.png": None, "labels.csv": table, "metadata.csv": table})).items()


def test_fingerprint_follows_what_matters(tmp_path: Path) -> None:
    root = lay(tmp_path / "a", {"x/1.png": None, "x/2.png": None, "labels.csv": "file_name,label\nx/1.png,a\n"})
    first = FolderSource(root).fingerprint()
    assert FolderSource(root).fingerprint() == first
    (root / "notes.txt").write_text("no picture")
    assert FolderSource(root).fingerprint() == first
    shutil.copytree(root, tmp_path / "b")  # keeps times, so the same folder elsewhere is the same data
    assert FolderSource(tmp_path / "b").fingerprint() == first
    seen = {first}
    for change in (
        lambda: os.utime(root / "x/1.png", ns=(1, 1)),
        lambda: (root / "x/1.png").rename(root / "x/3.png"),
        lambda: (root / "x/4.png").write_bytes(picture(4)),
        lambda: (root / "labels.csv").write_text("file_name,label\nx/2.png,abc\n"),
        lambda: (root / "x/2.png").unlink(),
    ):
        change()
        seen.add(FolderSource(root).fingerprint())
    assert len(seen) == 6


def test_every_source_survives_pickling(tmp_path: Path) -> None:
    root = lay(tmp_path / "p", {"cat/1.png": None, "dog/2.png": None})
    idx = write_idx(tmp_path / "idx", ".gz")
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 4, 4), np.uint8))
    for where in (root, zipped(root, tmp_path / "z.zip"), idx, tmp_path / "a.npz"):
        source = open_source(where)
        items = list(source.items())
        copy = pickle.loads(pickle.dumps(source))  # noqa: S301  (our own object, as worker processes get it)
        for item in items:
            assert np.array_equal(copy.read(item.key), source.read(item.key))
        assert list(copy.items()) == items
        assert copy.fingerprint() == source.fingerprint()
        source.close()
        assert np.array_equal(source.read(items[0].key), copy.read(items[0].key))
        copy.close()
        source.close()


def write_idx(folder: Path, suffix: str, count: int = 5) -> Path:
    folder.mkdir(exist_ok=True)
    pixels = np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3)
    for prefix, part in (("train", pixels), ("t10k", pixels[:2] + 100)):
        labels = np.arange(len(part), dtype=np.uint8) % 10
        for name, array in ((f"{prefix}-images-idx3-ubyte", part), (f"{prefix}-labels-idx1-ubyte", labels)):
            data = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
            (folder / (name + suffix)).write_bytes(gzip.compress(data) if suffix else data)
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx(suffix: str, tmp_path: Path) -> None:
    folder = write_idx(tmp_path, suffix)
    source = open_source(folder)
    assert isinstance(source, IdxSource)
    items = list(source.items())
    assert [(item.name, item.label, item.split) for item in items[:3]] == [
        ("t10k/000000", "0", "test"),
        ("t10k/000001", "1", "test"),
        ("train/000000", "0", "train"),
    ]
    assert np.array_equal(source.read(items[3].key), [[6, 7, 8], [9, 10, 11]])
    single = open_source(folder / f"train-images-idx3-ubyte{suffix}")
    assert len(list(single.items())) == 5


@pytest.mark.parametrize("fault", ["short", "long", "magic", "header", "labels", "empty", "gzip", "bomb", "type"])
def test_damaged_idx_is_one_line(fault: str, tmp_path: Path) -> None:
    packed = fault in ("gzip", "bomb")
    folder = write_idx(tmp_path, ".gz" if packed else "")
    path = folder / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    data = path.read_bytes()
    if fault == "short":
        path.write_bytes(data[:-1])
    elif fault == "long":
        path.write_bytes(data + b"\0")
    elif fault == "magic":
        path.write_bytes(b"\x7fELF" + data[4:])
    elif fault == "header":
        path.write_bytes(data[:9])
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "gzip":
        path.write_bytes(data[:-9])
    elif fault == "bomb":
        path.write_bytes(gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 60_000_000, 28, 28) + bytes(1000)))
    elif fault == "type":
        path.write_bytes(b"\0\0\x09\x03" + data[4:])
    else:
        (folder / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 1) + b"\1")
    with pytest.raises(DataError) as caught:
        list(open_source(folder).items())
    assert "\n" not in str(caught.value)


def test_npz_shapes_types_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    pixels = np.arange(2 * 5 * 6 * 3, dtype=np.uint8).reshape(2, 5, 6, 3)

    def first(**arrays: np.ndarray) -> tuple[np.ndarray, list[str | None], list[str]]:
        np.savez_compressed(path, **arrays)
        source = open_source(path)
        assert isinstance(source, NpzSource)
        items = list(source.items())
        read = source.read(items[0].key)
        assert isinstance(read, np.ndarray)
        return read, [item.label for item in items], [item.name for item in items]

    read, labels, _ = first(images=pixels, labels=np.array([[3], [4]]))
    assert np.array_equal(read, pixels[0])
    assert labels == ["3", "4"]
    assert np.array_equal(first(x=pixels.transpose(0, 3, 1, 2))[0], pixels[0])  # channels first
    assert np.array_equal(first(arr_0=pixels[..., 0])[0], pixels[0, :, :, 0])
    assert np.array_equal(first(x=pixels[..., 0] > 40)[0], (pixels[0, :, :, 0] > 40) * np.uint8(255))
    assert first(x=np.full((1, 2, 2), 0.5, np.float64))[0].tolist() == [[128, 128], [128, 128]]
    assert first(x=pixels.astype(">u2") * 257)[0].dtype == np.uint16
    assert first(x=pixels, y=np.array([1, 0]), class_names=np.array(["cat", "dog"]))[1] == ["dog", "cat"]
    _, labels, names = first(x=pixels, y=np.array(["a", "b\n"]), names=np.array(["one.png", "two\u202e"]))
    assert labels == ["a", "b\\n"]
    assert names == ["one.png", "two\\u202e"]


def test_npz_splits(tmp_path: Path) -> None:
    for style in ("x_{}", "{}_images"):
        arrays = {style.format(split): np.zeros((2, 4, 4), np.uint8) for split in ("train", "val", "test")}
        np.savez(tmp_path / "s.npz", **arrays)
        assert [item.split for item in NpzSource(tmp_path / "s.npz").items()] == ["train"] * 2 + ["val"] * 2 + [
            "test"
        ] * 2


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.array([object()])}, "Python objects"),
        ({"x": np.zeros((2, 784), np.uint8)}, "shape .2, 784."),
        ({"x": np.zeros((0, 4, 4), np.uint8)}, "shape"),
        ({"x": np.zeros((2, 4, 4), np.int64)}, "type int64"),
        ({"x": np.full((2, 4, 4), 255.0)}, "floats from 255 to 255"),
        ({"x": np.full((2, 4, 4), np.nan)}, "floats from nan"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(3, int)}, "2 labels"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(2)}, "type float64"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.array([0, 2]), "classes": np.array(["a", "b"])}, "2 classes"),
        ({"weights": np.zeros(3)}, "holds weights"),
    ],
)
def test_unusable_npz_is_one_line(arrays: dict[str, np.ndarray], said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=said) as caught:
        list(open_source(tmp_path / "a.npz").items())
    assert "\n" not in str(caught.value)


def test_npz_that_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.arange(3000, dtype=np.uint8).reshape(30, 10, 10) % 251)
    data = path.read_bytes()
    for broken in (b"", b"PK\3\4", data[:100], data[:200] + b"\0" * 50 + data[250:], b"not an archive at all"):
        path.write_bytes(broken)
        with pytest.raises(DataError):
            list(NpzSource(path).items())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.png", "single picture"),
        ("a.tar.gz", "no source"),
        ("a", "nameless"),
        ("gone", "no such folder"),
        ("a\0", "null"),
    ],
)
def test_what_is_no_source_is_one_line(name: str, said: str, tmp_path: Path) -> None:
    if name not in ("gone", "a\0"):
        (tmp_path / name).write_bytes(picture(1))
    with pytest.raises(DataError, match=said) as caught:
        open_source(f"{tmp_path}/{name}")
    assert "works" in str(caught.value) or "give the folder" in str(caught.value)


def test_a_pipe_is_no_source_and_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    with pytest.raises(DataError, match="a pipe"):
        open_source(tmp_path / "p")


def test_an_empty_folder_lists_nothing(tmp_path: Path) -> None:
    assert list(open_source(tmp_path).items()) == []


def test_what_is_listed_decodes(tmp_path: Path) -> None:
    source = FolderSource(lay(tmp_path, {"1.png": None, "2": None, "3.jpg": b"no picture", "4.heic": b"x"}))
    assert list(listing(source)) == ["1.png", "2", "3.jpg", "4.heic"]
    assert decode(source.read("2")).tolist() == np.full((4, 4, 1), 1).tolist()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain é.png", "plain é.png"),
        ("a\nb", "a\\nb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        (os.fsdecode(b"\xff\xfe.png"), "\\xff\\xfe.png"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\ud800", "\\ud800"),
        ("<b>&[red]", "<b>&[red]"),
    ],
)
def test_printable(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert printable(name).isprintable()

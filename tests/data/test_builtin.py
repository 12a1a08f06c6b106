"""The named data sets: what is shipped is what the generators drew, and downloads are found before they are fetched."""

import gzip
import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from nonesuch.data import builtin, published
from nonesuch.data.places import cache_root, data_folders, download_folder
from nonesuch.data.shipped import EmojiSource, PixelfolkSource, embedded_bytes
from nonesuch.errors import DataError

HAIR = {
    "blond": "cab188",
    "dark blond": "a78961",
    "light brown": "83623b",
    "brown": "603a14",
    "chestnut": "603015",
    "auburn": "612616",
    "mahogany": "611c17",
    "black": "28150a",
    "blue": "009bbd",
    "red": "bd1700",
    "green": "91cb15",
}
"""The generator's colour codes, as its schema lists them."""


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NONESUCH_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(builtin, "DEBIAN_FASHION", tmp_path / "no debian package")


def test_shipped_files_are_those_of_the_manifest_and_small() -> None:
    manifest = json.loads(embedded_bytes("manifest.json"))
    assert sorted(manifest) == ["emoji.json", "emoji.webp", "pixelfolk.npz"]
    for file, sha256 in manifest.items():
        assert hashlib.sha256(embedded_bytes(file)).hexdigest() == sha256
    assert len(embedded_bytes("pixelfolk.npz")) < 500_000
    assert len(embedded_bytes("emoji.webp")) + len(embedded_bytes("emoji.json")) < 4_000_000


def test_pixelfolk_has_six_thousand_different_faces() -> None:
    source = builtin.resolve("pixelfolk")
    items = list(source.items())
    pictures = [source.read(item.key) for item in items]
    assert len(items) == builtin.NAMES["pixelfolk"].pictures == 6000
    assert len({picture.tobytes() for picture in pictures if isinstance(picture, np.ndarray)}) == 6000
    assert all(p.shape == (16, 16, 3) and p.dtype == np.uint8 for p in pictures if isinstance(p, np.ndarray))
    assert len({item.name for item in items}) == 6000


def test_pixelfolk_labels_are_true_by_the_pixels() -> None:
    """Who wears no hat shows the very colour of the label, and nobody shows another one."""
    source = PixelfolkSource()
    codes = {name: np.array(list(bytes.fromhex(code)), np.uint8) for name, code in HAIR.items()}
    for item in source.items():
        picture = source.read(item.key)
        seen = {name for name, code in codes.items() if (picture == code).all(axis=-1).any()}
        assert seen == {item.label} or (seen == set() and item.columns["hat"] == "yes"), item.name


def test_pixelfolk_columns_are_complete_and_agree() -> None:
    items = list(PixelfolkSource().items())
    counts = {column: Counter(item.columns.get(column) for item in items) for column in items[0].columns}
    assert {column: len(count) for column, count in counts.items()}.items() >= {
        "hair_colour": 11, "hair_length": 2, "hair_style": 45, "skin": 8, "mood": 2, "clothing_colour": 12,
        "glasses": 2, "hat": 2, "beard": 2, "earrings": 2,
    }.items()  # fmt: skip
    assert sorted(counts["skin"]) == [f"tone{number}" for number in range(1, 9)]
    assert 0.18 < counts["glasses"]["yes"] / 6000 < 0.22  # the generator's 20 percent
    assert 0.04 < counts["beard"]["yes"] / 6000 < 0.06  # and 5
    for item in items:
        columns = item.columns
        assert item.label == columns["hair_colour"]
        assert columns["hair_style"].startswith(columns["hair_length"])
        assert columns["mouth_style"].startswith(columns["mood"])
        for part in ("glasses", "hat", "beard", "earrings"):
            assert (f"{part}_style" in columns) == (columns[part] == "yes")


def test_pixelfolk_heads_have_the_outline_of_the_drawing() -> None:
    """The design's head path begins "M4 2h8v1h1v3h1v2h-1": columns 3 to 12 in row 4, with the ears 2 to 13 in row 6."""
    source = PixelfolkSource()
    bare = {"hair_length": "short", "hat": "no", "glasses": "no", "earrings": "no"}
    plain = [item for item in source.items() if bare.items() <= dict(item.columns).items()]
    drawn = np.mean([(source.read(item.key) < 255).any(axis=-1) for item in plain], axis=0)
    for row, first, last in ((4, 3, 12), (6, 2, 13)):
        assert drawn[row, [first, last]].min() > 0.9
        assert drawn[row, [first - 1, last + 1]].max() < 0.3  # some cuts stand out at the sides


def test_pixelfolk_skin_is_ordered_from_light_to_dark() -> None:
    source = PixelfolkSource()
    light: dict[str, list[float]] = {}
    for item in source.items():
        light.setdefault(item.columns["skin"], []).append(float(source.read(item.key)[5:9, 3:13].mean()))
    means = [float(np.median(light[f"tone{number}"])) for number in range(1, 9)]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("side", [32, 48, 64])
def test_pixelfolk_is_enlarged_by_repeating_pixels(side: int) -> None:
    small, large = PixelfolkSource().read("7"), builtin.resolve("pixelfolk", side).read("7")
    assert np.array_equal(large, np.kron(small, np.ones((side // 16, side // 16, 1), np.uint8)))


def test_pixelfolk_keeps_sixteen_where_no_repeating_reaches() -> None:
    assert np.array_equal(builtin.resolve("pixelfolk", 28).read("7"), PixelfolkSource().read("7"))
    with pytest.raises(DataError, match="not 28"):
        PixelfolkSource(28)


def test_emoji_have_categories_names_and_alpha() -> None:
    source = builtin.resolve("emoji")
    items = list(source.items())
    assert len(items) == builtin.NAMES["emoji"].pictures == 1682
    assert len({item.label for item in items}) == 9
    assert len({item.name for item in items}) == 1682
    assert not any("skin tone" in item.name for item in items)
    hearts = {item.name: source.read(item.key) for item in items if item.name in ("red heart", "blue heart")}
    assert all(isinstance(heart, np.ndarray) and heart.shape == (64, 64, 4) for heart in hearts.values())
    for name, channel in (("red heart", 0), ("blue heart", 2)):
        heart = np.asarray(hearts[name])
        assert heart[0, 0, 3] == 0
        assert heart[32, 32, 3] == 255
        assert heart[heart[..., 3] == 255].mean(axis=0)[:3].argmax() == channel


def test_emoji_pictures_are_all_different_and_none_is_empty() -> None:
    source = EmojiSource()
    pictures = [source.read(item.key) for item in source.items()]
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    assert min(int((picture[..., 3] > 0).sum()) for picture in pictures) > 100


@pytest.mark.parametrize("name", ["pixelfolk", "emoji"])
def test_a_source_sent_to_a_worker_reads_the_same(name: str) -> None:
    source = builtin.resolve(name)
    before = source.read("42")
    packed = pickle.dumps(source)
    assert len(packed) < 1000  # the pictures are loaded again there, not sent
    again = pickle.loads(packed)  # noqa: S301  our own bytes
    assert np.array_equal(np.asarray(again.read("42")), np.asarray(before))
    assert again.fingerprint() == source.fingerprint()


def test_fingerprints_tell_sets_and_sizes_apart() -> None:
    sources = [builtin.resolve("pixelfolk"), builtin.resolve("pixelfolk", 32), builtin.resolve("emoji")]
    assert len({source.fingerprint() for source in sources}) == 3


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(DataError, match="pixelfolk, emoji, mnist, fashion-mnist, cifar10"):
        builtin.resolve("minst")


def test_the_catalogue_loads_without_torch_and_without_the_net() -> None:
    code = (
        "import sys, nonesuch.data.builtin; print({'torch', 'ssl', 'urllib.request', 'PIL.Image'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "torch" not in done.stdout
    assert "urllib.request" not in done.stdout


def test_places_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_root() == tmp_path / "cache"
    monkeypatch.setenv("NONESUCH_DATA", f"/one{os.pathsep}~/two")
    assert data_folders() == [Path("/one"), Path.home() / "two"]
    monkeypatch.delenv("NONESUCH_CACHE")
    assert cache_root() == Path.home() / ".cache" / "nonesuch"


def idx_bytes(array: np.ndarray) -> bytes:
    """LeCun's format: two zero bytes, 8 for unsigned bytes, the number of axes, their lengths, the data."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, test_labels: list[int], grey: int = 0, packed: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "train-images-idx3-ubyte": np.full((10, 4, 4), grey, np.uint8),
        "train-labels-idx1-ubyte": np.arange(10, dtype=np.uint8),
        "t10k-images-idx3-ubyte": np.full((len(test_labels), 4, 4), grey, np.uint8),
        "t10k-labels-idx1-ubyte": np.array(test_labels, np.uint8),
    }
    for stem, array in arrays.items():
        data = idx_bytes(array)
        (folder / (f"{stem}.gz" if packed else stem)).write_bytes(gzip.compress(data) if packed else data)


@pytest.mark.parametrize("packed", [True, False])
def test_idx_sets_in_a_folder_of_nonesuch_data_get_class_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    write_idx(tmp_path / "data" / "fashion-mnist", [9, 0], packed=packed)
    monkeypatch.setenv("NONESUCH_DATA", f"/nowhere{os.pathsep}{tmp_path / 'data'}")
    source = builtin.resolve("fashion-mnist")
    labels = {split: [item.label for item in source.items() if item.split == split] for split in ("train", "test")}
    assert labels == {"train": list(published.GARMENTS), "test": ["Ankle boot", "T-shirt/top"]}
    assert source.name == "fashion-mnist"
    assert pickle.loads(pickle.dumps(source)).fingerprint() == source.fingerprint()  # noqa: S301


def test_files_directly_in_the_folder_are_told_apart_by_their_class_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = [label for label, count in enumerate(published.MNIST_TEST_COUNTS) for _ in range(count)]
    garments = [label for label, count in enumerate(published.FASHION_TEST_COUNTS) for _ in range(count)]
    write_idx(tmp_path / "a", digits[::-1], grey=1)
    write_idx(tmp_path / "b", garments, grey=2)
    monkeypatch.setenv("NONESUCH_DATA", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    for name, grey in (("mnist", 1), ("fashion-mnist", 2)):
        source = builtin.resolve(name)
        assert np.asarray(source.read(next(source.items()).key)).max() == grey


def test_the_order_is_nonesuch_data_then_debian_then_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def grey() -> int:
        source = builtin.resolve("fashion-mnist")
        return int(np.asarray(source.read(next(source.items()).key)).max())

    write_idx(download_folder("fashion-mnist"), [0], grey=3)
    assert grey() == 3
    write_idx(tmp_path / "debian", [0], grey=2)
    monkeypatch.setattr(builtin, "DEBIAN_FASHION", tmp_path / "debian")
    assert grey() == 2
    write_idx(tmp_path / "data" / "fashion-mnist", [0], grey=1)
    monkeypatch.setenv("NONESUCH_DATA", str(tmp_path / "data"))
    assert grey() == 1


def test_a_label_beyond_the_classes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx(tmp_path / "mnist", [10])
    monkeypatch.setenv("NONESUCH_DATA", str(tmp_path))
    with pytest.raises(DataError, match="label 10, not 0 to 9"):
        list(builtin.resolve("mnist").items())


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_offline_says_which_file_goes_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def closed(remote: published.Remote) -> published.Remote:
        return replace(remote, addresses=("http://127.0.0.1:9/x",), size=10)  # the discard port: nobody listens

    monkeypatch.setattr(published, "MNIST", tuple(map(closed, published.MNIST)))
    monkeypatch.setattr(published, "FASHION", tuple(map(closed, published.FASHION)))
    monkeypatch.setattr(published, "CIFAR10", closed(published.CIFAR10))
    with pytest.raises(DataError) as raised:
        builtin.resolve(name)
    message = str(raised.value)
    file = "cifar-10-binary.tar.gz" if name == "cifar10" else "train-images-idx3-ubyte.gz"
    assert "\n" not in message
    assert all(part in message for part in (file, str(download_folder(name)), "NONESUCH_DATA", "by hand"))


def test_a_set_on_no_disk_is_downloaded_once_with_one_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    write_idx(tmp_path / "site", [7])
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:

        def local(remote: published.Remote) -> published.Remote:
            data = (tmp_path / "site" / remote.file).read_bytes()
            address = f"http://127.0.0.1:{server.server_port}/{remote.file}"
            return published.Remote(remote.file, (address,), len(data), f"md5:{hashlib.md5(data).hexdigest()}")

        monkeypatch.setattr(published, "MNIST", tuple(map(local, published.MNIST)))
        seen: list[tuple[int, int]] = []
        source = builtin.resolve("mnist", progress=lambda done, total: seen.append((done, total)))
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
    assert [item.label for item in source.items() if item.split == "test"] == ["7"]
    total = sum(remote.size for remote in published.MNIST)
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    assert len(list(builtin.resolve("mnist").items())) == 11  # the server is gone


def test_debians_package_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder as `dataset-fashion-mnist` installs it: the four packed files, 7,000 of each garment."""
    debian = tmp_path / "datasets" / "fashion-mnist"
    garments = np.arange(10, dtype=np.uint8)
    arrays = {
        "train-images-idx3-ubyte": np.zeros((60_000, 1, 1), np.uint8),
        "train-labels-idx1-ubyte": garments.repeat(6000),
        "t10k-images-idx3-ubyte": np.zeros((10_000, 1, 1), np.uint8),
        "t10k-labels-idx1-ubyte": garments.repeat(1000),
    }
    debian.mkdir(parents=True)
    for stem, array in arrays.items():
        (debian / f"{stem}.gz").write_bytes(gzip.compress(idx_bytes(array), compresslevel=1))
    monkeypatch.setattr(builtin, "DEBIAN_FASHION", debian)
    monkeypatch.setattr(published, "FASHION", ())  # what is not on the disk could not be fetched
    source = builtin.resolve("fashion-mnist")
    counts = Counter((item.split, item.label) for item in source.items())
    assert counts == {(s, g): n for s, n in (("train", 6000), ("test", 1000)) for g in published.GARMENTS}

"""CIFAR-10's record files: pictures by hand-made records, every form on the disk, and archives that lie."""

import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nonesuch.data import builtin
from nonesuch.data.cifar import FILES, RECORD, CifarSource, extract
from nonesuch.errors import DataError


def cifar_record(label: int, red: int, green: int, blue: int) -> bytes:
    return bytes([label]) + bytes([red]) * 1024 + bytes([green]) * 1024 + bytes([blue]) * 1024


def cifar_files() -> dict[str, bytes]:
    """Two records a file; the first one's picture has its first row white."""
    record = bytearray(cifar_record(3, 10, 20, 30))
    for plane in range(3):
        record[1 + 1024 * plane : 33 + 1024 * plane] = bytes([255]) * 32
    return {file: bytes(record) + cifar_record(9, 1, 2, 3) for file in FILES}


def write_cifar(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for file, data in cifar_files().items():
        (folder / file).write_bytes(data)
    return folder


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_cifar_records_become_pictures(tmp_path: Path) -> None:
    source = CifarSource(write_cifar(tmp_path / "bins"))
    items = list(source.items())
    assert [item.label for item in items] == ["cat", "truck"] * 6
    assert [item.split for item in items] == ["train"] * 10 + ["test"] * 2
    picture = source.read(items[0].key)
    assert picture.shape == (32, 32, 3)
    assert (picture[0] == 255).all()
    assert (picture[1:] == [10, 20, 30]).all()
    again = pickle.loads(pickle.dumps(source))  # noqa: S301
    assert np.array_equal(again.read(items[0].key), picture)


def test_damaged_cifar_files_are_named(tmp_path: Path) -> None:
    folder = write_cifar(tmp_path / "bins")
    (folder / "data_batch_2.bin").write_bytes(cifar_record(17, 0, 0, 0))
    with pytest.raises(DataError, match=r"data_batch_2\.bin is damaged: record 0 has label 17"):
        list(CifarSource(folder).items())
    (folder / "data_batch_2.bin").write_bytes(bytes(RECORD - 1))
    with pytest.raises(DataError, match=r"data_batch_2\.bin is damaged: 3,072 bytes"):
        list(CifarSource(folder).items())


def cifar_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for split in ("train", "test"):
            for name in ("cat", "dog"):
                out = io.BytesIO()
                Image.new("RGB", (32, 32), (len(name), len(split), 9)).save(out, "PNG")
                archive.writestr(f"{split}/{name}/1.png", out.getvalue())


def test_every_form_of_cifar_in_nonesuch_data_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(tmp_path / "bins" / "cifar10")
    write_cifar(tmp_path / "torch" / "cifar-10-batches-bin")
    write_cifar(tmp_path / "direct")
    for folder in ("zip", "tar"):
        (tmp_path / folder).mkdir()
    cifar_zip(tmp_path / "zip" / "cifar10.zip")
    write_tar(
        tmp_path / "tar" / "cifar-10-binary.tar.gz",
        {f"cifar-10-batches-bin/{file}": data for file, data in cifar_files().items()},
    )
    monkeypatch.setenv("NONESUCH_CACHE", str(tmp_path / "cache"))
    for folder, labels in {
        "bins": {"cat", "truck"},
        "torch": {"cat", "truck"},
        "direct": {"cat", "truck"},
        "zip": {"cat", "dog"},
        "tar": {"cat", "truck"},
    }.items():
        monkeypatch.setenv("NONESUCH_DATA", str(tmp_path / folder))
        items = list(builtin.resolve("cifar10").items())
        assert {item.label for item in items} == labels, folder
        assert {item.split for item in items} == {"train", "test"}, folder


def test_extraction_takes_six_files_and_nothing_else(tmp_path: Path) -> None:
    hostile = {f"../../{file}": data for file, data in cifar_files().items()}
    archive = write_tar(tmp_path / "a.tar.gz", {"../evil": b"x", "/etc/evil": b"x", **hostile})
    folder = extract(archive, tmp_path / "deep" / "er" / "out")
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert not (tmp_path / "deep" / "evil").exists()
    assert not (tmp_path / "deep" / "data_batch_1.bin").exists()


def test_archives_that_are_wrong_are_named(tmp_path: Path) -> None:
    files = cifar_files()
    whole = write_tar(tmp_path / "whole.tar.gz", files).read_bytes()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    spoiled = tmp_path / "spoiled.tar.gz"
    spoiled.write_bytes(whole[:200] + bytes(20) + whole[220:])
    for archive in (cut, spoiled):
        with pytest.raises(DataError, match=r"damaged|lacks"):
            extract(archive, tmp_path / archive.stem)
    with pytest.raises(DataError, match=r"lacks test_batch\.bin"):
        extract(write_tar(tmp_path / "five.tar.gz", dict(list(files.items())[:5])), tmp_path / "five")
    with pytest.raises(DataError, match=r"test_batch\.bin has 5 bytes"):
        extract(write_tar(tmp_path / "odd.tar.gz", {"test_batch.bin": b"12345"}), tmp_path / "odd")


def test_a_link_named_like_a_record_file_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "link.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo("data_batch_1.bin")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(info)
    with pytest.raises(DataError, match="lacks"):
        extract(path, tmp_path / "out")

"""Run folders made by somebody who means harm: refused in one line, at once, and nothing outside is read or run."""

import hashlib
import json
import os
import pickle
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nonesuch.errors import RunError
from nonesuch.runs import atomic, checkpoint
from nonesuch.runs.reading import parse_object, read_bytes, read_json
from nonesuch.runs.weights import from_bytes


class _Canary:
    """Unpickling it makes a file: the sign that code of a stranger ran."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def _pickled(path: Path) -> bytes:
    return pickle.dumps(_Canary(path))


def _torch_saved(path: Path) -> bytes:
    place = path.with_name("payload.pt")
    torch.save({"weight": _Canary(path)}, place)
    data = place.read_bytes()
    place.unlink()
    return data


def _header(text: bytes, body: bytes = b"", claimed: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + body


def _entry(**fields: object) -> bytes:
    return json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **fields}}).encode()


EMPTY = b'{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'

PAYLOADS: dict[str, Callable[[Path], bytes]] = {
    "pickle": _pickled,
    "pickle behind a header": lambda path: _header(_pickled(path)),
    "torch zip": _torch_saved,
    "empty": lambda _: b"",
    "seven bytes": lambda _: b"\0" * 7,
    "header of 2^64 - 1": lambda _: _header(b"{}", claimed=2**64 - 1),
    "header longer than the file": lambda _: _header(b"{}", claimed=10**9),
    "header of 90 MB": lambda _: _header(b" " * 90_000_000),
    "header of many tensors": lambda _: _header(b"{%s}" % b",".join(b'"%d":%s' % (i, EMPTY) for i in range(100_000))),
    "not JSON": lambda _: _header(b"{'w': 1}"),
    "deep": lambda _: _header(b"[" * 100_000),
    "shape overflow": lambda _: _header(_entry(shape=[2**40, 2**40]), b"\0" * 4),
    "shape does not fit": lambda _: _header(_entry(shape=[2]), b"\0" * 4),
    "negative shape": lambda _: _header(_entry(shape=[-1]), b"\0" * 4),
    "offsets beyond the end": lambda _: _header(_entry(shape=[2**28], data_offsets=[0, 2**30]), b"\0" * 4),
    "offsets reversed": lambda _: _header(_entry(data_offsets=[4, 0]), b"\0" * 4),
    "unknown dtype": lambda _: _header(_entry(dtype="OBJECT"), b"\0" * 4),
    "hole": lambda _: _header(_entry(data_offsets=[4, 8]), b"\0" * 8),
    "trailing bytes": lambda _: _header(_entry(), b"\0" * 400),
    "zip": lambda _: b"PK\x03\x04" + b"\0" * 100,
    "npy": lambda _: b"\x93NUMPY\x01\0" + b"\0" * 100,
}


def _forge(run: Path, files: dict[str, bytes]) -> None:
    """A snapshot with any content and a manifest that is right about it, as an attacker can make it."""
    folder = run / "snapshots" / "000000000001"
    folder.mkdir(parents=True)
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    manifest = {"schema_version": 1, "images_seen": 1, "files": listed}
    seal = hashlib.sha256(atomic.dumps(manifest)).hexdigest()
    for name, data in {**files, "manifest.json": atomic.dumps({**manifest, "sha256": seal})}.items():
        (folder / Path(name).name).write_bytes(data)


STATE = b'{"schema_version": 1, "images_seen": 1, "state": {}}'


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_with_a_right_checksum_is_refused_at_once(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"
    _forge(tmp_path, {"model.safetensors": PAYLOADS[name](canary), "state.json": STATE})
    started = time.perf_counter()
    with pytest.raises(RunError, match="every snapshot is damaged") as caught:
        checkpoint.latest(tmp_path)
    assert time.perf_counter() - started < 1
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert not canary.exists()


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"[]",
        b"{}",
        b'{"state": 1}',
        b'{"state": NaN}',
        b'{"state": {"a": 1e999}}',
        b'{"state": {}',
        b"\xff\xfe",
        b'{"a":' * 50_000,
        b'{"state": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_crafted_state_is_refused(tmp_path: Path, state: bytes) -> None:
    whole = _header(_entry(), b"\0" * 4)
    _forge(tmp_path, {"model.safetensors": whole, "state.json": state})
    with pytest.raises(RunError, match="every snapshot is damaged"):
        checkpoint.latest(tmp_path)


@pytest.mark.parametrize("name", ["../../secret", "/etc/hostname", "model.pkl", "optimizer.pt"])
def test_a_manifest_that_lists_other_files_is_refused(tmp_path: Path, name: str) -> None:
    whole = _header(_entry(), b"\0" * 4)
    _forge(tmp_path, {"model.safetensors": whole, "state.json": STATE, name: b"x"})
    with pytest.raises(RunError, match="lists other files"):
        checkpoint.latest(tmp_path)


@pytest.mark.parametrize("linked", ["snapshots", "snapshots/000000000001", "snapshots/000000000001/model.safetensors"])
def test_links_inside_a_run_are_not_followed(tmp_path: Path, linked: str) -> None:
    run = tmp_path / "run"
    run.mkdir()
    checkpoint.save(run, 1, {"model": {"w": torch.zeros(1)}}, {})
    outside = tmp_path / "outside"
    (run / linked).rename(outside)
    (run / linked).symlink_to(outside)
    if linked == "snapshots":
        assert checkpoint.latest(run) is None
        with pytest.raises(RunError, match="is a link"):
            checkpoint.save(run, 2, {"model": {"w": torch.zeros(1)}}, {})
    else:
        with pytest.raises(RunError, match=r"a link|behind one"):
            checkpoint.latest(run)
    with pytest.raises(RunError):
        read_bytes(run, "snapshots/000000000001/model.safetensors", 10**6)


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "", ".", "a//b", "x\0y"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "run" / "a").mkdir(parents=True)
    with pytest.raises(RunError):
        read_json(tmp_path / "run", name)


def test_devices_pipes_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "device"):
        with pytest.raises(RunError, match=r"not a plain file|a link"):
            read_json(tmp_path, name)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path, "none")


def test_giants_are_refused_by_their_size_alone(tmp_path: Path) -> None:
    with (tmp_path / "big.json").open("wb") as file:
        file.truncate(1 << 40)
    started = time.perf_counter()
    with pytest.raises(RunError, match="too long"):
        read_json(tmp_path, "big.json")
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "data", [b"NaN", b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e400}', b"[1]", b"\xed\xa0\x80"]
)
def test_strict_json_only(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_object(data)


def test_two_thousand_mutated_headers_raise_nothing_but_our_error() -> None:
    rng = random.Random(1)
    whole = _header(_entry(), b"\0" * 4)
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            tensors = from_bytes(bytes(data))
        except ValueError:
            continue
        assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())

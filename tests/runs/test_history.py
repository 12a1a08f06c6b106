"""Frames of a run's history: which moments are kept, what a frame holds, and what is refused."""

import errno
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

from nonesuch.errors import MachineError, RunError
from nonesuch.runs import checkpoint, history, layout

STATE = {
    "weight": torch.randn(40, 30, generator=torch.Generator().manual_seed(0)),
    "huge": torch.tensor([1e6, -1.0]),
    "steps": torch.tensor(7),
}


def walked(batch: int, until: int, most: int = 10**9) -> list[int]:
    """The slow way: step by step, all moments, and every second one gone whenever there are too many."""
    found: list[int] = []
    stride = 1
    every: list[int] = []
    for images in range(0, until + 1, batch):
        if images == 0 or any(images - batch < round(10 ** (k / 10)) <= images for k in range(60)):
            every.append(images)
            if (len(every) - 1) % stride == 0:
                found.append(images)
        if len(found) > most:
            found, stride = found[::2], 2 * stride
    return found


@pytest.mark.parametrize(("batch", "until"), [(1, 50), (16, 5000), (100, 5000), (128, 60_000), (7000, 20_000)])
def test_moments_are_dense_at_first_and_rare_later(batch: int, until: int) -> None:
    assert history.kept(until, batch, 10**9) == walked(batch, until)
    assert [images for images in range(0, until + 1, batch) if history.is_moment(images, batch)] == walked(batch, until)


@pytest.mark.parametrize("most", [1, 2, 5, 8])
def test_thinning_at_once_is_thinning_on_the_way(most: int) -> None:
    for until in range(0, 6000, 16):
        assert history.kept(until, 16, most) == walked(16, until, most)


def test_exactly_ten_moments_lie_in_a_tenfold() -> None:
    assert len([moment for moment in history.kept(10**6, 1, 10**9) if 10**5 <= moment < 10**6]) == 10


def test_a_frame_there_and_back_in_half_precision(tmp_path: Path) -> None:
    history.record(tmp_path, 0, 16, STATE)
    found = history.load(tmp_path, 0, STATE)
    torch.testing.assert_close(found["weight"], STATE["weight"], rtol=2**-11, atol=0)
    assert torch.equal(found["huge"], STATE["huge"])  # beyond float16's 65,504
    assert found["weight"].dtype == torch.float32
    assert found["steps"].dtype == torch.int64
    file = tmp_path / "history" / "000000000000.safetensors"
    assert file.stat().st_size < 0.6 * STATE["weight"].nbytes + 400
    assert safetensors.torch.load(file.read_bytes())["weight"].dtype == torch.float16


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        history.record(tmp_path / name, 16, 16, STATE)
    one, two = (tmp_path / name / "history" / "000000000016.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_frames_are_thinned_out_when_they_take_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 30_000)  # 12 frames of 2.4 kB
    for images in range(0, 1601, 16):
        if history.is_moment(images, 16):
            history.record(tmp_path, images, 16, STATE)
    assert layout.history(tmp_path) == walked(16, 1600, 12)
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    history.record(tmp_path, 2000, 16, STATE)
    assert len(layout.history(tmp_path)) <= history.FEWEST


def test_cut_back_keeps_what_came_before(tmp_path: Path) -> None:
    for images in (0, 16, 32, 48):
        history.record(tmp_path, images, 16, STATE)
    history.cut_back(tmp_path, 32)
    assert layout.history(tmp_path) == [0, 16, 32]
    history.cut_back(tmp_path / "none", 0)


def test_what_was_cut_short_is_swept(tmp_path: Path) -> None:
    history.record(tmp_path, 0, 16, STATE)
    (tmp_path / "history" / ".tmp-1234-000000000016.safetensors").touch()
    checkpoint.recover(tmp_path)
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["000000000000.safetensors"]


@pytest.mark.parametrize("at", [3, 100, -5])
def test_a_flipped_bit_is_damage(tmp_path: Path, at: int) -> None:
    history.record(tmp_path, 0, 16, STATE)
    file = tmp_path / "history" / "000000000000.safetensors"
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    with pytest.raises(RunError, match="damaged"):
        history.load(tmp_path, 0, STATE)


def test_a_frame_of_another_moment_or_net_is_refused(tmp_path: Path) -> None:
    history.record(tmp_path, 0, 16, STATE)
    folder = tmp_path / "history"
    (folder / "000000000032.safetensors").write_bytes((folder / "000000000000.safetensors").read_bytes())
    with pytest.raises(RunError, match="does not match its checksum"):
        history.load(tmp_path, 32, STATE)
    with pytest.raises(RunError, match="the saved frame does not fit: weight is float32 \\(40, 30\\)"):
        history.load(tmp_path, 0, STATE | {"weight": torch.zeros(30, 40)})
    with pytest.raises(RunError, match="which this net does not have"):
        history.load(tmp_path, 0, {"weight": STATE["weight"], "huge": STATE["huge"]})
    with pytest.raises(RunError, match="no frame at 16 images"):
        history.load(tmp_path, 16, STATE)


def test_strange_files_are_refused_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "000000000016.safetensors").write_bytes(b"no tensors")
    (folder / "000000000032.safetensors").symlink_to("/etc/hostname")
    with pytest.raises(RunError, match="checksum"):
        history.load(tmp_path, 16, STATE)
    with pytest.raises(RunError, match="is a link"):
        history.load(tmp_path, 32, STATE)


def test_a_full_disk_leaves_the_older_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history.record(tmp_path, 0, 16, STATE)

    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="disk is full"):
        history.record(tmp_path, 16, 16, STATE)
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["000000000000.safetensors"]
    history.load(tmp_path, 0, STATE)

"""The border between bytes and [-1, 1]: exact at the ends, its own inverse on every byte; grids and PNG files."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nonesuch import pixels
from nonesuch.errors import MachineError

BYTES = torch.arange(256, dtype=torch.uint8)


def _pictures(count: int, height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def test_signed_hits_the_ends_and_the_formula() -> None:
    signed = pixels.to_signed(BYTES)
    assert signed.dtype == torch.float32
    assert (signed[0], signed[255]) == (-1, 1)
    exact = BYTES.double() / 127.5 - 1
    # two float32 roundings near 2
    torch.testing.assert_close(signed.double(), exact, atol=2.4e-7, rtol=0)


def test_every_byte_comes_back() -> None:
    assert torch.equal(pixels.to_pixels(pixels.to_signed(BYTES)), BYTES)


def test_float_bytes_are_not_changed_in_place() -> None:
    given_bytes = BYTES.float()
    torch.testing.assert_close(pixels.to_signed(given_bytes), pixels.to_signed(BYTES), rtol=0, atol=0)
    assert torch.equal(given_bytes, BYTES.float())


def test_the_wanted_type_and_the_memory_format_are_kept() -> None:
    nchw = torch.from_numpy(_pictures(2, 5, 7, 3)).permute(0, 3, 1, 2)
    signed = pixels.to_signed(nchw, torch.bfloat16)
    assert signed.dtype == torch.bfloat16
    assert signed.is_contiguous(memory_format=torch.channels_last)


def test_answers_of_a_net_are_rounded_clamped_and_never_nan() -> None:
    images = torch.tensor([-9.0, -1.0, -0.9999, 0.0, 0.0039, 1.0, 7.0, torch.nan, torch.inf, -torch.inf])
    assert pixels.to_pixels(images).tolist() == [0, 0, 0, 128, 128, 255, 255, 0, 255, 0]


def test_alpha_shows_the_chequer() -> None:
    clear = np.zeros((1, 8, 8, 4), np.uint8)
    rgb = pixels.to_rgb(clear)
    assert (rgb[0, 0, 0, 0], rgb[0, 0, 4, 0], rgb[0, 4, 4, 0]) == (255, 204, 255)
    solid = _pictures(1, 8, 8, 4)
    solid[..., 3] = 255
    np.testing.assert_array_equal(pixels.to_rgb(solid), solid[..., :3])


def test_alpha_blends_like_pillow() -> None:
    picture = _pictures(1, 16, 16, 4)[0]
    behind = Image.fromarray(pixels.to_rgb(np.zeros((16, 16, 4), np.uint8)))
    front = Image.fromarray(picture)
    behind.paste(front, (0, 0), front)
    # Pillow's integer blend may round the other way
    difference = np.abs(pixels.to_rgb(picture).astype(int) - np.asarray(behind).astype(int))
    assert difference.max() <= 1


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 12), height=st.integers(1, 6), width=st.integers(1, 6), channels=st.sampled_from([1, 3]),
    columns=st.none() | st.integers(1, 14), gap=st.integers(0, 3), scale=st.integers(1, 3),
)  # fmt: skip
def test_grid_holds_every_picture_where_it_belongs(
    count: int, height: int, width: int, channels: int, columns: int | None, gap: int, scale: int
) -> None:
    pictures = _pictures(count, height, width, channels)
    sheet = pixels.grid(pictures, columns, gap, scale, background=9)
    step_y, step_x = height * scale + gap, width * scale + gap
    rows, across = (sheet.shape[0] - gap) // step_y, (sheet.shape[1] - gap) // step_x
    assert sheet.shape == (rows * step_y + gap, across * step_x + gap, 3)
    assert (rows - 1) * across < count <= rows * across
    assert columns is None or across == min(columns, count)
    empty = np.full_like(sheet, 9)
    for index in range(rows * across):
        top, left = gap + index // across * step_y, gap + index % across * step_x
        cell = np.s_[top : top + height * scale, left : left + width * scale]
        if index < count:
            for y, x in np.ndindex(height * scale, width * scale):
                assert (sheet[cell][y, x] == pictures[index, y // scale, x // scale]).all()
        sheet[cell] = 9
    np.testing.assert_array_equal(sheet, empty)


@pytest.mark.parametrize("shape", [(0, 2, 2, 3), (2, 2, 3), (1, 2, 2, 2)])
def test_grid_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape|channels"):
        pixels.grid(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_keeps_every_pixel_and_nothing_else(channels: int) -> None:
    picture = _pictures(1, 5, 9, channels)[0]
    data = pixels.png_bytes(picture)
    opened = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(np.asarray(opened).reshape(picture.shape), picture)
    assert opened.info == {}
    kinds = {data[at + 4 : at + 8] for at in _chunks(data)}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}
    assert data == pixels.png_bytes(picture)


def _chunks(data: bytes) -> list[int]:
    """Offsets of a PNG's chunks: length (4 bytes), kind (4), content, checksum (4)."""
    offsets, at = [], 8
    while at < len(data):
        offsets.append(at)
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return offsets


def test_png_text_is_written_when_given() -> None:
    text = {"nonesuch": "seed 7, größe"}
    opened = Image.open(io.BytesIO(pixels.png_bytes(_pictures(1, 2, 2, 3)[0], text)))
    assert opened.info == text


def test_write_png_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    for picture in _pictures(2, 4, 4, 3):
        pixels.write_png(path, picture)
        np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)
    assert [entry.name for entry in path.parent.iterdir()] == ["sheet.png"]


def test_a_failed_write_keeps_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sheet.png"
    pixels.write_png(path, _pictures(1, 4, 4, 3)[0])
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nonesuch.pixels.os.fsync", full)
    with pytest.raises(MachineError, match=r"cannot write .*sheet\.png: No space left on device"):
        pixels.write_png(path, _pictures(1, 8, 8, 3)[0])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["sheet.png"]


def test_importing_pixels_and_drawing_a_grid_does_not_import_torch() -> None:
    code = (
        "import sys, numpy as np; from nonesuch import pixels; "
        "pixels.png_bytes(pixels.grid(np.zeros((2, 3, 3, 1), np.uint8))); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

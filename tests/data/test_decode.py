"""decode and fit against pixels worked out by hand, mode by mode."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nonesuch.data.decode import Undecodable, decode, fit, from_array

GREY = np.array([[0, 50, 100], [150, 200, 255]], np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], axis=2)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG from its parts: `rows` with their filter bytes, `chunks` between header and data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_colour_comes_back_exactly_from_lossless_formats(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    assert np.array_equal(decode(encoded(Image.fromarray(COLOUR), kind, **options)), COLOUR)


def test_jpeg_colour_and_grey_within_the_codec_s_loss() -> None:
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    assert np.abs(decode(encoded(Image.fromarray(flat), "JPEG", quality=95)).astype(int) - flat).max() <= 2
    grey = decode(encoded(Image.fromarray(np.full((8, 8), 77, np.uint8)), "JPEG"))
    assert grey.shape == (8, 8, 1)
    assert np.abs(grey.astype(int) - 77).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_grey_has_one_channel(kind: str) -> None:
    assert np.array_equal(decode(encoded(Image.fromarray(GREY), kind)), GREY[:, :, None])


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_one_bit_is_black_and_white(kind: str) -> None:
    bits = np.array([[True, False, True], [False, False, True]])
    assert np.array_equal(decode(encoded(Image.fromarray(bits), kind)), bits[:, :, None] * np.uint8(255))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str, order: str) -> None:
    samples = np.array([[0, 128, 129, 257], [32768, 40000, 65407, 65535]], np.uint16)
    expected = np.array([[0, 0, 1, 1], [128, 156, 255, 255]], np.uint8)  # round(v / 257)
    if kind == "TIFF":
        data = tiff(samples.astype(f"{order}u2"), order, 16)
    else:
        data = png(4, 2, 16, 0, b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples))
    assert np.array_equal(decode(data)[:, :, 0], expected)


def tiff(samples: np.ndarray, order: str, bits: int, sample_format: int = 1) -> bytes:
    """A grey TIFF with one strip, by hand. samples are laid down as they are."""
    height, width = samples.shape[:2]
    body = samples.tobytes()
    tags = [
        (256, 3, width), (257, 3, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8),
        (277, 3, 1), (278, 3, height), (279, 4, len(body)), (339, 3, sample_format),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        directory += struct.pack(f"{order}HHI", tag, kind, 1)
        directory += struct.pack(f"{order}I", value) if kind == 4 else struct.pack(f"{order}HH", value, 0)
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(f"{order}HI", 42, 8 + len(body)) + body + directory + struct.pack(f"{order}I", 0)


def test_sixteen_bit_colour_and_its_transparent_colour() -> None:
    pixels = np.array([[[0, 30000, 65535], [0x1234, 0x5678, 0x9ABC]]], ">u2")
    rows = b"\0" + pixels.tobytes()
    assert np.abs(decode(png(2, 1, 16, 2, rows)).astype(int) - np.rint(pixels / 257)).max() <= 1
    keyed = decode(png(2, 1, 16, 2, rows, (b"tRNS", pixels[0, 1].tobytes())))
    assert keyed[0, :, 3].tolist() == [255, 0]


def test_sixteen_bit_grey_with_a_transparent_value() -> None:
    rows = b"\0" + np.array([1000, 65535], ">u2").tobytes()
    keyed = decode(png(2, 1, 16, 0, rows, (b"tRNS", struct.pack(">H", 1000))))
    assert keyed.tolist() == [[[4, 4, 4, 0], [255, 255, 255, 255]]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0.0, 0.5, 1.0]], [0, 128, 255]),  # a unit range
        ([[0.0, 100.4, 255.0]], [0, 100, 255]),  # already 8-bit
        ([[0.0, 32896.0, 65535.0]], [0, 128, 255]),  # 16-bit numbers kept as floats
        ([[-3.0, -1.0, 1.0]], [0, 128, 255]),  # no known range: from the lowest to the highest
        ([[float("nan"), 0.0, 1.0]], [0, 0, 255]),
        ([[7.0, float("inf"), 7.0]], [7, 7, 7]),
    ],
)
def test_floats_are_scaled_by_their_range(values: list[list[float]], expected: list[int]) -> None:
    data = encoded(Image.fromarray(np.array(values, np.float32)), "TIFF")
    assert decode(data)[0, :, 0].tolist() == expected


def test_32_bit_integers_and_nothing_but_nan() -> None:
    data = encoded(Image.fromarray(np.array([[0, 1 << 20, 1 << 21]], np.int32)), "TIFF")
    assert decode(data)[0, :, 0].tolist() == [0, 128, 255]
    with pytest.raises(Undecodable, match="finite"):
        decode(encoded(Image.fromarray(np.full((2, 2), np.nan, np.float32)), "TIFF"))


def test_palette_and_its_transparency() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    rgb = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert decode(encoded(image, kind))[0].tolist() == rgb, kind
    for kind in ("PNG", "GIF"):
        assert decode(encoded(image, kind, transparency=1))[0, :, 3].tolist() == [255, 0, 255], kind
    graded = decode(encoded(image, "PNG", transparency=bytes([10, 20, 30])))
    assert graded[0].tolist() == [[*colour, alpha] for colour, alpha in zip(rgb, (10, 20, 30), strict=True)]


def test_alpha_is_kept_where_it_says_something_and_dropped_where_not() -> None:
    alpha = np.array([[0, 128, 255], [255, 255, 255]], np.uint8)
    rgba = np.dstack([COLOUR, alpha])
    assert np.array_equal(decode(encoded(Image.fromarray(rgba), "PNG")), rgba)
    assert np.array_equal(decode(encoded(Image.fromarray(np.dstack([COLOUR, alpha | 255])), "PNG")), COLOUR)
    grey_alpha = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(alpha)])
    assert np.array_equal(decode(encoded(grey_alpha, "PNG")), np.dstack([GREY, GREY, GREY, alpha]))
    opaque = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(alpha | 255)])
    assert np.array_equal(decode(encoded(opaque, "PNG")), GREY[:, :, None])


def test_cmyk_with_and_without_adobe_s_inversion() -> None:
    ink = np.full((8, 8, 4), (255, 100, 0, 0), np.uint8)  # all cyan, some magenta: (0, 155, 255)
    image = Image.frombytes("CMYK", (8, 8), ink.tobytes())
    assert decode(encoded(image, "TIFF"))[0, 0].tolist() == [0, 155, 255]
    jpeg = encoded(image, "JPEG", quality=100)
    assert b"Adobe" in jpeg  # so its samples are stored inverted
    assert np.abs(decode(jpeg)[4, 4].astype(int) - (0, 155, 255)).max() <= 3


def test_ycbcr_tiff_and_a_profile_that_is_ignored() -> None:
    grey = Image.fromarray(np.full((4, 4, 3), 90, np.uint8))
    assert np.abs(decode(encoded(grey.convert("YCbCr"), "TIFF")).astype(int) - 90).max() <= 1
    assert np.array_equal(decode(encoded(Image.fromarray(COLOUR), "PNG", icc_profile=b"not a profile" * 9)), COLOUR)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations(kind: str, orientation: int) -> None:
    """The stored picture is the upright one turned by hand, so decoding has to give the upright one back."""
    upright = np.zeros((24, 40, 3), np.uint8)
    upright[:12, :20], upright[:12, 20:], upright[12:, :20] = (250, 250, 250), (20, 20, 20), (120, 120, 120)
    stored: dict[int, Callable[[], np.ndarray]] = {
        1: lambda: upright,
        2: lambda: upright[:, ::-1],
        3: lambda: upright[::-1, ::-1],
        4: lambda: upright[::-1],
        5: lambda: upright.transpose(1, 0, 2),
        6: lambda: np.rot90(upright, 1),  # turned to the left: a viewer turns it to the right
        7: lambda: np.rot90(upright.transpose(1, 0, 2), 2),
        8: lambda: np.rot90(upright, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(stored[orientation]()))
    options: dict[str, object] = {"tiffinfo": exif} if kind == "TIFF" else {"exif": exif}
    found = decode(encoded(picture, kind, **options)).astype(int)
    assert found.shape == upright.shape
    for row, column in ((6, 10), (6, 30), (18, 10), (18, 30)):
        assert np.abs(found[row, column] - upright[row, column]).max() <= 3


def test_broken_exif_turns_nothing() -> None:
    for junk in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03"):
        assert np.array_equal(decode(encoded(Image.fromarray(COLOUR), "PNG", exif=junk or b"\0")), COLOUR)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (6, 5), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(decode(data), np.full((5, 6, 3), (255, 0, 0), np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1)])
def test_extreme_shapes(shape: tuple[int, int]) -> None:
    picture = np.full(shape, 9, np.uint8)
    assert np.array_equal(decode(encoded(Image.fromarray(picture), "PNG")), picture[:, :, None])
    for how in ("crop", "pad", "stretch"):
        assert fit(picture[:, :, None], (32, 24), how, 3).tolist() == np.full((32, 24, 3), 9).tolist()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"hello", "not one of PNG"),
        (b"RIFF\0\0\0\0WAVEfmt ", "not one of PNG"),
        (b"%PDF-1.7", "not one of PNG"),
        (b"P6 1 1 255 abc", "not one of PNG"),
        (b"\xff\xd8\xff", "damaged JPEG"),
        (b"BM but only text", "damaged BMP"),
    ],
)
def test_what_is_no_picture(data: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decode(data)


def test_raw_arrays() -> None:
    assert from_array(GREY).shape == (2, 3, 1)
    assert from_array(COLOUR) is COLOUR
    assert from_array(np.array([[0, 128, 129, 65535]], np.uint16))[0, :, 0].tolist() == [0, 0, 1, 255]
    for bad in (np.zeros((2, 2, 2), np.uint8), np.zeros((0, 2), np.uint8), np.zeros((2, 2)), np.zeros(3, np.uint8)):
        with pytest.raises(Undecodable):
            from_array(bad)


def test_fit_passes_the_right_size_through_untouched() -> None:
    assert fit(COLOUR, (2, 3), "crop", 3) is COLOUR


def test_crop_is_centred_and_does_not_blur_at_scale_one() -> None:
    wide = np.arange(2 * 7, dtype=np.uint8).reshape(2, 7, 1)
    assert np.array_equal(fit(wide, (2, 4), "crop", 1), wide[:, 1:5])
    tall = wide.swapaxes(0, 1)
    assert np.array_equal(fit(tall, (4, 2), "crop", 1), tall[1:5])


def test_small_pictures_grow_by_whole_factors_with_hard_edges() -> None:
    grown = fit(COLOUR, (6, 9), "stretch", 3)
    assert np.array_equal(grown, np.kron(COLOUR, np.ones((3, 3, 1), np.uint8)))
    assert np.array_equal(fit(COLOUR, (4, 4), "crop", 3), fit(COLOUR[:, :2], (4, 4), "stretch", 3))


def test_shrinking_is_antialiased() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[:, :, None]
    for how in ("crop", "pad", "stretch"):
        small = fit(stripes, (8, 8), how, 1).astype(int)
        assert np.abs(small[:, 1:-1] - 127.5).max() < 4  # picking single pixels would give 0 or 255


def test_pad_shows_everything_on_the_colour_of_the_border() -> None:
    picture = np.full((10, 20, 3), (10, 200, 30), np.uint8)
    picture[3:7, 5:15] = 255
    padded = fit(picture, (20, 20), "pad", 3)
    assert np.array_equal(padded[5:15], picture)
    assert (padded[:5] == (10, 200, 30)).all()
    assert (padded[15:] == (10, 200, 30)).all()
    see_through = np.dstack([picture, np.full((10, 20), 128, np.uint8)])
    assert (fit(see_through, (20, 20), "pad", 4)[:5] == 0).all()


def test_channels_by_hand() -> None:
    rgba = np.array([[[0, 100, 255, 0], [0, 100, 255, 51], [0, 100, 255, 255]]], np.uint8)
    # v a / 255 + 255 - a, for a = 51: 204, 224, 255
    assert fit(rgba, (1, 3), "crop", 3).tolist() == [[[255, 255, 255], [204, 224, 255], [0, 100, 255]]]
    assert fit(np.array([[[1, 0, 0, 128]]], np.uint8), (1, 1), "crop", 3)[0, 0].tolist() == [
        128,
        127,
        127,
    ]  # 127.502, 127
    grey = fit(rgba[:, 2:], (1, 1), "crop", 1)
    assert grey.item() == round(0.587 * 100 + 0.114 * 255)
    assert fit(GREY[:, :, None], (2, 3), "crop", 3).tolist() == np.dstack([GREY] * 3).tolist()
    assert fit(GREY[:, :, None], (2, 3), "crop", 4)[0, 1].tolist() == [50, 50, 50, 255]
    assert fit(COLOUR, (2, 3), "crop", 4)[:, :, 3].tolist() == [[255] * 3] * 2


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(["crop", "pad", "stretch"]),
    st.sampled_from([1, 3, 4]),
    st.sampled_from([1, 3, 4]),
)
def test_any_size_fits_any_size(
    shape: tuple[int, int], size: tuple[int, int], how: str, before: int, after: int
) -> None:
    flat = np.full((*shape, before), 200, np.uint8)
    flat[:, :, 3:] = 255
    fitted = fit(flat, size, how, after)
    assert fitted.shape == (*size, after)
    assert fitted.dtype == np.uint8
    if not (how == "pad" and before == 4 and after == 4):
        assert (fitted[:, :, :3] == 200).all()  # a flat picture stays flat, without dark seams

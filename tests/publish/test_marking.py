"""Pictures say that they are synthetic, in the words that others read, and say nothing else."""

import io
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from PIL import Image

from nonesuch.publishing.marking import SOURCE_TYPE, chunks, synthetic_png


def _pixels(channels: int) -> np.ndarray:
    return np.random.default_rng(channels).integers(0, 256, (5, 7, channels), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_stay_and_pillow_reads_what_is_said(channels: int) -> None:
    pixels = _pixels(channels)
    with Image.open(io.BytesIO(synthetic_png(pixels, seed=2**53 - 1))) as read:
        read.load()
        said = dict(read.text)
        assert np.array_equal(np.asarray(read).reshape(pixels.shape), pixels)
    packet = said.pop("XML:com.adobe.xmp")
    assert said == {"Software": "nonesuch", "Synthetic": "yes", "Seed": str(2**53 - 1)}
    # An XML parser of its own: the packet must be well formed, and the property where the IPTC puts it.
    described = ET.fromstring(packet).find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert described is not None
    name = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert described.attrib[name] == SOURCE_TYPE


def test_nothing_else_gets_in_and_every_sum_is_right() -> None:
    png = synthetic_png(_pixels(3), seed=7)
    assert [kind for kind, _ in chunks(png)] == [b"IHDR", b"tEXt", b"tEXt", b"tEXt", b"iTXt", b"IDAT", b"IEND"]
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body, told = png[at + 4 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        assert zlib.crc32(body) == int.from_bytes(told, "big")
        at += 12 + length
    assert png == synthetic_png(_pixels(3), seed=7)


def test_without_a_seed_none_is_said() -> None:
    assert b"Seed" not in synthetic_png(_pixels(1))


def test_what_is_no_png_is_told() -> None:
    with pytest.raises(ValueError, match="no PNG"):
        list(chunks(b"GIF89a"))

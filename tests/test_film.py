"""Films decoded again: what was put in comes out, at the speed and with the colours it had."""

import io
import sys

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from nonesuch.errors import MachineError
from nonesuch.film import mp4_bytes

RED, GREEN, BLUE, GREY = (200, 30, 30), (20, 160, 60), (40, 60, 210), (128, 128, 128)


def _film(height: int = 48, width: int = 64) -> np.ndarray:
    """Four frames of one colour each."""
    return np.stack([np.full((height, width, 3), colour, np.uint8) for colour in (RED, GREEN, BLUE, GREY)])


def test_a_film_decoded_again_has_its_frames_colours_and_speed() -> None:
    film = _film()
    with av.open(io.BytesIO(mp4_bytes(film, 12.5))) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.codec_context.colorspace == Colorspace.ITU709
        assert float(stream.average_rate) == 12.5
        frames = [frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709) for frame in file.decode(video=0)]
    assert np.stack(frames).shape == film.shape
    assert np.abs(np.stack(frames).astype(int) - film).max() <= 6  # 8-bit Y'CbCr and the codec


def test_an_odd_side_repeats_its_last_pixels() -> None:
    film = _film(17, 31)
    film[:, -1, :], film[:, :, -1] = 255, 255
    with av.open(io.BytesIO(mp4_bytes(film[..., :1], 12))) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert frames[0].shape == (18, 32, 3)
    assert frames[0][-1].min() > 230
    assert frames[0][:, -1].min() > 230


def test_the_index_comes_first_so_that_a_browser_can_begin() -> None:
    data = mp4_bytes(_film(), 12)
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert data == mp4_bytes(_film(), 12)


def test_without_the_extra_the_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MachineError, match=r"needs the extra film: pip install \"nonesuch\[film\]\"; or take .gif"):
        mp4_bytes(_film(), 12)

"""Films as MP4 that browsers play: H.264 by PyAV, an optional extra. GIF, which needs nothing, is in `pixels`."""

import tempfile
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from nonesuch.errors import MachineError
from nonesuch.pixels import Picture, to_rgb

QUALITY = 16
"""x264's constant rate factor: 0 is lossless, 23 its default; fine pixels of small pictures want better than that."""


def can_mp4() -> bool:
    """Whether the extra `film` is there; nothing is loaded to find out."""
    return find_spec("av") is not None


def check_mp4() -> None:
    """Raises MachineError without the extra `film`."""
    if not can_mp4():
        raise MachineError('an .mp4 needs the extra film: pip install "nonesuch[film]"; or take .gif')


def mp4_bytes(pixels: Picture, frames_per_second: float) -> bytes:
    """A film of pictures (N, H, W, C) uint8 as an MP4 file's bytes; alpha is laid onto a chequer.

    H.264, yuv420p with BT.709 colours, the index in front: what every browser plays, also while it loads. Colours are
    kept for squares of 2 x 2 pixels only, so an odd side repeats its last row or column.
    Raises MachineError without the extra `film`.
    """
    _, height, width, _ = pixels.shape
    frames = np.pad(to_rgb(pixels), ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    # FFmpeg moves the index to the front by reading its own file again, which has to have a name for that.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        _write(path, frames, frames_per_second)
        return path.read_bytes()


def _write(path: Path, frames: Picture, frames_per_second: float) -> None:
    check_mp4()
    import av
    from av.video.reformatter import ColorRange, Colorspace

    with av.open(path, "w", options={"movflags": "faststart"}) as file:
        stream = file.add_stream("libx264", rate=Fraction(frames_per_second).limit_denominator(1000))
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        tags = "colorprim=bt709:transfer=bt709:colormatrix=bt709"
        # One thread, as the bytes of several depend on who comes first; films of small pictures are quick anyway.
        stream.options = {"crf": str(QUALITY), "preset": "slow", "x264-params": f"{tags}:threads=1:lookahead-threads=1"}
        stream.thread_count = 1
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            converted = frame.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            file.mux(stream.encode(converted))
        file.mux(stream.encode())

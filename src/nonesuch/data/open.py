"""The front door of the data: a path or a name in, a packed data set out."""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from nonesuch.data import builtin, pruning
from nonesuch.data.items import Undecodable
from nonesuch.data.pack import Pack, PackSpec, is_pack, open_pack, place
from nonesuch.data.places import cache_root
from nonesuch.data.settings import Channels, Fit
from nonesuch.data.sources import Source, open_source
from nonesuch.errors import DataError

SAMPLED = 32
"""Pictures looked at to choose a size and a number of channels where the person gave none."""
USUAL_SIZES = (16, 24, 28, 32, 48, 64)


def source_of(where: str | Path, side: int | None = None, progress: Callable[[int, int], None] | None = None) -> Source:
    """A name of the catalogue, or a path. A path that exists wins over a name. Raises DataError for neither.

    `side` is the size wanted, for named sets that can be drawn at it exactly; `progress` is told of a download's bytes.
    """
    path = Path(where).expanduser()
    if path.exists() or str(where) not in builtin.NAMES:
        if not path.exists() and not any(sign in str(where) for sign in "/\\."):
            names = ", ".join(builtin.NAMES)
            raise DataError(f"no folder, archive or data set is called {str(where)!r}; the named data sets are {names}")
        return open_source(path)
    return builtin.resolve(str(where), side, progress)


def open_data(
    where: str | Path,
    size: int | tuple[int, int] | None = None,
    channels: Channels | None = None,
    fit: Fit = "crop",
    progress: Callable[[int, int], None] | None = None,
) -> Pack:
    """Pack `where` on the first call, and open the pack in milliseconds on every later one.

    Without `size`, pictures that all have one size up to 64 px keep it, others become squares of the nearest usual
    size to their shorter side. Without `channels`, pictures that are all grey stay grey and others become colour.
    Both are judged by the first 32 pictures. `progress(done, total)` is called as packing goes on.
    Raises DataError when nothing can be used; it shows the first reasons.
    """
    # A set that is drawn to size must be asked for the same one by `32` and by `(32, 32)`.
    side = size[0] if isinstance(size, tuple) and size[0] == size[1] else size
    source = source_of(where, side if isinstance(side, int) else None, progress)
    try:
        if size is None or channels is None:
            usual_size, usual_channels = _judged(source)
            size, channels = usual_size if size is None else size, channels or usual_channels
        return _packed(source, PackSpec(size, fit, channels), progress)
    finally:
        source.close()


def packed_before(
    where: str | Path,
    size: int | tuple[int, int] | None = None,
    channels: Channels | None = None,
    fit: Fit = "crop",
) -> Pack | None:
    """What `open_data` would give, if it has been packed before; None otherwise. No picture is decoded.

    Raises DataError for what is no source of pictures.
    """
    side = size[0] if isinstance(size, tuple) and size[0] == size[1] else size
    source = source_of(where, side if isinstance(side, int) else None)
    try:
        if size is None or channels is None:
            noted = _noted(source)
            if noted is None:
                return None
            size, channels = noted[0] if size is None else size, channels or noted[1]
        folder = place(source.fingerprint(), PackSpec(size, fit, channels), cache_root())
        return _opened(folder) if is_pack(folder) else None
    finally:
        source.close()


def _packed(source: Source, spec: PackSpec, progress: Callable[[int, int], None] | None) -> Pack:
    folder = place(source.fingerprint(), spec, cache_root())
    if is_pack(folder):
        return _opened(folder)
    from nonesuch.data.packing import build  # only here: decoders and worker processes, a tenth of a second

    return build(source, spec, cache_root(), progress)


def _opened(folder: Path) -> Pack:
    pruning.touch(folder)
    return open_pack(folder)


def _judged(source: Source) -> tuple[int | tuple[int, int], Channels]:
    """Size and channels where the person gave none. Kept by the source's fingerprint: listing takes long."""
    if (noted := _noted(source)) is not None:
        return noted
    kept = _note(source)
    shapes = _shapes(source)
    size = _usual_size(shapes)
    height, width = (size, size) if isinstance(size, int) else size
    found: Channels = 1 if shapes and all(shape[2] == 1 for shape in shapes) else 3
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_name(f"{kept.name}.{os.getpid()}-{threading.get_ident()}")
    beside.write_text(json.dumps([height, width, found]))
    beside.replace(kept)
    return size, found


def _noted(source: Source) -> tuple[tuple[int, int], Channels] | None:
    """What was judged earlier."""
    try:
        height, width, channels = json.loads(_note(source).read_text())
        return (int(height), int(width)), cast(Channels, channels)
    except (OSError, ValueError, TypeError):
        return None  # not judged yet, or the note is damaged: judge (again)


def _note(source: Source) -> Path:
    return cache_root() / "judged" / hashlib.sha256(source.fingerprint().encode()).hexdigest()[:32]


def _shapes(source: Source) -> list[tuple[int, int, int]]:
    """(height, width, channels) of the first pictures that can be read."""
    shapes = []
    for item in islice(source.items(), SAMPLED):
        try:
            picture = read_picture(source, item.key)
        except Undecodable:
            continue
        height, width, found = picture.shape
        shapes.append((height, width, found))
    return shapes


def read_picture(source: Source, key: str) -> npt.NDArray[np.uint8]:
    """One picture of a source as uint8 (H, W, C). Raises Undecodable."""
    from nonesuch.data.decode import decode, from_array

    raw = source.read(key)
    return decode(raw) if isinstance(raw, bytes) else from_array(raw)


def _usual_size(shapes: list[tuple[int, int, int]]) -> int | tuple[int, int]:
    sizes = {shape[:2] for shape in shapes}
    if len(sizes) == 1 and max(next(iter(sizes))) <= max(USUAL_SIZES):
        return next(iter(sizes))
    short = float(np.median([min(size) for size in sizes])) if sizes else max(USUAL_SIZES)
    return min(USUAL_SIZES, key=lambda usual: abs(usual - short))

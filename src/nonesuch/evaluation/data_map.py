"""The map of a data set before anything is trained on it: its pictures in two dimensions, and who is near to whom.

Distances are taken on the features of the measuring net, which learns from these pictures alone, or on bare pixels.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nonesuch.assembly import divided
from nonesuch.data.decode import fit
from nonesuch.data.pack import Pack
from nonesuch.errors import DataError, RecipeError
from nonesuch.features import DIMENSIONS, RECIPE, features_of
from nonesuch.latent.atlas import Atlas, Method, lay_out
from nonesuch.latent.neighbours import nearest
from nonesuch.pixels import Picture
from nonesuch.runs import atomic

By = Literal["features", "pixels"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Say = Callable[[int, int, str], None]

MOST = 3000
"""Pictures on a map: more dots than that hide each other."""
SHARES = 0.1, 0.1
LARGEST_SIDE = 24
"""For a map of pixels, larger pictures are averaged down to this."""
CHUNK = 2000


@dataclass(frozen=True, eq=False)
class DataMap:
    """rows (M,): pictures of the pack, spread evenly over it.   atlas: their places (M, 2).   by: what was compared."""

    rows: Ints
    atlas: Atlas
    by: By


def data_map(
    pack: Pack,
    by: By = "features",
    method: Method = "pca",
    label: str = "",
    most: int = MOST,
    threads: int = 1,
    say: Say | None = None,
) -> DataMap:
    """The map of at most `most` pictures. label: the column whose classes the measuring net learns, "" for none.

    Raises DataError for too few pictures and an unknown column, RecipeError, DivergedError, MachineError.
    """
    if most < 3 or by not in ("features", "pixels"):
        raise RecipeError(f"a map is of 3 pictures or more, by features or pixels; found {most} by {by!r}")
    if len(pack) < 3:
        raise DataError(f"a map needs 3 pictures or more; found {len(pack)}")
    tell = say or _silent
    rows = np.linspace(0, len(pack) - 1, min(most, len(pack))).astype(np.int64)
    values = _reduced(pack, rows) if by == "pixels" else data_features(pack, label, threads, tell)[rows]
    tell(0, 0, f"laying out {len(rows):,} pictures")
    return DataMap(rows, lay_out(values, method), by)


def near(pack: Pack, row: int, by: By = "features", label: str = "", count: int = 12) -> tuple[Ints, Floats]:
    """The `count` pictures nearest to one, itself left out: their rows, nearest first, and distances.

    By features the root of the sum of squares over 64 numbers; by pixels the root of the mean square in grey levels.
    Raises DataError where features are asked for and no map has been made by them yet.
    """
    if by == "pixels":
        distances = _pixel_distances(pack, row)
        order = np.argsort(distances, kind="stable")
        rows, found = order, distances[order]
    else:
        values = kept_features(pack, label)
        if values is None:
            raise DataError("nobody has compared these pictures yet; make the map first")
        nearby, apart = nearest(values[row : row + 1], values, count + 1)
        rows, found = nearby[0], apart[0]
    others = rows != row
    return rows[others][:count].astype(np.int64), found[others][:count]


def column_for(pack: Pack, label: str) -> str:
    """The column that a measuring net can learn from: `label`, or "" where it has no two classes."""
    column = pack.columns.get(label)
    return label if column is not None and len(column.classes) > 1 else ""


def data_features(pack: Pack, label: str, threads: int, tell: Say) -> npt.NDArray[np.float32]:
    """Features (N, 64) of all pictures, taken once and kept beside them. Raises DataError, DivergedError."""
    found = kept_features(pack, label)
    if found is not None:
        return found
    tell(0, 0, "learning what tells these pictures apart")
    extractor = divided(pack, label, *SHARES).extractor(threads)
    parts = []
    for start in range(0, len(pack), CHUNK):
        parts.append(features_of(extractor, np.array(pack.pixels[start : start + CHUNK])).astype(np.float32))
        tell(min(start + CHUNK, len(pack)), len(pack), "pictures compared")
    values = np.concatenate(parts)
    with io.BytesIO() as file:
        np.save(file, values, allow_pickle=False)
        atomic.write_bytes(pack.path / _kept_name(label), file.getvalue())
    return values


def kept_features(pack: Pack, label: str) -> npt.NDArray[np.float32] | None:
    """Those taken earlier; None where they were not, or are damaged."""
    try:
        found: npt.NDArray[np.float32] = np.load(pack.path / _kept_name(label), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == (len(pack), DIMENSIONS) and found.dtype == np.float32 else None


def _kept_name(label: str) -> str:
    return f"compared-{RECIPE}-{hashlib.sha256(label.encode()).hexdigest()[:8]}.npy"


def _reduced(pack: Pack, rows: Ints) -> Floats:
    """Pictures as vectors of at most 24 x 24 pixels: float64 (M, H * W * C)."""
    height, width, _ = pack.spec.shape
    scale = min(1.0, LARGEST_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small: list[Picture] = [fit(pack.pixels[row], size, "stretch", pack.spec.channels) for row in rows]
    return np.stack(small).reshape(len(rows), -1).astype(np.float64)


def _pixel_distances(pack: Pack, row: int) -> Floats:
    asked = pack.pixels[row].astype(np.float32)
    parts = []
    for start in range(0, len(pack), CHUNK):
        gaps = (pack.pixels[start : start + CHUNK].astype(np.float32) - asked).reshape(-1, asked.size)
        parts.append(np.einsum("ij,ij->i", gaps, gaps).astype(np.float64) / asked.size)
    apart: Floats = np.sqrt(np.concatenate(parts))
    return apart


def _silent(_done: int, _total: int, _words: str) -> None:
    """Nobody wants to know."""

"""Which codes lie nearest to a code."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def nearest(queries: npt.ArrayLike, codes: npt.ArrayLike, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """For each of queries (Q, d) the rows of its `count` nearest codes (N, d), nearest first, and their distances.

    Euclidean; (Q, K) each, K = min(count, N). Of codes equally near the first comes first.
    """
    asked, known = np.asarray(queries, np.float64), np.asarray(codes, np.float64)
    distances = np.stack([np.sqrt(((known - query) ** 2).sum(1)) for query in asked])
    rows = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return rows, np.take_along_axis(distances, rows, 1)

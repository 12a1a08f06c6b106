"""Who is trained on, who is watched, who is tested: decided by each picture's own content.

A picture's split is a function of its content hash, the two shares, and which splits the source itself names.
So it never changes when pictures are added or removed, and copies of one picture always fall together.

Splits the source names are honoured. Those it does not name are carved by hash out of everything that is not
already val or test:
    nothing given         -> train, val and test by hash
    train + test given    -> val is carved out of train
    train + val given     -> test is carved out of train
    train + val + test    -> exactly as given (pictures outside the three folders become train)
"""

import numpy as np
import numpy.typing as npt

from nonesuch.errors import RecipeError

TRAIN, VAL, TEST, NONE = 0, 1, 2, 255


def assign(
    hashes: npt.NDArray[np.uint8],
    given: npt.NDArray[np.uint8],
    val_share: float = 0.1,
    test_share: float = 0.1,
) -> npt.NDArray[np.uint8]:
    """The split of every picture.

    hashes: uint8 (N, 16), content hashes.      given: uint8 (N,), 255 none, 0 train, 1 val, 2 test.
    Returns uint8 (N,) of 0 train, 1 val, 2 test. Shares are expectations: with N pictures the count of a share s
    scatters by sqrt(N s (1 - s)). Raises RecipeError unless 0 <= shares and their sum is below 1.
    """
    if not (val_share >= 0 and test_share >= 0 and val_share + test_share < 1):
        raise RecipeError(f"val and test shares must be 0 or more and sum below 1, found {val_share} and {test_share}")
    place = _uniform(hashes)
    split = np.where(given == NONE, TRAIN, given).astype(np.uint8)
    free = split == TRAIN
    # The ranges stay where they are even if one of them is not used, so that naming a test folder moves no val picture.
    if not np.any(given == TEST):
        split[free & (place < test_share)] = TEST
    if not np.any(given == VAL):
        split[free & (place >= test_share) & (place < test_share + val_share)] = VAL
    return split


def _uniform(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The first 53 bits of each hash as a number in [0, 1)."""
    words = np.ascontiguousarray(hashes[:, :8]).view(">u8")[:, 0]
    place: npt.NDArray[np.float64] = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return place

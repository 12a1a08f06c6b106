"""The duplicates of a pack, looked for once: they are kept beside its pixels, as neither pack nor split ever change."""

import json
from contextlib import suppress

import numpy as np
import numpy.typing as npt

from nonesuch.data import duplicates
from nonesuch.data.duplicates import DuplicateReport
from nonesuch.data.pack import Pack
from nonesuch.runs import atomic

COPIES = "copies.json"


def copies(pack: Pack, assigned: npt.NDArray[np.uint8]) -> DuplicateReport:
    """Exact and near duplicates under the split by default shares, uint8 (N,). Raises MachineError."""
    found = kept_copies(pack)
    if found is None:
        found = duplicates.find(pack, assigned)
        atomic.write_json(pack.path / COPIES, found.to_json())
    return found


def kept_copies(pack: Pack) -> DuplicateReport | None:
    """Those found earlier; None where nobody has looked yet."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return DuplicateReport.from_json(json.loads((pack.path / COPIES).read_bytes()))
    return None

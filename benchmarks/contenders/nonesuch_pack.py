"""nonesuch: open a folder, pack it (or find it packed), then epochs of shuffled batches in [-1, 1]."""

import json
import os
import time
from pathlib import Path

from folder_task import BATCH, SIDE, folder_option

from nonesuch.data.pack import Pack, PackSpec
from nonesuch.data.packing import build
from nonesuch.data.sources import open_source


def main() -> None:
    folder = folder_option(__doc__ or "")
    cache = Path(os.environ["NONESUCH_CACHE"])
    kind = "start" if cache.exists() else "pack"
    started = time.perf_counter()
    pack = build(open_source(folder), PackSpec(SIDE), cache)
    print(json.dumps({"kind": kind, "images": len(pack), "seconds": time.perf_counter() - started}), flush=True)
    if kind == "start":
        two_epochs(pack)


def two_epochs(pack: Pack) -> None:
    """All pictures twice, each time shuffled, as the float tensors that training gets; the others do two as well."""
    import numpy as np
    from folder_task import epoch

    from nonesuch.data.batches import Batches
    from nonesuch.pixels import to_signed

    batches = Batches(pack.pixels, None, np.arange(len(pack)), BATCH, seed=0)
    whole = len(pack) // BATCH * BATCH
    for kind, begin in (("first", 0), ("epoch", whole)):
        epoch(((to_signed(batches.at(begin + at).pixels),) for at in range(0, whole, BATCH)), kind)


if __name__ == "__main__":
    main()

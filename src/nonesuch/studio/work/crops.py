"""Looks for the pictures that excite each unit of a layer most."""

import numpy as np

from nonesuch.studio.wire.network_tasks import CropLine, CropsAsked, CropsFound
from nonesuch.studio.work.desk import Desk


def do(asked: CropsAsked, desk: Desk) -> CropsFound:
    """One file a unit, u<unit>.png: its pictures side by side. Raises RunError, NetError, DataError."""
    from nonesuch.assembly import reopen
    from nonesuch.evaluation.crops import crops
    from nonesuch.evaluation.run import Run
    from nonesuch.pixels import png_bytes

    run = Run(desk.places.run(asked.run))
    desk.say(0, 0, "looking at the pictures")
    found = crops(run, asked.layer, most=asked.most, split=asked.split, limit=asked.limit)
    # Crops know rows of the pack; ids count along the split.
    places = {int(row): place for place, row in enumerate(reopen(run.recipe.data).rows[asked.split])}
    units = []
    for unit, several in found.units.items():
        desk.write(f"u{unit}.png", png_bytes(np.concatenate([each.picture for each in several], 1)))
        units.append(
            [
                CropLine(
                    picture=f"run:{asked.run}:{asked.split}:{places[each.row]}",
                    label=each.label,
                    value=each.value,
                    place=list(each.place),
                    box=[each.box.top, each.box.left, each.box.bottom, each.box.right],
                )
                for each in several
            ]
        )
        desk.say(unit + 1, len(found.units), "units")
    height, width = run.recipe.data.size
    return CropsFound(
        run=asked.run,
        layer=found.layer,
        looked=found.looked,
        field=list(found.field),
        height=height,
        width=width,
        units=units,
    )

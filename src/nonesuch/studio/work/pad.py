"""Ties nets of the same pictures to one pad."""

from nonesuch.studio.wire.base import Block
from nonesuch.studio.wire.latent import PadAsked, PadDone, TiedNet
from nonesuch.studio.work.desk import Desk


def do(asked: PadAsked, desk: Desk) -> PadDone:
    """Tie; raises RecipeError for runs that do not go together, RunError for a classifier, DataError."""
    import numpy as np

    from nonesuch.evaluation.pad import REACH, pad_of
    from nonesuch.evaluation.run import Run

    desk.say(0, 0, "tying the nets to one pad")
    runs = [Run(desk.places.run(run_id)) for run_id in asked.runs]
    told = next((run for run in runs if run.recipe.kind == "gan" and run.classes), None)
    found = pad_of(runs, asked.named if told is not None else None)
    nets = [
        TiedNet(
            run=net.run.folder.path.name,
            kind=net.run.recipe.kind,
            offset=Block.of(np.asarray(net.tie.offset, np.float32)),
            across=Block.of(np.asarray(net.tie.matrix[0], np.float32)),
            up=Block.of(np.asarray(net.tie.matrix[1], np.float32)),
            fit=net.tie.fit,
            lands=net.lands,
            named=found.named if net.run is told else None,
        )
        for net in found.nets
    ]
    return PadDone(base=found.run.folder.path.name, reach=REACH, nets=nets)

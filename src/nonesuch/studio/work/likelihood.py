"""How probable a VAE finds a picture, and where that is among its training pictures."""

import tempfile
from pathlib import Path

from nonesuch.errors import DataError
from nonesuch.studio.wire.latent import LikelihoodAsked, LikelihoodDone
from nonesuch.studio.work.desk import Desk


def do(asked: LikelihoodAsked, desk: Desk) -> LikelihoodDone:
    """Measure; raises RunError where the loss is no likelihood, DataError for a picture that cannot be had."""
    from nonesuch.data.items import Reject
    from nonesuch.evaluation.run import Run
    from nonesuch.pixels import write_png
    from nonesuch.studio.pictures import pixels_in

    run = Run(desk.places.run(asked.run))
    desk.say(0, 0, "measuring training pictures, to compare with")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        write_png(path, pixels_in(desk.places, asked.picture, lambda name: Run(desk.places.run(name))))
        (found,) = run.likelihood(
            [path], asked.codes, lambda done, total: desk.say(done, total, "training pictures to compare it with")
        )
    if isinstance(found, Reject):
        raise DataError(found.reason)
    return LikelihoodDone(run=asked.run, nats=found.nats, above=found.above, among=found.among)

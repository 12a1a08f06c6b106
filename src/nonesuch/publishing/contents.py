"""What a page is made of, before it is put together: the check, the exported net, pictures, neighbours."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from nonesuch.errors import DataError, PublishError, RunError
from nonesuch.evaluation.autoencoder import load_mixture
from nonesuch.evaluation.run import Run
from nonesuch.exporting.folder import files_of
from nonesuch.exporting.manifest import NAME, DirectionEntry, Manifest, to_bytes
from nonesuch.exporting.precision import Precision
from nonesuch.measure.memorisation import neighbours_picture
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.pixels import Picture, png_bytes
from nonesuch.publishing import copying
from nonesuch.publishing.copying import Check
from nonesuch.publishing.filters import filters
from nonesuch.publishing.marking import synthetic_png

MODEL, PICTURES = "model", "pictures"
NEIGHBOURS = f"{PICTURES}/neighbours.png"
STEPS = 5

Say = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wish:
    """How a page is to be. neighbours: the training pictures nearest to samples may be shown. url: where it will be.

    tiny: ONNX Runtime's 14 MB are left out, and our own JavaScript computes.
    """

    precision: Precision = "fp16"
    neighbours: bool = False
    mark: bool = False
    tiny: bool = False
    seeds: tuple[int, ...] = tuple(range(24))
    url: str = ""


@dataclass(frozen=True, eq=False)
class Contents:
    """draws: False of a classifier.   mixture: an autoencoder's codes are drawn from their mixture.

    pictures (N, H, W, C) uint8 of `seeds`, or a classifier's filters and no seeds.   files: model and pictures, by
    their names in a site.   sheet: the neighbours, agreed to, by name; else empty.
    """

    check: Check
    draws: bool
    mixture: bool
    manifest: Manifest
    pictures: Picture
    seeds: tuple[int, ...]
    files: Mapping[str, bytes]
    sheet: Mapping[str, bytes]

    @property
    def model(self) -> dict[str, bytes]:
        """Manifest and graphs."""
        return {name: data for name, data in self.files.items() if name.startswith(f"{MODEL}/")}


def gather(run: Run, wish: Wish, directions: Sequence[DirectionEntry], yes: bool, say: Say) -> Contents:
    """Check, export and draw. Raises PublishError (see `ready`), ExportError, RunError, DataError or MachineError."""
    found = ready(run, yes, say)
    mixture, draws = draws_mixture(run), run.recipe.kind != "cnn"
    say(2, STEPS, "exporting the net")
    manifest, graphs = files_of(run, [wish.precision], directions)
    say(3, STEPS, "drawing pictures")
    seeds = wish.seeds if draws else ()
    pictures = run.sample(seeds, mixture=mixture) if draws else filters(run)
    files = {f"{MODEL}/{NAME}": to_bytes(manifest)} | {f"{MODEL}/{name}": data for name, data in graphs.items()}
    for at, picture in enumerate(pictures):
        files[picture_name(seeds, at)] = synthetic_png(picture, seeds[at] if draws else None)
    sheet = {NEIGHBOURS: _neighbours(run, found, mixture)} if wish.neighbours and found.seeds else {}
    return Contents(found, draws, mixture, manifest, pictures, seeds, files, sheet)


def picture_name(seeds: Sequence[int], at: int) -> str:
    """Where a pre-rendered picture lies: that of a seed, or of a classifier, which has no seeds, a filter."""
    return f"{PICTURES}/{seeds[at]}.png" if seeds else f"{PICTURES}/filter-{at}.png"


def ready(run: Run, yes: bool, say: Say) -> Check:
    """What is known before anything is published: a report of this state of the net, and the check on copying.

    Measures what has not been measured. Raises PublishError when the check is not good and `yes` was not said.
    """
    if (run.report() or {}).get("images_seen") != run.images_seen:
        say(0, STEPS, "measuring the net")
        # Without its pictures the page has no figures, and the check says what that means.
        with suppress(DataError):
            run.evaluate()
    say(1, STEPS, "looking for copies of training pictures")
    found = copying.check(run, draws_mixture(run))
    if not found.passes and not yes:
        raise PublishError(
            " ".join(f"{found.sentence()} {found.problem} Say --yes to publish it all the same.".split())
        )
    return found


def draws_mixture(run: Run) -> bool:
    """Whether a page draws codes from their mixture, as `sample --mixture`: of an AE, if its run has kept one.

    Nothing has brought the codes of an AE to N(0, 1), so that draws of it are none of its codes; a VAE's are.
    """
    if not isinstance(run.net, Autoencoder) or run.net.gaussian:
        return False
    try:
        load_mixture(run.folder.path, run.net.latent, run.images_seen)
    except RunError:
        return False
    return True


def _neighbours(run: Run, found: Check, mixture: bool) -> bytes:
    """Samples above, the training picture nearest to each below; not marked, as half of it is not synthetic."""
    pairs = copying.neighbours(run, found, mixture)
    samples, real = (np.stack([pair[at] for pair in pairs]) for at in (1, 2))
    return png_bytes(neighbours_picture(samples, real))

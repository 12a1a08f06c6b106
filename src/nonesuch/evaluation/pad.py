"""AE, VAE and GAN of the same data on one pad: a place (x, y) on common axes, and what each net draws there.

The axes are the principal ones of an encoder's codes of real pictures: of the first VAE, else of the first AE. Another
autoencoder is tied to them through the codes both have of the same pictures, a GAN through its own samples, which the
encoder of the axes looks at. Autoencoders are drawn around their average code. A GAN's average z is 0, where it was
hardly ever trained: it is drawn around the z of a seed, which keeps its own look in all directions but two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nonesuch.assembly import reopen
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import CHUNK, as_trained, codes_of, latents
from nonesuch.latent.atlas import Frame
from nonesuch.latent.pad import Axes, Tie, axes, explained, tie
from nonesuch.latent.plane import principal
from nonesuch.measure import codes_chart
from nonesuch.measure.codes_chart import Tiles
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture

Floats = npt.NDArray[np.float64]

PAIRS = 4000
"""Pictures, and samples of a GAN, that the axes and the ties rest on."""
REACH = 2.0
"""Standard deviations that a pad reaches out to: nearly all pictures lie within."""
GRID = 11


@dataclass(frozen=True, eq=False)
class Drawn:
    """A net on the pad. lands: R^2 of where the encoder of the axes sees its pictures, against where they were asked
    for: 1 when each place shows what it should."""

    run: Run
    tie: Tie
    lands: float


@dataclass(frozen=True, eq=False)
class Pad:
    """axes: whose run is `run`. nets: in the order they were given. named: the class that conditional GANs draw."""

    run: Run
    axes: Axes
    nets: tuple[Drawn, ...]
    named: str | None

    def draw(self, places: npt.ArrayLike) -> tuple[Picture, ...]:
        """What each net draws at places (N, 2), in standard deviations: for each net (N, H, W, C) uint8."""
        return tuple(_drawn(net.run, net.tie, places, self.named) for net in self.nets)

    def place(self, pictures: Picture) -> Floats:
        """Where on the pad pictures (N, H, W, C) uint8 lie for the encoder of the axes, (N, 2)."""
        return self.axes.places(_codes(self.run, pictures))

    def sheet(self) -> Picture:
        """The whole pad, one panel a net, each with how good its fit is: (H, W, 3) uint8."""
        frame = Frame(-REACH, REACH, -REACH, REACH)
        panels = []
        for net, pictures in zip(self.nets, self.draw(frame.centres(GRID)), strict=True):
            title = f"{net.run.recipe.kind} {net.run.folder.path.name}"
            below = f"{self._words(net)}; pictures land where asked: R2 {net.lands:.2f}"
            panels.append(Tiles(title, pictures, np.arange(GRID**2), GRID, below=below))
        remark = f"standard deviations {-REACH:g} to {REACH:g} along the principal axes of {self.run.folder.path.name}"
        return codes_chart.sheet("one pad", panels, remark)

    def _words(self, net: Drawn) -> str:
        return "its own axes" if net.run is self.run else f"fit: R2 {net.tie.fit:.2f}"


def pad_of(runs: Sequence[Run], named: str | None = None, seed: int = 0) -> Pad:
    """Ties runs of the same data to one pad. named: what conditional GANs draw, by default their first class. seed: the
    picture that GANs are drawn around.

    Raises RunError for a classifier, RecipeError for fewer than two runs, runs of different pictures, no autoencoder
    among them or a class that a GAN does not know, DataError when the pictures are gone or too few.
    """
    base = _check(runs)
    if named is not None and not any(run.recipe.kind == "gan" and run.classes for run in runs):
        raise RecipeError(f"none of these runs can be told a class; leave --class {named} away")
    data = reopen(base.recipe.data)
    pictures = data.pack.pixels[rows_of(data, "train", PAIRS)]
    own = _codes(base, pictures)
    common = axes(principal(own), own)
    nets = []
    for run in runs:
        if run is base:
            found = common.own()
        elif isinstance(run.net, Autoencoder):
            found = tie(_codes(run, pictures), common.places(own))
        else:
            found = _tied_generator(run, base, common, _known(run, named), seed)
        nets.append(Drawn(run, found, _lands(run, base, common, found, _known(run, named))))
    return Pad(base, common, tuple(nets), named)


def _check(runs: Sequence[Run]) -> Run:
    """The run whose axes the pad has."""
    if len(runs) < 2:
        raise RecipeError(f"a pad is for 2 runs or more; found {len(runs)}")
    for run in runs:
        if run.recipe.kind == "cnn":
            raise RunError(f"{run.folder.path.name} holds a classifier, which draws nothing; take an ae, vae or gan")
    first = runs[0].recipe.data
    for run in runs[1:]:
        other = run.recipe.data
        if (other.content, other.size, other.channels) != (first.content, first.size, first.channels):
            names = runs[0].folder.path.name, run.folder.path.name
            raise RecipeError(f"a pad is for runs of the same pictures; {names[1]} has others than {names[0]}")
    coders = [run for kind in ("vae", "ae") for run in runs if run.recipe.kind == kind]
    if not coders:
        raise RecipeError("a pad has the axes of an ae or vae; add one of the same data")
    return coders[0]


def _tied_generator(run: Run, base: Run, common: Axes, named: str | None, seed: int) -> Tie:
    """By what the encoder of the axes sees in samples of seeds 0, 1, 2, ..., all of the class that will be drawn."""
    assert isinstance(run.net, Generator)
    z = latents(range(PAIRS), run.net.latent)
    samples = run.drawn_at(z, named, fast=True)
    return tie(z.numpy(), common.places(_codes(base, samples))).through(latents([seed], run.net.latent).numpy()[0])


def _lands(run: Run, base: Run, common: Axes, found: Tie, named: str | None) -> float:
    asked = Frame(-REACH, REACH, -REACH, REACH).centres(GRID)
    return explained(asked, common.places(_codes(base, _drawn(run, found, asked, named))))


def _drawn(run: Run, found: Tie, places: npt.ArrayLike, named: str | None) -> Picture:
    return run.drawn_at(torch.from_numpy(found.codes(places)).float(), _known(run, named))


def _known(run: Run, named: str | None) -> str | None:
    """The class to draw, of a run that can be told one."""
    return named if run.recipe.kind == "gan" and run.classes else None


def _codes(run: Run, pictures: Picture) -> Floats:
    """The means of an autoencoder's codes of pictures (N, H, W, C)."""
    assert isinstance(run.net, Autoencoder)
    parts = [pictures[start : start + CHUNK] for start in range(0, len(pictures), CHUNK)]
    with torch.inference_mode():
        return np.concatenate([codes_of(run.net, as_trained(run.recipe, part)) for part in parts]).astype(np.float64)

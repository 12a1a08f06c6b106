"""Photos into the latent space of a run: by its encoder, and refined from there; how close the answers come."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.assembly import Pictures, reopen
from nonesuch.data.items import Reject
from nonesuch.errors import DataError, RecipeError, RunError
from nonesuch.evaluation.drawings import MOST, pictures_of
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.generator import LARGEST_BYTES
from nonesuch.evaluation.inverter import inverter
from nonesuch.evaluation.sampling import as_pictures, as_trained, codes_of, drawing, images_at, latents
from nonesuch.latent.invert import STEPS, Draw, Heard, Prior, Refined, refine
from nonesuch.measure.closeness import psnr
from nonesuch.measure.memorisation import nearest
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture, to_signed
from nonesuch.training.perceptual import unlikeness, unlikeness_to

if TYPE_CHECKING:
    from nonesuch.evaluation.run import Run

RANDOM_STARTS = 3
LEAST_SPREAD = 1e-3
"""Of a dimension that an autoencoder does not use."""
FLOOR_SEEDS = 32
TOGETHER = 25
"""Photos refined at once: the memory of more would be large, and nothing would be faster."""
MOST_STEPS = 5000


@dataclass(frozen=True, eq=False)
class Places:
    """z (N, latent), and of a conditional generator the class of each, int64 (N,)."""

    z: Tensor
    classes: Tensor | None

    def of(self, rows: Tensor | slice) -> "Places":
        """Some of them."""
        return Places(self.z[rows], None if self.classes is None else self.classes[rows])


@dataclass(frozen=True, eq=False)
class Closeness:
    """Drawn pictures beside photos: PSNR (N,) in dB, and unlikeness (N,), a distance on our own features (0: alike)."""

    psnr: Tensor
    unlike: Tensor


@dataclass(frozen=True, eq=False)
class Inversion:
    """Photos (N, H, W, C) uint8 as the net was shown such, and where they lie.

    encoded, refined: the encoder's places and those found from there and from other starts.   way: of each photo, from
    the chosen start; `way.path` (steps + 1, N, latent).   start: the name of that start, for each photo.
    nearest (N, H, W, C): the training picture with the least distance in pixels.
    close: how close each of "encoder", "refined", "nearest training picture" and "random seed" (means over 32) is.
    """

    photos: Picture
    encoded: Places
    refined: Places
    way: Refined
    start: tuple[str, ...]
    nearest: Picture
    close: dict[str, Closeness]


class Inverting:
    """All that inverting photos of one run needs: made once, then asked for one photo or many."""

    def __init__(self, run: "Run", data: Pictures | None = None, heard: Heard | None = None) -> None:
        """`data`: the run's, where they are open already. The first time for a GAN its encoder is trained, and `heard`
        told how far that is.

        Raises RunError for a classifier, DataError when the run's pictures are gone or have changed.
        """
        net = run.net
        if not isinstance(net, Generator | Autoencoder):
            raise RunError(
                f"{run.folder.path.name} holds a classifier, which has no latent space; take an ae, vae, gan"
            )
        self.run, self.net = run, net
        self.data = reopen(run.recipe.data) if data is None else data
        self._quick = drawing(net, "32-true")
        self._encoder = None
        if isinstance(net, Generator):
            assert isinstance(self._quick, Generator)
            self._encoder = inverter(run.folder, run.recipe, net, self._quick, self.data, heard)

    @cached_property
    def prior(self) -> Prior:
        """N(0, 1) but for an AE, which nothing pulls there: the mean and spread of its training pictures' codes."""
        if isinstance(self.net, Generator) or self.net.gaussian:
            return Prior.normal(self.net.latent)
        images = as_trained(self.run.recipe, pictures_of(self.data, "train", MOST))
        with evaluating(self.net):
            codes = torch.from_numpy(codes_of(self.net, images))
        return Prior(codes.mean(0), codes.std(0).clamp(min=LEAST_SPREAD))

    @cached_property
    def judge(self) -> nn.Sequential:
        """Our own measuring net of these pictures, made on the first call and kept beside the pack."""
        return self.data.extractor(self.run.recipe.machine.threads).net.requires_grad_(False)

    @cached_property
    def _training(self) -> Picture:
        return pictures_of(self.data, "train", LARGEST_BYTES // self.data.pack.spec.picture_bytes)

    def shown(self, photos: Picture) -> Tensor:
        """Photos (N, H, W, C) uint8 as the net was shown pictures: (N, C, H, W) in [-1, 1]."""
        if isinstance(self.net, Autoencoder):
            return as_trained(self.run.recipe, photos)
        return to_signed(torch.from_numpy(photos.copy()).permute(0, 3, 1, 2))

    def encode(self, images: Tensor) -> tuple[Places, Tensor | None]:
        """The encoder's answer, and of a conditional GAN the class it finds next likely."""
        if isinstance(self.net, Autoencoder):
            with evaluating(self.net):
                return Places(self.net.encode(images)[0].float(), None), None
        assert self._encoder is not None
        with torch.no_grad():
            z, logits = self._encoder(images)
        if logits is None:
            return Places(z, None), None
        order = logits.argsort(1, descending=True)
        return Places(z, order[:, 0]), order[:, 1]

    def draw(self, places: Places) -> Picture:
        """Pictures (N, H, W, C) uint8."""
        with torch.no_grad():
            return as_pictures(self._drawer(places.classes)(places.z))

    def _drawer(self, classes: Tensor | None) -> Draw:
        net, recipe = self._quick, self.run.recipe
        assert isinstance(net, Generator | Autoencoder)

        def draw(z: Tensor) -> Tensor:
            return images_at(net, recipe, z, classes)

        return draw

    def starts(self, images: Tensor, seed: int) -> tuple[tuple[str, ...], Places]:
        """Names of S starts, and their places: z (N, S, latent), classes (N, S).

        The encoder's answer, the same told the second likely class, the middle of the prior, and random seeds.
        """
        first, second = self.encode(images)
        middle = self.prior.middle.expand_as(first.z)
        drawn = self.prior.middle + self.prior.spread * latents(range(seed, seed + RANDOM_STARTS), self.net.latent)
        seeds = {f"seed {seed + place}": z.expand_as(first.z) for place, z in enumerate(drawn)}
        named = {"encoder": first.z, "prior mean": middle, **seeds}
        classes = [first.classes] * len(named) if first.classes is not None else []
        if second is not None:
            named["encoder, second class"] = first.z
            classes.append(second)
        together = torch.stack([one for one in classes if one is not None], 1) if classes else None
        return tuple(named), Places(torch.stack(list(named.values()), 1), together)

    def refine(
        self, images: Tensor, starts: Places, steps: int = STEPS, heard: Heard | None = None
    ) -> tuple[Places, Refined]:
        """From starts z (N, S, latent), classes (N, S); in the answer the class of each photo is its start's."""
        parts, kinds = [], []
        for begin in range(0, len(images), TOGETHER):
            part = starts.of(slice(begin, begin + TOGETHER))
            told = None if part.classes is None else part.classes.flatten()
            aims = images[begin : begin + TOGETHER]
            unlike = unlikeness_to(self.judge, aims.repeat_interleave(part.z.shape[1], 0))
            way = refine(self._drawer(told), aims, part.z, unlike, self.prior, steps, heard=heard)
            parts.append(way)
            if part.classes is not None:
                kinds.append(part.classes[torch.arange(len(aims)), way.chosen])
        found = Refined(
            torch.cat([way.z for way in parts]),
            torch.cat([way.chosen for way in parts]),
            torch.cat([way.losses for way in parts], 1),
            torch.cat([way.path for way in parts], 1),
        )
        return Places(found.z, torch.cat(kinds) if kinds else None), found

    def invert(self, photos: Picture, steps: int = STEPS, seed: int = 0, heard: Heard | None = None) -> Inversion:
        """Photos uint8 (N, H, W, C) of the run's own size. `seed`: of the first random start. `heard`: told of
        each 25 photos how many steps are done.

        Raises RecipeError unless 1 <= steps <= 5,000.
        """
        if not 1 <= steps <= MOST_STEPS:
            raise RecipeError(f"an inversion takes 1 to {MOST_STEPS:,} steps; found {steps}")
        images = self.shown(photos)
        names, starts = self.starts(images, seed)
        encoded, _ = self.encode(images)
        refined, way = self.refine(images, starts, steps, heard)
        seen = as_pictures(images)
        rows, _ = nearest(seen, self._training)
        like = self._training[rows]
        close = {
            "encoder": self.close(seen, self.draw(encoded)),
            "refined": self.close(seen, self.draw(refined)),
            "nearest training picture": self.close(seen, like),
            "random seed": self.floor(seen, refined),
        }
        return Inversion(seen, encoded, refined, way, tuple(names[one] for one in way.chosen), like, close)

    def close(self, photos: Picture, drawn: Picture) -> Closeness:
        """How close so many drawn pictures are to so many photos, pair by pair; all uint8 (N, H, W, C)."""
        pairs = [to_signed(torch.from_numpy(np.array(some)).permute(0, 3, 1, 2)) for some in (photos, drawn)]
        with torch.no_grad():
            return Closeness(torch.from_numpy(psnr(photos, drawn)), unlikeness(self.judge, *pairs))

    def floor(self, photos: Picture, places: Places) -> Closeness:
        """What knowing nothing gives: means over the pictures of 32 seeds, drawn as the classes of `places`."""
        drawn = self.prior.middle + self.prior.spread * latents(range(FLOOR_SEEDS), self.net.latent)
        each = [self.close(photos, self.draw(Places(z.expand_as(places.z), places.classes))) for z in drawn]
        return Closeness(
            torch.stack([one.psnr for one in each]).mean(0), torch.stack([one.unlike for one in each]).mean(0)
        )


def opened(run: "Run", files: Sequence[str | Path]) -> Picture:
    """Picture files as this run takes them, uint8 (N, H, W, C). Raises DataError for the first that cannot be read."""
    pictures = []
    for found in run.read(files):
        if isinstance(found, Reject):
            raise DataError(f"{found.name}: {found.reason}")
        pictures.append(found[1].permute(0, 2, 3, 1).numpy())
    return np.concatenate(pictures)


def places(run: "Run", files: Sequence[str | Path], told: int) -> Tensor:
    """Where picture files lie in a run's latent space, (N, latent): an autoencoder's own answer, else the refined one.

    A conditional generator adds a vector of the class to z. The places given here make up for class number `told`, so
    that drawn as that class they are the picture as it was found, whatever class that was.
    """
    photos, net = opened(run, files), run.net
    if isinstance(net, Autoencoder):
        with evaluating(net):
            return net.encode(as_trained(run.recipe, photos))[0].float()
    inverting = Inverting(run)
    images = inverting.shown(photos)
    found, _ = inverting.refine(images, inverting.starts(images, 0)[1])
    assert isinstance(net, Generator)
    if net.embed is None or found.classes is None:
        return found.z
    return found.z + (net.embed.weight[found.classes] - net.embed.weight[told]).detach()

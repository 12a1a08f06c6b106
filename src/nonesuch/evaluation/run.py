"""A trained run, opened to be asked: to predict, to sample, to code and decode pictures, to be measured again."""

import copy
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch import machine
from nonesuch.assembly import build_net, engine, reopen
from nonesuch.data.decode import Reject, Undecodable, decode, fit
from nonesuch.data.places import cache_root
from nonesuch.errors import DataError, NonesuchWarning, RecipeError, RunError
from nonesuch.evaluation import drawings, examiners, inversion
from nonesuch.evaluation.autoencoder import load_mixture
from nonesuch.evaluation.classifier import probabilities_of
from nonesuch.evaluation.drawings import pictures_of
from nonesuch.evaluation.examiner import Report, evaluating
from nonesuch.evaluation.look import Look, look
from nonesuch.evaluation.sampling import as_pictures, as_trained, draw, drawing, drawn, latents, redrawn
from nonesuch.features_onnx import OnnxFeatures
from nonesuch.lens.capture import Sum, spelled
from nonesuch.lens.kernels import Kernel, first_convolution, of_layer
from nonesuch.machine import Precision
from nonesuch.measure import attributes, distance
from nonesuch.measure.attributes import AttributesReport
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.likelihood import importance_weighted
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fold import folded
from nonesuch.models.gan import Adversaries, Generator
from nonesuch.pixels import Picture, to_signed
from nonesuch.reader import Reader
from nonesuch.recipe import Recipe, from_record
from nonesuch.runs import checkpoint, history, layout
from nonesuch.runs.store import RunFolder
from nonesuch.runs.weights import match
from nonesuch.training.reconstruct import ReconstructSettings

LARGEST_FILE = 256 << 20
COMPARED = 500
"""Training pictures that a picture's probability is compared with."""


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of one picture: classes and their probabilities, most probable first."""

    name: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Probability:
    """A lower bound on log p(x) in nats, and the share of `among` training pictures that are less probable."""

    name: str
    nats: float
    above: float
    among: int


class Run:
    """`ns.open_run("runs/...").predict(["cat.jpg"])`; `net` is the classifier, the autoencoder or the generator."""

    def __init__(self, folder: RunFolder) -> None:
        """Without a snapshot, of a run that has just begun, the net is that of the newest frame of its history.

        Raises RunError when there is neither, or it does not fit the recipe. Warns of damaged snapshots that are newer
        than the one it uses.
        """
        self.folder = folder
        self.recipe: Recipe = from_record(folder.recipe())
        built = build_net(self.recipe)
        self.net: nn.Module = built.generator if isinstance(built, Adversaries) else built
        self.images_seen, self.seconds, state = self._weights(isinstance(built, Adversaries))
        match(self.net.state_dict(), state)
        self.net.load_state_dict(state)
        self.net.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self._drawing: dict[Precision, nn.Module] = {}

    def _weights(self, adversaries: bool) -> tuple[int, float, dict[str, Tensor]]:
        """Images seen, seconds, and the weights to show: averaged where that is kept."""
        path = self.folder.path
        found = checkpoint.latest(path, ("model", "ema"))
        if found is None:
            if not (moments := layout.history(path)):
                raise RunError(f"{layout.shown(path)} has no snapshot yet; train it first")
            return moments[-1], 0.0, history.load(path, moments[-1], self.net.state_dict())
        for damaged in found.damaged:
            said = f"snapshot {damaged.name} is damaged ({damaged.reason}); using that of {found.images_seen:,} images"
            warnings.warn(said, NonesuchWarning, stacklevel=3)
        state = found.tensors.get("ema")
        if state is None:
            prefix = "generator." if adversaries else "net."
            trained = found.tensors["model"].items()
            state = {name.removeprefix(prefix): tensor for name, tensor in trained if name.startswith(prefix)}
        return found.images_seen, checkpoint.number(found, "seconds"), state

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the net's outputs, or of what a conditional generator can be told."""
        return self.recipe.data.classes

    def holding(self, net: nn.Module, images_seen: int) -> "Run":
        """The same run with another net of its recipe in it, as it was after so many images."""
        found = copy.copy(self)
        found.net, found.images_seen, found._drawing = net, images_seen, {}
        return found

    def kernel(self, number: int) -> Kernel:
        """Filter `number` of the net's first convolution, as an image editor's kernel across the picture's channels.

        Raises RunError for a net that has none, NetError for a filter that it does not have.
        """
        seeing = first_convolution(self.net, self.recipe.data.channels)
        if seeing is None:
            raise RunError(f"{self.folder.path.name} has no convolution that sees pictures; take a cnn, an ae or a vae")
        return of_layer(seeing, number)

    def report(self) -> dict[str, object] | None:
        """The last measurement, or None before the first."""
        return self.folder.report()

    def evaluate(self) -> Report:
        """Measure on the held-out test pictures again, and store the report and its pictures."""
        examiner = examiners.build(self.net, engine(self.recipe.machine), self.recipe, reopen(self.recipe.data))
        return examiner.report(self.folder.path, self.images_seen, self.seconds)

    def distances(self, features: OnnxFeatures, count: int = drawings.MOST) -> DistanceReport:
        """How far so many samples are from held-out pictures on a published feature net; stored in report.json too.

        Raises RunError for a run that makes no pictures, DataError for fewer held-out pictures than twice its
        dimensions.
        """
        data = reopen(self.recipe.data)
        held_out = pictures_of(data, "test", count)
        samples, floor = self.sample(range(len(held_out)), fast=True), pictures_of(data, "train", len(held_out))
        real, known, made = (features.features_of(pictures) for pictures in (held_out, floor, samples))
        found = distance.measure(real, known, made, f"{features.name} {features.hash}", seed=0)
        self.folder.write_report({**(self.report() or {}), "published": found.to_json()})
        return found

    def attributes(self, count: int = 2000) -> AttributesReport:
        """Whether so many samples have the attributes of real pictures, as often and in as many combinations.

        A reader of all label columns is trained on this run's data for it. Stored in report.json too. Raises RunError
        for a run that makes no pictures, DataError for data without labels.
        """
        samples = self.sample(range(count), fast=True)
        data = reopen(self.recipe.data)
        reader = Reader(data, self.recipe.machine.threads)
        training = pictures_of(data, "train", None)
        real, check = reader.read(training[0::2]), reader.read(training[1::2][:count])
        found = attributes.measure(reader.names, reader.accuracy, real, check, reader.read(samples))
        self.folder.write_report({**(self.report() or {}), "attributes": found.to_json()})
        return found

    def sample(
        self, seeds: Sequence[int], named: str | None = None, mixture: bool = False, fast: bool = False
    ) -> Picture:
        """Pictures (N, H, W, C) uint8, one for each seed: the same seed gives the same picture, alone or among others.

        `fast`: in bf16 where this machine gains from it, off by some grey levels; else the picture is everybody's.

        `mixture`: z comes from the Gaussian mixture of an autoencoder's codes instead of from the prior.
        `named` is the class to make, of a conditional generator; without it the classes take turns, seed by seed.
        Raises RunError for a run that makes no pictures, RecipeError for a class it does not know.
        """
        self._check_draws(named)
        mixed = None
        if mixture:
            if not isinstance(self.net, Autoencoder):
                raise RunError(
                    f"{self.folder.path.name} holds a {self.recipe.kind}, which has no codes: leave --mixture away"
                )
            mixed = load_mixture(self.folder.path, self.net.latent, self.images_seen)
        chosen = [self.classes.index(named)] * len(seeds) if named is not None else None
        with torch.inference_mode():
            return draw(self._drawn_by(fast), self.recipe, seeds, chosen, mixed)

    def places(self, points: Sequence[int | str | Path], named: str | None = None) -> Tensor:
        """Points of latent space (N, latent): seeds as `sample` takes them, or picture files through an encoder.

        A GAN has none: one is trained on the first call, and its answer refined; drawn as `named` the photo is found
        again. Raises RunError for a run that makes no pictures, DataError for a file that cannot be read.
        """
        self._check_draws(named)
        net = self.net
        assert isinstance(net, Generator | Autoencoder)
        files = [point for point in points if not isinstance(point, int)]
        told = self.classes.index(named) if named else 0
        codes = dict(zip(map(str, files), inversion.places(self, files, told), strict=True)) if files else {}
        return torch.stack([latents([p], net.latent)[0] if isinstance(p, int) else codes[str(p)] for p in points])

    def drawn_at(self, z: Tensor, named: str | None = None, fast: bool = False) -> Picture:
        """Pictures (N, H, W, C) uint8 at places (N, latent), float32; of a conditional generator all of one class.

        Without `named` that is the first class. Raises as `sample` does, and RecipeError for z of another width.
        """
        self._check_draws(named)
        net = self._drawn_by(fast)
        assert isinstance(net, Generator | Autoencoder)
        if z.dim() != 2 or z.shape[1] != net.latent:
            raise RecipeError(f"places in this latent space are (N, {net.latent}); found {tuple(z.shape)}")
        classes = [self.classes.index(named) if named else 0] * len(z) if self._conditions() else None
        with torch.inference_mode():
            return drawn(net, self.recipe, z, classes)

    def _drawn_by(self, fast: bool) -> torch.nn.Module:
        """The net made for drawing, kept from call to call."""
        precision = machine.probe(cache_root()).precision if fast else "32-true"
        if precision not in self._drawing:
            self._drawing[precision] = drawing(self.net, precision)
        return self._drawing[precision]

    def _check_draws(self, named: str | None) -> None:
        if self.recipe.kind == "cnn":
            raise RunError(
                f"{self.folder.path.name} holds a classifier, which makes no pictures; sample a vae or a gan"
            )
        if named is not None and named not in self._conditions():
            known = ", ".join(self._conditions()) or "none: this run was trained without classes"
            raise RecipeError(f"no class is called {named!r}; found: {known}")

    def _conditions(self) -> tuple[str, ...]:
        return self.classes if self.recipe.kind == "gan" else ()

    def reconstruct(self, pictures: Picture) -> Picture:
        """What an autoencoder makes of pictures (N, H, W, C) uint8: coded to the mean of z, and decoded."""
        if not isinstance(self.net, Autoencoder):
            raise RunError(f"{self.folder.path.name} has no encoder; reconstruct with an ae or a vae")
        pixels = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2)
        with evaluating(self.net), engine(self.recipe.machine).autocast():
            return as_pictures(redrawn(self.net, self.recipe, pixels))

    def likelihood(
        self, files: Iterable[str | Path], codes: int = 200, heard: Callable[[int, int], None] | None = None
    ) -> list[Probability | Reject]:
        """How probable a VAE finds picture files, and where they lie among its training pictures.

        The importance-weighted bound with so many codes. `heard`: told of how many training pictures that is known.
        Raises RunError for any other kind of run.
        """
        net, settings = self.net, self.recipe.objective
        if not isinstance(net, Autoencoder) or not isinstance(settings, ReconstructSettings) or not net.gaussian:
            raise RunError(f"{self.folder.path.name} holds a {self.recipe.kind}, which gives no p(x); train a vae")
        if settings.perceptual:
            raise RunError(
                f"{self.folder.path.name} was trained with a perceptual term, which is no likelihood; "
                "train with objective.perceptual=0"
            )
        training = pictures_of(reopen(self.recipe.data), "train", COMPARED)
        quick = folded(net)
        assert isinstance(quick, Autoencoder)

        def bounds(pictures: Picture, heard: Callable[[int, int], None] | None = None) -> NDArray[np.float64]:
            draws = torch.Generator().manual_seed(self.recipe.seed)
            images = as_trained(self.recipe, pictures)
            with torch.inference_mode(), engine(self.recipe.machine).autocast():
                return importance_weighted(quick, images, settings.likelihood, (codes,), draws, heard)[:, 0]

        usual = np.sort(bounds(training, heard))
        answers: list[Probability | Reject] = []
        for found in self.read(files):
            if isinstance(found, Reject):
                answers.append(found)
                continue
            nats = float(bounds(found[1].permute(0, 2, 3, 1).numpy())[0])
            answers.append(Probability(found[0], nats, float(np.searchsorted(usual, nats) / len(usual)), len(usual)))
        return answers

    def predict(self, files: Iterable[str | Path]) -> list[Prediction | Reject]:
        """Probabilities for each picture file, or why it could not be read. Raises RunError unless a classifier."""
        if self.recipe.kind != "cnn":
            raise RunError(f"{self.folder.path.name} holds a {self.recipe.kind}; only a cnn names what it sees")
        return [found if isinstance(found, Reject) else self._predict_one(*found) for found in self.read(files)]

    def _predict_one(self, name: str, pixels: Tensor) -> Prediction:
        probabilities = probabilities_of(self.net, self.recipe, pixels)[0]
        order = probabilities.argsort(descending=True).tolist()
        return Prediction(
            name,
            tuple(self.classes[index] for index in order),
            tuple(float(probabilities[index]) for index in order),
        )

    def look(self, file: str | Path, named: str | None = None, layer: str | None = None) -> Look:
        """Inside this classifier while it looks at a picture file: activations, and what speaks for class `named`.

        Raises RunError unless a classifier, RecipeError for an unknown class, NetError for a layer without maps,
        DataError for a file that cannot be read.
        """
        pixels = self._one_picture(file)
        if named is not None and named not in self.classes:
            raise RecipeError(f"no class is called {named!r}; found: {', '.join(self.classes)}")
        return look(self.net, pixels, None if named is None else self.classes.index(named), layer)

    def spelled(self, file: str | Path, layer: str, place: tuple[int, ...]) -> Sum:
        """One number of a layer's output for a picture file, as the sum that it is. Raises as `look` does."""
        return spelled(self.net, to_signed(self._one_picture(file))[0], layer, place)

    def _one_picture(self, file: str | Path) -> Tensor:
        if self.recipe.kind != "cnn":
            raise RunError(f"{self.folder.path.name} holds a {self.recipe.kind}; look into a cnn")
        found = self._read_one(Path(file))
        if isinstance(found, Reject):
            raise DataError(f"{found.name}: {found.reason}")
        return found[1]

    def read(self, files: Iterable[str | Path]) -> list[tuple[str, Tensor] | Reject]:
        """Picture files as this run's net takes them, uint8 (1, C, H, W), or why they cannot be read."""
        return [self._read_one(Path(file)) for file in files]

    def _read_one(self, file: Path) -> tuple[str, Tensor] | Reject:
        settings = self.recipe.data
        try:
            if not file.is_file():
                raise DataError("no such file")
            if file.stat().st_size > LARGEST_FILE:
                raise DataError(f"larger than {LARGEST_FILE >> 20} MB")
            picture = fit(decode(file.read_bytes()), settings.size, settings.fit, settings.channels)
        except (Undecodable, DataError, OSError) as error:
            return Reject(str(file), str(error))
        return str(file), torch.from_numpy(np.ascontiguousarray(picture)[None].copy()).permute(0, 3, 1, 2)

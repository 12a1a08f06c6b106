"""Examining an autoencoder: how well it redraws pictures, and how far what it invents is from real ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nonesuch.errors import RunError
from nonesuch.evaluation.drawings import MOST, DrawingExaminer, pictures_of, sheet
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.sampling import as_pictures, as_trained, codes_of, decoded, redrawn
from nonesuch.latent import atlas
from nonesuch.measure import codes_chart, likelihood
from nonesuch.measure.codes_chart import Dots, Tiles
from nonesuch.measure.distance import DistanceReport
from nonesuch.measure.likelihood import LikelihoodReport
from nonesuch.measure.mixture import Mixture, fit
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.fold import folded
from nonesuch.pixels import Picture, write_png
from nonesuch.runs import atomic, layout, weights
from nonesuch.runs.store import RunFolder
from nonesuch.training.reconstruct import ReconstructSettings

SHOWN = 32
PLANE = 2
"""Dimensions of a latent space that can be drawn whole."""
MOST_PLACED = 2000
WEIGHED, CODES = 500, 50
"""Held-out pictures whose probability is bounded after training, and codes of each: seconds, and close to the bound."""


@dataclass(frozen=True)
class Redrawing:
    """How far decoded pictures are from their originals: root-mean-square error in grey levels of 255."""

    n: int
    error: float

    def figures(self) -> dict[str, float]:
        """One number."""
        return {"redraw_error": self.error}


@dataclass(frozen=True)
class AutoencoderReport:
    """Redrawing, how far samples of the prior and of the codes' mixture are, and of a VAE how probable pictures are."""

    redrawing: Redrawing
    distances: DistanceReport | None
    mixed: DistanceReport | None
    likelihood: LikelihoodReport | None

    @property
    def n(self) -> int:
        """Held-out pictures this rests on."""
        return self.redrawing.n

    def figures(self) -> dict[str, float]:
        """The headline numbers of both."""
        parts = (self.redrawing, self.likelihood, self.distances)
        found = {name: value for part in parts if part is not None for name, value in part.figures().items()}
        mixed = self.mixed.figures() if self.mixed else {}
        return found | {f"mixture_{name}": mixed[name] for name in ("frechet", "kernel") if name in mixed}


class AutoencoderExaminer(DrawingExaminer):
    """An AE or VAE, and the pictures it is measured on."""

    def measure(self, split: str, most: int | None = None) -> Redrawing:
        """The redrawing error on a split, or on its first `most` pictures."""
        return self._redrawing(pictures_of(self.data, split, most))

    def report(self, run: Path, images_seen: int, seconds: float) -> AutoencoderReport:
        """Measure on the test split; write report.json, pictures redrawn and invented, and of two dimensions a map."""
        assert isinstance(self.net, Autoencoder)
        held_out = pictures_of(self.data, "test", MOST)
        mixture = self._mixture()
        count = max(len(held_out), 2 * SHOWN)
        samples, mixed = self.draw(count), self.draw(count, mixture)
        report = AutoencoderReport(
            self._redrawing(held_out),
            self.distances("test", MOST, samples),
            self.distances("test", MOST, mixed),
            self._likelihood(),
        )
        settings = self.recipe.objective
        assert isinstance(settings, ReconstructSettings)
        body = {
            "distances": report.distances.to_json() if report.distances else None,
            "mixture": {
                "components": len(mixture.weights),
                "codes": mixture.codes,
                "distances": report.mixed.to_json() if report.mixed else None,
            },
            "likelihood": report.likelihood.to_json() if report.likelihood else None,
            "perceptual": settings.perceptual,
        }
        head = {"kind": "autoencoder", "split": "test", "images_seen": images_seen, "seconds": round(seconds, 3)}
        RunFolder(run).write_report({**head, "figures": report.figures(), **body})
        atomic.make_folder(run / layout.PICTURES)
        save_mixture(run, mixture, images_seen)
        write_png(run / layout.PICTURES / "samples.png", sheet(samples[: 2 * SHOWN]))
        write_png(run / layout.PICTURES / "samples-mixture.png", sheet(mixed[: 2 * SHOWN]))
        write_png(run / layout.PICTURES / "redrawn.png", self.preview())
        if self.net.latent == PLANE:
            write_png(run / layout.PICTURES / "codes.png", self._plane())
        return report

    def preview(self) -> Picture:
        """Held-out pictures, each above what it was redrawn as: rows of originals and rows of drawings in turn."""
        originals = pictures_of(self.data, "test", SHOWN)
        drawn = self._redraw(originals)
        rows = [
            part
            for start in range(0, len(originals), 8)
            for part in (originals[start : start + 8], drawn[start : start + 8])
        ]
        return sheet(np.concatenate(rows))

    def _likelihood(self) -> LikelihoodReport | None:
        assert isinstance(self.net, Autoencoder)
        settings = self.recipe.objective
        assert isinstance(settings, ReconstructSettings)
        if not self.net.gaussian or settings.perceptual:
            return None
        images = as_trained(self.recipe, pictures_of(self.data, "test", WEIGHED))
        quick = folded(self.net)
        assert isinstance(quick, Autoencoder)
        with torch.inference_mode(), self.engine.autocast():
            return likelihood.measure(quick, images, settings.likelihood, CODES, self.recipe.seed)

    def _redrawing(self, originals: Picture) -> Redrawing:
        difference = originals.astype(np.float32) - self._redraw(originals).astype(np.float32)
        return Redrawing(len(originals), float(np.sqrt(np.mean(difference**2))))

    def _redraw(self, originals: Picture) -> Picture:
        assert isinstance(self.net, Autoencoder)
        pixels = torch.from_numpy(originals.copy()).permute(0, 3, 1, 2)
        with evaluating(self.net), self.engine.autocast():
            return as_pictures(redrawn(self.net, self.recipe, pixels))

    def _plane(self) -> Picture:
        """A latent space of two dimensions, drawn: held-out pictures in it, and what lies between them."""
        assert isinstance(self.net, Autoencoder)
        rows = self.data.rows["test"][:MOST_PLACED]
        images = as_trained(self.recipe, self.data.pack.pixels[rows])
        with evaluating(self.net), self.engine.autocast():
            mean, log_variance = self.net.encode(images)
        frame = atlas.Frame.around(mean.float().numpy())
        spread = None if log_variance is None else frame.unit_covariances(torch.diag_embed(log_variance.exp()).numpy())
        with torch.inference_mode():
            between = as_pictures(decoded(self.net, self.recipe, torch.from_numpy(frame.centres()).float()))
        words = "each picture is a Gaussian" if self.net.gaussian else "each picture is a point"
        places = frame.unit(mean.float().numpy())
        panels: list[Dots | Tiles] = [
            Dots("codes", places, self.data.targets[rows], self.data.classes, spread),
            Tiles("what is drawn from each place", between, np.arange(len(between)), atlas.GRID, below=frame.words),
        ]
        return codes_chart.sheet(f"{len(rows):,} held-out pictures: {words}", panels)

    def _mixture(self) -> Mixture:
        """Fitted on the codes of training pictures."""
        assert isinstance(self.net, Autoencoder)
        images = as_trained(self.recipe, pictures_of(self.data, "train", MOST))
        with evaluating(self.net), self.engine.autocast():
            codes = codes_of(self.net, images)
        return fit(codes, self.recipe.seed)


def save_mixture(run: Path, mixture: Mixture, images_seen: int) -> None:
    """Keep the mixture in the run folder, with the moment of training that it belongs to."""
    parts = {"weights": mixture.weights, "means": mixture.means, "factors": mixture.factors}
    tensors = {name: torch.from_numpy(part) for name, part in parts.items()}
    counts = torch.tensor([mixture.codes, images_seen])
    atomic.write_bytes(run / layout.MIXTURE, weights.to_bytes({**tensors, "counts": counts}))


def load_mixture(run: Path, latent: int, images_seen: int) -> Mixture:
    """The mixture that belongs to this moment of training. Raises RunError when there is none, or it is damaged."""
    again = f"`nonesuch evaluate {layout.shown(run)}` fits one"
    try:
        found = weights.from_bytes((run / layout.MIXTURE).read_bytes())
        share, means, factors = (found[name].double().numpy() for name in ("weights", "means", "factors"))
        fitted, moment = (int(value) for value in found["counts"])
    except (OSError, ValueError, KeyError):
        raise RunError(f"{run.name} has no mixture of its codes; {again}") from None
    count = len(share)
    if moment != images_seen or means.shape != (count, latent) or factors.shape != (count, latent, latent):
        raise RunError(f"{run.name}: the mixture of its codes belongs to another state of the net; {again}")
    return Mixture(share, means, factors, fitted)

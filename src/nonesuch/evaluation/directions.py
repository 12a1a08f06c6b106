"""Directions of a run's latent space: found by one of six methods, and kept by name in the run's folder."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch.assembly import Pictures, reopen
from nonesuch.errors import RecipeError, RunError
from nonesuch.evaluation.codes import Codes, codes
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.inversion import Places
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import drawing, drawn, latents
from nonesuch.latent.directions import (
    Direction,
    Method,
    between,
    from_activations,
    from_weights,
    logistic,
    mean_difference,
    principal,
    random,
)
from nonesuch.lens.capture import recording
from nonesuch.lens.layers import Kind, kind_of
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.gan import Generator
from nonesuch.pixels import Picture
from nonesuch.reader import Reader
from nonesuch.runs import directions as files
from nonesuch.runs import weights
from nonesuch.runs.directions import KeptDirection

LABELS = ("mean", "logistic")
"""Methods that need to be told what to look for; the others find by themselves."""
SEEN = 4000
"""Pictures, or draws of the prior, from which directions are found."""
FEATURES = 4096
"""Activations kept of a layer: more of them are thinned evenly, as their components need no more."""


class Space:
    """The latent space of a run, with what is needed to find directions in it; each part is made when first wanted."""

    def __init__(self, run: Run, seen: int = SEEN) -> None:
        """Raises RunError for a classifier, DataError when the run's pictures are gone or have changed."""
        net = run.net
        if not isinstance(net, Generator | Autoencoder):
            raise RunError(
                f"{run.folder.path.name} holds a classifier, which has no latent space; take an ae, vae or gan"
            )
        self.run, self.net, self.seen = run, net, seen
        self._quick = drawing(net, "32-true")

    @cached_property
    def data(self) -> Pictures:
        """The run's pictures."""
        return reopen(self.run.recipe.data)

    @cached_property
    def reader(self) -> Reader:
        """Reads all label columns off pictures; trained on the first call, in well under a minute."""
        return Reader(self.data, self.run.recipe.machine.threads)

    @cached_property
    def _trained_on(self) -> Codes:
        return codes(self.run, "train", self.seen)

    @cached_property
    def known(self) -> Places:
        """What directions are found from: codes of training pictures, or of a generator the first seeds."""
        if isinstance(self.net, Generator):
            return self.seeds(range(self.seen))
        return Places(self._trained_on.mean, None)

    def held_out(self, count: int) -> Places:
        """Other points: codes of test pictures, or of a generator seeds that nothing was found from."""
        if isinstance(self.net, Generator):
            return self.seeds(range(self.seen, self.seen + count))
        return Places(codes(self.run, "test", count).mean, None)

    def seeds(self, chosen: Sequence[int]) -> Places:
        """As `Run.sample` draws them: a conditional generator's classes take turns."""
        classes = None
        if isinstance(self.net, Generator) and self.net.classes:
            classes = torch.tensor([seed % self.net.classes for seed in chosen])
        return Places(latents(chosen, self.net.latent), classes)

    def draw(self, points: Places) -> Picture:
        """Pictures (N, H, W, C) uint8."""
        assert isinstance(self._quick, Generator | Autoencoder)
        with torch.inference_mode():
            classes = None if points.classes is None else points.classes.tolist()
            return drawn(self._quick, self.run.recipe, points.z, classes)

    @cached_property
    def shows(self) -> NDArray[np.int64]:
        """What the pictures of `known` show, (N, columns): labels of an autoencoder's, read off a generator's.

        The columns are those of `columns`; -1 where a picture has no value.
        """
        if isinstance(self.net, Generator):
            return self.reader.read(self.draw(self.known))
        rows = self._trained_on.rows
        return np.stack([self.data.pack.columns[name].codes[rows].astype(np.int64) for name in self.columns], 1)

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Label columns with two values or more. Raises RecipeError where there are none."""
        found = {name: column.classes for name, column in self.data.pack.columns.items() if len(column.classes) > 1}
        if not found:
            raise RecipeError(
                "these pictures have no labels; take a method that needs none: codes, weights, activations"
            )
        return found

    def place(self, label: str) -> tuple[int, int]:
        """ "glasses=yes" as the numbers of the column and of the value; of a column with two values its name will do.

        Raises RecipeError that lists what there is.
        """
        column, _, value = label.partition("=")
        if column not in self.columns:
            raise RecipeError(f"no label column is called {column!r}; found: {', '.join(self.columns)}")
        values = self.columns[column]
        if not value and len(values) == 2:
            value = values[1]
        if value not in values:
            raise RecipeError(
                f"{column} is one of {', '.join(values)}; found {value or 'no value'!r}: give {column}={values[0]}"
            )
        return list(self.columns).index(column), values.index(value)

    def find(self, method: Method, count: int) -> list[Direction]:
        """The first `count` directions of a method that needs no labels. Raises RecipeError for more than there are.

        Of a generator the draws of its prior differ in no direction more than in another: "codes" is refused.
        """
        z = self.known.z
        if method == "codes":
            if isinstance(self.net, Generator):
                raise RecipeError(
                    "a generator's codes are draws of its prior, alike in all directions: take --method weights"
                )
            return principal(z, count)
        if method == "weights":
            return from_weights(self._first.weight, z, count)
        if method == "activations":
            return from_activations(z, self._activations(), count)
        if method == "random":
            return random(z, count, self.run.recipe.seed)
        raise RecipeError(f"the method {method} looks for something: say for what, as --label glasses=yes")

    def towards(self, method: Method, label: str) -> Direction:
        """The direction towards pictures with a label, by "mean" or "logistic". Raises RecipeError for unknown labels
        and for those that all pictures have, or none."""
        column, value = self.place(label)
        seen = self.shows[:, column]
        kept = torch.from_numpy(seen >= 0)
        has = seen[seen >= 0] == value
        return (mean_difference if method == "mean" else logistic)(self.known.z[kept], has, label)

    def between(self, having: Tensor, lacking: Tensor, name: str) -> Direction:
        """From the mean of the codes `lacking` (N, latent) something to the mean of those `having` (M, latent) it.

        Its sigma is that of the codes in `known`. Raises RecipeError where both means are one.
        """
        return between(having, lacking, self.known.z, name)

    @property
    def _first(self) -> nn.Linear:
        """The dense layer that z meets first."""
        layer = self.net.first if isinstance(self.net, Generator) else self.net.first[0]
        assert isinstance(layer, nn.Linear)
        return layer

    def _activations(self) -> Tensor:
        """(N, features) of the first activation layer, for the codes in `known`."""
        modules = dict(self._quick.named_modules())
        with evaluating(self._quick), recording(self._quick) as calls:
            self.draw(self.known)
        name = next(name for name, _, _ in calls if kind_of(modules[name]) is Kind.ACTIVATION and name)
        found = torch.cat([output.float().flatten(1) for called, _, output in calls if called == name])
        return found[:, :: max(1, found.shape[1] // FEATURES)].clone()

    @cached_property
    def _weights(self) -> str:
        """By which a file of directions knows the net that it was made for."""
        return weights.digest(self.net.state_dict())[:12]

    def kept(self) -> dict[str, Direction]:
        """The directions in the run's folder, by name. Raises RunError for a damaged file, or one of another net."""
        found = files.read(self.run.folder.path, self._weights, self.net.latent)
        return {
            each.name: Direction(each.name, each.method, torch.tensor(each.vector), each.sigma, each.share)
            for each in found
        }

    def keep(self, directions: Sequence[Direction]) -> None:
        """Put directions beside those in the run's folder; one of the same name is replaced. Raises as `kept` does."""
        self._write(self.kept() | {each.name: each for each in directions})

    def forget(self, name: str) -> None:
        """Take a direction out of the run's folder. Raises RecipeError for one that is not there, else as `kept`."""
        whole = self.kept()
        if name not in whole:
            raise RecipeError(f"no direction is called {name!r}; found: {', '.join(whole) or 'none'}")
        del whole[name]
        self._write(whole)

    def _write(self, whole: Mapping[str, Direction]) -> None:
        lines = [
            KeptDirection(
                name=each.name,
                method=each.method,
                vector=tuple(each.vector.tolist()),
                sigma=each.sigma,
                share=each.share,
            )
            for each in whole.values()
        ]
        files.write(self.run.folder.path, self._weights, lines)

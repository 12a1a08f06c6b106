"""A run's own pictures as points, to be mapped, grouped and searched: where a net of each kind places them.

An autoencoder has its codes. A classifier has no latent space, but its last hidden layer is one: what its answers are
read from. A generator cannot place a picture; real and generated ones lie in the features of the measuring net.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nonesuch.assembly import Pictures, reopen
from nonesuch.errors import DataError
from nonesuch.evaluation.codes import Split, codes
from nonesuch.evaluation.drawings import rows_of
from nonesuch.evaluation.examiner import evaluating
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import CHUNK
from nonesuch.features import features_of
from nonesuch.lens.capture import recording
from nonesuch.models.blocks import RbfOutput
from nonesuch.pixels import Picture, to_signed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Points:
    """space: in words, where the points lie. rows (N,): of the pack. values (N, d): the points of these pictures.

    variances (N, d): of a VAE's Gaussians, else None. made (n, H, W, C) and made_values (n, d): of a generator the
    pictures of seeds 0 to n - 1 and their points, else empty.
    """

    data: Pictures
    space: str
    rows: Ints
    values: Floats
    variances: Floats | None
    made: Picture
    made_values: Floats


def points(run: Run, split: Split = "train", most: int | None = None) -> Points:
    """At most so many pictures spread over a split; of a generator as many generated ones beside them.

    Raises DataError when the pictures are gone or have changed, or when a split has none.
    """
    none = np.empty((0, *run.recipe.data.size, run.recipe.data.channels), np.uint8)
    if run.recipe.kind in ("ae", "vae"):
        found = codes(run, split, most)
        variances = None if found.log_variance is None else found.log_variance.exp().double().numpy()
        mean = found.mean.double().numpy()
        return _filled(Points(found.data, "latent space", found.rows, mean, variances, none, mean[:0]), split)
    data = reopen(run.recipe.data)
    rows = rows_of(data, split, most)
    if run.recipe.kind == "cnn":
        values = hidden_of_rows(run.net, data, rows)
        return _filled(Points(data, "last hidden layer", rows, values, None, none, values[:0]), split)
    values = features_of_rows(run, data, rows)
    made = run.sample(range(len(rows)), fast=True) if len(rows) else none
    measured = features_of(data.extractor(run.recipe.machine.threads), made)
    return _filled(Points(data, "features of the measuring net", rows, values, None, made, measured), split)


def labels(found: Points, column: str | None) -> tuple[str, Ints, tuple[str, ...]]:
    """The values that a column of labels gives these pictures: its name, codes (N,) and what they are called.

    Without a column the run's own classes, or the first column there is; "none" for none. A picture without a value
    has -1. Raises DataError for a column that does not exist.
    """
    data = found.data
    if column is None and data.classes:
        return "class", data.targets[found.rows], data.classes
    known = data.pack.columns
    chosen = next(iter(known), "none") if column is None else column
    if chosen == "none":
        return "", np.full(len(found.rows), -1, np.int64), ()
    if chosen not in known:
        raise DataError(f"no label column is called {chosen!r}; found: {', '.join(known) or 'none'}")
    return chosen, known[chosen].codes[found.rows].astype(np.int64), known[chosen].classes


def features_of_rows(run: Run, data: Pictures, rows: Ints) -> Floats:
    """What the measuring net sees in so many pictures, (N, 64)."""
    extractor = data.extractor(run.recipe.machine.threads)
    parts = [features_of(extractor, data.pack.pixels[part]) for part in _parts(rows)]
    return np.concatenate([*parts, np.empty((0, 64))])


def hidden_of_rows(net: nn.Module, data: Pictures, rows: Ints) -> Floats:
    """What a classifier's answers to so many pictures are read from, (N, d)."""
    parts = [hidden(net, to_signed(_tensor(data.pack.pixels[part]))) for part in _parts(rows)]
    return torch.cat(parts).double().numpy() if parts else np.empty((0, 1))


def hidden(net: nn.Module, images: Tensor) -> Tensor:
    """What the last layer of a classifier is given, (B, d), for pictures (B, C, H, W) in [-1, 1].

    Of the linear net, which has no hidden layer, that is the picture itself.
    """
    answering = {name for name, module in net.named_modules() if isinstance(module, nn.Linear | RbfOutput)}
    with evaluating(net), recording(net) as calls:
        net(images)
    given = [before for name, before, _ in calls if name in answering]
    return given[-1].flatten(1).float()


def _filled(found: Points, split: Split) -> Points:
    if not len(found.rows):
        raise DataError(f"the {split} split has no pictures; take another with --split")
    return found


def _parts(rows: Ints) -> list[Ints]:
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]


def _tensor(pictures: Picture) -> Tensor:
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2)

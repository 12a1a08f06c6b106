"""Directions of latent space along which pictures change in one way: by codes, by weights, or by what pictures show.

A direction is a unit vector and a sigma, the standard deviation of a net's codes along it, so that a step of 1 means as
much on one direction as on another and in one net as in another. Codes are rows (N, latent): the codes of pictures for
an autoencoder, draws of the prior for a generator.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonesuch.errors import RecipeError

Method = Literal["codes", "weights", "activations", "random", "mean", "logistic"]
LEAST = 1e-8
"""Below this length a vector points nowhere."""
INVERSE_PENALTY = 1.0
"""Of the logistic regression's weights, scikit-learn's C, on codes of spread 1."""


@dataclass(frozen=True, eq=False)
class Direction:
    """`vector` (latent,) of length 1, and `sigma`, the spread of codes along it.

    share: of everything that the method explains, what this one does; None of a method that does not rank.
    """

    name: str
    method: Method
    vector: Tensor
    sigma: float
    share: float | None = None

    @property
    def step(self) -> Tensor:
        """(latent,): what one sigma adds to a code."""
        return self.sigma * self.vector


def moved(z: Tensor, direction: Direction, amount: float) -> Tensor:
    """Codes (N, latent), moved by `amount` sigma."""
    return z + amount * direction.step


def principal(codes: Tensor, count: int) -> list[Direction]:
    """The directions in which codes differ most: the first eigenvectors of their covariance.

    Of draws of N(0, I) no direction differs more than another, so they say nothing of a generator. Raises RecipeError
    for more directions than codes or dimensions.
    """
    _check_count(count, min(codes.shape))
    centred = (codes - codes.mean(0)).double()
    _, values, right = torch.linalg.svd(centred, full_matrices=False)
    shares = values.square() / values.square().sum()
    return [
        _direction(f"codes {number + 1}", "codes", right[number], codes, float(shares[number]))
        for number in range(count)
    ]


def from_weights(weight: Tensor, codes: Tensor, count: int) -> list[Direction]:
    """The directions that a net's first layer, weight (features, latent), lengthens most, in closed form.

    Maximising |A n|^2 over unit vectors n gives the eigenvectors of A^T A (Shen and Zhou 2021, "Closed-Form
    Factorization of Latent Semantics in GANs", eq. 5 and 6). Raises RecipeError for more directions than dimensions.
    """
    _check_count(count, min(weight.shape))
    _, values, right = torch.linalg.svd(weight.detach().double(), full_matrices=False)
    shares = values.square() / values.square().sum()
    return [
        _direction(f"weights {number + 1}", "weights", right[number], codes, float(shares[number]))
        for number in range(count)
    ]


def from_activations(codes: Tensor, activations: Tensor, count: int) -> list[Direction]:
    """The directions behind the principal components of a layer's activations (N, features) for these codes.

    Each component's coordinate is carried back to the code by least squares (Haerkoenen et al. 2020, "GANSpace", eq. 1
    and 2). Raises RecipeError for more directions than codes, features or dimensions.
    """
    _check_count(count, min(*codes.shape, activations.shape[1]))
    centred = (activations - activations.mean(0)).double()
    left, values, _ = torch.linalg.svd(centred, full_matrices=False)
    coordinates = left[:, :count] * values[:count]
    back = torch.linalg.lstsq(coordinates, (codes - codes.mean(0)).double()).solution
    shares = values.square() / values.square().sum()
    return [
        _direction(f"activations {number + 1}", "activations", back[number], codes, float(shares[number]))
        for number in range(count)
    ]


def random(codes: Tensor, count: int, seed: int) -> list[Direction]:
    """Directions at right angles to each other and else at random: what any other method has to be better than.

    Raises RecipeError for more directions than dimensions.
    """
    _check_count(count, codes.shape[1])
    drawn = torch.randn(codes.shape[1], count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    basis, _ = torch.linalg.qr(drawn)
    return [_direction(f"random {number + 1}", "random", basis[:, number], codes) for number in range(count)]


def mean_difference(codes: Tensor, has: NDArray[np.bool_], name: str) -> Direction:
    """From the mean of the codes without something to the mean of those with it (Larsen et al. 2016, section 4.2).

    has (N,): which pictures have it. Raises RecipeError when all or none have.
    """
    _check_both(has, name)
    which = torch.from_numpy(has)
    return between(codes[which], codes[~which], codes, name)


def between(having: Tensor, lacking: Tensor, codes: Tensor, name: str) -> Direction:
    """From the mean of one pile of codes (N, latent) to that of another (M, latent); the spread is that of `codes`.

    Raises RecipeError where both means are one.
    """
    return _direction(name, "mean", (having.mean(0) - lacking.mean(0)).double(), codes)


def logistic(codes: Tensor, has: NDArray[np.bool_], name: str) -> Direction:
    """The normal of the plane that parts codes with something from codes without, by logistic regression.

    What hangs together in the pictures (hats and hidden hair) counts less than in the difference of means, as each
    dimension is weighed given all others (Shen et al. 2020, "InterFaceGAN", section 3.2, by a support vector machine).
    Both kinds weigh alike however rare one is. The normal is that of the plane among codes scaled to a spread of 1 in
    every dimension, so that dimensions which a net does not use take no part in a move. Raises RecipeError when all or
    none have it.
    """
    from sklearn.linear_model import LogisticRegression  # half a second to import, wanted only here

    _check_both(has, name)
    spread = codes.double().std(0).clamp(min=LEAST)
    scaled = ((codes - codes.mean(0)).double() / spread).numpy()
    model = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=1000).fit(scaled, has)
    return _direction(name, "logistic", torch.from_numpy(model.coef_[0]) * spread, codes)


def combined(plus: Tensor, minus: Tensor, start: Tensor) -> Tensor:
    """Arithmetic on codes: `start` - mean of `minus` + mean of `plus`, each (N, latent), to (latent,).

    Several pictures a term, as single ones carry more than is meant: "man with glasses - man without + woman"
    (Radford, Metz, Chintala 2016, section 6.3.2).
    """
    return start.mean(0) - minus.mean(0) + plus.mean(0)


def _direction(name: str, method: Method, vector: Tensor, codes: Tensor, share: float | None = None) -> Direction:
    length = float(vector.norm())
    if not length > LEAST:
        raise RecipeError(f"nothing is left of the direction {name!r}: its vector is 0")
    unit = vector.double() / length
    if method not in ("mean", "logistic") and float(unit[unit.abs().argmax()]) < 0:
        unit = -unit  # a sign of its own, so that the same data always gives the same picture on the right
    sigma = float((codes.double() @ unit).std())
    return Direction(name, method, unit.float(), sigma, share)


def _check_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise RecipeError(f"there are 1 to {most} directions of this kind; found {count}")


def _check_both(has: NDArray[np.bool_], name: str) -> None:
    if has.all() or not has.any():
        raise RecipeError(
            f"a direction for {name!r} needs pictures with and without it; found {int(has.sum())} of {len(has)} with"
        )

"""How probable a VAE finds pictures: bounds on log p(x), in nats, and what each dimension of its code is used for.

p(x) is an integral over all codes. Weighted samples of the encoder's Gaussian give a lower bound that rises to log p(x)
with their number (Burda, Grosse, Salakhutdinov 2016, eq. 8); with one sample it is the evidence lower bound.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nonesuch.errors import RunError
from nonesuch.measure import bootstrap
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.likelihood import Likelihood, kl, log_likelihood, log_prior_over_code

STEPS = (1, 10, 50, 100, 500, 1000, 5000)
"""Numbers of samples at which the bound is kept, so that one sees whether it still rises."""
DEAD_NATS = 0.01
"""A dimension whose code says less about the picture than this is not used."""
LEVELS_LOG = math.log(127.5)
"""A density on [-1, 1] times the width of a grey level, 2/255, is about a probability: -log(2/255) a value."""
_DECODED = 256
"""Codes decoded at once: what a layer makes of so many stays in a processor's cache, half as fast again as 2,000."""
_CODED = 2000
_PICTURES = 32


@dataclass(frozen=True)
class LikelihoodReport:
    """Bounds of `n` pictures, mean in nats, after each number of samples in `samples`; the last is the best.

    bits_per_value: of one pixel and channel, where the likelihood is of grey levels (for a Gaussian: its density over
    the width of a level, an approximation); None for binary pixels. dead: dimensions of the code that are not used.
    """

    n: int
    seed: int
    likelihood: Likelihood
    samples: tuple[int, ...]
    nats: tuple[float, ...]
    interval: bootstrap.Interval
    bits_per_value: float | None
    kl_per_dimension: tuple[float, ...]

    @property
    def dead(self) -> int:
        """How many dimensions say nothing."""
        return sum(nats < DEAD_NATS for nats in self.kl_per_dimension)

    def figures(self) -> dict[str, float]:
        """The headline numbers."""
        bits = {} if self.bits_per_value is None else {"bits_per_value": self.bits_per_value}
        return {"log_likelihood": self.nats[-1], "elbo": self.nats[0], "dead": float(self.dead), **bits}

    def to_json(self) -> dict[str, object]:
        """Everything, by name."""
        return {
            "n": self.n, "seed": self.seed, "likelihood": self.likelihood, "samples": list(self.samples),
            "nats": list(self.nats), "interval": self.interval.to_json(), "bits_per_value": self.bits_per_value,
            "kl_per_dimension": list(self.kl_per_dimension), "dead": self.dead,
        }  # fmt: skip


def measure(net: Autoencoder, images: Tensor, kind: Likelihood, samples: int, seed: int) -> LikelihoodReport:
    """The bounds of pictures (N, C, H, W) in [-1, 1], with `samples` codes each. Raises RunError for an AE."""
    counts = steps(samples)
    generator = torch.Generator().manual_seed(seed)
    bounds = importance_weighted(net, images, kind, counts, generator)
    best = bounds[:, -1]
    values = images[0].numel()
    offset = {"gaussian": values * LEVELS_LOG, "logistic": 0.0, "bernoulli": None}[kind]
    bits = None if offset is None else float((offset - best.mean()) / values / math.log(2))
    return LikelihoodReport(
        n=len(images),
        seed=seed,
        likelihood=kind,
        samples=counts,
        nats=tuple(bounds.mean(0).tolist()),
        interval=bootstrap.interval(best, seed),
        bits_per_value=bits,
        kl_per_dimension=tuple(kl_per_dimension(net, images).tolist()),
    )


def steps(samples: int) -> tuple[int, ...]:
    """1, 10, 50 ... up to `samples`, which is always the last."""
    return (*(count for count in STEPS if count < samples), samples)


@torch.inference_mode()
def importance_weighted(
    net: Autoencoder,
    images: Tensor,
    kind: Likelihood,
    counts: Sequence[int],
    generator: torch.Generator,
    heard: Callable[[int, int], None] | None = None,
) -> npt.NDArray[np.float64]:
    """Bounds (N, len(counts)) on log p(x): after counts[i] codes, log of the mean of p(x|z) p(z) / q(z|x).

    The encoder sees each picture once; decoding takes some pictures and some codes of each at once. The caller puts the
    net into evaluation mode, best folded (models/fold.py). `heard`: told how many pictures are done.
    Raises RunError for an AE, whose code has no density.
    """
    parts: list[npt.NDArray[np.float64]] = []
    for part in torch.split(images, _PICTURES):
        parts.append(_bounds(net, part, kind, counts, generator))
        if heard is not None:
            heard(sum(map(len, parts)), len(images))
    return np.concatenate(parts)


def _bounds(
    net: Autoencoder, images: Tensor, kind: Likelihood, counts: Sequence[int], generator: torch.Generator
) -> npt.NDArray[np.float64]:
    mean, log_variance = _gaussian(net, images)
    total = torch.full((len(images),), -torch.inf, dtype=torch.float64)
    found, done = [], 0
    for count in counts:
        while done < count:
            step = min(count - done, max(1, _DECODED // len(images)))
            weights = _log_weights(net, images, kind, mean, log_variance, step, generator)
            total = torch.logaddexp(total, weights.logsumexp(0))
            done += step
        found.append(total - math.log(count))
    return torch.stack(found, 1).numpy()


def _log_weights(
    net: Autoencoder, images: Tensor, kind: Likelihood, mean: Tensor, log_variance: Tensor, count: int,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """log p(x|z) + log p(z) - log q(z|x) of `count` codes z of each picture: (count, N), float64."""
    noise = torch.randn(count, *mean.shape, generator=generator)
    z = mean + (log_variance / 2).exp() * noise
    decoded = net.decode(z.flatten(0, 1)).view(count, *images.shape)
    ratio = log_prior_over_code(mean.double(), log_variance.double(), noise.double())
    return log_likelihood(kind, images, decoded, net.log_noise).double() + ratio


@torch.inference_mode()
def kl_per_dimension(net: Autoencoder, images: Tensor) -> npt.NDArray[np.float64]:
    """Mean KL of each dimension of the code from the prior, (latent,), in nats. Raises RunError for an AE."""
    parts = [kl(*_gaussian(net, part)).double() for part in torch.split(images, _CODED)]
    return torch.cat(parts).mean(0).numpy()


def _gaussian(net: Autoencoder, images: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_variance = net.encode(images)
    if log_variance is None:
        raise RunError("an autoencoder's code is a point and gives no probability of a picture; train a vae for that")
    return mean, log_variance

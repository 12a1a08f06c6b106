"""What each dimension of a VAE's code says about pictures, in nats: some may say nothing, and are not used."""

from dataclasses import dataclass

from nonesuch.assembly import reopen
from nonesuch.errors import DataError, RunError
from nonesuch.evaluation.codes import Split
from nonesuch.evaluation.drawings import pictures_of
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_trained
from nonesuch.measure.likelihood import DEAD_NATS, kl_per_dimension
from nonesuch.models.autoencoder import Autoencoder

MOST = 2000
ORDER: tuple[Split, ...] = ("test", "val", "train")
"""Held-out pictures first."""


@dataclass(frozen=True)
class CodeUse:
    """Mean KL from the prior of each dimension, in nats, over `n` pictures of the split."""

    n: int
    split: Split
    nats: tuple[float, ...]

    @property
    def dead(self) -> int:
        """How many dimensions say nothing."""
        return sum(each < DEAD_NATS for each in self.nats)


def use_of_code(run: Run, most: int = MOST) -> CodeUse:
    """Of test pictures, or of training pictures where none are held out.

    Raises RunError for any other kind of run, DataError when its pictures are gone or have changed.
    """
    net = run.net
    if not isinstance(net, Autoencoder) or not net.gaussian:
        words = "its codes are points" if run.recipe.kind == "ae" else "it has no codes of pictures"
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}: {words}; only a vae's codes are Gaussians")
    data = reopen(run.recipe.data)
    split = next((name for name in ORDER if len(data.rows[name])), None)
    if split is None:
        raise DataError("there are no pictures")
    pictures = pictures_of(data, split, most)
    nats = kl_per_dimension(net, as_trained(run.recipe, pictures))
    return CodeUse(len(pictures), split, tuple(nats.tolist()))

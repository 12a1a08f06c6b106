"""The encoder of a GAN: trained once a run, on what its generator draws, and kept in the run folder."""

import torch
from pydantic import JsonValue
from torch import Tensor

from nonesuch.assembly import Pictures
from nonesuch.data.batches import Batches
from nonesuch.features import on_threads, train
from nonesuch.latent.invert import Heard
from nonesuch.models.gan import Generator
from nonesuch.models.inverter import Inverter
from nonesuch.recipe import Recipe
from nonesuch.runs import kept, layout, weights
from nonesuch.runs.store import RunFolder
from nonesuch.training import optimizers
from nonesuch.training.latent_regression import Draw, LatentRegression
from nonesuch.training.optimizers import OptimizerSettings

RECIPE = 1
"""Version of everything below: an encoder of another version is not used."""
IMAGES, BATCH, SEED = 38_400, 64, 0
RATE = 2e-3
_MOST_BYTES = 1 << 30


def inverter(
    folder: RunFolder, recipe: Recipe, net: Generator, quick: Generator, data: Pictures, heard: Heard | None = None
) -> Inverter:
    """The encoder of this generator: read from the run folder, or trained (a minute or two at 32 px) and put there.

    `net` is the run's generator, whose weights it is bound to; `quick` is the same made for drawing; `heard` is told
    how far the training is. When the generator
    has been trained on, another encoder is made. Raises DivergedError, MachineError when the disk does not take it.
    """
    height, width = recipe.data.size
    generator = weights.digest(net.state_dict())
    made_of: dict[str, JsonValue] = {"recipe": RECIPE, "images": IMAGES, "generator": generator}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        found = Inverter((recipe.data.channels, height, width), net.latent, net.classes)
        # Before it is filled, so that one just trained and one read again answer with the same bits.
        found.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if kept.load(found, folder.path, layout.INVERTER, made_of, _MOST_BYTES) is None:
            with on_threads(recipe.machine.threads):
                _train(found, drawn_by(quick), data, heard)
            kept.save(found, folder.path, layout.INVERTER, made_of)
    return found.eval()


def drawn_by(net: Generator) -> Draw:
    """A generator as one function, whether it is told classes or not."""

    def draw(z: Tensor, classes: Tensor | None) -> Tensor:
        pictures: Tensor = net(z, classes)
        return pictures

    return draw


def _train(net: Inverter, draw: Draw, data: Pictures, heard: Heard | None) -> None:
    batches = Batches(data.pack.pixels, data.targets if net.classes else None, data.rows["train"], BATCH, SEED)
    built = optimizers.build([net], OptimizerSettings(name="adam", rate=RATE))
    what = "the encoder of the GAN"
    train(LatentRegression(net, built, draw, batches, SEED), len(batches), IMAGES, BATCH, what, heard)

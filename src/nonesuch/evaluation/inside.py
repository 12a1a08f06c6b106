"""The net of any run as sides that can be looked into: what each takes, what it gives, with units switched at will."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from nonesuch.data.decode import fit
from nonesuch.errors import NetError, RecipeError, RunError
from nonesuch.evaluation import gan_game
from nonesuch.evaluation.run import Run
from nonesuch.evaluation.sampling import as_pictures, as_trained, codes_of, latents
from nonesuch.lens.ablation import scaled
from nonesuch.lens.capture import Activation, recording
from nonesuch.lens.layers import left_as_found
from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.config import Shape
from nonesuch.models.gan import Critic, Generator
from nonesuch.models.parts import parts
from nonesuch.pixels import Picture, to_signed
from nonesuch.training.reconstruct import ReconstructSettings

Name = Literal["classifier", "encoder", "decoder", "generator", "critic"]
NAMES: tuple[Name, ...] = ("classifier", "encoder", "decoder", "generator", "critic")


@dataclass(frozen=True, eq=False)
class Side:
    """A part of a run's net that takes one tensor of `shape`: a picture's (C, H, W), or a code's (latent, 1, 1).

    gives: "classes", "code", "picture" or "score".
    """

    name: Name
    net: nn.Module
    shape: Shape
    gives: Literal["classes", "code", "picture", "score"]

    @property
    def draws(self) -> bool:
        """Whether it takes a code and gives a picture."""
        return self.gives == "picture"


@dataclass(frozen=True)
class Switch:
    """Units of a layer that hand on `factor` times what they found; 0 is off."""

    layer: str
    units: tuple[int, ...]
    factor: float = 0.0


class Drawing(nn.Module):
    """A decoder or generator by itself, its code as a picture of one pixel (B, latent, 1, 1)."""

    def __init__(self, net: Autoencoder | Generator, told: int) -> None:
        super().__init__()
        self.first, self.coarse, self.told = net.first, net.coarse, told
        self.body = net.decoder if isinstance(net, Autoencoder) else net.body
        self.embed = None if isinstance(net, Autoencoder) else net.embed

    def forward(self, code: Tensor) -> Tensor:
        """To pictures (B, C, H, W)."""
        z = code.flatten(1)
        if self.embed is not None:
            z = z + self.embed(torch.full((len(z),), self.told, device=z.device))
        found: Tensor = self.body(self.first(z).view(len(z), *self.coarse))
        return found


class Judging(nn.Module):
    """A critic by itself, (B, C, H, W) to one logit (B, 1); a conditional one is told class `told`."""

    def __init__(self, critic: Critic, told: int) -> None:
        super().__init__()
        self.critic, self.told = critic, told

    def forward(self, images: Tensor) -> Tensor:
        """The logit."""
        targets = None if self.critic.embed is None else torch.full((len(images),), self.told)
        found: Tensor = self.critic(images, targets)
        return found.view(-1, 1)


def names(run: Run) -> tuple[Name, ...]:
    """The sides that a run's net has, the one to begin with first."""
    if run.recipe.kind == "cnn":
        return ("classifier",)
    return ("encoder", "decoder") if isinstance(run.net, Autoencoder) else ("generator", "critic")


def side(run: Run, name: Name | None = None, told: int = 0) -> Side:
    """A side of a run's net by its name, by default the first. `told`: the class, of a conditional GAN.

    Raises RunError for a side that this kind of net does not have, RecipeError for a class that it does not know.
    """
    known = names(run)
    chosen = name or known[0]
    if chosen not in known:
        raise RunError(f"{run.folder.path.name} holds a {run.recipe.kind}, which has {' and '.join(known)}")
    shape = run.recipe.data.channels, *run.recipe.data.size
    if run.recipe.kind == "gan" and not 0 <= told < max(1, len(run.classes)):
        raise RecipeError(f"there are classes 0 to {len(run.classes) - 1}; found {told}")
    match run.net:
        case Autoencoder() if chosen == "encoder":
            return Side(chosen, parts(run.net, shape)[0].net, shape, "code")
        case Autoencoder() | Generator() if chosen != "critic":
            return Side(chosen, Drawing(run.net, told).eval(), (run.net.latent, 1, 1), "picture")
        case Generator():
            return Side(chosen, Judging(gan_game.opened(run).nets.critic, told).eval(), shape, "score")
        case _:
            return Side(chosen, run.net, shape, "classes")


def from_picture(run: Run, found: Side, picture: Picture) -> Tensor:
    """A picture (H, W, C) uint8 of any size as this side takes it: (C, H, W), or of a decoder the code of it.

    Raises RunError for a generator, which takes seeds.
    """
    data = run.recipe.data
    fitted = np.ascontiguousarray(fit(picture, data.size, data.fit, data.channels))
    if isinstance(run.net, Autoencoder):
        image = as_trained(run.recipe, fitted[None].copy())
        if found.draws:
            with torch.inference_mode():
                codes = codes_of(run.net, image)
            return torch.from_numpy(codes).view(found.shape)
        return image[0]
    if found.draws:
        raise RunError("a generator draws from seeds, not from pictures; give it a seed")
    return to_signed(torch.from_numpy(fitted.copy()).permute(2, 0, 1))


def from_seed(found: Side, seed: int) -> Tensor:
    """The code (latent, 1, 1) of a seed. Raises NetError for a side that looks at pictures, RecipeError for a seed."""
    if not found.draws:
        raise NetError(f"the {found.name} looks at pictures; give it one")
    return latents([seed], found.shape[0])[0].view(found.shape)


@contextmanager
def switched(found: Side, switches: Sequence[Switch]) -> Iterator[None]:
    """Within, all these units hand on less or more; afterwards the net is as it was.

    Raises NetError for a layer or unit that does not exist, RecipeError for a factor that is no number.
    """
    with ExitStack() as stack:
        for switch in switches:
            if not np.isfinite(switch.factor):
                raise RecipeError(f"units are scaled by a number, 0 switches them off; found {switch.factor}")
            example = torch.zeros(found.shape)
            stack.enter_context(scaled(found.net, example, switch.layer, switch.units, switch.factor))
        yield


@dataclass(frozen=True, eq=False)
class Inside:
    """What one look shows: what every layer gave, in the order of the calls, and what came out at the end.

    output, without the batch: logits (classes,), a code, one score (1,), or a picture (C, H, W) as the net gives it.
    """

    recorded: tuple[Activation, ...]
    output: Tensor


def inside(found: Side, given: Tensor, switches: Sequence[Switch] = ()) -> Inside:
    """One input of the side's shape, looked at with units switched. Raises as `switched`."""
    with switched(found, switches), left_as_found(found.net), torch.no_grad(), recording(found.net) as calls:
        output = found.net(given[None])[0].float()
    return Inside(tuple(Activation(name, each[0].float().clone()) for name, _, each in calls), output)


def picture_of(run: Run, output: Tensor) -> Picture:
    """The picture (H, W, C) uint8 that a generator's or decoder's output (C, H, W) stands for."""
    settings = run.recipe.objective
    if isinstance(settings, ReconstructSettings) and settings.likelihood == "bernoulli":
        output = 2 * output.sigmoid() - 1
    drawn: Picture = as_pictures(output[None].clamp(-1, 1))[0]
    return drawn

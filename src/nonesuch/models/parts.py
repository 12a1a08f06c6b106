"""A net as parts that each take one tensor: what a table or a drawing of layers can follow."""

from typing import NamedTuple

from torch import Tensor, nn

from nonesuch.models.autoencoder import Autoencoder
from nonesuch.models.config import Shape
from nonesuch.models.gan import Adversaries, Generator


class Part(NamedTuple):
    """A title ("" for a net of one part), the module, its input's shape: a picture's, or a code's (latent, 1, 1)."""

    title: str
    net: nn.Module
    shape: Shape


class FromCode(nn.Module):
    """A generator or decoder that takes its code as a picture of one pixel, (B, latent, 1, 1)."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, code: Tensor) -> Tensor:
        """To pictures (B, C, H, W)."""
        z = code.flatten(1)
        pictures: Tensor = self.net.decode(z) if isinstance(self.net, Autoencoder) else self.net(z)
        return pictures


def parts(net: nn.Module, shape: Shape) -> tuple[Part, ...]:
    """The parts of any net of the catalogue for pictures of `shape`; of a GAN without classes."""
    match net:
        case Adversaries(generator=Generator() as generator):
            code = (generator.latent, 1, 1)
            return Part("generator", FromCode(generator), code), Part("critic", net.critic, shape)
        case Autoencoder():
            encoder = nn.Sequential(net.encoder, net.code)
            return Part("encoder", encoder, shape), Part("decoder", FromCode(net), (net.latent, 1, 1))
        case _:
            return (Part("", net, shape),)

"""The DCGAN script of pytorch/examples: its nets, losses, optimizers and order of work, in float32.

Pictures are read by a DataLoader of two workers from arrays in memory, which is kinder to it than a folder of files.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from nonesuch.models import catalog
from nonesuch.models.gan import Adversaries
from nonesuch.pixels import to_pixels, to_signed

BATCH = 64
LATENT = 100


def nets(pictures: Tensor) -> Adversaries:
    """The example's generator and critic at the size of pictures (N, C, S, S), with its first weights."""
    built = catalog.build("classic", tuple(pictures.shape[1:]), 0)
    assert isinstance(built, Adversaries)
    return built


class DcganScript:
    """`step()` trains on one batch: the critic on real, then on fake pictures, then the generator."""

    def __init__(self, pictures: Tensor) -> None:
        """`pictures`: uint8 (N, C, S, S)."""
        self.nets = nets(pictures)
        self._critic = torch.optim.Adam(self.nets.critic.parameters(), 2e-4, (0.5, 0.999))
        self._generator = torch.optim.Adam(self.nets.generator.parameters(), 2e-4, (0.5, 0.999))
        self._batches = _forever(
            DataLoader(TensorDataset(to_signed(pictures)), BATCH, shuffle=True, num_workers=2, drop_last=True)
        )
        self._loss = nn.BCEWithLogitsLoss()

    def step(self) -> None:
        critic, generator = self.nets.critic, self.nets.generator
        real = next(self._batches)[0]
        critic.zero_grad()
        self._loss(critic(real), torch.ones(len(real))).backward()
        fake = generator(torch.randn(len(real), LATENT))
        self._loss(critic(fake.detach()), torch.zeros(len(real))).backward()
        self._critic.step()
        generator.zero_grad()
        self._loss(critic(fake), torch.ones(len(real))).backward()
        self._generator.step()

    @torch.inference_mode()
    def draw(self, count: int, seed: int) -> Tensor:
        """Pictures uint8 (count, C, S, S) from the generator in evaluation mode."""
        generator = self.nets.generator.eval()
        z = torch.randn(count, LATENT, generator=torch.Generator().manual_seed(seed))
        drawn = torch.cat([to_pixels(generator(part)) for part in torch.split(z, 250)])
        generator.train()
        return drawn


def _forever(loader: DataLoader[tuple[Tensor, ...]]) -> Iterator[list[Tensor]]:
    while True:
        yield from loader  # type: ignore[misc]

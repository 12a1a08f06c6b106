"""A VAE for MNIST as a careful person writes it for a CPU, and a library's likelihood loop, one picture at a time.

The net: convolutions of 32 and 64 maps, SiLU, 20 dimensions, bf16, Adam with a cosine down to 2 % by the clock. The
loop is pythae 0.1's `get_nll` in our words: each picture is repeated, coded and decoded in batches of 100, in float32.
"""

import math
import time

import torch
import torch.nn.functional as F
from contenders import half
from torch import Tensor, nn

LATENT, BATCH, RATE = 20, 128, 2e-3
REPEATED = 100


class ConvVae(nn.Module):
    """Binary pictures (B, 1, 28, 28) in {0, 1} to logits, mean and log variance."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1), nn.SiLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.SiLU(), nn.Flatten(),
            nn.Linear(64 * 49, 256), nn.SiLU(), nn.Linear(256, 2 * LATENT),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, 256), nn.SiLU(), nn.Linear(256, 64 * 49), nn.SiLU(), nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1),
        )  # fmt: skip

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(images).float().chunk(2, 1)
        return mean, log_variance

    def bound(self, images: Tensor) -> Tensor:
        """The evidence lower bound (B,) in nats with one code a picture."""
        mean, log_variance = self.encode(images)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        drawn = -F.binary_cross_entropy_with_logits(self.decoder(z).float(), images, reduction="none").sum((1, 2, 3))
        return drawn - 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def trained(digits: Tensor, seconds: float) -> ConvVae:
    """Trained on grey digits uint8 (N, 1, 28, 28), binarised anew at each look, for so long."""
    torch.manual_seed(0)
    net = ConvVae().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(net.parameters(), RATE, fused=True)
    started = time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = RATE * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * spent / seconds)))
        images = torch.bernoulli(digits[torch.randint(len(digits), (BATCH,))].float() / 255)
        with half.autocast():
            loss = -net.bound(images.contiguous(memory_format=torch.channels_last)).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return net.eval()


@torch.inference_mode()
def one_at_a_time(encode: nn.Module, decode: nn.Module, images: Tensor, codes: int) -> list[float]:
    """log p(x) of binary pictures (N, 1, H, W) in {-1, 1}, each by so many codes; `encode` gives mean, log variance."""
    found = []
    for image in images:
        weights = []
        for _ in range(codes // REPEATED):
            repeated = image.expand(REPEATED, *image.shape)
            mean, log_variance = encode(repeated)
            z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
            code = -0.5 * (log_variance + (z - mean).square() / log_variance.exp()).sum(1)
            prior = -0.5 * z.square().sum(1)
            drawn = -F.binary_cross_entropy_with_logits(decode(z), (repeated + 1) / 2, reduction="none").sum((1, 2, 3))
            weights.append(drawn + prior - code)
        every = torch.cat(weights)
        found.append(float(every.logsumexp(0) - math.log(len(every))))
    return found

"""Muon: momentum, then the nearest orthogonal matrix of the update (Jordan et al. 2024, "Muon")."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

COEFFICIENTS = 3.4445, -4.775, 2.0315
"""Of the quintic a x + b x^3 + c x^5, which pushes singular values in (0, 1] towards 1 (and lets them end near it)."""
ITERATIONS = 3


class Muon(Optimizer):
    """For convolution kernels (out, in, h, w), seen as matrices of `out` rows.

    Each step: buffer = momentum * buffer + gradient; update = gradient + momentum * buffer (Nesterov), made nearly
    orthogonal by Newton-Schulz; the kernel is scaled to norm sqrt(out), which stands in for weight decay where a batch
    norm follows; kernel -= lr * update. torch.optim.Muon takes matrices only and does not rescale. `half`: the
    Newton-Schulz steps in bf16, for a machine that computes in it; elsewhere that is tens of times slower than float32.
    """

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float, momentum: float, half: bool) -> None:
        self._dtype = torch.bfloat16 if half else torch.float32
        super().__init__(list(kernels), {"lr": lr, "momentum": momentum, "peak_lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One move of every kernel that has a gradient; `closure` is not used."""
        del closure
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is not None:
                    self._move(kernel, group)

    def _move(self, kernel: Tensor, group: dict[str, Any]) -> None:
        state = self.state[kernel]
        if "buffer" not in state:
            state["buffer"] = torch.zeros_like(kernel)
        gradient, momentum = kernel.grad, group["momentum"]
        assert gradient is not None
        buffer = state["buffer"].mul_(momentum).add_(gradient)
        update = orthogonal(gradient.add(buffer, alpha=momentum), self._dtype)
        kernel.mul_(len(kernel) ** 0.5 / kernel.norm())
        kernel.add_(update, alpha=-group["lr"])


def orthogonal(kernel: Tensor, dtype: torch.dtype = torch.float32, iterations: int = ITERATIONS) -> Tensor:
    """U V^T of the kernel's matrix U S V^T, roughly: singular values come out between about 0.3 and 1.2.

    `kernel` (out, in, h, w), float; the same shape, dtype and layout come back. Computed in `dtype`; bf16 will do, as
    the update is only a direction. Columns are taken in channels_last order, where the reshape is free; a permutation
    of columns commutes with the iteration.
    """
    a, b, c = COEFFICIENTS
    out, _, height, width = kernel.shape
    matrix = kernel.permute(0, 2, 3, 1).reshape(out, -1).to(dtype)
    matrix = matrix / (matrix.norm() + 1e-7)
    tall = matrix.shape[0] > matrix.shape[1]
    matrix = matrix.T if tall else matrix
    for _ in range(iterations):
        square = matrix @ matrix.T
        matrix = a * matrix + (b * square + c * square @ square) @ matrix
    matrix = matrix.T if tall else matrix
    result: Tensor = matrix.reshape(out, height, width, -1).permute(0, 3, 1, 2)
    return result.to(kernel.dtype)

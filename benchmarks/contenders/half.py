"""bf16 where this machine computes in it, as a careful hand would: elsewhere it is emulated, tens of times slower."""

import torch

from nonesuch.machine import probe


def autocast() -> torch.autocast:
    """The context of a contender's forward passes."""
    return torch.autocast("cpu", torch.bfloat16, enabled=probe().precision == "bf16-mixed")

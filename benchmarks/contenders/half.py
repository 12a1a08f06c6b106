"""bf16 where this machine computes in it, as a careful hand would: elsewhere it is emulated, tens of times slower."""

from functools import cache

import torch

from nonesuch import machine


@cache
def faster() -> bool:
    """Whether it is."""
    return machine.probe().precision == "bf16-mixed"


def autocast() -> torch.autocast:
    """The context of a contender's forward passes."""
    return torch.autocast("cpu", torch.bfloat16, enabled=faster())

"""Which layer takes from which, and each layer in words: what a graph of a net is drawn from, beside its layers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nonesuch.lens.layers import left_as_found
from nonesuch.models.blocks import PartialConv, RbfOutput, Resize, Scale, ScaledTanh, SubSample

INPUT = -1
"""Stands for the net's own input among sources."""


def sources(net: nn.Module, shape: tuple[int, int, int]) -> list[tuple[str, tuple[int, ...]]]:
    """Of each call of a layer, in order: its name, and the places in this list of those whose output it takes.

    A tensor that went through something that is no layer (a reshaping, an addition in a block's own code) counts as
    the output of the call before. The net is left as found.
    """
    calls: list[tuple[str, tuple[int, ...]]] = []
    made: dict[int, int] = {}
    kept: list[Tensor] = []

    def note(name: str) -> Callable[[nn.Module, tuple[object, ...], object], None]:
        def hook(_module: nn.Module, given: tuple[object, ...], output: object) -> None:
            tensors = [each for each in given if isinstance(each, Tensor)]
            before = len(calls) - 1
            calls.append((name, tuple(dict.fromkeys(made.get(id(each), before) for each in tensors)) or (before,)))
            if isinstance(output, Tensor):
                kept.append(output)  # so that its id stays its own
                made[id(output)] = len(calls) - 1

        return hook

    modules = [(name, module) for name, module in net.named_modules() if not any(module.children())]
    handles = [module.register_forward_hook(note(name)) for name, module in modules]
    try:
        with left_as_found(net), torch.no_grad():
            given = torch.zeros(1, *shape)
            made[id(given)] = INPUT
            net(given)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def in_words(module: nn.Module) -> str:
    """What a layer does, for a person: "32 kernels of 3×3, padded by 1"; "" where its kind says it all."""
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            return f"{module.out_channels} kernels of {_sides(module.kernel_size)}{_steps(module)}"
        case PartialConv():
            sees = len(module.kernels)
            return f"{len(module.table)} maps, {sees} kernels of {_sides(tuple(module.kernels.shape[1:]))} by a table"
        case nn.Linear():
            return f"{module.out_features} sums of {module.in_features} numbers"
        case nn.MaxPool2d():
            return f"the greatest of each {_sides(module.kernel_size)}{_steps(module)}"
        case nn.AvgPool2d():
            return f"the mean of each {_sides(module.kernel_size)}{_steps(module)}"
        case nn.AdaptiveAvgPool2d():
            return "the mean of each map"
        case SubSample():
            return "the sum of each 2x2, times a weight, plus a bias"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "each map shifted and scaled to the spread of its batches"
        case nn.Dropout():
            return f"off while it looks; {module.p:.0%} of the units silent while it trains"
        case Resize():
            return f"each pixel repeated, to {_sides(module.size)}"
        case RbfOutput():
            return f"distance to {len(module.codes)} fixed codes"
        case _:
            return formula(module)


def product(module: nn.Module) -> str:
    """How a layer's parameters are counted: "3×3×3 × 32 + 32"; "" for one without."""
    own = dict(module.named_parameters(recurse=False)).get("bias")
    bias = "" if own is None else f" + {len(own)}"
    match module:
        case nn.Conv2d():
            return f"{module.in_channels // module.groups}×{_sides(module.kernel_size)} × {module.out_channels}{bias}"
        case nn.ConvTranspose2d():
            return f"{module.in_channels}×{_sides(module.kernel_size)} × {module.out_channels}{bias}"
        case PartialConv():
            return f"{len(module.kernels)}×{_sides(tuple(module.kernels.shape[1:]))}{bias}"
        case nn.Linear():
            return f"{module.in_features} × {module.out_features}{bias}"
        case nn.BatchNorm1d() | nn.BatchNorm2d() if module.affine:
            return f"{module.num_features} + {module.num_features}"
        case SubSample():
            return f"{len(module.coefficient)}{bias}"
        case _:
            return ""


def formula(module: nn.Module) -> str:
    """What an activation does to each number x; "" for another layer."""
    match module:
        case nn.LeakyReLU():
            return f"x where x > 0, else {module.negative_slope:g}·x"
        case nn.ReLU():
            return "x where x > 0, else 0"
        case nn.SiLU():
            return "x / (1 + e^-x)"
        case nn.GELU():
            return "x times the share of N(0, 1) below x"
        case nn.Sigmoid():
            return "1 / (1 + e^-x)"
        case nn.Tanh():
            return "tanh x"
        case ScaledTanh():
            return "1.7159 tanh(2x/3)"
        case Scale():
            return f"{module.factor:g}·x" + (f" + {module.offset:g}" if module.offset else "")
        case _:
            return ""


def _sides(sides: int | tuple[int, ...]) -> str:
    return "×".join(map(str, (sides, sides) if isinstance(sides, int) else sides))


def _steps(module: nn.Conv2d | nn.ConvTranspose2d | nn.MaxPool2d | nn.AvgPool2d) -> str:
    """Stride and padding where they are not 1 and 0."""
    steps = _sides(module.stride)
    words = f", steps of {steps.split('×')[0]}" if set(steps) - {"1", "×"} else ""
    around = module.padding if isinstance(module.padding, str) else _sides(module.padding)
    padded = f", padded by {around.split('×')[0]}" if set(around) - {"0", "×"} else ""
    return words + padded

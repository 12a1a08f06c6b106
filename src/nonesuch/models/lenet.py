"""LeNet-1, LeNet-4 and LeNet-5 as LeCun, Bottou, Bengio and Haffner describe them (1998), digits in, logits out.

Pixels in [-1, 1], background -1, are mapped inside the net to the paper's range, background -0.1 and ink 1.175
(section II.B). Where the paper's input is 32x32, 28x28 pictures get a border of two background pixels. Every layer up
to the last is followed by the scaled tanh; weights start uniform in +-2.4 / fan-in (appendix A).
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.models.blocks import PartialConv, RbfOutput, Scale, ScaledTanh, SubSample
from nonesuch.models.classifier import lecun_uniform
from nonesuch.models.config import NetConfig, Shape

LENET1_TABLE = tuple(
    tuple(side + i for i in row) for side in (0, 2) for row in ((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1))
)
"""Twelve maps, each on one or two of four. The counts of LeCun et al. 1990 leave 20 links; which ones is ours."""

LENET4_TABLE = tuple(
    tuple(sorted((i + step) % 8 for step in steps)) for steps in ((0, 1, 2), (0, 2, 5)) for i in range(8)
)
"""Sixteen maps, each on three of eight. Ours: the paper gives no table, but 48 links meet its 260,000 multiply-adds."""

LENET5_TABLE = (
    *(tuple(sorted((i + step) % 6 for step in range(3))) for i in range(6)),
    *(tuple(sorted((i + step) % 6 for step in range(4))) for i in range(6)),
    *(tuple(sorted((i + step) % 6 for step in (0, 1, 3, 4))) for i in range(3)),
    tuple(range(6)),
)
"""Table I: six maps see 3 neighbours, six see 4 neighbours, three see two pairs, one sees all six: 60 links."""

_CODE_LENGTH = 84
_CODE_SEED = 1998
_RBF_SCALE = 0.1

_DIGITS = """
 .XXXXX. ...X... .XXXXX. XXXXXXX X....X. XXXXXXX ..XXXX. XXXXXXX .XXXXX. .XXXXX.
 XX...XX ..XX... X.....X .....X. X....X. X...... .X..... ......X X.....X X.....X
 X.....X .X.X... ......X ....X.. X....X. X...... X...... .....X. X.....X X.....X
 X.....X X..X... ......X ...X... X....X. X...... X...... .....X. X.....X X.....X
 X.....X ...X... .....X. ..XXX.. X....X. XXXXX.. X.XXX.. ....X.. .X...X. X.....X
 X..X..X ...X... ....X.. .....X. XXXXXXX .....X. XX...X. ....X.. ..XXX.. .X....X
 X..X..X ...X... ...X... ......X .....X. ......X X.....X ...X... .X...X. ..XXXXX
 X.....X ...X... ..X.... ......X .....X. ......X X.....X ...X... X.....X ......X
 X.....X ...X... .X..... ......X .....X. ......X X.....X ..X.... X.....X ......X
 X.....X ...X... X...... X.....X .....X. X.....X X.....X ..X.... X.....X .....X.
 XX...XX ...X... X...... .X...X. .....X. .X...X. .X...X. .X..... X.....X ....X..
 .XXXXX. XXXXXXX XXXXXXX ..XXX.. .....X. ..XXX.. ..XXX.. .X..... .XXXXX. XXXX...
"""
"""The digits 0 to 9 drawn on 7x12 cells, side by side."""


class LenetConfig(NetConfig):
    """The LeNets have no options: they are what the papers say."""


def lenet1(_config: LenetConfig, shape: Shape, classes: int) -> nn.Module:
    """28x28: C1 4@24x24, S2, C3 12@8x8 on one or two maps each, S4 12@4x4, output. 2,578 weights, 98,442 connections.

    Those are the counts of LeCun et al. 1990, "about 2,600" and "100,000" in 1998. Raises NetError for other sizes.
    """
    _require("lenet1", shape, (28,))
    modules = _front(shape, maps=4, border=0)
    modules |= {"s2": SubSample(4), "s2_tanh": ScaledTanh()}
    modules |= {"c3": PartialConv(4, LENET1_TABLE, 5), "c3_tanh": ScaledTanh()}
    modules |= {"s4": SubSample(12), "s4_tanh": ScaledTanh(), "flatten": nn.Flatten()}
    modules["output"] = lecun_uniform(nn.Linear(192, classes))
    return nn.Sequential(modules)


def lenet4(_config: LenetConfig, shape: Shape, classes: int) -> nn.Module:
    """32x32: C1 4@28x28, S2 8@14x14 (a pair on each map of C1), C3 16@10x10, S4, 120 units, output (section III.C.6).

    262,306 connections, the paper's 260,000. It has 50,698 weights, not the paper's 17,000: 120 units fully connected
    to 16 maps of 5x5 alone take 48,120. Raises NetError for sizes other than 28 and 32.
    """
    _require("lenet4", shape, (28, 32))
    modules = _front(shape, maps=4, border=(32 - shape[1]) // 2)
    modules |= {"s2": SubSample(4, copies=2), "s2_tanh": ScaledTanh()}
    modules |= {"c3": PartialConv(8, LENET4_TABLE, 5), "c3_tanh": ScaledTanh()}
    modules |= {"s4": SubSample(16), "s4_tanh": ScaledTanh(), "flatten": nn.Flatten()}
    modules |= {"f5": lecun_uniform(nn.Linear(400, 120)), "f5_tanh": ScaledTanh()}
    modules["output"] = lecun_uniform(nn.Linear(120, classes))
    return nn.Sequential(modules)


def lenet5(_config: LenetConfig, shape: Shape, classes: int) -> nn.Module:
    """Section II.B and figure 2: 60,000 trainable and 840 fixed weights, 340,908 connections for grey digits.

    The output units compare the 84 units of F6 with pictures of the digits, 7x12 cells of +-1; for other numbers of
    classes with codes of +-1 drawn once and for all. Logits are minus a tenth of the squared distance: the tenth keeps
    the first losses near ln(classes). Raises NetError for sizes other than 28 and 32.
    """
    _require("lenet5", shape, (28, 32))
    modules = _front(shape, maps=6, border=(32 - shape[1]) // 2)
    modules |= {"s2": SubSample(6), "s2_tanh": ScaledTanh()}
    modules |= {"c3": PartialConv(6, LENET5_TABLE, 5), "c3_tanh": ScaledTanh()}
    modules |= {"s4": SubSample(16), "s4_tanh": ScaledTanh()}
    modules |= {"c5": lecun_uniform(nn.Conv2d(16, 120, 5)), "c5_tanh": ScaledTanh(), "flatten": nn.Flatten()}
    modules |= {"f6": lecun_uniform(nn.Linear(120, _CODE_LENGTH)), "f6_tanh": ScaledTanh()}
    modules["output"] = RbfOutput(class_codes(classes), _RBF_SCALE)
    return nn.Sequential(modules)


def class_codes(classes: int) -> Tensor:
    """Targets of F6 (classes, 84), +-1: drawings of the digits for ten classes, else fixed random codes."""
    if classes != 10:
        bits = torch.randint(0, 2, (classes, _CODE_LENGTH), generator=torch.Generator().manual_seed(_CODE_SEED))
        return bits.float() * 2 - 1
    rows = [line.split() for line in _DIGITS.strip().splitlines()]
    drawings = ["".join(row[digit] for row in rows) for digit in range(10)]
    return torch.tensor([[1.0 if cell == "X" else -1.0 for cell in drawing] for drawing in drawings])


def _require(net: str, shape: Shape, sizes: tuple[int, ...]) -> None:
    if shape[1] != shape[2] or shape[1] not in sizes:
        accepted = " or ".join(f"{size}x{size}" for size in sizes)
        raise NetError(
            f"{net} takes pictures of {accepted}; found {shape[1]}x{shape[2]}: pack them with --size {sizes[-1]}"
        )


def _front(shape: Shape, maps: int, border: int) -> OrderedDict[str, nn.Module]:
    """The paper's range of values, the border of background, and the first convolution."""
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    if border:
        modules["border"] = nn.ConstantPad2d(border, -1.0)
    modules["range"] = Scale(1.275 / 2, offset=1.275 / 2 - 0.1)
    modules |= {"c1": lecun_uniform(nn.Conv2d(shape[0], maps, 5)), "c1_tanh": ScaledTanh()}
    return modules

"""The plain classifiers: one linear layer, the multi-layer perceptron of LeCun's comparison, the lecture's CNN."""

from collections import OrderedDict
from typing import Annotated

from pydantic import Field
from torch import nn

from nonesuch.errors import NetError
from nonesuch.models.blocks import FirstConv, Flatten, ScaledTanh
from nonesuch.models.config import NetConfig, Shape, require_size

Width = Annotated[int, Field(ge=1)]

_MOST_WEIGHTS = 2**26
"""Of one dense layer: with AdamW's two moments and the gradient this is a gigabyte."""


class LinearConfig(NetConfig):
    """The linear classifier has no options."""


class MlpConfig(NetConfig):
    """Units of each hidden layer, first to last."""

    hidden: tuple[Width, ...] = Field((300,), min_length=1, description="units of each hidden layer")


class LectureConfig(NetConfig):
    """Maps of the three convolutions, units of the dense layer, dropout's share, slope of the leaky part.

    The slope is Keras's default, which the lecture's book (Foster, Generative Deep Learning) uses.
    """

    widths: tuple[Width, Width, Width] = Field((32, 32, 64), description="maps of the three convolutions")
    dense: Width = Field(128, description="units of the dense layer")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of the dense units switched off in each step")
    slope: float = Field(0.3, ge=0, lt=1, description="of the leaky part: what is left of negative numbers")


def linear(_config: LinearConfig, shape: Shape, classes: int) -> nn.Module:
    """Logits = W x + b on the flattened picture: row i of W, reshaped to (C, H, W), is the template of class i.

    Starts at zero: the problem is convex, and no noise stays in the templates where pixels never change.
    Raises NetError for more than 2^26 weights.
    """
    dense = nn.Linear(_pixels("linear", shape, classes), classes)
    nn.init.zeros_(dense.weight)
    nn.init.zeros_(dense.bias)
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), templates=dense))


def mlp(config: MlpConfig, shape: Shape, classes: int) -> nn.Module:
    """Flatten, then dense layers with scaled tanh between them, as LeCun et al. 1998, section III.C.4.

    Weights start uniform in +-2.4 / fan-in (the paper's appendix A). Raises NetError for more than 2^26 weights.
    """
    modules: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    inputs = _pixels("mlp", shape, config.hidden[0])
    for number, units in enumerate(config.hidden, start=1):
        modules[f"hidden{number}"] = lecun_uniform(nn.Linear(inputs, units))
        modules[f"tanh{number}"] = ScaledTanh()
        inputs = units
    modules["output"] = lecun_uniform(nn.Linear(inputs, classes))
    return nn.Sequential(modules)


def lecture(config: LectureConfig, shape: Shape, classes: int) -> nn.Module:
    """The lecture's list to the letter; its last softmax is in the loss, so that the net gives logits.

    Conv-BN-LeakyReLU, Conv-BN-LeakyReLU, max-pool 2, Conv-BN-LeakyReLU, flatten, Dense-BN-LeakyReLU, dropout, Dense.
    Convolutions are 3x3 and keep the size. A layer before batch norm has no bias: batch norm would subtract it again.
    Raises NetError below 2x2 pixels and where the dense layer would have more than 2^26 weights.
    """
    require_size("lecture", shape, smallest=2)
    first, second, third = config.widths
    flat = third * (shape[1] // 2) * (shape[2] // 2)
    _require_weights("lecture", shape, flat * config.dense)
    modules: OrderedDict[str, nn.Module] = OrderedDict()

    def block(number: int, layer: nn.Module, norm: nn.Module) -> None:
        kind = "dense" if isinstance(layer, nn.Linear) else f"conv{number}"
        modules[kind] = layer
        modules[f"norm{number}"] = norm
        modules[f"leaky{number}"] = nn.LeakyReLU(config.slope)

    block(1, FirstConv(shape[0], first, 3, padding=1, bias=False), nn.BatchNorm2d(first))
    block(2, nn.Conv2d(first, second, 3, padding=1, bias=False), nn.BatchNorm2d(second))
    modules["pool"] = nn.MaxPool2d(2)
    block(3, nn.Conv2d(second, third, 3, padding=1, bias=False), nn.BatchNorm2d(third))
    modules["flatten"] = Flatten()
    block(4, nn.Linear(flat, config.dense, bias=False), nn.BatchNorm1d(config.dense))
    modules["dropout"] = nn.Dropout(config.dropout)
    modules["output"] = nn.Linear(config.dense, classes)
    return nn.Sequential(modules)


def lecun_uniform(layer: nn.Linear | nn.Conv2d) -> nn.Linear | nn.Conv2d:
    """Draw the weights uniformly from +-2.4 / fan-in and set the biases to 0 (LeCun et al. 1998, appendix A)."""
    bound = 2.4 / layer.weight[0].numel()
    nn.init.uniform_(layer.weight, -bound, bound)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _pixels(net: str, shape: Shape, units: int) -> int:
    """Numbers in one picture, after checking the dense layer on them."""
    count = shape[0] * shape[1] * shape[2]
    _require_weights(net, shape, count * units)
    return count


def _require_weights(net: str, shape: Shape, weights: int) -> None:
    if weights > _MOST_WEIGHTS:
        raise NetError(
            f"{net} at {shape[1]}x{shape[2]} needs a dense layer of {weights / 1e6:.0f} million weights, "
            f"more than {_MOST_WEIGHTS / 1e6:.0f} million: use smaller pictures (--size) or the net fast"
        )

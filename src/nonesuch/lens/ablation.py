"""Units switched off or turned up while everything else goes on: what the net loses is what they were good for.

A unit is a channel of a layer that gives maps, or one number of a dense layer. It is scaled where it hands on what it
found: behind the batch norm that belongs to its layer, so that a unit scaled by 0 is silent. Before the norm, 0 would
become offset - gain mean / deviation, which can be louder than the unit ever was. (Morcos et al. 2018, section 3.1;
Bau et al. 2019 for generators.)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nonesuch.errors import NetError
from nonesuch.lens.capture import recording
from nonesuch.lens.layers import Kind, kind_of, left_as_found

CHUNK = 500


def place(net: nn.Module, image: Tensor, layer: str) -> tuple[str, int]:
    """Where a layer's units are scaled, and how many there are: the layer itself, or the batch norm behind it.

    Between the two there may be pooling. `image` (C, H, W) is any picture of the right shape. Raises NetError for a
    layer that does not exist or gives no units.
    """
    with left_as_found(net), recording(net) as calls:
        net(image[None])
    at = next((number for number, call in enumerate(calls) if call[0] == layer), None)
    if at is None or calls[at][2].dim() not in (2, 4):
        names = ", ".join(dict.fromkeys(name for name, _, output in calls if output.dim() in (2, 4)))
        raise NetError(f"no layer with units is called {layer!r}; found: {names}")
    modules = dict(net.named_modules())
    units, handed_on, found = calls[at][2].shape[1], calls[at][2], layer
    if kind_of(modules[layer]) in (Kind.CONV, Kind.CONV_TRANSPOSE, Kind.LINEAR):
        for name, given, output in calls[at + 1 :]:
            kind = kind_of(modules[name])
            if given is not handed_on or kind not in (Kind.POOL, Kind.NORM):
                break
            if kind is Kind.NORM:
                found = name
                break
            handed_on = output
    return found, units


@contextmanager
def scaled(net: nn.Module, image: Tensor, layer: str, units: Sequence[int], factor: float = 0.0) -> Iterator[None]:
    """Within, these units of a layer hand on `factor` times what they found; afterwards the net is as it was.

    `image`: as for `place`. Raises NetError for a layer or a unit that does not exist.
    """
    where, count = place(net, image, layer)
    wrong = [unit for unit in units if not 0 <= unit < count]
    if wrong or not units:
        raise NetError(f"{layer} has units 0 to {count - 1}; found {wrong[0] if wrong else 'none'}")
    factors = torch.ones(count)
    factors[list(units)] = factor
    with _multiplied(dict(net.named_modules())[where], factors):
        yield


def answers_without(net: nn.Module, images: Tensor, layer: str) -> Tensor:
    """Which class is answered when one unit of a layer is off: (units, N) for pictures (N, C, H, W) in [-1, 1].

    Of a net that is a chain, what comes before the layer is computed once for all of its units.
    """
    where, count = place(net, images[0], layer)
    with left_as_found(net):
        head, rest = _split(net, where)
        parts = [_each_off(rest, head(part), where, count) for part in torch.split(images, CHUNK)]
    return torch.cat(parts, 1)


def _each_off(rest: nn.Module, given: Tensor, where: str, count: int) -> Tensor:
    found = []
    for unit in range(count):
        factors = torch.ones(count)
        factors[unit] = 0
        with _multiplied(dict(rest.named_modules())[where], factors):
            found.append(rest(given).argmax(1).cpu())
    return torch.stack(found)


def _split(net: nn.Module, where: str) -> tuple[nn.Module, nn.Module]:
    """A chain cut before the layer `where`; any other net as nothing and itself."""
    children = dict(net.named_children())
    if not isinstance(net, nn.Sequential) or where not in children:
        return nn.Identity(), net
    names = list(children)
    head = nn.Sequential(*(children[name] for name in names[: names.index(where)]))
    rest = nn.Sequential()
    for name in names[names.index(where) :]:
        rest.add_module(name, children[name])
    return head, rest


@contextmanager
def _multiplied(module: nn.Module, factors: Tensor) -> Iterator[None]:
    """Within, what the module gives is multiplied along its channels."""

    def hook(_module: nn.Module, _given: object, output: Tensor) -> Tensor:
        along = factors.to(output.device, output.dtype).view(1, -1, *[1] * (output.dim() - 2))
        return output * along

    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()

"""Tensors and optimizer states to bytes and back."""

import copy
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop, Rprop

from nonesuch.errors import RunError
from nonesuch.runs.weights import flatten_optimizer, from_bytes, match, match_optimizer, to_bytes, unflatten_optimizer
from oracles import safetensors_reader


def _awkward() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    picture = torch.randn(2, 3, 4, 5, generator=generator)
    tied = torch.randn(6, generator=generator)
    return {
        "channels_last": picture.to(memory_format=torch.channels_last),
        "bf16": picture.bfloat16(),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 4),
        "tied.a": tied,
        "tied.b": tied,
        "slice": tied[2:4],
        "own slice": torch.arange(100)[10:20],
        "transposed": picture.reshape(6, 20).T,
        "bool": torch.tensor([True, False]),
        "double": torch.tensor([1e-300, -0.0], dtype=torch.float64),
        "with_grad": torch.ones(2, requires_grad=True),
        "expanded": torch.ones(1).expand(5),
    }


def test_awkward_tensors_come_back_bit_for_bit() -> None:
    tensors = _awkward()
    back = from_bytes(to_bytes(tensors))
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert (back[name].dtype, back[name].shape) == (tensor.dtype, tensor.shape)
        assert torch.equal(back[name], tensor)
    match(tensors, back)
    assert from_bytes(to_bytes({})) == {}


def test_the_file_says_the_same_to_an_independent_reader() -> None:
    tensors = _awkward()
    arrays = safetensors_reader.read(to_bytes(tensors))
    for name, tensor in tensors.items():
        wanted = tensor.detach().contiguous()
        plain = wanted.view(torch.uint16).numpy() if wanted.dtype == torch.bfloat16 else wanted.numpy()
        np.testing.assert_array_equal(arrays[name], plain)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("a.weight"), "lacks a.weight"),
        (lambda t: t.update({"a.weight": torch.zeros(3, 2)}), r"float32 \(3, 2\), this net has float32 \(2, 3\)"),
        (lambda t: t.update({"b": torch.zeros(2, dtype=torch.float64)}), r"float64 \(2,\), this net has float32"),
        (lambda t: t.update({"__class__": torch.zeros(1)}), "has __class__"),
        (lambda t: t.update({"a.weight\n<b>": torch.zeros(1)}), r"a\.weight\\n<b>"),
    ],
)
def test_the_first_difference_is_named(change: Callable[[dict[str, Tensor]], object], said: str) -> None:
    own = {"a.weight": torch.zeros(2, 3), "b": torch.zeros(2)}
    loaded = dict(own)
    match(own, loaded)
    change(loaded)
    with pytest.raises(RunError, match=said) as caught:
        match(own, loaded)
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(
    st.sets(
        st.text(max_size=8) | st.sampled_from(["__class__", "a.__init__", "weight", "bias", "..", "/etc", "weight."])
    )
)
def test_crafted_key_sets_are_refused(keys: set[str]) -> None:
    own = nn.Linear(2, 2).state_dict()
    crafted = {key: own.get(key, torch.zeros(1)) for key in keys}
    if keys == own.keys():
        match(own, crafted)
    else:
        with pytest.raises(RunError):
            match(own, crafted)


OPTIMIZERS: dict[str, Callable[[list[dict[str, object]]], Optimizer]] = {
    "sgd": lambda groups: SGD(groups, lr=0.1),
    "momentum": lambda groups: SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
    "fused": lambda groups: SGD(groups, lr=0.1, momentum=0.9, fused=True),
    "adam": lambda groups: Adam(groups, lr=1e-3, amsgrad=True),
    "adamw": lambda groups: AdamW(groups, lr=torch.tensor(1e-3), betas=(0.9, 0.99), foreach=False),
    "rmsprop": lambda groups: RMSprop(groups, lr=1e-3, momentum=0.5, centered=True),
    "rprop": lambda groups: Rprop(groups, lr=1e-2),
}


def _net() -> nn.Module:
    torch.manual_seed(2)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2))
    return net.to(memory_format=torch.channels_last)


def _step(net: nn.Module, optimizer: Optimizer, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randn(4, 3, 8, 8, generator=generator).to(memory_format=torch.channels_last)
    optimizer.zero_grad()
    net(pictures).square().mean().backward()
    optimizer.step()


def _groups(net: nn.Module) -> list[dict[str, object]]:
    parameters = list(net.parameters())
    return [
        {"params": parameters[::2], "peak_lr": 0.1, "weight_decay": 1e-4},
        {"params": parameters[1::2], "peak_lr": 1.0},
    ]


def _same(a: object, b: object) -> None:
    assert type(a) is type(b)
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        assert (a.dtype, a.shape, a.stride()) == (b.dtype, b.shape, b.stride())
        assert torch.equal(a, b)
    elif isinstance(a, dict) and isinstance(b, dict):
        assert list(a) == list(b)
        for key in a:
            _same(a[key], b[key])
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            _same(one, other)
    else:
        assert a == b


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_goes_on_with_the_same_bits(name: str) -> None:
    net = _net()
    optimizer = OPTIMIZERS[name](_groups(net))
    for seed in range(3):
        _step(net, optimizer, seed)
    tensors, described = flatten_optimizer(optimizer.state_dict())
    stored, text = to_bytes(tensors), json.dumps(described, allow_nan=False)
    back = unflatten_optimizer(from_bytes(stored), json.loads(text))
    _same(optimizer.state_dict(), back)

    other = _net()
    other.load_state_dict(copy.deepcopy(net.state_dict()))
    resumed = OPTIMIZERS[name](_groups(other))
    match_optimizer(resumed.state_dict(), back)
    resumed.load_state_dict(back)  # type: ignore[arg-type]
    for seed in range(3, 6):
        _step(net, optimizer, seed)
        _step(other, resumed, seed)
    for one, two in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


_plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        _plain,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(st.integers() | st.text(st.characters(codec="utf-8")), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_any_nesting_of_plain_values_comes_back(value: object) -> None:
    tensors, described = flatten_optimizer(value)
    _same(value, unflatten_optimizer(tensors, json.loads(json.dumps(described, allow_nan=False))))


def test_several_optimizers_and_equal_looking_paths_are_kept_apart() -> None:
    state = [{"a.b": torch.ones(1), "a": {"b": torch.zeros(1)}}, {"a.b": torch.full((1,), 2.0)}]
    tensors, described = flatten_optimizer(state)
    assert len(tensors) == 3
    _same(state, unflatten_optimizer(tensors, described))


@pytest.mark.parametrize("value", [object(), {1.5: 0}, {"f": len}, np.float64(1), {True: 1}])
def test_what_would_need_pickle_is_refused(value: object) -> None:
    if isinstance(value, np.float64):
        # A numpy number is a float by inheritance: it is stored as one.
        assert flatten_optimizer(value) == ({}, 1.0)
        return
    with pytest.raises(TypeError, match="pickle"):
        flatten_optimizer(value)


@pytest.mark.parametrize(
    "described",
    [
        {"tensor": "missing", "channels_last": False},
        {"tensor": "0:x", "channels_last": True},
        {"tensor": "0:x", "channels_last": 1},
        {"float": "1e5"},
        {"dict": [["a"]]},
        {"dict": [[None, 1]]},
        {"dict": [3]},
        {"__class__": "os.system"},
        [{"tensor": "0:x", "channels_last": False}] * 2,
        5,
    ],
)
def test_a_crafted_description_is_refused(described: object) -> None:
    with pytest.raises(RunError, match="damaged"):
        unflatten_optimizer({"0:x": torch.zeros(2)}, described)


def test_an_optimizer_of_another_net_is_refused() -> None:
    net = _net()
    fresh = SGD(_groups(net), lr=0.1, momentum=0.9).state_dict()
    match_optimizer(fresh, copy.deepcopy(fresh))
    for wrong in (
        [fresh],
        {"state": {}, "param_groups": fresh["param_groups"][:1]},
        {"state": {}, "param_groups": fresh["param_groups"], "more": 1},
        {"state": {99: {}}, "param_groups": fresh["param_groups"]},
        {"state": [], "param_groups": fresh["param_groups"]},
        AdamW(_groups(net)).state_dict(),
        None,
        {"state": {}, "param_groups": [1, 2]},
    ):
        with pytest.raises(RunError, match="optimizer state"):
            match_optimizer(fresh, wrong)

"""What holds of every net: options, errors, shapes, the first loss, and that it can learn."""

import json
import math

import pytest
import torch
import torch.nn.functional as F

from nonesuch.errors import NetError
from nonesuch.models import catalog
from nonesuch.models.config import NetConfig

NAMES = catalog.classifier_names()


def _pictures(count: int, shape: tuple[int, int, int] = (1, 28, 28)) -> torch.Tensor:
    """Blocky pictures in [-1, 1], mostly background: closer to digits than noise is."""
    coarse = (torch.rand(count, shape[0], 7, 7) < 0.3).float() * 2 - 1
    return F.interpolate(coarse, shape[1:])


@pytest.mark.parametrize("name", NAMES)
def test_the_first_loss_is_that_of_a_guess(name: str) -> None:
    torch.manual_seed(0)
    net = catalog.build(name, (1, 28, 28), 10)
    loss = F.cross_entropy(net(_pictures(200)), torch.arange(200) % 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("shape", "classes"), [((1, 28, 28), 10), ((3, 28, 28), 7)])
def test_every_net_learns_one_small_batch_by_heart(name: str, shape: tuple[int, int, int], classes: int) -> None:
    torch.manual_seed(0)
    net = catalog.build(name, shape, classes)
    images, targets = _pictures(16, shape), torch.arange(16) % classes
    optimizer = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=3e-3)
    for _ in range(150):
        logits = net(images)
        assert logits.shape == (16, classes)
        loss = F.cross_entropy(logits, targets)
        if loss.item() < 0.05:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_fixes_the_weights_and_a_state_dict_carries_the_net(name: str) -> None:
    built = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        built.append(catalog.build(name, (1, 28, 28), 10).eval())
    x = _pictures(4)
    assert torch.equal(built[0](x), built[1](x))
    built[2].load_state_dict(built[0].state_dict())
    assert torch.equal(built[2](x), built[0](x))


@pytest.mark.parametrize("name", NAMES)
def test_options_go_to_json_and_back(name: str) -> None:
    config = catalog.CLASSIFIERS[name].config
    raw = json.loads(config().model_dump_json())
    assert catalog.configure(name, config, raw) == config()
    with pytest.raises(NetError, match=f"^{name} has no option 'colour'; its options: "):
        catalog.build(name, (1, 28, 28), 10, {"colour": 1})


def test_options_reach_the_net() -> None:
    options: dict[str, dict[str, object]] = {
        "mlp": {"hidden": [20, 30]},
        "lecture": {"widths": [4, 5, 6], "dense": 7, "slope": 0.1},
        "fast": {"widths": [8, 16, 16], "scale": 0.5, "residual": False},
    }
    small = {name: catalog.build(name, (1, 28, 28), 10, given) for name, given in options.items()}  # type: ignore[arg-type]
    assert [tuple(p.shape) for p in small["mlp"].parameters() if p.ndim == 2] == [(20, 784), (30, 20), (10, 30)]
    assert [p.shape[0] for p in small["lecture"].parameters() if p.ndim > 1] == [4, 5, 6, 7, 10]
    assert small["lecture"].get_submodule("leaky4").negative_slope == 0.1
    assert [p.shape[0] for p in small["fast"].parameters() if p.ndim > 1] == [8, 8, 8, 16, 16, 16, 16, 10]
    assert small["fast"].get_submodule("scale").factor == 0.5


def test_configs_are_frozen() -> None:
    for entry in catalog.CLASSIFIERS.values():
        assert issubclass(entry.config, NetConfig)
        assert entry.config.model_config["frozen"]
        assert entry.config.model_config["extra"] == "forbid"


@pytest.mark.parametrize(
    ("name", "shape", "classes", "options", "message"),
    [
        (
            "lenet",
            (1, 28, 28),
            10,
            {},
            r"no net is called 'lenet'; the nets are linear, .*classic; did you mean 'lenet5?",
        ),
        ("xyz", (1, 28, 28), 10, {}, r"no net is called 'xyz'; the nets are linear, mlp, .*, classic$"),
        ("linear", (1, 28, 28), 1, {}, r"at least 2 classes; found .* and 1$"),
        ("mlp", (1, 28, 28), 10, {"hidden": []}, r"mlp, option hidden: .*; found \(?\[?"),
        ("lecture", (1, 28, 28), 10, {"dropout": 1.5}, r"lecture, option dropout: .*less than 1; found 1.5"),
        ("lenet1", (1, 32, 32), 10, {}, r"lenet1 takes pictures of 28x28; found 32x32: pack them with --size 28"),
        ("lenet4", (1, 28, 32), 10, {}, r"lenet4 takes pictures of 28x28 or 32x32; found 28x32"),
        ("lenet5", (1, 16, 16), 10, {}, r"lenet5 takes pictures of 28x28 or 32x32; found 16x16"),
        ("lecture", (1, 1, 5), 10, {}, r"lecture cannot take pictures of 1x5: the smallest size is 2x2"),
        ("lecture", (3, 224, 224), 10, {}, r"224x224 needs a dense layer of 103 million weights, more than 67 million"),
        ("linear", (3, 2048, 2048), 10, {}, r"linear at 2048x2048 needs a dense layer of 126 million weights"),
        ("fast", (3, 8, 40), 10, {}, r"fast cannot take pictures of 8x40: the smallest size is 9x9"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(
    name: str, shape: tuple[int, int, int], classes: int, options: dict[str, object], message: str
) -> None:
    with pytest.raises(NetError, match=message) as caught:
        catalog.build(name, shape, classes, options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_the_smallest_sizes_named_do_work() -> None:
    for name, size in (("lecture", 2), ("fast", 9)):
        net = catalog.build(name, (3, size, size), 4).eval()
        assert net(torch.zeros(2, 3, size, size)).shape == (2, 4)

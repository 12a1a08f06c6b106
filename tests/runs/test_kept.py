"""A kept net comes back bit for bit; whatever is damaged, or made of something else, is as if it were not there."""

from pathlib import Path

import pytest
import torch
from torch import nn

from nonesuch.runs import kept

MADE_OF = {"recipe": 1, "of": "abc", "shape": [3, 4]}
MOST = 1 << 20


def net(seed: int) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(3, 4)


def test_a_net_comes_back_with_its_hash(tmp_path: Path) -> None:
    first, second = net(0), net(1)
    digest = kept.save(first, tmp_path, "small", MADE_OF)
    assert kept.load(second, tmp_path, "small", MADE_OF, MOST) == digest
    assert torch.equal(first.weight, second.weight)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.json", "small.safetensors"]
    assert kept.save(net(1), tmp_path, "small", MADE_OF) != digest


@pytest.mark.parametrize("harm", ["other", "more", "cut", "head", "none", "large", "shape", "mixed"])
def test_what_does_not_fit_is_not_used(harm: str, tmp_path: Path) -> None:
    kept.save(net(0), tmp_path, "small", MADE_OF)
    made_of, most, asked = dict(MADE_OF), MOST, net(1)
    match harm:
        case "other":
            made_of["of"] = "abd"
        case "more":
            made_of["images"] = 5
        case "cut":
            (tmp_path / "small.safetensors").write_bytes((tmp_path / "small.safetensors").read_bytes()[:-1])
        case "head":
            (tmp_path / "small.json").write_text("{")
        case "none":
            (tmp_path / "small.json").unlink()
        case "large":
            most = 10
        case "shape":
            asked = nn.Linear(3, 5)
        case "mixed":  # new weights, and the process ended before their head was written
            head = (tmp_path / "small.json").read_bytes()
            kept.save(net(2), tmp_path, "small", MADE_OF)
            (tmp_path / "small.json").write_bytes(head)
    before = asked.weight.clone()
    assert kept.load(asked, tmp_path, "small", made_of, most) is None
    assert torch.equal(asked.weight, before)

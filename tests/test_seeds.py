"""The seed contract: published vectors, the normal law, and the same bits as the golden file and as JavaScript."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nonesuch.seeds import SEED_LIMIT, inverse_normal, normal, philox, splitmix64, step_seed

GOLDEN = json.loads((Path(__file__).parents[1] / "contracts" / "golden" / "seeds.json").read_text())
TWIN = Path(__file__).parent / "oracles" / "seeds.mjs"


def _bits(values: np.ndarray) -> list[str]:
    return [f"{word:08x}" for word in values.view(np.uint32)]


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_published_vectors(counter: str, key: str, expected: str) -> None:
    """Known answers of Random123 (kat_vectors, philox4x32 with 10 rounds)."""
    first, second = (int(word, 16) for word in key.split())
    words = philox(np.array([[int(word, 16) for word in counter.split()]], np.uint64), (first, second))
    assert [f"{word:08x}" for word in words[0]] == expected.split()


def test_splitmix64_gives_the_published_first_outputs() -> None:
    """SplitMix64 from state 0 and 1234567: a generator steps its state by the golden gamma, as our function does."""
    gamma = 0x9E3779B97F4A7C15
    assert [splitmix64(gamma * i % 2**64) for i in range(3)] == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F,
    ]  # fmt: skip
    assert splitmix64(1234567) == 6457827717110365317


def test_the_golden_file_is_met_bit_for_bit() -> None:
    assert {case["seed"] for case in GOLDEN["cases"]} >= {0, 1, 7, 2**31, 2**53 - 1}
    for case in GOLDEN["cases"]:
        assert _bits(normal(case["seed"], len(case["float32"]), case["stream"])) == case["float32"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; the golden file holds the twins equal")
def test_javascript_gives_the_same_bits() -> None:
    pairs = [(case["seed"], case["stream"]) for case in GOLDEN["cases"]] + [(s * 7919**3, s) for s in range(1, 60)]
    names = [f"{seed}:{stream}" for seed, stream in pairs]
    done = subprocess.run(["node", TWIN, "4001", *names], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == len(pairs)
    for (seed, stream), line in zip(pairs, lines, strict=True):
        assert line.split() == _bits(normal(seed, 4001, stream)), f"seed {seed}, stream {stream}"


def test_inverse_normal_is_scipys_within_a_few_roundings() -> None:
    """Relative error at most 4e-15 (a double's rounding is 1.1e-16, and a dozen of them follow one another)."""
    words = np.concatenate([
        np.arange(2000), 2**32 - 1 - np.arange(2000), 2**31 + np.arange(-2000, 2000),
        np.random.default_rng(0).integers(0, 2**32, 200_000),
        (0.075 * 2**32 + np.arange(-50, 50)).astype(np.int64), (0.925 * 2**32 + np.arange(-50, 50)).astype(np.int64),
    ])  # fmt: skip
    probability = (words + 0.5) / 2**32
    np.testing.assert_allclose(inverse_normal(probability), stats.norm.ppf(probability), rtol=4e-15, atol=0)


def test_the_law_is_normal() -> None:
    values = normal(3, 200_000).astype(np.float64)
    assert stats.kstest(values, "norm").pvalue > 0.01
    # five standard errors of each moment
    assert abs(values.mean()) < 5 / len(values) ** 0.5
    assert abs(values.var() - 1) < 5 * (2 / len(values)) ** 0.5
    assert abs(stats.skew(values)) < 5 * (6 / len(values)) ** 0.5
    assert abs(stats.kurtosis(values)) < 5 * (24 / len(values)) ** 0.5


def test_seeds_streams_and_places_are_uncorrelated() -> None:
    sequences = [normal(seed, 20_000, stream) for seed in (0, 1, 2, 2**32) for stream in (0, 1)]
    sequences += [normal(0, 20_001)[1:], normal(0, 20_002)[2:], normal(0, 20_004)[4:]]
    correlation = np.corrcoef(sequences) - np.eye(len(sequences))
    assert np.abs(correlation).max() < 5 / 20_000**0.5
    assert len({hashlib.sha256(sequence.tobytes()).digest() for sequence in sequences}) == len(sequences)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, SEED_LIMIT - 1), st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(0, 60))
def test_a_longer_sequence_begins_with_the_shorter(seed: int, stream: int, short: int, more: int) -> None:
    long = normal(seed, short + more, stream)
    assert long.dtype == np.float32
    assert np.isfinite(long).all()
    np.testing.assert_array_equal(long[:short], normal(seed, short, stream))


@pytest.mark.parametrize(("seed", "stream"), [(-1, 0), (SEED_LIMIT, 0), (0, -1), (0, 2**32)])
def test_a_seed_that_javascript_cannot_hold_is_refused(seed: int, stream: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        normal(seed, 4, stream)


def test_step_seeds_differ_and_are_spread() -> None:
    seeds = [step_seed(s, images, stream) for s in range(10) for images in range(0, 12_800, 128) for stream in (0, 1)]
    assert len({seed & 0xFFFF_FFFF for seed in seeds}) == len(seeds), "torch's CPU generator reads the low 32 bits"
    assert all(0 <= seed < 2**63 for seed in seeds)
    ones = np.array([[seed >> bit & 1 for bit in range(63)] for seed in seeds]).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 5 * 0.5 / len(seeds) ** 0.5
    assert step_seed(1, 2, 3) != step_seed(2, 1, 3) != step_seed(1, 3, 2)


def test_a_step_seed_repeats_a_torch_generator() -> None:
    first, again, other = (torch.Generator().manual_seed(step_seed(5, images)) for images in (640, 640, 768))
    drawn = torch.rand(8, generator=first)
    assert torch.equal(drawn, torch.rand(8, generator=again))
    assert not torch.equal(drawn, torch.rand(8, generator=other))

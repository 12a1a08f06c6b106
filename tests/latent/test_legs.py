"""contracts/golden/legs.json: where a film through key frames is at each frame, held to by Python and the browser."""

import json
from pathlib import Path

import pytest
import torch

from nonesuch.latent.path import keyframed

GOLDEN = Path(__file__).parents[2] / "contracts" / "golden" / "legs.json"


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text())["cases"])
def test_frames_lie_between_the_same_key_frames(case: dict) -> None:  # type: ignore[type-arg]
    """Of unit vectors as key frames, a straight way shows the share of each."""
    count = len(case["seconds"])
    found = keyframed(torch.eye(count), case["seconds"], case["speed"], "lerp", case["ease"], case["loop"])
    expected = torch.zeros(len(case["frames"]), count)
    for row, (start, end, share) in enumerate(case["frames"]):
        expected[row, start] += 1 - share
        expected[row, end] += share
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
